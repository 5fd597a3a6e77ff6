// The page "Train an autoencoder", and the small version in chapters: a network that learns in a
// worker, and the page that shows it. Nothing is fetched before the reader starts.

import { announcer, button, el, newId, picture, show } from "../dom.js";
import { Curve } from "./chart.js";
import { makeControls } from "./controls.js";
import { packWeights, unpackWeights } from "./npz.js";
import { makePad } from "./pad.js";
import { rebuild } from "./pca.js";
import {
  BUILDS, DEFAULTS, LARGEST_CODE, PRESETS, fromHash, presetOf, presetSettings, toHash, widthsOf,
  withWidths,
} from "./presets.js";
import { keep, recall } from "./store.js";
import { makeChart, makeMap, makeRows, makeTiles, onTheme } from "./view.js";
import { countOf } from "./nn.js";

const PIXELS = 784;
const RECORD = "last";
const KEEP_EVERY = 5000; // milliseconds, while a network learns
const EXPLODED = 1e3; // a mean squared error of grey values: the numbers have grown beyond use

/** A worker that is asked by messages and answers with promises; events go to `hear`. */
function makeWorker(hear) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  const waiting = new Map();
  let ids = 0;
  worker.onmessage = ({ data }) => {
    if (data.event) return hear(data);
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data.result);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message || "the worker could not be loaded"));
    waiting.clear();
  };
  return {
    call(type, message = {}) {
      return new Promise((resolve, reject) => {
        waiting.set(++ids, { resolve, reject });
        worker.postMessage({ ...message, id: ids, type });
      });
    },
    end: () => worker.terminate(),
  };
}

const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
const three = (value) => (value === undefined || value === null ? "–" : value < 0.001 ? value.toExponential(1) : value.toFixed(4));

