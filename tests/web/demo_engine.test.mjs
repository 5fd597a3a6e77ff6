// Layers and image preparation of the demo, on small cases worked out by hand. Run by node --test.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  between, centreOfMass, centred, noisy, normals, rasterise, tile,
} from "../../site/demo/digit.js";
import {
  Network, conv2d, dense, maxPool, meanSquaredError, mergedKernels, once, unpackTensors, upsample,
  upsampledConv2d,
} from "../../site/demo/engine.js";
import { Pen } from "../../site/demo/pen.js";
import { nearestCodes } from "../../site/demo/scatter.js";

const image = (height, width, values, channels = 1) => ({
  data: Float32Array.from(values), height, width, channels,
});

test("dense: x W + b, with and without ReLU", () => {
  const kernel = Float32Array.of(1, -1, 2, -2, 3, -3); // [3, 2]
  const x = Float32Array.of(1, 0, 2);
  assert.deepEqual([...dense(x, kernel, Float32Array.of(10, 1), false)], [17, -6]);
  assert.deepEqual([...dense(x, kernel, Float32Array.of(10, 1), true)], [17, 0]);
});

test("convolution: 'valid' sums the window, 'same' sees zeros outside", () => {
  const ones = new Float32Array(9).fill(1);
  const x = image(3, 4, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const valid = conv2d(x, ones, Float32Array.of(0.5), false, "valid");
  assert.deepEqual([valid.height, valid.width, valid.channels], [1, 2, 1]);
  assert.deepEqual([...valid.data], [54.5, 63.5]);
  const same = conv2d(x, ones, Float32Array.of(0), false, "same");
  assert.deepEqual([same.height, same.width], [3, 4]);
  assert.deepEqual([...same.data.slice(0, 4)], [14, 24, 30, 22]);
});

test("convolution is a correlation: the kernel is not flipped", () => {
  const kernel = Float32Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0); // looks up and left
  const out = conv2d(image(3, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9]), kernel, [0], false, "same");
  assert.deepEqual([...out.data], [0, 0, 0, 0, 1, 2, 0, 4, 5]);
});

test("convolution with several channels and filters, and ReLU", () => {
  const kernel = new Float32Array(3 * 3 * 2 * 2);
  kernel.set([1, 0, 0, -1], 4 * 4); // the middle: filter 0 is channel 0, filter 1 minus channel 1
  const out = conv2d(image(1, 2, [1, 2, 3, 4], 2), kernel, [0, 3], true, "same");
  assert.deepEqual([...out.data], [1, 1, 3, 0]);
});

test("pooling cuts blocks off at an odd edge, and keeps negative numbers", () => {
  const out = maxPool(image(3, 3, [-1, -2, -3, -4, -5, -6, -7, -8, -9]));
  assert.deepEqual([out.height, out.width], [2, 2]);
  assert.deepEqual([...out.data], [-1, -3, -7, -9]);
});

test("upsampling repeats pixels, channel by channel", () => {
  const out = upsample(image(1, 2, [1, 10, 2, 20], 2));
  assert.deepEqual([out.height, out.width], [2, 4]);
  assert.deepEqual([...out.data], Array(2).fill([1, 10, 1, 10, 2, 20, 2, 20]).flat());
});

test("upsampling and convolution in one are the two of them", () => {
  const numbers = (count, seed) => Array.from(normals(count, seed));
  const x = image(3, 4, numbers(24, 1), 2);
  for (const filters of [1, 5]) { // fewer than four, and four and one
    const kernel = Float32Array.from(numbers(18 * filters, 2));
    const bias = Float32Array.from(numbers(filters, 3));
    const expected = conv2d(upsample(x), kernel, bias, true, "same");
    const found = upsampledConv2d(x, mergedKernels(kernel), bias, true);
    assert.deepEqual({ ...found, data: 0 }, { ...expected, data: 0 });
    expected.data.forEach((value, i) => assert.ok(Math.abs(found.data[i] - value) < 1e-5));
    assert.ok(expected.data.some((value) => value > 1));
  }
});

test("fixed-point numbers come back with their sign", () => {
  const numbers = [1, -1, 8388607, -8388608];
  const planes = [0, 8, 16].flatMap((shift) => numbers.map((n) => (n >> shift) & 255));
  const table = [{ shape: [3], bits: 0 }, { shape: [1, 1], bits: 20 }];
  const tensors = unpackTensors(Uint8Array.from(planes), table);
  assert.deepEqual([...tensors[0].data], [1, -1, 8388607]);
  assert.deepEqual([...tensors[1].data], [-8]);
});

