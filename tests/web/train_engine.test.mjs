// The modules of "Train an autoencoder", by hand. Run by test_train.py.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Digits } from "../../site/demo/train/data.js";
import { FAST, allocate } from "../../site/demo/train/kernels.js";
import { codeAt, mapOf } from "../../site/demo/train/map.js";
import { Network, uniforms } from "../../site/demo/train/nn.js";
import { crc32, packWeights, readNpz, unpackWeights, writeNpz } from "../../site/demo/train/npz.js";
import { eigen, principalCosines } from "../../site/demo/train/pca.js";
import * as presets from "../../site/demo/train/presets.js";
import { Trainer } from "../../site/demo/train/trainer.js";

const near = (a, b, tolerance = 1e-5) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);

test("the product in WebAssembly is the plain one, whatever the shape", () => {
  assert.ok(FAST);
  const random = uniforms(1);
  for (const [n, k, m] of [[1, 1, 1], [3, 5, 2], [7, 4, 37], [2, 9, 64], [5, 31, 100], [4, 3, 55]]) {
    const lengths = { a: n * k, b: k * m, c: n * m, start: m };
    const [fast, plain] = [true, false].map((f) => allocate(lengths, n * k, Math.max(n, k), f));
    for (const name of ["a", "b", "start"]) {
      fast.arrays[name].forEach((_, i) => {
        const value = random() < 0.4 ? 0 : random() - 0.5;
        fast.arrays[name][i] = plain.arrays[name][i] = value;
      });
    }
    for (const [row, column] of [[k, 1], [1, n]]) {
      for (const { arrays: { a, b, c, start }, multiply } of [fast, plain]) {
        multiply(a, row, column, b, c, start, n, k, m);
      }
      fast.arrays.c.forEach((value, i) => near(value, plain.arrays.c[i]));
    }
  }
});

test("gradients are the slopes of the loss", () => {
  for (const [output, loss] of [["relu", "mse"], ["linear", "mse"], ["sigmoid", "mse"], ["sigmoid", "cross-entropy"]]) {
    const network = new Network({
      widths: [6, 5, 2, 6], activations: ["tanh", "linear", output], loss, seed: 4, capacity: 3,
    });
    const random = uniforms(2);
    for (let i = 0; i < 18; i++) network.input[i] = network.target[i] = random();
    network.forward(3);
    network.backward(3);
    const gradients = network.gradients.slice();
    const at = (i, value) => {
      const before = network.parameters[i];
      network.parameters[i] = before + value;
      network.forward(3);
      const { loss: found } = network.errors(3);
      network.parameters[i] = before;
      return found;
    };
    for (let i = 0; i < gradients.length; i += 3) {
      near(gradients[i], (at(i, 1e-2) - at(i, -1e-2)) / 2e-2, 2e-4);
    }
  }
  assert.throws(
    () => new Network({ widths: [2, 1, 2], activations: ["relu", "relu"], loss: "cross-entropy" }), /sigmoid/,
  );
});

test("eigenvectors and angles of small matrices", () => {
  const { values, vectors } = eigen([2, 1, 1, 2], 2);
  near(values[0], 3);
  near(values[1], 1);
  near(Math.abs(vectors[0]), Math.SQRT1_2);
  const cosines = principalCosines(
    Float64Array.of(1, 0, 0, 0, 1, 1), Float64Array.of(1, 0, 0, 0, 1, 0), 2, 3,
  );
  near(cosines[0], 1);
  near(cosines[1], Math.SQRT1_2);
});

test("a link says what differs from the lecture's network, and nothing else", () => {
  assert.equal(presets.toHash(presets.DEFAULTS), "");
  for (const name of Object.keys(presets.PRESETS)) {
    const settings = presets.presetSettings(name);
    const found = presets.fromHash(`#${presets.toHash(settings)}`);
    assert.deepEqual(found, { settings, problems: [] });
    assert.equal(presets.presetOf(found.settings), name);
  }
  const odd = presets.fromHash("#code=65&rate=2&noise=0.37&seed=-1&epochs=&loss=cross-entropy");
  assert.equal(odd.problems.length, 5);
  assert.deepEqual(odd.settings, { ...presets.DEFAULTS, loss: "cross-entropy", output: "sigmoid" });
});

