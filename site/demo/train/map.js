// Where codes lie on a map of two axes: two numbers are a place; of more, the first two principal
// components are shown. From one call to the next the axes turn no more than they must.

const ROUNDS = 6; // each begins from the last axes, which are nearly right while a network learns

function unit(vector) {
  let norm = 0;
  for (const value of vector) norm += value * value;
  norm = Math.sqrt(norm);
  if (!(norm > 1e-30)) return false;
  for (let i = 0; i < vector.length; i++) vector[i] /= norm;
  return true;
}

const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);

/** A plane in the space of codes: { centre, axes: [u, v] }, found from `before` if there is one. */
function plane(codes, k, before) {
  const n = codes.length / k;
  const centre = new Float64Array(k);
  for (let i = 0; i < codes.length; i++) centre[i % k] += codes[i] / n;
  let axes = before?.axes.map((axis) => axis.slice());
  if (!axes) {
    axes = [0, 1].map((a) => Float64Array.from({ length: k }, (_, i) => Math.cos(1 + i * (a + 1))));
  }
  let spread = [[0, 0], [0, 0]];
  for (let round = 0; round < (before ? ROUNDS : 8 * ROUNDS); round++) {
    const next = [new Float64Array(k), new Float64Array(k)];
    spread = [[0, 0], [0, 0]];
    for (let i = 0; i < n; i++) {
      const at = i * k;
      let [x, y] = [0, 0];
      for (let j = 0; j < k; j++) {
        const value = codes[at + j] - centre[j];
        x += value * axes[0][j];
        y += value * axes[1][j];
      }
      for (let j = 0; j < k; j++) {
        const value = codes[at + j] - centre[j];
        next[0][j] += x * value;
        next[1][j] += y * value;
      }
      spread[0][0] += x * x;
      spread[0][1] += x * y;
      spread[1][1] += y * y;
    }
    if (!unit(next[0])) break;
    const along = dot(next[0], next[1]);
    for (let j = 0; j < k; j++) next[1][j] -= along * next[0][j];
    if (!unit(next[1])) {
      axes = [next[0], new Float64Array(k)]; // all codes lie on a line
      break;
    }
    axes = next;
  }
  return { centre, axes };
}

/**
 * Positions [n, 2] of codes [n, k], and the plane that they lie in (null for up to two numbers).
 *
 * A code of one number is drawn over its digit: the classes are rows.
 */
export function mapOf(codes, k, labels, before) {
  const n = codes.length / k;
  const positions = new Float32Array(2 * n);
  if (k <= 2) {
    for (let i = 0; i < n; i++) {
      positions[2 * i] = codes[i * k];
      positions[2 * i + 1] = k === 2 ? codes[i * k + 1] : labels[i] + 0.6 * ((i * 0.618) % 1);
    }
    return { positions, plane: null };
  }
  const found = plane(codes, k, before);
  const { centre, axes } = found;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < k; j++) {
      const value = codes[i * k + j] - centre[j];
      positions[2 * i] += value * axes[0][j];
      positions[2 * i + 1] += value * axes[1][j];
    }
  }
  return { positions, plane: found };
}

/** The code at a place of the map. */
export function codeAt(x, y, k, found) {
  if (!found) return Float32Array.from(k === 1 ? [x] : [x, y]);
  const { centre, axes } = found;
  return Float32Array.from(centre, (c, j) => c + x * axes[0][j] + y * axes[1][j]);
}