test("a network: encode, then decode, is predict; a kernel can be used turned", () => {
  const tensors = [
    { shape: [2, 1], data: Float32Array.of(3, 4) },
    { shape: [1], data: Float32Array.of(1) },
    { shape: [2], data: Float32Array.of(0, -100) },
  ];
  const layers = [
    { type: "Dense", kernel: 0, bias: 1, relu: false },
    { type: "Dense", kernel: 0, bias: 2, relu: true, transposed: true },
  ];
  const network = new Network({ input: [2], code: 1, parameters: 5, layers }, tensors);
  const x = Float32Array.of(1, 2);
  assert.deepEqual([...network.encode(x)], [12]);
  assert.deepEqual([...network.predict(x)], [36, 0]);
  assert.deepEqual(network.decode(network.encode(x)), network.predict(x));
  const unknown = new Network({ input: [2], layers: [{ type: "Dropout" }] }, tensors);
  assert.throws(() => unknown.predict(x), /no layer Dropout/);
});

test("what is loaded once is asked for again only after a failure", async () => {
  let calls = 0;
  const load = once(async (fails) => {
    calls += 1;
    if (fails) throw new Error("no network");
    return calls;
  });
  await assert.rejects(load(true), /no network/);
  assert.deepEqual(await Promise.all([load(false), load(true)]), [2, 2]);
});

test("mean squared error", () => {
  assert.equal(meanSquaredError([1, 2], [1, 4]), 2);
});

function boxOf(picture) {
  const inked = [...picture.keys()].filter((at) => picture[at] > 0.05);
  const [xs, ys] = [inked.map((at) => at % 28), inked.map((at) => Math.floor(at / 28))];
  return {
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
  };
}

const SEVEN = [[[2, 3], [9, 3], [5, 14]]]; // small, and in a corner

test("a drawing is scaled to 20 pixels, its centre of mass in the middle pixel", () => {
  const picture = centred(SEVEN);
  const { width, height } = boxOf(picture);
  assert.ok(height >= 20 && height <= 22, `height ${height}`);
  assert.ok(width < height);
  assert.deepEqual(centreOfMass(picture).map(Math.floor), [14, 14]);
  assert.ok(Math.max(...picture) === 1 && Math.min(...picture) === 0);
});

test("where and how large one draws does not matter", () => {
  const moved = SEVEN.map((stroke) => stroke.map(([x, y]) => [2 * x + 5, 2 * y - 1]));
  const difference = centred(SEVEN).map((value, i) => Math.abs(value - centred(moved)[i]));
  assert.ok(Math.max(...difference) < 1e-5);
});

test("a dot stays small, nothing stays black", () => {
  const { width, height } = boxOf(centred([[[3, 3]]]));
  assert.ok(width <= 5 && height <= 5);
  assert.ok(centred([]).every((value) => value === 0));
  assert.deepEqual(centreOfMass(rasterise([])), [14, 14]);
});

test("noise is clipped, repeatable, and of variance 1", () => {
  const noise = normals(20000, 1);
  assert.deepEqual(noise, normals(20000, 1));
  assert.notDeepEqual(noise, normals(20000, 2));
  const mean = noise.reduce((a, b) => a + b) / noise.length;
  const variance = noise.reduce((a, b) => a + b * b, 0) / noise.length;
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(variance - 1) < 0.04);
  const spoilt = noisy(new Float32Array(20000), noise, 0.5);
  assert.ok(spoilt.every((value) => value >= 0 && value <= 1));
  assert.ok(Math.abs(spoilt.filter((value) => value === 0).length / 20000 - 0.5) < 0.02);
});

test("between two points", () => {
  assert.deepEqual([...between(Float32Array.of(0, 4), [2, 0], 0.25)], [0.5, 3]);
});

test("the place of an image among images side by side", () => {
  assert.deepEqual(tile(0, 2800), [0, 0]);
  assert.deepEqual(tile(99, 2800), [99 * 28, 0]);
  assert.deepEqual(tile(201, 2800), [28, 56]);
});

test("nearest codes, nearest first, without the point itself", () => {
  const codes = Float32Array.of(0, 0, 5, 0, 1, 0, 0, 2, 9, 9); // five codes of two numbers
  assert.deepEqual(nearestCodes(codes, 2, 0, 3), [2, 3, 1]);
});

test("the pen: a line ends at the edge, and begins again where it comes back", () => {
  const pen = new Pen();
  pen.begin([20, 14]);
  for (const point of [[24, 14], [32, 14], [40, 3], [32, 3], [24, 3]]) pen.draw(point);
  assert.deepEqual(pen.strokes, [[[20, 14], [24, 14], [28, 14]], [[28, 3], [24, 3]]]);
  pen.draw([24, -4]);
  pen.begin([5, 5]); // a new stroke comes from nowhere
  pen.draw([6, 6]);
  assert.deepEqual(pen.strokes.slice(1), [[[28, 3], [24, 3], [24, 0]], [[5, 5], [6, 6]]]);
});

test("the pen: a finger that is still down draws no further on what was taken back", () => {
  const pen = new Pen();
  pen.begin([5, 5]);
  pen.pointer = 1;
  pen.undo();
  assert.equal(pen.pointer, null);
  assert.deepEqual(pen.strokes, []);
});
