// Training beside the page: a worker that learns in short slices and answers between them. Each
// message { id, type, ... } is answered with { id, result } or { id, error }; what the network does
// meanwhile comes as { event, ... }.

import { Digits, PIXELS, loadDigits } from "./data.js";
import { codeAt, mapOf } from "./map.js";
import { pca, principalCosines } from "./pca.js";
import { BUILDS, LARGEST_CODE, isLinear } from "./presets.js";
import { Trainer } from "./trainer.js";

const SLICE = 25; // milliseconds of training before messages are looked at
const PROGRESS = 100; // milliseconds between two points of the curve
const LOOK = 300; // milliseconds between two looks at the test images, or more where a look is long
const TILES = 100; // first-layer weights that are shown
const RARE = 0.01; // a pixel with ink in fewer images has weights that are still random

let digits = null;
let used = null; // how many images have ink in each pixel
let trainer = null;
let components = null; // PCA's, to measure angles with
let plane = null; // of the map
let examples = null; // ten test digits
let version = 0; // the page's number of the network: it no longer listens to an older one
let run = 0; // counts the runs: an older loop that wakes up sees that it is over
let goal = 0; // epochs
let seconds = 0;
let since = { loss: 0, mse: 0, count: 0 };

// A message to itself comes back after those that wait: a timer would be held back by 4 ms.
const channel = new MessageChannel();
const waiting = [];
channel.port1.onmessage = () => waiting.shift()();
const breath = () =>
  new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(0);
  });

function takeStep() {
  const { loss, mse } = trainer.step();
  since.loss += loss;
  since.mse += mse;
  since.count++;
}

function sayProgress() {
  if (!since.count) return;
  const { loss, mse, count } = since;
  const { steps, epoch } = trainer;
  since = { loss: 0, mse: 0, count: 0 };
  postMessage({ event: "progress", version, steps, epoch, seconds, loss: loss / count, mse: mse / count });
}

/**
 * First-layer weights as bytes, [tiles, 784]: 128 is 0, 1 and 255 are the largest of a tile. Pixels
 * that are black in nearly all images are left out: what their weights are is chance.
 */
function tiles() {
  const { kernel, outputs } = trainer.network.layers[0];
  const count = Math.min(TILES, outputs);
  const bytes = new Uint8Array(count * PIXELS).fill(128);
  const shown = Array.from(used.keys()).filter((p) => used[p] > RARE * digits.train.rows);
  for (let t = 0; t < count; t++) {
    let largest = 1e-30;
    for (const p of shown) largest = Math.max(largest, Math.abs(kernel[p * outputs + t]));
    for (const p of shown) {
      bytes[t * PIXELS + p] = Math.round(128 + (127 * kernel[p * outputs + t]) / largest);
    }
  }
  return bytes;
}

/** The largest angle between the decoder's space and PCA's, in degrees, of a linear network. */
function angle() {
  const { settings } = trainer;
  if (!components || !isLinear(settings) || settings.code > LARGEST_CODE) return null;
  if (settings.hidden && settings.hidden < settings.code) return null;
  const cosines = principalCosines(trainer.decoderSpan(), components, settings.code, PIXELS);
  return (Math.acos(cosines.at(-1)) * 180) / Math.PI;
}

/** Look at the test images and show the page what there is. */
async function look(of = trainer) {
  const work = of.evaluate();
  let next = work.next();
  while (!next.done) {
    await breath();
    if (of !== trainer) return; // another network by now
    next = work.next();
  }
  const { codes, ...errors } = next.value;
  const { code } = of.settings;
  const map = mapOf(codes, code, digits.test.labels, plane);
  plane = map.plane;
  const { input, output } = of.rebuild(examples.images);
  postMessage({
    event: "look", version, steps: of.steps, epoch: of.epoch, seconds, ...errors,
    positions: map.positions, input, output, tiles: tiles(), angle: angle(),
  });
}

const fail = (error) => postMessage({ event: "failed", version, message: error.message });

