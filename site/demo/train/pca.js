// Principal component analysis of the training images, exactly, in the page: the covariance and its
// largest eigenvectors by subspace iteration, which goes on until they are eigenvectors.

import { allocate } from "./kernels.js";
import { uniforms } from "./nn.js";

const ROWS = 500; // images at once
const SPARE = 16; // more columns than asked for: the last ones converge slowly
const PRECISION = 1e-6; // of the residuals, as a part of the largest eigenvalue
const MOST_ROUNDS = 60;

/** Make the columns of q [n, b], row-major, orthonormal (Gram and Schmidt, twice). */
export function orthonormalise(q, n, b) {
  const columns = Array.from({ length: b }, (_, j) => {
    const column = new Float64Array(n);
    for (let i = 0; i < n; i++) column[i] = q[i * b + j];
    return column;
  });
  columns.forEach((column, j) => {
    for (let pass = 0; pass < 2; pass++) {
      for (let o = 0; o < j; o++) {
        const other = columns[o];
        let dot = 0;
        for (let i = 0; i < n; i++) dot += other[i] * column[i];
        for (let i = 0; i < n; i++) column[i] -= dot * other[i];
      }
      let norm = 0;
      for (let i = 0; i < n; i++) norm += column[i] * column[i];
      norm = Math.sqrt(norm) || 1;
      for (let i = 0; i < n; i++) column[i] /= norm;
    }
    for (let i = 0; i < n; i++) q[i * b + j] = column[i];
  });
}

/** Eigenvalues, largest first, and eigenvectors (in columns) of a symmetric n x n matrix (Jacobi). */
export function eigen(matrix, n) {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n);
  let scale = 0;
  for (let i = 0; i < n; i++) {
    v[i * n + i] = 1;
    scale = Math.max(scale, Math.abs(a[i * n + i]));
  }
  for (let sweep = 0, largest = Infinity; sweep < 60 && largest > 1e-14 * scale; sweep++) {
    largest = 0;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q];
        largest = Math.max(largest, Math.abs(apq));
        if (Math.abs(apq) < 1e-300) continue;
        const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        const turn = (array, i, j) => {
          const [x, y] = [array[i], array[j]];
          array[i] = c * x - s * y;
          array[j] = s * x + c * y;
        };
        for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q);
        for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k);
        for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q);
      }
    }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j] - a[i * n + i]);
  const vectors = new Float64Array(n * n);
  order.forEach((from, to) => {
    for (let k = 0; k < n; k++) vectors[k * n + to] = v[k * n + from];
  });
  return { values: order.map((i) => a[i * n + i]), vectors };
}

/** A B for row-major float64 matrices [n, k] and [k, m]. */
export function product(a, b, n, k, m) {
  const c = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const row = c.subarray(i * m, (i + 1) * m);
    for (let p = 0; p < k; p++) {
      const value = a[i * k + p];
      if (value === 0) continue;
      for (let j = 0, at = p * m; j < m; j++, at++) row[j] += value * b[at];
    }
  }
  return c;
}

