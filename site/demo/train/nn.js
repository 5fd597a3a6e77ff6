// Dense networks that learn: forward, backward, and the optimisers, in float32 as Keras has them.
// tests/web/test_train.py holds them up to Keras, a hundred steps for every choice.

import { allocate } from "./kernels.js";

/** The most images that go through a network at once. */
export const CAPACITY = 512;

/** Uniform random numbers in [0, 1) from a seed (mulberry32). */
export function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// What a layer does to its sums, in place, and what its derivative is, from the result.
const ACTIVATIONS = {
  linear: { apply() {}, backward() {} },
  relu: {
    apply(y) {
      for (let i = 0; i < y.length; i++) if (y[i] < 0) y[i] = 0;
    },
    backward(delta, y) {
      for (let i = 0; i < y.length; i++) if (y[i] === 0) delta[i] = 0;
    },
  },
  tanh: {
    apply(y) {
      for (let i = 0; i < y.length; i++) y[i] = Math.tanh(y[i]);
    },
    backward(delta, y) {
      for (let i = 0; i < y.length; i++) delta[i] *= 1 - y[i] * y[i];
    },
  },
  sigmoid: {
    apply(y) {
      for (let i = 0; i < y.length; i++) y[i] = 1 / (1 + Math.exp(-y[i]));
    },
    backward(delta, y) {
      for (let i = 0; i < y.length; i++) delta[i] *= y[i] * (1 - y[i]);
    },
  },
};

const EPSILON = 1e-7; // Keras's, in all three optimisers
const RHO = 0.9; // of RMSprop
const BETA_1 = 0.9; // of Adam
const BETA_2 = 0.999;
const { fround, sqrt } = Math; // fround: the processor may then compute with 32 bits

/** How each optimiser changes the parameters p by the gradients g; m and v are its memory. */
const OPTIMISERS = {
  /** RMSprop up to Keras 2.10, as the lecture used it: epsilon beside the root. */
  "rmsprop-lecture"(p, g, m, v, rate) {
    const [rho, rest, epsilon, step] = [RHO, 1 - RHO, EPSILON, rate].map(fround);
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i];
      const mean = fround(fround(rho * v[i]) + fround(rest * fround(gradient * gradient)));
      v[i] = mean;
      p[i] -= fround(fround(step * gradient) / fround(fround(sqrt(mean)) + epsilon));
    }
  },
  /** RMSprop since Keras 2.11: epsilon under the root. */
  "rmsprop-today"(p, g, m, v, rate) {
    const [rho, rest, epsilon, step] = [RHO, 1 - RHO, EPSILON, rate].map(fround);
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i];
      const mean = fround(fround(rho * v[i]) + fround(rest * fround(gradient * gradient)));
      v[i] = mean;
      p[i] -= fround(fround(step * gradient) / fround(sqrt(fround(mean + epsilon))));
    }
  },
  adam(p, g, m, v, rate, steps) {
    const step = fround((rate * sqrt(1 - BETA_2 ** steps)) / (1 - BETA_1 ** steps));
    const [rest1, rest2, epsilon] = [1 - BETA_1, 1 - BETA_2, EPSILON].map(fround);
    for (let i = 0; i < p.length; i++) {
      const gradient = g[i];
      const first = fround(m[i] + fround(fround(gradient - m[i]) * rest1));
      const second = fround(v[i] + fround(fround(fround(gradient * gradient) - v[i]) * rest2));
      m[i] = first;
      v[i] = second;
      p[i] -= fround(fround(first * step) / fround(fround(sqrt(second)) + epsilon));
    }
  },
};

/** Number of parameters of a dense network with these widths. */
export function countOf(widths) {
  return widths.slice(1).reduce((sum, width, i) => sum + (widths[i] + 1) * width, 0);
}

/**
 * A dense network.
 *
 * `widths` begins with the input's; `activations` has one name for each layer after it; `loss` is
 * "mse" or, for a sigmoid output, "cross-entropy". Weights are drawn as Keras draws them (Glorot
 * and Bengio, 2010, uniform), biases are 0.
 */
export class Network {
  constructor({ widths, activations, loss = "mse", seed = 0, capacity = CAPACITY, fast }) {
    if (loss === "cross-entropy" && activations.at(-1) !== "sigmoid") {
      throw new Error(`Cross-entropy needs a sigmoid output, not ${activations.at(-1)}.`);
    }
    Object.assign(this, { widths, activations, loss, capacity });
    const parameters = countOf(widths);
    const kernels = widths.slice(1).map((width, i) => widths[i] * width);
    const lengths = {
      parameters, gradients: parameters, first: parameters, second: parameters,
      transposed: Math.max(...kernels),
      zeros: Math.max(...widths),
      target: capacity * widths.at(-1),
    };
    widths.forEach((width, i) => {
      lengths[`values${i}`] = capacity * width;
      if (i) lengths[`deltas${i}`] = capacity * width;
    });
    const widest = Math.max(...widths);
    const { arrays, multiply } = allocate(
      lengths, capacity * widest, Math.max(capacity, widest), fast,
    );
    Object.assign(this, arrays, { multiply });
    this.input = arrays.values0;
    let at = 0;
    this.layers = kernels.map((size, i) => {
      const [inputs, outputs] = [widths[i], widths[i + 1]];
      const parts = (array) => ({
        kernel: array.subarray(at, at + size),
        bias: array.subarray(at + size, at + size + outputs),
      });
      const layer = {
        inputs, outputs, ...ACTIVATIONS[activations[i]], ...parts(this.parameters),
        gradients: parts(this.gradients),
        values: arrays[`values${i + 1}`], deltas: arrays[`deltas${i + 1}`],
      };
      at += size + outputs;
      return layer;
    });
    this.initialise(seed);
  }

