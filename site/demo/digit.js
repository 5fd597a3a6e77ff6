// Turns pen strokes into an image as MNIST's are: scaled to a box of 20 x 20 pixels with the
// proportions kept, and placed in 28 x 28 pixels with the centre of mass in the middle one.

export const SIDE = 28;
const BOX = 20;
const LARGEST_SCALE = 3; // a dot stays a dot
export const PEN_RADIUS = 1.4; // in pixels of the image, as wide as the pens of MNIST

/** Where image `i` lies, [x, y], in a picture of images side by side that is `width` pixels wide. */
export function tile(i, width) {
  const across = width / SIDE;
  return [SIDE * (i % across), SIDE * Math.floor(i / across)];
}

/**
 * Draw strokes with a round pen; grey edges one pixel wide.
 *
 * A stroke is a list of [x, y] in pixels of the image: (0, 0) is the upper left corner of the
 * first pixel.
 */
export function rasterise(strokes) {
  const image = new Float32Array(SIDE * SIDE);
  const reach = PEN_RADIUS + 0.5;
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i++) {
      const [ax, ay] = stroke[Math.max(i - 1, 0)];
      const [bx, by] = stroke[i];
      const bottom = Math.min(SIDE - 1, Math.floor(Math.max(ay, by) + reach));
      const right = Math.min(SIDE - 1, Math.floor(Math.max(ax, bx) + reach));
      for (let y = Math.max(0, Math.floor(Math.min(ay, by) - reach)); y <= bottom; y++) {
        for (let x = Math.max(0, Math.floor(Math.min(ax, bx) - reach)); x <= right; x++) {
          const ink = reach - distance(x + 0.5, y + 0.5, ax, ay, bx, by);
          const at = y * SIDE + x;
          if (ink > image[at]) image[at] = Math.min(ink, 1);
        }
      }
    }
  }
  return image;
}

/** Whether a point lies on the drawing area. */
export const isOnPad = (point) => point.every((c) => c >= 0 && c <= SIDE);

/** Where the line from a point on the drawing area to one beside it crosses the edge. */
export function atEdge(on, beside) {
  const part = Math.min(
    ...on.map((c, axis) => {
      const step = beside[axis] - c;
      if (step === 0) return 1;
      return ((step > 0 ? SIDE : 0) - c) / step;
    }),
    1,
  );
  return on.map((c, axis) => c + part * (beside[axis] - c));
}

/** Distance of a point from a line segment. */
function distance(x, y, ax, ay, bx, by) {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length ? ((x - ax) * dx + (y - ay) * dy) / length : 0;
  const t = Math.max(0, Math.min(1, along));
  return Math.sqrt((x - ax - t * dx) ** 2 + (y - ay - t * dy) ** 2); // faster than Math.hypot
}

/** The mean position of the ink of an image, [x, y]; the middle if there is none. */
export function centreOfMass(image) {
  let [sum, x, y] = [0, 0, 0];
  for (let at = 0; at < image.length; at++) {
    sum += image[at];
    x += image[at] * ((at % SIDE) + 0.5);
    y += image[at] * (Math.floor(at / SIDE) + 0.5);
  }
  return sum ? [x / sum, y / sum] : [SIDE / 2, SIDE / 2];
}

/** Return the image that MNIST's preparation would make of strokes. */
export function centred(strokes) {
  const points = strokes.flat();
  if (!points.length) return new Float32Array(SIDE * SIDE);
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const scale = Math.min((BOX - 2 * PEN_RADIUS) / Math.max(width, height, 1e-9), LARGEST_SCALE);
  const move = (list, map) => list.map((stroke) => stroke.map(map));
  const boxed = move(strokes, ([x, y]) => [
    SIDE / 2 + scale * (x - left - width / 2),
    SIDE / 2 + scale * (y - top - height / 2),
  ]);
  // MNIST's digits were moved by whole pixels: all have their centre of mass within pixel 14.
  const [cx, cy] = centreOfMass(rasterise(boxed)).map((c) => Math.ceil(SIDE / 2 - c));
  return rasterise(move(boxed, ([x, y]) => [x + cx, y + cy]));
}

/** Standard normal random numbers from a seed (mulberry32 and the Box-Muller transform). */
export function normals(count, seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  });
}

/** The lecture's noise: add `factor` times normal numbers, clip to [0, 1]. */
export function noisy(image, noise, factor) {
  return image.map((value, i) => Math.max(0, Math.min(1, value + factor * noise[i])));
}

/** Replace each pixel by the median of the window around it; beside the image it is mirrored. */
export function median(image, size) {
  const reach = size >> 1;
  const inside = (at) => (at < 0 ? -1 - at : at >= SIDE ? 2 * SIDE - 1 - at : at);
  const window = new Float32Array(size * size);
  return image.map((_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    for (let i = 0; i < window.length; i++) {
      const row = inside(y + Math.floor(i / size) - reach);
      window[i] = image[row * SIDE + inside(x + (i % size) - reach)];
    }
    return window.sort()[window.length >> 1];
  });
}

/** The point that lies the part t of the way from a to b. */
export function between(a, b, t) {
  return a.map((value, i) => (1 - t) * value + t * b[i]);
}