function transpose(a, rows, columns) {
  const out = new Float64Array(a.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = a[r * columns + c];
  return out;
}

/**
 * The cosines of the principal angles between the spaces that k rows of `a` and of `b` span, each
 * [k, d], largest first; the rows of b are orthonormal.
 */
export function principalCosines(a, b, k, d) {
  const q = transpose(a.subarray(0, k * d), k, d);
  orthonormalise(q, d, k);
  const m = product(b.subarray(0, k * d), q, k, d, k);
  const { values } = eigen(product(transpose(m, k, k), m, k, k, k), k);
  return values.map((value) => Math.min(1, Math.sqrt(Math.max(0, value))));
}

/**
 * PCA of images, { rows, row(i, into) }, `d` values each.
 *
 * Returns the mean, `count` components (rows, largest eigenvalue first), the eigenvalues, and the
 * mean squared error of training and test images for 0, 1, ... `count` components. Throws if the
 * iteration has not converged.
 */
export function pca(train, test, d, count) {
  const width = Math.min(count + SPARE, d);
  const { arrays, multiply } = allocate(
    {
      x: ROWS * d, product: d * d, matrix: d * d, q: d * width, next: d * width,
      axes: d * count, codes: ROWS * count, zeros: d,
    },
    d * Math.max(d, ROWS), Math.max(d, ROWS),
  );
  const { x } = arrays;

  // Sums of at most ROWS products in float32, sums of those in float64.
  const mean = new Float64Array(d);
  const covariance = new Float64Array(d * d);
  const chunks = (images, work) => {
    for (let first = 0; first < images.rows; first += ROWS) {
      const rows = Math.min(ROWS, images.rows - first);
      for (let i = 0; i < rows; i++) images.row(first + i, x.subarray(i * d, (i + 1) * d));
      work(rows);
    }
  };
  chunks(train, (rows) => {
    multiply(x, 1, d, x, arrays.product, arrays.zeros, d, rows, d);
    for (let i = 0; i < d * d; i++) covariance[i] += arrays.product[i];
    for (let i = 0; i < rows * d; i++) mean[i % d] += x[i];
  });
  for (let i = 0; i < d; i++) mean[i] /= train.rows;
  let total = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      covariance[i * d + j] = covariance[i * d + j] / train.rows - mean[i] * mean[j];
    }
    total += covariance[i * d + i];
  }
  arrays.matrix.set(covariance);

  const random = uniforms(1);
  let q = Float64Array.from({ length: d * width }, () => random() - 0.5);
  orthonormalise(q, d, width);
  let [values, residual] = [[], Infinity];
  let round = 0;
  while (residual > PRECISION) {
    if (round++ === MOST_ROUNDS) {
      throw new Error(`PCA has not converged: the largest residual is ${residual}.`);
    }
    // Towards the large eigenvalues in float32, which is quick; then exactly, in float64.
    for (let i = 0; i < 4; i++) {
      arrays.q.set(q);
      multiply(arrays.matrix, d, 1, arrays.q, arrays.next, arrays.zeros, d, d, width);
      q.set(arrays.next);
      orthonormalise(q, d, width);
    }
    const moved = product(covariance, q, d, d, width);
    const small = eigen(product(transpose(q, d, width), moved, width, d, width), width);
    q = product(q, small.vectors, d, width, width);
    const image = product(moved, small.vectors, d, width, width);
    values = small.values;
    residual = 0;
    for (let j = 0; j < count; j++) {
      let sum = 0;
      for (let i = 0; i < d; i++) sum += (image[i * width + j] - values[j] * q[i * width + j]) ** 2;
      residual = Math.max(residual, Math.sqrt(sum) / values[0]);
    }
  }

  const components = new Float32Array(count * d);
  for (let j = 0; j < count; j++) for (let i = 0; i < d; i++) components[j * d + i] = q[i * width + j];
  for (let i = 0; i < d; i++) for (let j = 0; j < count; j++) arrays.axes[i * count + j] = q[i * width + j];
  const trainErrors = [total / d];
  for (let j = 0; j < count; j++) trainErrors.push(trainErrors[j] - values[j] / d);

  // The part of a test image along each component is what the error is reduced by.
  const shift = new Float64Array(count);
  for (let j = 0; j < count; j++) for (let i = 0; i < d; i++) shift[j] += mean[i] * components[j * d + i];
  const gains = new Float64Array(count);
  let squares = 0;
  chunks(test, (rows) => {
    for (let i = 0; i < rows * d; i++) squares += (x[i] - mean[i % d]) ** 2;
    multiply(x, d, 1, arrays.axes, arrays.codes, arrays.zeros, rows, d, count);
    for (let i = 0; i < rows * count; i++) gains[i % count] += (arrays.codes[i] - shift[i % count]) ** 2;
  });
  const testErrors = [squares / (test.rows * d)];
  for (let j = 0; j < count; j++) testErrors.push(testErrors[j] - gains[j] / (test.rows * d));
  return { mean: Float32Array.from(mean), components, values: values.slice(0, count), trainErrors, testErrors, rounds: round };
}

/** What PCA with the first k components makes of an image. */
export function rebuild({ mean, components }, k, image) {
  const d = mean.length;
  const out = Float32Array.from(mean);
  for (let j = 0; j < k; j++) {
    const axis = components.subarray(j * d, (j + 1) * d);
    let code = 0;
    for (let i = 0; i < d; i++) code += (image[i] - mean[i]) * axis[i];
    for (let i = 0; i < d; i++) out[i] += code * axis[i];
  }
  return out;
}
