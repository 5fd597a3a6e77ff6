// What the page and its small version share: the buttons, how far the training has come, the
// curves, and ten test digits.

import { button, el } from "../dom.js";
import { countOf } from "./nn.js";
import { rebuild } from "./pca.js";
import { LARGEST_CODE, widthsOf } from "./presets.js";
import { makeChart, makeRows } from "./view.js";
import { plural, three } from "./words.js";

const PIXELS = 784;

/** Names with a value each; a pair whose value is null is hidden. */
function makeNumbers(names) {
  const pairs = names.map((name) => [el("dt", {}, name), el("dd", {}, "–")]);
  const boxes = pairs.map((pair) => el("div", {}, ...pair));
  return {
    element: el("dl", { className: "train-numbers" }, ...boxes),
    show(values) {
      Object.entries(values).forEach(([name, value], i) => {
        boxes[i].hidden = value === null;
        pairs[i][0].textContent = name;
        pairs[i][1].textContent = value ?? "";
      });
    },
  };
}

/** The ten test digits rebuilt by PCA; computed anew only for another code. */
function pcaRows() {
  let made = { code: 0, images: null };
  return ({ settings: { code }, known, pca }) => {
    if (made.code !== code) {
      const images = new Float32Array(10 * PIXELS);
      for (let i = 0; i < 10; i++) {
        images.set(rebuild(pca, code, known.examples.subarray(i * PIXELS, (i + 1) * PIXELS)), i * PIXELS);
      }
      made = { code, images };
    }
    return made.images;
  };
}

export function makePanel(root, session) {
  const startButton = button("Start", () =>
    // What the button says when it is clicked is meant, not what holds when its turn comes.
    session.attempt(session.running ? () => session.pause() : () => session.start()));
  startButton.classList.add("train-start");
  const buttons = el(
    "div", { className: "demo-buttons" }, startButton,
    button("One step", () => session.attempt(() => session.step())),
    button("Reset", () => session.attempt(() => session.reset())),
  );
  const status = el("p", { className: "train-status" });
  const message = el("p", { className: "demo-message train-message", hidden: true });
  const numbers = makeNumbers(["training", "test", "PCA", "angle", "dead"]);
  const chart = makeChart(root);
  const rows = makeRows({
    original: "Ten test digits", input: "With noise, as the network gets them",
    output: "Rebuilt by the network", pca: "Rebuilt by PCA",
  });
  const byPca = pcaRows();

  function showStatus() {
    const { progress: { steps, epoch, seconds }, running, goal, rate } = session;
    const shape = widthsOf(session.settings);
    startButton.textContent = running ? "Pause" : steps ? "Go on" : "Start";
    const parts = [
      `${shape.join("-")}, ${countOf(shape).toLocaleString("en")} parameters`,
      `epoch ${Math.min(epoch + (running && epoch < goal ? 1 : 0), goal)} of ${goal}`,
      plural(steps, "step"), `${seconds.toFixed(1)} s`,
    ];
    if (rate) parts.push(`${Math.round(rate)} steps a second`);
    status.textContent = parts.join(" · ");
    root.dataset.running = running ? "yes" : "no"; // for whoever watches from outside
    root.dataset.steps = steps;
  }

  function showResults() {
    const { settings, curves, progress, look, known, pca } = session;
    const { code, noise, loss, output } = settings;
    const full = code > LARGEST_CODE;
    const line = pca && !full ? pca.testErrors[code] : null;
    const lineName = full ? null : `PCA, ${plural(code, "number")}${noise ? ", clean images" : ""}`;
    chart.update({ curves, steps: progress.steps, line, lineName });
    const entropy = loss !== "mse" && look ? ` (cross-entropy ${three(look.loss)})` : "";
    numbers.show({
      training: three(curves.train.last),
      test: three(look?.mse) + entropy,
      [`PCA with ${plural(code, "number")}`]: full ? "0: it keeps all" : three(line),
      "angle to PCA’s space": typeof look?.angle === "number" ? `${look.angle.toFixed(1)}°` : null,
      "dead output pixels": output !== "relu" ? null : look ? `${look.dead} of ${look.needed}` : "–",
    });
    rows.update("original", known?.examples);
    rows.update("input", noise && look ? look.input : null);
    rows.update("output", look?.output);
    const images = pca && !full && known ? byPca(session) : null;
    rows.update("pca", images, `Rebuilt by PCA from ${plural(code, "number")}`);
  }

  return {
    elements: [
      buttons, status, message,
      el("div", { className: "train-main" }, chart.element, el("div", {}, rows.element)), numbers.element,
    ],
    show() {
      showStatus();
      showResults();
    },
    /** Show a sentence; an empty one takes the last one away. */
    say(sentence) {
      message.textContent = sentence;
      message.hidden = !sentence;
    },
    theme: () => chart.draw(),
  };
}
