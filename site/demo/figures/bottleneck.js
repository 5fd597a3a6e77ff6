// Chapter 2: the dense autoencoder with its code as bars, and what the decoder makes of them.

import { codeBars, randomCode } from "../bars.js";
import { announcer, button, el, onceAFrame, picture, show, titled } from "../dom.js";
import { loadManifest, loadModels, meanSquaredError, once } from "../engine.js";
import { digitButtons, loadSamples } from "../samples.js";

const HEIGHT = 100;

/** Layers as upright strokes, longer where they have more units, and what is between them. */
function layersPicture(units) {
  const length = (count) => HEIGHT * Math.min(1, 0.1 + count / 250); // 784 is cut to fit
  const strokes = units.map((count, i) => [4 + (72 * i) / (units.length - 1), length(count)]);
  const ends = (side) => strokes.map(([x, long]) => `${x},${(HEIGHT + side * long) / 2}`);
  const bars = strokes.map(
    ([x, long]) => `<rect x="${x - 2}" y="${(HEIGHT - long) / 2}" width="4" height="${long}"/>`,
  );
  const holder = el("div", { className: "demo-layers", ariaHidden: "true" });
  holder.innerHTML =
    `<svg viewBox="0 0 80 ${HEIGHT}">` +
    `<polygon points="${[...ends(-1), ...ends(1).reverse()].join(" ")}"/>${bars.join("")}</svg>`;
  return holder;
}

export async function mount(root, base) {
  const [{ codes, samples }, { digits, rebuilt }] = await Promise.all([
    loadManifest(base), loadSamples(base),
  ]);
  const announcements = announcer();
  const ranges = codes.dense;
  let digit = 4;
  let code = [...samples[digit].code];
  let own = true; // the code is still the digit's
  // The decoder weighs more than the rest of the figure: it comes when a code is no digit's.
  const loadDecoder = once(() => loadModels(base, ["decoder"]));

  const input = picture("");
  const output = picture("");
  const error = el("span", { className: "demo-error" });
  const problem = el("p", { className: "demo-hint" });
  const bars = codeBars(ranges.low.length, (i, value) => change(() => (code[i] = value)));

  function put(decoded, mse) {
    show(input, digits[digit]);
    show(output, decoded);
    error.textContent = `MSE ${mse.toFixed(4)}`;
    input.setAttribute("aria-label", `Input, a ${digit}`);
    output.setAttribute("aria-label", `Output, mean squared error to the input ${mse.toFixed(4)}`);
    announcements.say(`Decoded. Mean squared error to the input ${mse.toFixed(4)}.`);
  }

  async function decode() {
    bars.show(code, ranges);
    problem.textContent = "";
    if (own) return put(rebuilt[digit], samples[digit].mse);
    try {
      const { networks: { decoder } } = await loadDecoder();
      if (own) return; // the reader went back to a digit meanwhile
      const decoded = decoder.predict(code);
      put(decoded, meanSquaredError(decoded, digits[digit]));
    } catch ({ message }) {
      problem.textContent = `The decoder could not be loaded: ${message}`;
    }
  }
  const decodeSoon = onceAFrame(decode);

  function change(work) {
    own = false;
    work();
    decodeSoon();
  }
  function take(chosen) {
    digit = chosen;
    code = [...samples[digit].code];
    own = true;
    decodeSoon();
  }

  root.replaceChildren(
    digitButtons(digits, take).element,
    el(
      "div",
      { className: "demo-bottleneck" },
      titled(input, "Input", "784 pixels"),
      titled(layersPicture([784, 100, 20]), "Encoder", "784-100-20"),
      bars.element,
      titled(layersPicture([20, 100, 784]), "Decoder", "20-100-784"),
      titled(output, "Output", error),
    ),
    el(
      "div",
      { className: "demo-buttons" },
      button("Back to the digit", () => take(digit)),
      button("Random code", () => change(() => (code = randomCode(ranges)))),
    ),
    el(
      "p",
      { className: "demo-hint" },
      "Each bar is one of the 20 numbers of the code. Drag it, or focus it and use the arrow keys.",
    ),
    problem,
    announcements.region,
  );
  decode();
}
