// Times training in the page beside TensorFlow.js with its WASM backend, one thread each, in one run
// of Chromium, and prints JSON; tools/bench_demo.py keeps it.
//   node bench_demo.mjs BROWSER FOLDER ROUNDS STEPS; FOLDER holds demo/ with the digits
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";

import { serve } from "./server.mjs";

const packages = createRequire(new URL("../../site/package.json", import.meta.url));
const { chromium } = packages("playwright-core");
const [browserPath, folder, rounds, steps] = process.argv.slice(2);

const SCRIPTS = ["core", "layers", "backend-cpu", "backend-wasm"].map((part) => {
  const home = dirname(packages.resolve(`@tensorflow/tfjs-${part}/package.json`));
  return [join(home, "dist", `tf-${part}.min.js`), `tf-${part}.min.js`, home];
});
mkdirSync(join(folder, "tfjs"), { recursive: true });
for (const [from, name] of SCRIPTS) cpSync(from, join(folder, "tfjs", name));
const wasm = SCRIPTS.at(-1)[2];
cpSync(join(wasm, "dist", "tfjs-backend-wasm-simd.wasm"), join(folder, "tfjs", "tfjs-backend-wasm-simd.wasm"));
const { version } = JSON.parse(readFileSync(join(wasm, "package.json"), "utf8"));
writeFileSync(join(folder, "bench.html"), `<!doctype html><meta charset="utf-8"><title>bench</title>
${SCRIPTS.map(([, name]) => `<script src="tfjs/${name}"></script>`).join("\n")}`);

const server = await serve(folder, "/");
const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox"] });
const page = await browser.newPage();
page.on("console", (message) => console.error(message.text()));
await page.goto(`${server.url}bench.html`);
const networks = await page.evaluate(async ({ rounds, steps }) => {
  const tf = globalThis.tf;
  tf.wasm.setWasmPaths(`${location.origin}/tfjs/`);
  await tf.setBackend("wasm");
  await tf.ready();
  const { Digits, loadDigits } = await import("/demo/train/data.js");
  const { Network, countOf } = await import("/demo/train/nn.js");
  const { activationsOf, presetSettings, widthsOf } = await import("/demo/train/presets.js");
  const { Trainer } = await import("/demo/train/trainer.js");
  const digits = new Digits(await loadDigits(`${location.origin}/demo/`));
  const BATCH = 128;

  const results = {};
  for (const name of ["lecture", "denoise"]) {
    // TensorFlow.js has today's form of RMSprop only; it costs the page as much as the lecture's.
    const settings = { ...presetSettings(name), optimiser: "rmsprop-today" };
    const [widths, activations] = [widthsOf(settings), activationsOf(settings)];
    const network = new Network({ widths, activations, seed: 1 });
    const trainer = new Trainer(settings, digits);
    const batches = Array.from({ length: 20 }, (_, b) => {
      const target = new Float32Array(BATCH * 784);
      for (let i = 0; i < BATCH; i++) digits.train.row(b * BATCH + i, target.subarray(i * 784, (i + 1) * 784));
      const input = target.slice();
      trainer.spoil(input);
      return { input, target };
    });
    const model = tf.sequential();
    widths.slice(1).forEach((units, i) => {
      model.add(tf.layers.dense({ units, activation: activations[i], inputShape: i ? undefined : [784] }));
    });
    model.compile({ optimizer: tf.train.rmsprop(settings.rate, 0.9, 0, 1e-7), loss: "meanSquaredError" });
    model.setWeights(network.weights().map(({ shape, data }) => tf.tensor(data, shape)));

    const page = (step) => {
      const { input, target } = batches[step % batches.length];
      network.input.set(input);
      network.target.set(target);
      return network.step(BATCH, settings.optimiser, settings.rate).loss;
    };
    const tfjs = async (step) => {
      const { input, target } = batches[step % batches.length];
      const x = tf.tensor2d(input, [BATCH, 784]);
      const y = tf.tensor2d(target, [BATCH, 784]);
      const loss = await model.trainOnBatch(x, y);
      tf.dispose([x, y]);
      return loss;
    };
    const work = { page, tfjs };
    const speeds = { page: [], tfjs: [] };
    const losses = { page: [], tfjs: [] };
    let step = 0;
    for (let round = 0; round <= rounds; round++) { // the first one warms up
      for (const who of ["page", "tfjs"]) {
        const start = performance.now();
        for (let s = 0; s < steps; s++) losses[who].push(await work[who](step + s));
        if (round) speeds[who].push((1000 * steps) / (performance.now() - start));
      }
      step += steps;
    }
    results[name] = {
      widths, parameters: countOf(widths), speeds,
      // Both begin with the same weights and get the same batches.
      loss_after_ten_steps: { page: losses.page[9], tfjs: losses.tfjs[9] },
    };
  }
  return { backend: tf.getBackend(), threads: 1, results };
}, { rounds: Number(rounds), steps: Number(steps) });
const chromiumVersion = browser.version();
await browser.close();
await server.close();
console.log(JSON.stringify({
  ...networks, tfjs: version, chromium: chromiumVersion,
  machine: { processor: cpus()[0].model.trim(), cores: cpus().length, load: loadavg()[0] },
}));
