// A network at work: batches in a shuffled order, noise, epochs, and what can be seen of it. Knows
// neither page nor worker.

import { normals } from "../digit.js";
import { PIXELS } from "./data.js";
import { Network, uniforms } from "./nn.js";
import { activationsOf, widthsOf } from "./presets.js";

const POOL = 1 << 18; // normal numbers, used over and over from random places
const DEAD = 1e-12; // an output below has no light in it
const INK = 0.5; // a pixel with less may be the edge of a stroke
const AT_ONCE = 256; // test images

/** Fisher and Yates. */
function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
}

export class Trainer {
  #noise = null;

  constructor(settings, digits) {
    this.digits = digits;
    this.settings = settings;
    this.network = new Network({
      widths: widthsOf(settings), activations: activationsOf(settings), loss: settings.loss,
      seed: settings.seed,
    });
    this.restart();
  }

  /** Begin from the beginning, with the same seed. */
  restart() {
    const { seed } = this.settings;
    this.network.initialise(seed);
    this.random = uniforms(seed + 1);
    this.steps = 0;
    this.epoch = 0; // whole ones that lie behind
    this.order = null; // of the epoch that has begun
  }

  /** What it takes to go on later: weights, the optimiser's memory, and how far it came. */
  state() {
    const { parameters, first, second, steps: updates } = this.network;
    const [p, m, v] = [parameters, first, second].map((array) => array.slice());
    return { parameters: p, first: m, second: v, updates, steps: this.steps, epoch: this.epoch };
  }

  /** Go on from there, with an epoch that begins. */
  resume({ parameters, first, second, updates, steps, epoch }) {
    const { network } = this;
    network.parameters.set(parameters);
    network.first.set(first);
    network.second.set(second);
    network.steps = updates;
    Object.assign(this, { steps, epoch, order: null });
    this.random = uniforms(this.settings.seed + 1 + steps);
  }

  /** Change what can be changed while a network learns. */
  change(settings) {
    if (settings.optimiser !== this.settings.optimiser) this.network.forget();
    this.settings = settings;
  }

  get stepsPerEpoch() {
    return Math.ceil(this.digits.train.rows / this.settings.batch);
  }

  /** Add the lecture's noise to `count` images, where asked for, and clip. */
  spoil(images, random = this.random) {
    const factor = this.settings.noise;
    if (!factor) return;
    this.#noise ??= normals(POOL, 1);
    for (let first = 0; first < images.length; first += PIXELS) {
      const from = Math.floor(random() * (POOL - PIXELS));
      for (let p = 0; p < PIXELS; p++) {
        const value = images[first + p] + factor * this.#noise[from + p];
        images[first + p] = value < 0 ? 0 : value > 1 ? 1 : value;
      }
    }
  }

  /** One training step; returns loss and mean squared error of its batch. */
  step() {
    const { network, settings: { batch, optimiser, rate } } = this;
    const { train } = this.digits;
    if (!this.order || this.next >= train.rows) {
      this.order ??= Int32Array.from({ length: train.rows }, (_, i) => i);
      shuffle(this.order, this.random);
      this.next = 0;
    }
    // The last batch of an epoch is as small as Keras makes it.
    const count = Math.min(batch, train.rows - this.next);
    for (let i = 0; i < count; i++) {
      const place = i * PIXELS;
      train.row(this.order[this.next + i], network.target.subarray(place, place + PIXELS));
    }
    const images = network.input.subarray(0, count * PIXELS);
    images.set(network.target.subarray(0, count * PIXELS));
    this.spoil(images);
    this.next += count;
    this.steps++;
    if (this.next >= train.rows) this.epoch++;
    return network.step(count, optimiser, rate);
  }

  /**
   * How the network does on the test images, with the same noise at each call: loss, mean squared
   * error, the codes, and what is dead, that is 0 for every image: output pixels in which digits
   * have ink, and numbers of the code. A generator that can be left alone after each few hundred
   * images, so that a worker may answer meanwhile.
   */
  *evaluate() {
    const { network } = this;
    const { test } = this.digits;
    const random = uniforms(0);
    const code = network.layers[network.encoderLayers - 1];
    const codes = new Float32Array(test.rows * code.outputs);
    const lit = new Uint8Array(PIXELS);
    const inked = new Uint8Array(PIXELS);
    const active = new Uint8Array(code.outputs);
    let [loss, mse] = [0, 0];
    for (let first = 0; first < test.rows; first += AT_ONCE) {
      const count = Math.min(AT_ONCE, test.rows - first);
      const length = count * PIXELS;
      for (let i = 0; i < count; i++) {
        test.row(first + i, network.target.subarray(i * PIXELS, (i + 1) * PIXELS));
      }
      network.input.set(network.target.subarray(0, length));
      this.spoil(network.input.subarray(0, length), random);
      const outputs = network.forward(count);
      const errors = network.errors(count);
      loss += errors.loss * count;
      mse += errors.mse * count;
      codes.set(code.values.subarray(0, count * code.outputs), first * code.outputs);
      for (let i = 0; i < outputs.length; i++) {
        if (outputs[i] > DEAD) lit[i % PIXELS] = 1;
        if (network.target[i] > INK) inked[i % PIXELS] = 1;
      }
      yield;
    }
    codes.forEach((value, i) => {
      if (value !== 0) active[i % code.outputs] = 1;
    });
    const needed = inked.reduce((sum, ink) => sum + ink, 0);
    const dead = inked.reduce((sum, ink, p) => sum + (ink && !lit[p]), 0);
    const silent = active.reduce((sum, value) => sum + !value, 0);
    return { loss: loss / test.rows, mse: mse / test.rows, codes, needed, dead, silent };
  }

  /** Images as the network gets them, and what it makes of them; [n, 784] each. */
  rebuild(images) {
    const { network } = this;
    const input = images.slice();
    this.spoil(input, uniforms(0));
    network.input.set(input);
    return { input, output: network.forward(images.length / PIXELS).slice() };
  }

  /** The span of the linear decoder's rows, [code, 784]: the product of its kernels. */
  decoderSpan() {
    const { network } = this;
    let span = null;
    let rows = 0;
    for (const { kernel, inputs, outputs } of network.layers.slice(network.encoderLayers)) {
      if (!span) {
        [span, rows] = [Float64Array.from(kernel), inputs];
        continue;
      }
      const next = new Float64Array(rows * outputs);
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < inputs; i++) {
          const value = span[r * inputs + i];
          for (let o = 0; o < outputs; o++) next[r * outputs + o] += value * kernel[i * outputs + o];
        }
      }
      span = next;
    }
    return span;
  }
}