export async function mount(root, base) {
  const small = root.dataset.demo === "train-small";
  const voice = announcer();
  root.classList.add("train");

  // ------------------------------------------------------------------------------ the state
  let settings = presetSettings(root.dataset.preset ?? "lecture");
  let worker = null; // a promise, once the reader has started
  let running = false;
  let curves = { train: new Curve(), test: new Curve() };
  let progress = { steps: 0, epoch: 0, seconds: 0 };
  let look = null; // the last one at the test images
  let known = null; // what the worker said about the digits: { examples, labels, dataset }
  let pca = null;
  let state = null; // a network to go on from, until the worker has it
  let previous = null; // a record that can be brought back
  let goal = settings.epochs;
  let speed = null; // [seconds, steps] a moment ago
  let version = 0; // counts the networks: what the worker still says of the last one is not heard
  let told = ""; // the trouble that the reader knows about

  // ------------------------------------------------------------------------------- the page
  const startButton = button("Start", () => attempt(running ? pause : start));
  startButton.classList.add("train-start");
  const stepButton = button("One step", () => attempt(step));
  const resetButton = button("Reset", () => attempt(reset));
  const status = el("p", { className: "train-status" });
  const message = el("p", { className: "demo-message train-message", hidden: true });
  const numbers = el("dl", { className: "train-numbers" });
  const cells = Object.fromEntries(
    ["training", "test", "PCA", "angle", "dead"].map((name) => {
      const [term, value] = [el("dt", {}, name), el("dd", {}, "–")];
      const pair = el("div", {}, term, value);
      numbers.append(pair);
      return [name, { pair, term, value }];
    }),
  );
  const chart = makeChart(root);
  const rows = makeRows({
    original: "Ten test digits", input: "With noise, as the network gets them",
    output: "Rebuilt by the network", pca: "Rebuilt by PCA",
  });
  const map = small ? null : makeMap(decode);
  const tiles = small ? null : makeTiles();
  const pad = small ? null : makePad(voice, () => guard(rebuildDrawing));
  const buttons = el("div", { className: "demo-buttons" }, startButton, stepButton, resetButton);
  const controls = small ? null : makeControls((next) => attempt(() => change(next)), say);

  const story = el("p", { className: "train-story" });
  const presets = Object.entries(PRESETS).map(([name, { title }]) => {
    const made = button(title, () => attempt(() => tell(name)));
    made.dataset.preset = name;
    return made;
  });
  const back = button("Bring back the last network", () => attempt(bringBack));
  const fileInput = el("input", { type: "file", accept: ".npz", id: newId(), className: "demo-hidden", tabIndex: -1 });
  fileInput.setAttribute("aria-label", "Weights to load");
  fileInput.addEventListener("change", () => attempt(loadFile));
  const drawn = Object.fromEntries(
    ["As the network gets it", "Rebuilt by the network", "Rebuilt by PCA"].map((name) => [name, picture(name)]),
  );

  const section = (title, ...parts) =>
    el("section", { className: "demo-part" }, el("h2", {}, title), ...parts);
  function layOut() {
    const main = [
      buttons, status, message,
      el("div", { className: "train-main" }, chart.element, el("div", {}, rows.element)), numbers,
    ];
    if (small) {
      root.replaceChildren(...main, voice.region);
      return;
    }
    const group = el("div", { className: "demo-buttons train-presets" }, ...presets);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Stories");
    root.replaceChildren(
      el("p", { className: "demo-hint" }, "Six stories; each starts at once."),
      group, story, ...main, voice.region,
      section("Settings", controls.element, el("div", { className: "demo-buttons" }, back)),
      el(
        "div", { className: "train-pair" },
        section("The map of the codes", map.element),
        section("The map, decoded", map.decoded),
      ),
      section(
        "Draw into what was trained",
        el(
          "div", { className: "demo-row" }, pad.element,
          el(
            "div", { className: "demo-figures train-drawn" },
            ...Object.entries(drawn).map(([name, canvas]) =>
              el("figure", { className: "demo-figure" }, canvas, el("figcaption", {}, name))),
          ),
        ),
      ),
      el(
        "div", { className: "train-pair" },
        section("The first layer’s weights", tiles.element),
        section(
          "Take the weights along",
          el("p", {}, "The file holds the kernels and biases in Keras’s order."),
          el(
            "div", { className: "demo-buttons" },
            button("Download weights (.npz)", () => attempt(saveFile)),
            button("Load weights …", () => fileInput.click()), fileInput,
          ),
        ),
      ),
    );
  }

  /** A sentence for the reader, on the page and aloud; an empty one takes it away. */
  function say(sentence) {
    message.textContent = sentence;
    message.hidden = !sentence;
    if (sentence) voice.say(sentence, 0);
  }

  /** Do one thing after the other, as the reader asked for them. */
  let turn = Promise.resolve();
  function attempt(work) {
    turn = turn.then(() => guard(work));
  }

  async function guard(work) {
    try {
      await work();
    } catch (error) {
      console.error(error);
      say(error.message);
      showState();
    }
  }

  function showState() {
    const { steps, epoch, seconds } = progress;
    const shape = widthsOf(settings);
    startButton.textContent = running ? "Pause" : steps ? "Go on" : "Start";
    const parts = [
      `${shape.join("-")}, ${countOf(shape).toLocaleString("en")} parameters`,
      `epoch ${Math.min(epoch + (running && epoch < goal ? 1 : 0), goal)} of ${goal}`,
      plural(steps, "step"), `${seconds.toFixed(1)} s`,
    ];
    if (speed?.rate) parts.push(`${Math.round(speed.rate)} steps a second`);
    status.textContent = parts.join(" · ");
    for (const made of presets) {
      made.setAttribute("aria-pressed", String(made.dataset.preset === presetOf(settings)));
    }
    const name = presetOf(settings);
    story.textContent = name ? PRESETS[name].story : "Settings of your own. The address of this page keeps them: share it as a link.";
    back.hidden = !previous;
    if (previous) back.textContent = `Bring back the network of ${plural(previous.progress.steps, "step")}`;
    root.dataset.running = running ? "yes" : "no"; // for whoever watches from outside
    root.dataset.steps = steps;
  }

  function showLook() {
    const { code, noise } = settings;
    const full = code > LARGEST_CODE;
    const line = pca && !full ? pca.testErrors[code] : null;
    const lineName = full ? null : `PCA, ${plural(code, "number")}${noise ? ", clean images" : ""}`;
    chart.update({ curves, steps: progress.steps, line, lineName });
    cells.training.value.textContent = three(curves.train.last);
    cells.test.value.textContent = three(look?.mse);
    if (settings.loss !== "mse" && look) {
      cells.test.value.textContent += ` (cross-entropy ${three(look.loss)})`;
    }
    cells.PCA.term.textContent = `PCA with ${plural(code, "number")}`;
    cells.PCA.value.textContent = full ? "0: it keeps all" : three(line);
    cells.angle.pair.hidden = !(typeof look?.angle === "number");
    cells.angle.term.textContent = "angle to PCA’s space";
    cells.angle.value.textContent = cells.angle.pair.hidden ? "" : `${look.angle.toFixed(1)}°`;
    cells.dead.pair.hidden = settings.output !== "relu";
    cells.dead.term.textContent = "dead output pixels";
    cells.dead.value.textContent = look ? `${look.dead} of ${look.needed}` : "–";
    rows.update("original", known?.examples);
    rows.update("input", noise && look ? look.input : null);
    rows.update("output", look?.output);
    rows.update("pca", pca && !full && known ? pcaRows() : null, `Rebuilt by PCA from ${plural(code, "number")}`);
    if (look && !small) {
      map.update(look.positions, known.labels, code);
      tiles.update(look.tiles, widthsOf(settings)[1]);
    }
  }

  let pcaCache = { code: 0, images: null };
  function pcaRows() {
    if (pcaCache.code !== settings.code) {
      const images = new Float32Array(10 * PIXELS);
      for (let i = 0; i < 10; i++) {
        const image = known.examples.subarray(i * PIXELS, (i + 1) * PIXELS);
        images.set(rebuild(pca, settings.code, image), i * PIXELS);
      }
      pcaCache = { code: settings.code, images };
    }
    return pcaCache.images;
  }

  /** Notice what has gone wrong with a network, and say it once. */
  function diagnose() {
    if (!look) return;
    let trouble = "";
    const { dead, needed, silent, mse } = look;
    if (!(mse < EXPLODED)) {
      trouble = "The numbers have grown beyond use. A smaller learning rate helps; Reset begins again.";
    } else if (settings.output === "relu" && dead === needed) {
      trouble =
        "This network is dead. Every output pixel is 0 for every test image: the sums before the last " +
        "ReLU are all negative, where its slope is 0. No gradient flows, so no step will change " +
        "anything, however long it trains. Another seed, a smaller learning rate, or a sigmoid helps.";
    } else if (settings.codeActivation === "relu" && silent === settings.code) {
      trouble =
        "The code is dead: all its numbers are 0 for every test image, so every digit is rebuilt as the " +
        "same picture. The encoder gets no gradient any more. Another seed or a smaller learning rate helps.";
    }
    if (trouble !== told) {
      told = trouble;
      say(trouble || standIn());
    }
  }

  const standIn = () =>
    known?.dataset === "standin"
      ? "This site was built without MNIST: the digits are a stand-in, warped copies of scikit-learn’s small digits."
      : "";

  // ----------------------------------------------------------------------------- the worker

  let drawing = 0; // at most one picture of what the worker said for each frame
  function hear(event) {
    if (event.version !== version) return;
    if (event.event === "progress") {
      const { steps, epoch, seconds, mse } = event;
      progress = { steps, epoch, seconds };
      curves.train.add(steps, mse);
      if (!speed || seconds - speed.seconds > 1 || steps < speed.steps) {
        const rate = speed && seconds > speed.seconds ? (steps - speed.steps) / (seconds - speed.seconds) : null;
        speed = { seconds, steps, rate: rate > 0 ? rate : null };
      }
    } else if (event.event === "look") {
      look = event;
      progress = { steps: event.steps, epoch: event.epoch, seconds: event.seconds };
      if (event.steps || !curves.test.points.length) curves.test.add(event.steps, event.mse);
      diagnose();
      if (!(event.mse < EXPLODED) && running) attempt(pause);
      if (pad?.image()) guard(rebuildDrawing);
    } else if (event.event === "finished") {
      running = false;
      voice.say(`Finished after ${plural(progress.epoch, "epoch")}. Test error ${three(look?.mse)}.`, 0);
      guard(remember);
    } else if (event.event === "failed") {
      running = false;
      say(`Training has stopped: ${event.message}`);
    }
    drawing ||= requestAnimationFrame(() => {
      drawing = 0;
      showState();
      showLook();
    });
  }

  /** The worker with digits and network; loads both when first asked. */
  function ready() {
    worker ??= (async () => {
      const made = makeWorker(hear);
      try {
        say("The digits are being loaded …");
        const { raw, examples, labels } = await made.call("load", { base: String(base) });
        known = { examples, labels, dataset: raw.dataset };
        say(standIn());
        await made.call("settings", { settings, state, version });
        state = null;
        if (pca) await made.call("components", { components: pca.components });
        else guard(() => computePca(made, raw));
        return made;
      } catch (error) {
        made.end();
        worker = null; // the next click tries again
        throw new Error(`The digits could not be loaded: ${error.message}`);
      }
    })();
    return worker;
  }

  async function computePca(made, raw) {
    const other = makeWorker(() => {});
    try {
      await other.call("take", { raw });
      pca = await other.call("pca");
    } finally {
      other.end();
    }
    await made.call("components", { components: pca.components });
    showLook();
  }

  // ---------------------------------------------------------------------------- what is done

  async function start() {
    const made = await ready();
    speed = null;
    running = true;
    ({ goal } = await made.call("start"));
    voice.say("Training.", 0);
    showState();
  }

  async function pause() {
    running = false;
    showState();
    if (!worker) return;
    const made = await worker;
    await made.call("pause");
    voice.say(`Paused at step ${progress.steps.toLocaleString("en")}. Test error ${three(look?.mse)}.`, 0);
    showState();
    guard(remember); // the next click need not wait for it
  }

  async function step() {
    running = false;
    const made = await ready();
    await made.call("step");
    voice.say(`Step ${progress.steps.toLocaleString("en")}. Test error ${three(look?.mse)}.`, 0);
    guard(remember);
  }

  function forget() {
    version++;
    curves = { train: new Curve(), test: new Curve() };
    progress = { steps: 0, epoch: 0, seconds: 0 };
    look = state = speed = null;
    told = "";
    goal = settings.epochs;
    say(standIn());
  }

  /** Put the present network aside, so that it can be brought back. */
  async function putAside() {
    if (!progress.steps) return;
    previous = await record();
    showState();
  }

  async function reset() {
    running = false;
    const aside = putAside();
    forget();
    await aside;
    if (worker) await (await worker).call("reset", { settings, version });
    voice.say("Reset. The network is untrained.", 0);
    showState();
    showLook();
  }

  /** New settings; a network that learns goes on learning, from the beginning if it is another. */
  async function change(next) {
    const rebuilt = BUILDS.some((key) => next[key] !== settings[key]);
    const wasRunning = running;
    const aside = rebuilt ? putAside() : null;
    if (next.epochs !== settings.epochs) goal = next.epochs;
    settings = next;
    if (rebuilt) forget();
    showSettings();
    await aside;
    if (!worker) {
      if (state) state = { ...state, settings };
      return;
    }
    const made = await worker;
    await made.call("settings", { settings, version });
    if (wasRunning) await start();
  }

  async function tell(name) {
    const aside = putAside();
    running = false;
    settings = presetSettings(name);
    forget();
    showSettings();
    await aside;
    if (worker) await (await worker).call("reset", { settings, version });
    await start();
  }

  /** All that a reload must not lose. */
  async function record() {
    const now = {
      settings, state, progress, look, known, pca,
      curves: { train: curves.train.points, test: curves.test.points },
    };
    if (!now.state && worker) now.state = await (await worker).call("state");
    return now;
  }

  function restore(kept) {
    version++;
    ({ settings, state, progress, look, known, pca } = kept);
    curves = { train: new Curve(kept.curves.train), test: new Curve(kept.curves.test) };
    goal = Math.max(settings.epochs, progress.epoch);
    told = "";
    diagnose();
  }

  async function bringBack() {
    const kept = previous;
    await putAside();
    if (previous === kept) previous = null;
    running = false;
    const here = { known, pca };
    restore(kept);
    known ??= here.known;
    pca ??= here.pca;
    showSettings();
    showLook();
    if (!worker) return;
    await (await worker).call("settings", { settings, state, version });
    state = null;
    guard(remember);
  }

  let remembered = 0;
  async function remember() {
    if (small || !progress.steps) return;
    remembered = performance.now();
    await keep(RECORD, await record());
  }
  setInterval(() => {
    if (running && performance.now() - remembered > KEEP_EVERY) guard(remember);
  }, 1000);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && running) guard(remember);
  });

  // ------------------------------------------------------------------ drawing, map, weights

  async function rebuildDrawing() {
    const image = pad.image();
    const [input, output, byPca] = Object.values(drawn);
    if (!image) {
      for (const canvas of [input, output, byPca]) show(canvas, new Float32Array(PIXELS));
      return;
    }
    const made = await ready();
    const result = await made.call("rebuild", { images: image });
    show(input, result.input);
    show(output, result.output);
    if (pca && settings.code <= LARGEST_CODE) show(byPca, rebuild(pca, settings.code, image));
    else show(byPca, image);
  }

  /** What the decoder makes of places on the map; null while nothing is loaded. */
  async function decode(places) {
    if (!worker) return null;
    return (await worker).call("decode", { places }).catch(() => null); // that network is gone
  }

  async function saveFile() {
    const made = await ready();
    const bytes = packWeights(await made.call("weightsOut"), settings);
    const link = el("a", { href: URL.createObjectURL(new Blob([bytes])), download: "autoencoder.npz" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    voice.say("The weights are downloaded as autoencoder.npz.", 0);
  }

  async function loadFile() {
    const [file] = fileInput.files;
    fileInput.value = "";
    if (!file) return;
    let found;
    try {
      found = await unpackWeights(await file.arrayBuffer());
      // What a file says about itself is checked like what an address says.
      const hinted = found.settings ? fromHash(toHash({ ...DEFAULTS, ...found.settings })).settings : settings;
      found.settings = withWidths(hinted, found.widths);
    } catch (error) {
      say(`${file.name} cannot be used. ${error.message}`); // and nothing is lost
      return;
    }
    const aside = putAside();
    running = false;
    settings = found.settings;
    forget();
    showSettings();
    await aside;
    const made = await ready();
    await made.call("weightsIn", { settings, version, weights: found.weights });
    voice.say(`The weights of ${file.name} are loaded. Test error ${three(look?.mse)}.`, 0);
    showState();
    showLook();
  }

  // ----------------------------------------------------------------------------- the address

  function showSettings() {
    controls?.show(settings);
    if (!small) {
      const hash = toHash(settings);
      const { pathname, search } = location;
      history.replaceState(history.state, "", hash ? `#${hash}` : `${pathname}${search}`);
    }
    showState();
    showLook();
  }

  // ------------------------------------------------------------------------------- beginning

  const asked = !small && location.hash.includes("=");
  const { settings: linked, problems } = fromHash(asked ? location.hash : "");
  if (asked) settings = linked;
  if (!small) goal = settings.epochs;
  layOut();
  showSettings(); // before anything is waited for, so that nothing jumps
  if (!small) {
    const kept = await recall(RECORD).catch(() => undefined); // a private window may have no database
    if (kept && (!asked || toHash(kept.settings) === toHash(linked))) restore(kept);
    else if (kept) previous = kept;
    if (problems.length) say(problems.join(" "));
    globalThis.addEventListener("hashchange", () => {
      if (!location.hash.includes("=")) return;
      const found = fromHash(location.hash);
      if (found.problems.length) say(found.problems.join(" "));
      attempt(() => change(found.settings));
    });
    showSettings();
  }
  onTheme(() => {
    chart.draw();
    map?.theme();
    tiles?.theme();
  });
}
