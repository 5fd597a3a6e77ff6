// Draws ten thousand labelled points a frame, into plain memory: no graphics card is needed.

/** Colours of the digits 0 to 9: those of ae_lib.plots, and lighter ones for a dark page. */
const COLOURS = {
  light: [
    "#332288", "#CC6677", "#117733", "#AA4499", "#88CCEE",
    "#882255", "#44AA99", "#999933", "#DDCC77", "#777777",
  ],
  dark: [
    "#A79BF5", "#E88A99", "#4CC078", "#DD7FCC", "#88CCEE",
    "#E0709A", "#5FD0BC", "#C4C450", "#DDCC77", "#B5B5B5",
  ],
};
const BACKGROUND = { light: "#ffffff", dark: "#121212" };
const GLYPHS_FROM = 2.5; // the zoom from which points are written as digits

const parse = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

/** What a theme looks like. */
export function paletteOf(theme) {
  return { colours: COLOURS[theme], background: BACKGROUND[theme] };
}

/** A square of opacities (0 to 255): a digit if `text` is given, else a disc. */
function mask(radius, text) {
  const side = 2 * Math.ceil(radius) + 1;
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (text) {
    context.font = `bold ${Math.round(2 * radius)}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, side / 2, side / 2 + radius * 0.1);
  } else {
    context.arc(side / 2, side / 2, radius, 0, 2 * Math.PI);
    context.fill();
  }
  const { data } = context.getImageData(0, 0, side, side);
  // Only the pixels that are inked, as [dx, dy, opacity].
  const pixels = [];
  for (let i = 0; i < side * side; i++) {
    const opacity = data[4 * i + 3];
    if (opacity > 8) pixels.push((i % side) - (side >> 1), Math.floor(i / side) - (side >> 1), opacity);
  }
  return Int16Array.from(pixels);
}

export class Scatter {
  #masks = new Map();

  constructor(canvas, labels) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    this.labels = labels;
    this.hidden = new Array(10).fill(false);
    this.setTheme("light");
  }

  setTheme(theme) {
    this.palette = paletteOf(theme);
    this.rgb = this.palette.colours.map(parse);
    this.backgroundRgb = parse(this.palette.background);
  }

  /** Fit the canvas to its place on the page. */
  resize(width, height, ratio) {
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    this.image = this.context.createImageData(this.canvas.width, this.canvas.height);
    this.words = new Uint32Array(this.image.data.buffer);
  }

  #mask(radius, text) {
    const key = `${radius} ${text}`;
    if (!this.#masks.has(key)) this.#masks.set(key, mask(radius, text));
    return this.#masks.get(key);
  }

  /** Pixels for one unit of the map. */
  scale(view) {
    return 0.94 * Math.min(this.canvas.width, this.canvas.height) * view.zoom;
  }

  /** Where a point of the map lies on the canvas, in its pixels. */
  toCanvas(view, x, y) {
    const scale = this.scale(view);
    return [
      this.canvas.width / 2 + scale * (x - view.x),
      this.canvas.height / 2 + scale * (y - view.y),
    ];
  }

  /** Draw all points: positions x0, y0, x1, y1, ... in [0, 1]. */
  draw(positions, view) {
    const { width, height } = this.canvas;
    const { words, labels, hidden } = this;
    const [red, green, blue] = this.backgroundRgb;
    words.fill((255 << 24) | (blue << 16) | (green << 8) | red);

    const written = view.zoom >= GLYPHS_FROM;
    const size = written ? Math.min(4 + 0.8 * view.zoom, 9) : 1.1 + 0.5 * view.zoom;
    const radius = Math.round(2 * size * this.ratio) / 2;
    const masks = this.rgb.map((_, digit) => this.#mask(radius, written ? `${digit}` : ""));
    const scale = this.scale(view);
    const left = width / 2 - scale * view.x;
    const top = height / 2 - scale * view.y;
    const edge = Math.ceil(radius) + 1;
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      if (hidden[label]) continue;
      const x = Math.round(left + scale * positions[2 * i]);
      const y = Math.round(top + scale * positions[2 * i + 1]);
      if (x < edge || y < edge || x >= width - edge || y >= height - edge) continue;
      const [r, g, b] = this.rgb[label];
      const pixels = masks[label];
      const at = y * width + x;
      for (let p = 0; p < pixels.length; p += 3) {
        const to = at + pixels[p + 1] * width + pixels[p];
        const opacity = pixels[p + 2];
        const old = words[to];
        const rest = 255 - opacity;
        words[to] =
          (255 << 24) |
          (((b * opacity + ((old >> 16) & 255) * rest) / 255) << 16) |
          (((g * opacity + ((old >> 8) & 255) * rest) / 255) << 8) |
          ((r * opacity + (old & 255) * rest) / 255);
      }
    }
    this.context.putImageData(this.image, 0, 0);
    return written;
  }

  /** The visible point nearest to a place on the canvas, if one is within `reach` pixels. */
  nearest(positions, view, x, y, reach) {
    const scale = this.scale(view);
    const [px, py] = [
      (x - this.canvas.width / 2) / scale + view.x,
      (y - this.canvas.height / 2) / scale + view.y,
    ];
    let best = -1;
    let least = (reach / scale) ** 2;
    for (let i = 0; i < this.labels.length; i++) {
      if (this.hidden[this.labels[i]]) continue;
      const distance = (positions[2 * i] - px) ** 2 + (positions[2 * i + 1] - py) ** 2;
      if (distance < least) [best, least] = [i, distance];
    }
    return best;
  }
}

/** The `count` points with the nearest codes to that of point `index`, nearest first. */
export function nearestCodes(codes, dimensions, index, count) {
  const total = codes.length / dimensions;
  const best = [];
  for (let i = 0; i < total; i++) {
    if (i === index) continue;
    let distance = 0;
    for (let d = 0; d < dimensions; d++) {
      distance += (codes[i * dimensions + d] - codes[index * dimensions + d]) ** 2;
    }
    if (best.length === count && distance >= best[count - 1][0]) continue;
    best.push([distance, i]);
    best.sort((a, b) => a[0] - b[0]);
    if (best.length > count) best.pop();
  }
  return best.map(([, i]) => i);
}

/** The median of the points of each digit: where its name is written. */
export function medians(positions, labels) {
  return Array.from({ length: 10 }, (_, digit) => {
    const members = [...labels.keys()].filter((i) => labels[i] === digit);
    return [0, 1].map((axis) => {
      const values = members.map((i) => positions[2 * i + axis]).sort((a, b) => a - b);
      return values[values.length >> 1] ?? 0.5;
    });
  });
}
