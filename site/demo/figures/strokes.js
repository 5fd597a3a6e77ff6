// Sparse codes: a digit as a sum of features of the dense network's hidden layer, each on a
// slider, and what the rest of the network makes of the sum.

import { announcer, button, el, onceAFrame, onRequest, picture, show, titled } from "../dom.js";
import { get, loadModels, loadNetworks, meanSquaredError } from "../engine.js";
import { digitButtons, loadSamples } from "../samples.js";

const STEPS = 100; // of a slider

export function mount(root, base) {
  onRequest(root, "Take a digit apart", 180, async () => {
    const manifest = await (await get(new URL("data/strokes.json", base))).json();
    const [{ networks: { strokes } }, { networks: { decoder } }, { digits }] = await Promise.all([
      loadNetworks(base, manifest, ["strokes"]), loadModels(base, ["decoder"]), loadSamples(base),
    ]);
    build(root, manifest, strokes, decoder, digits);
  });
}

function build(root, manifest, strokes, decoder, digits) {
  const count = manifest.largest.length;
  const decode = (code) => decoder.predict(strokes.predict(code));
  const nothing = decode(new Float32Array(count));
  const announcements = announcer();
  let digit = 4;
  let code = new Float32Array(count);

  const input = picture("");
  const output = picture("");
  const error = el("span", { className: "demo-error" });
  const features = el("div", { className: "demo-strokes" });

  function redraw() {
    const decoded = decode(code);
    const mse = meanSquaredError(decoded, digits[digit]).toFixed(4);
    show(input, digits[digit]);
    show(output, decoded);
    error.textContent = `MSE ${mse}`;
    input.setAttribute("aria-label", `Input, a ${digit}`);
    output.setAttribute("aria-label", `Output, mean squared error to the input ${mse}`);
    announcements.say(`Mean squared error to the input ${mse}.`);
  }
  const redrawSoon = onceAFrame(redraw);

  /** What a feature adds to the image of the mean: grey is nothing, white is ink, black takes away. */
  function added(feature) {
    const alone = new Float32Array(count);
    alone[feature] = manifest.largest[feature];
    return decode(alone).map((value, i) => 0.5 + (value - nothing[i]) / 2);
  }

  function slider(feature, place) {
    const largest = manifest.largest[feature];
    const thumb = picture(`What feature ${place + 1} adds`);
    show(thumb, added(feature));
    const range = el("input", { type: "range", min: "0", max: `${STEPS}` });
    range.value = `${(STEPS * code[feature]) / largest}`;
    range.setAttribute("aria-label", `Feature ${place + 1}`);
    range.addEventListener("input", () => {
      code[feature] = (range.value / STEPS) * largest;
      redrawSoon();
    });
    return el("div", {}, thumb, range);
  }

  /** Turn on the digit's features, the first `kept` of them; all have their sliders. */
  function take(chosen, kept = Infinity) {
    digit = chosen;
    code = new Float32Array(count);
    for (const [feature, value] of manifest.codes[digit].slice(0, kept)) code[feature] = value;
    features.replaceChildren(...manifest.codes[digit].map(([feature], i) => slider(feature, i)));
    redrawSoon();
  }

  root.replaceChildren(
    digitButtons(digits, (chosen) => take(chosen)).element,
    el(
      "div",
      { className: "demo-strokes-part" },
      titled(input, "Input", "784 pixels"),
      features,
      titled(output, "Output", error),
    ),
    el(
      "div",
      { className: "demo-buttons" },
      button("Back to the digit", () => take(digit)),
      button("The first feature alone", () => take(digit, 1)),
    ),
    el(
      "p",
      { className: "demo-hint" },
      "The features that are on for this digit, the strongest first. White is ink that a " +
        "feature adds, black is ink that it takes away.",
    ),
    announcements.region,
  );
  take(digit);
}