test("weights of networks that the page does not have are refused with their widths", () => {
  const { withWidths, DEFAULTS } = presets;
  assert.equal(withWidths(DEFAULTS, [784, 64, 8, 64, 784]).hidden, 64);
  assert.equal(withWidths(DEFAULTS, [784, 2, 784]).code, 2);
  for (const widths of [[784, 65, 784], [784, 64, 8, 32, 784], [784, 784], [100, 20, 100], [784, 600, 20, 600, 784]]) {
    assert.throws(() => withWidths(DEFAULTS, widths), new RegExp(widths.join("-")));
  }
});

test("archives: written, read, and broken", async () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926); // the check value of CRC-32
  const array = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) };
  const bytes = writeNpz({ first: array, second: { shape: [1], data: Float32Array.of(-1) } }, "note");
  const { arrays, comment } = await readNpz(bytes.buffer);
  assert.deepEqual(arrays.first, array);
  assert.deepEqual(Object.keys(arrays), ["first", "second"]);
  assert.equal(comment, "note");
  const flipped = bytes.slice();
  flipped[150] ^= 1;
  await assert.rejects(readNpz(flipped.buffer), /checksum/);
  await assert.rejects(readNpz(bytes.slice(0, 200).buffer), /cut off/);
  await assert.rejects(unpackWeights(bytes.buffer), /not the kernels and biases/);
  const network = new Network({ widths: [4, 2, 4], activations: ["relu", "relu"] });
  network.parameters[1] = NaN;
  await assert.rejects(unpackWeights(packWeights(network.weights(), {}).buffer), /finite/);
});

test("the map of many numbers is that of their largest spread, and its places decode back", () => {
  const random = uniforms(3);
  const codes = Float32Array.from({ length: 300 * 5 }, (_, i) => [9, 0.1, 4, 0.1, 0.1][i % 5] * (random() - 0.5));
  const { positions, plane } = mapOf(codes, 5, new Uint8Array(300));
  near(Math.abs(plane.axes[0][0]), 1, 1e-2);
  near(Math.abs(plane.axes[1][2]), 1, 1e-2);
  const code = codeAt(positions[0], positions[1], 5, plane);
  near(code[0], codes[0], 0.2);
  near(code[2], codes[2], 0.2);
  assert.deepEqual([...mapOf(Float32Array.of(1, 2, 3, 4), 2, []).positions], [1, 2, 3, 4]);
});

test("the same seed gives the same training, and a kept state goes on", () => {
  const random = uniforms(5);
  const pixels = Uint8Array.from({ length: 60 * 784 }, () => (random() < 0.2 ? 255 * random() : 0));
  const digits = new Digits({ pixels, labels: new Uint8Array(60) });
  assert.equal(digits.test.rows, 9);
  const settings = { ...presets.DEFAULTS, hidden: 8, code: 3, batch: 16, noise: 0.5 };
  const learn = (trainer, steps) => Array.from({ length: steps }, () => trainer.step().loss);
  const [a, b] = [new Trainer(settings, digits), new Trainer(settings, digits)];
  assert.deepEqual(learn(a, 9), learn(b, 9));
  assert.equal(a.epoch, 2); // 51 images in batches of 16: four steps, the last of three images
  const other = new Trainer({ ...settings, seed: 1 }, digits);
  assert.notDeepEqual(learn(other, 9), learn(new Trainer(settings, digits), 9));
  const resumed = new Trainer(settings, digits);
  resumed.resume(a.state());
  assert.deepEqual(resumed.network.weights(), a.network.weights());
  assert.equal(resumed.steps, 9);
  a.restart();
  assert.deepEqual(a.network.weights(), new Trainer(settings, digits).network.weights());
});
