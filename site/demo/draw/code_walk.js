// A walk through the code: each of its values is a slider, and the decoder answers.

import { el, newId, onceAFrame, picture, show } from "../dom.js";
import { SIDE } from "../digit.js";
import { meanSquaredError } from "../engine.js";
import { TITLES } from "./titles.js";

/** The 20 values of the code as sliders, and what the decoder makes of them. */
export function codeWalkPart(networks, ranges, announcements) {
  let image = new Float32Array(SIDE * SIDE);
  let name = "dense";
  let code = null;

  const result = picture("Decoded");
  const error = el("span", { className: "demo-error" });
  const sliders = Array.from({ length: 20 }, (_, i) => {
    const slider = el("input", { type: "range", className: "demo-bar", step: "any" });
    slider.setAttribute("aria-label", `Code value ${i + 1}`);
    slider.addEventListener("input", () => {
      code[i] = Number(slider.value);
      decodeSoon();
    });
    return slider;
  });

  function limits(i) {
    const [low, high] = [ranges[name].low[i], ranges[name].high[i]];
    // Room for a drawing whose code lies outside of what the test digits have.
    return [Math.min(low, code[i]), Math.max(high, code[i], low + 0.1)];
  }

  function showSlider(slider, i) {
    const [low, high] = limits(i);
    // A browser lays a slider out anew at each change, so its limits are set when they are new.
    if (slider.min !== `${low}` || slider.max !== `${high}`) {
      Object.assign(slider, { min: low, max: high });
      slider.step = (high - low) / 100; // an arrow key moves by a hundredth
    }
    slider.value = code[i];
    slider.setAttribute("aria-valuetext", code[i].toFixed(2));
    const place = (v) => `${(100 * (v - low)) / (high - low)}%`;
    slider.style.setProperty("--from", place(Math.min(code[i], Math.max(low, 0))));
    slider.style.setProperty("--to", place(Math.max(code[i], Math.max(low, 0))));
  }

  function decode() {
    const decoded = networks[name].decode(code);
    show(result, decoded);
    const mse = meanSquaredError(decoded, image).toFixed(4);
    error.textContent = `MSE to the input ${mse}`;
    result.setAttribute("aria-label", `Decoded image, mean squared error to the input ${mse}`);
    sliders.forEach(showSlider);
    announcements.say(`Decoded. Mean squared error to the input ${mse}.`);
  }
  const decodeSoon = onceAFrame(decode);

  function encode() {
    code = networks[name].encode(image);
    decode();
  }

  const group = newId();
  const choices = ["dense", "pca"].map((choice) => {
    const radio = el("input", { type: "radio", name: group, id: newId() });
    radio.checked = choice === name;
    radio.addEventListener("change", () => {
      name = choice;
      encode();
    });
    return [radio, el("label", { htmlFor: radio.id }, TITLES[choice])];
  });
  const back = el("button", { type: "button", className: "demo-button" }, "Back to the digit");
  back.addEventListener("click", encode);
  const random = el("button", { type: "button", className: "demo-button" }, "Random code");
  random.addEventListener("click", () => {
    const { low, high } = ranges[name];
    code = code.map((_, i) => low[i] + Math.random() * (high[i] - low[i]));
    decodeSoon();
  });

  const bars = el(
    "div",
    { className: "demo-bars" },
    ...sliders.map((slider, i) =>
      el("div", {}, slider, el("span", { ariaHidden: "true" }, `${i + 1}`)),
    ),
  );
  bars.setAttribute("role", "group");
  bars.setAttribute("aria-label", "The 20 values of the code");
  const fieldset = el("fieldset", { className: "demo-choice" }, el("legend", {}, "Decoder"));
  for (const pair of choices) fieldset.append(el("span", {}, ...pair));

  const element = el(
    "section",
    { className: "demo-part" },
    el("h2", {}, "Walk through the code"),
    el(
      "p",
      {},
      "Each bar is one of the 20 numbers between encoder and decoder. Drag one, or move it with " +
        "the arrow keys, and the decoder answers.",
    ),
    fieldset,
    el(
      "div",
      { className: "demo-row" },
      bars,
      el(
        "figure",
        { className: "demo-figure" },
        result,
        el("figcaption", {}, el("strong", {}, "Decoded"), el("br"), error),
      ),
    ),
    el("div", { className: "demo-buttons" }, back, random),
  );
  return {
    element,
    update(newImage) {
      if (!newImage) return; // an empty pad: the last digit stays
      image = newImage;
      encode();
    },
  };
}
