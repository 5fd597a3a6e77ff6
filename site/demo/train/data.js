// The ten thousand digits: fetched when training first starts, and split into training and test.

import { get } from "../engine.js";
import { SIDE, tile } from "../digit.js";

export const PIXELS = SIDE * SIDE;

/** Three images of every twenty are for testing; the export puts them there. */
export const isTest = (i) => i % 20 < 3;

/** Grey values (0 to 255) and labels of many images, and which are for training and for testing. */
export class Digits {
  constructor({ pixels, labels, dataset }) {
    Object.assign(this, { pixels, labels, dataset });
    const places = Array.from(labels.keys());
    this.train = this.#part(places.filter((i) => !isTest(i)));
    this.test = this.#part(places.filter(isTest));
  }

  /** How many training images have ink in each pixel. */
  get used() {
    const counts = new Uint32Array(PIXELS);
    for (const place of this.train.places) {
      for (let p = 0; p < PIXELS; p++) counts[p] += this.pixels[PIXELS * place + p] > 0;
    }
    return counts;
  }

  #part(places) {
    return {
      places,
      labels: Uint8Array.from(places, (place) => this.labels[place]),
      rows: places.length,
      row: (i, into) => this.copy(places[i], into),
    };
  }

  /** Write image `i` as grey values in [0, 1] to an array of 784 numbers. */
  copy(i, into) {
    const from = PIXELS * i;
    for (let p = 0; p < PIXELS; p++) into[p] = this.pixels[from + p] / 255;
  }
}

/** Load the atlas of the images and their labels. `base` is the folder of the demos. */
export async function loadDigits(base) {
  const at = (name) => new URL(`data/${name}`, base);
  const { images, labels: labelFile, dataset } = await (await get(at("train.json"))).json();
  const [blob, bytes] = await Promise.all([
    get(at(images)).then((response) => response.blob()),
    get(at(labelFile)).then((response) => response.arrayBuffer()),
  ]);
  const labels = new Uint8Array(bytes);
  const atlas = await createImageBitmap(blob);
  const across = atlas.width / SIDE;
  const canvas = new OffscreenCanvas(atlas.width, SIDE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const pixels = new Uint8Array(PIXELS * labels.length);
  for (let first = 0; first < labels.length; first += across) {
    const [, top] = tile(first, atlas.width);
    context.drawImage(atlas, 0, -top);
    const { data } = context.getImageData(0, 0, atlas.width, SIDE);
    for (let i = 0; i < across && first + i < labels.length; i++) {
      for (let y = 0; y < SIDE; y++) {
        const from = y * atlas.width + SIDE * i;
        const to = PIXELS * (first + i) + SIDE * y;
        for (let x = 0; x < SIDE; x++) pixels[to + x] = data[4 * (from + x)];
      }
    }
  }
  atlas.close();
  return { pixels, labels, dataset };
}