async function train() {
  const mine = ++run;
  let [progress, looked, pause] = [0, 0, 0];
  await breath();
  while (mine === run) {
    const start = performance.now();
    do takeStep();
    while (performance.now() - start < SLICE && trainer.epoch < goal);
    seconds += (performance.now() - start) / 1000;
    const now = performance.now();
    const done = trainer.epoch >= goal;
    if (now - progress > PROGRESS || done) {
      progress = now;
      sayProgress();
    }
    if (now - looked > pause || done) {
      await look();
      if (mine !== run) return;
      // Looking must not take more than a part of the time.
      looked = performance.now();
      pause = Math.max(LOOK, 4 * (looked - now));
    }
    if (done) {
      run++;
      postMessage({ event: "finished", version });
    } else {
      await breath();
    }
  }
}

function begin(settings, number) {
  run++;
  version = number;
  trainer = new Trainer(settings, digits);
  goal = settings.epochs;
  seconds = 0;
  plane = null;
  since = { loss: 0, mse: 0, count: 0 };
}

const answers = {
  /** Load the digits; another worker may be given them. */
  async load({ base }) {
    const raw = await loadDigits(base);
    return { raw, ...answers.take({ raw }) };
  },
  take({ raw }) {
    digits = new Digits(raw);
    used = digits.used;
    const { test } = digits;
    const images = new Float32Array(10 * PIXELS);
    for (let digit = 0; digit < 10; digit++) {
      test.row(test.labels.indexOf(digit), images.subarray(digit * PIXELS, (digit + 1) * PIXELS));
    }
    examples = { images };
    return { examples: images, labels: test.labels };
  },
  /** The whole PCA; asked of a worker of its own. */
  pca() {
    return pca(digits.train, digits.test, PIXELS, LARGEST_CODE);
  },
  components(message) {
    components = message.components;
  },
  /** Make the network that is wished for, or change what can be changed while it learns. */
  settings({ settings, state, version: number }) {
    const built = trainer && !state && BUILDS.every((key) => trainer.settings[key] === settings[key]);
    if (built) {
      if (settings.epochs !== trainer.settings.epochs) goal = settings.epochs;
      trainer.change(settings);
    } else {
      begin(settings, number);
      if (state) {
        trainer.resume(state);
        ({ seconds } = state);
        goal = Math.max(goal, trainer.epoch);
      }
    }
    look().catch(fail); // the page need not wait for it
  },
  start() {
    if (trainer.epoch >= goal) goal = trainer.epoch + trainer.settings.epochs;
    train().catch(fail);
    return { goal };
  },
  async pause() {
    run++;
    sayProgress();
    await look();
  },
  async step() {
    run++;
    const start = performance.now();
    takeStep();
    seconds += (performance.now() - start) / 1000;
    sayProgress();
    await look();
  },
  reset({ settings, version: number }) {
    begin(settings, number);
    look().catch(fail);
  },
  rebuild({ images }) {
    return trainer.rebuild(images);
  },
  /** What the decoder makes of places on the map, [n, 2]. */
  decode({ places }) {
    const { network, settings: { code } } = trainer;
    const count = places.length / 2;
    const codes = new Float32Array(count * code);
    for (let i = 0; i < count; i++) {
      codes.set(codeAt(places[2 * i], places[2 * i + 1], code, plane), i * code);
    }
    return network.decode(codes, count).slice();
  },
  state() {
    return { ...trainer.state(), seconds, settings: trainer.settings };
  },
  weightsOut() {
    return trainer.network.weights();
  },
  /** Take weights that came from elsewhere, for the network that the settings make. */
  async weightsIn({ settings, weights, version: number }) {
    begin(settings, number);
    trainer.network.setWeights(weights);
    await look();
  },
};

onmessage = async ({ data }) => {
  const { id, type } = data;
  try {
    postMessage({ id, result: await answers[type](data) });
  } catch (error) {
    console.error(error);
    postMessage({ id, error: error.message });
  }
};
