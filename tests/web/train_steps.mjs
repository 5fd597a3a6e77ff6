// Does with the modules of the page "Train an autoencoder" what test_train.py asks for.
//   node train_steps.mjs steps FOLDER [NAME]  a hundred steps of the cases in FOLDER/cases.json; the
//                                             case NAME with the plain engine, too
//   node train_steps.mjs weights FILE         an untrained network's weights, and an output of it
//   node train_steps.mjs read FILE            what the page understands of a file of weights
//   node train_steps.mjs preset NAME FOLDER   trains a preset on the digits in FOLDER to its end
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Digits } from "../../site/demo/train/data.js";
import { Network } from "../../site/demo/train/nn.js";
import { packWeights, readNpz, unpackWeights, writeNpz } from "../../site/demo/train/npz.js";
import { pca, principalCosines } from "../../site/demo/train/pca.js";
import {
  DEFAULTS, activationsOf, isLinear, presetSettings, widthsOf,
} from "../../site/demo/train/presets.js";
import { Trainer } from "../../site/demo/train/trainer.js";

const bytesOf = (path) => {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return buffer.slice(byteOffset, byteOffset + byteLength);
};
const load = async (path) => (await readNpz(bytesOf(path))).arrays;

/** A hundred steps with the batches that Keras gets. */
function train(network, { inputs, targets }, optimiser, rate) {
  const [steps, batch, size] = inputs.shape;
  const put = (step) => {
    const part = ({ data }) => data.subarray(step * batch * size, (step + 1) * batch * size);
    network.input.set(part(inputs));
    network.target.set(part(targets));
  };
  put(0);
  network.forward(batch);
  network.backward(batch);
  const gradients = network.gradients.slice();
  const losses = new Float32Array(steps);
  for (let step = 0; step < steps; step++) {
    put(step);
    losses[step] = network.step(batch, optimiser, rate).loss;
  }
  return {
    losses: { shape: [steps], data: losses },
    gradients: { shape: [gradients.length], data: gradients },
    ...Object.fromEntries(network.weights().map((weight, i) => [`w${i}`, weight])),
  };
}

const work = {
  async steps(folder, plain) {
    const batches = await load(join(folder, "batches.npz"));
    for (const one of JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"))) {
      const before = Object.values(await load(join(folder, `${one.name}_before.npz`)));
      for (const engine of one.name === plain ? ["fast", "plain"] : ["fast"]) {
        const network = new Network({ ...one, capacity: batches.inputs.shape[1], fast: engine === "fast" });
        network.setWeights(before);
        const arrays = train(network, batches, one.optimiser, one.rate);
        writeFileSync(join(folder, `${one.name}_${engine}.npz`), writeNpz(arrays));
      }
    }
  },
  weights(path) {
    const network = new Network({
      widths: widthsOf(DEFAULTS), activations: activationsOf(DEFAULTS), seed: 3,
    });
    network.input.fill(0.5, 0, 784);
    writeFileSync(path, packWeights(network.weights(), DEFAULTS));
    return [...network.forward(1)];
  },
  async read(path) {
    const { weights, widths, settings } = await unpackWeights(bytesOf(path));
    return { widths, settings, sums: weights.map(({ data }) => data.reduce((a, b) => a + b, 0)) };
  },
  preset(name, folder, seed = "0") {
    const digits = new Digits({
      pixels: readFileSync(join(folder, "pixels.bin")), labels: readFileSync(join(folder, "labels.bin")),
    });
    const settings = { ...presetSettings(name), seed: Number(seed) };
    const trainer = new Trainer(settings, digits);
    const seen = { losses: [] };
    while (trainer.epoch < settings.epochs) {
      let [sum, steps] = [0, 0];
      for (const epoch = trainer.epoch; trainer.epoch === epoch; steps++) sum += trainer.step().mse;
      seen.losses.push(sum / steps);
    }
    const looking = trainer.evaluate();
    let look = looking.next();
    while (!look.done) look = looking.next();
    const { mse, dead, needed } = look.value;
    Object.assign(seen, { mse, dead, needed });
    if (isLinear(settings)) {
      const found = pca(digits.train, digits.test, 784, 64);
      seen.pca = { train: found.trainErrors, test: found.testErrors, components: [...found.components] };
      const span = trainer.decoderSpan();
      const cosines = principalCosines(span, found.components, settings.code, 784);
      seen.angle = (Math.acos(cosines.at(-1)) * 180) / Math.PI;
    }
    return seen;
  },
};

const [task, ...rest] = process.argv.slice(2);
console.log(JSON.stringify((await work[task](...rest)) ?? null));