  /** Begin from the beginning. */
  initialise(seed) {
    const random = uniforms(seed);
    for (const { kernel, bias, inputs, outputs } of this.layers) {
      const limit = sqrt(6 / (inputs + outputs));
      for (let i = 0; i < kernel.length; i++) kernel[i] = limit * (2 * random() - 1);
      bias.fill(0);
    }
    this.forget();
  }

  /** Clear the optimiser's memory. */
  forget() {
    this.first.fill(0);
    this.second.fill(0);
    this.steps = 0;
  }

  /** The number of layers up to the code: the narrowest one. */
  get encoderLayers() {
    const inner = this.widths.slice(1, -1);
    return inner.indexOf(Math.min(...inner)) + 1;
  }

  /** Run `count` rows of values through the layers from `from` on; returns the last layer's. */
  forward(count, from = 0, to = this.layers.length) {
    for (let l = from; l < to; l++) {
      const { kernel, bias, inputs, outputs, values, apply } = this.layers[l];
      const x = l ? this.layers[l - 1].values : this.input;
      this.multiply(x, inputs, 1, kernel, values, bias, count, inputs, outputs);
      apply(values.subarray(0, count * outputs));
    }
    return this.layers[to - 1].values.subarray(0, count * this.layers[to - 1].outputs);
  }

  /** What the network makes of codes, k numbers each. */
  decode(codes, count) {
    const code = this.encoderLayers;
    this.layers[code - 1].values.set(codes);
    return this.forward(count, code);
  }

  /** Loss and mean squared error of the outputs beside the targets. */
  errors(count) {
    const { values, outputs } = this.layers.at(-1);
    const length = count * outputs;
    let squares = 0;
    for (let i = 0; i < length; i++) {
      const error = values[i] - this.target[i];
      squares += error * error;
    }
    const mse = squares / length;
    if (this.loss === "mse") return { loss: mse, mse };
    let sum = 0;
    for (let i = 0; i < length; i++) {
      const y = Math.max(EPSILON, Math.min(1 - EPSILON, values[i]));
      const t = this.target[i];
      // Most pixels are quite black or white: one logarithm is enough.
      sum -= t === 0 ? Math.log(1 - y) : t === 1 ? Math.log(y) : t * Math.log(y) + (1 - t) * Math.log(1 - y);
    }
    return { loss: sum / length, mse };
  }

  /** The gradients of the loss by all parameters, after `forward(count)`. */
  backward(count) {
    const last = this.layers.at(-1);
    const length = count * last.outputs;
    // The sigmoid's derivative and cross-entropy's denominator cancel out.
    const factor = (this.loss === "mse" ? 2 : 1) / length;
    for (let i = 0; i < length; i++) last.deltas[i] = factor * (last.values[i] - this.target[i]);
    if (this.loss === "mse") last.backward(last.deltas, last.values.subarray(0, length));

    for (let l = this.layers.length - 1; l >= 0; l--) {
      const { kernel, inputs, outputs, deltas, gradients } = this.layers[l];
      const before = this.layers[l - 1];
      const x = before ? before.values : this.input;
      this.multiply(x, 1, inputs, deltas, gradients.kernel, this.zeros, inputs, count, outputs);
      gradients.bias.fill(0);
      for (let i = 0, at = 0; i < count; i++) {
        for (let o = 0; o < outputs; o++, at++) gradients.bias[o] += deltas[at];
      }
      if (!before) break;
      const turned = this.transposed;
      for (let i = 0, at = 0; i < inputs; i++) {
        for (let o = 0; o < outputs; o++, at++) turned[o * inputs + i] = kernel[at];
      }
      this.multiply(deltas, outputs, 1, turned, before.deltas, this.zeros, count, outputs, inputs);
      before.backward(before.deltas, before.values.subarray(0, count * inputs));
    }
  }

  /** One training step on the `count` images in `input` and `target`; returns its errors. */
  step(count, optimiser, rate) {
    this.forward(count);
    const errors = this.errors(count);
    this.backward(count);
    const { parameters, gradients, first, second } = this;
    OPTIMISERS[optimiser](parameters, gradients, first, second, rate, ++this.steps);
    return errors;
  }

  /** Kernels and biases in Keras's order, as { shape, data }. */
  weights() {
    return this.layers.flatMap(({ kernel, bias, inputs, outputs }) => [
      { shape: [inputs, outputs], data: kernel.slice() },
      { shape: [outputs], data: bias.slice() },
    ]);
  }

  /** Take weights in that order. The optimiser starts with an empty memory. */
  setWeights(weights) {
    const places = this.layers.flatMap(({ kernel, bias }) => [kernel, bias]);
    places.forEach((place, i) => place.set(weights[i].data));
    this.forget();
  }
}
