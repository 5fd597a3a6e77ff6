// A walk through the code: each of its values is a slider, and the decoder answers.

import { codeBars, randomCode } from "../bars.js";
import { button, el, newId, onceAFrame, picture, show, titled } from "../dom.js";
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
  const bars = codeBars(20, (i, value) => {
    code[i] = value;
    decodeSoon();
  });

  function decode() {
    const decoded = networks[name].decode(code);
    show(result, decoded);
    const mse = meanSquaredError(decoded, image).toFixed(4);
    error.textContent = `MSE to the input ${mse}`;
    result.setAttribute("aria-label", `Decoded image, mean squared error to the input ${mse}`);
    bars.show(code, ranges[name]);
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
  const back = button("Back to the digit", encode);
  const random = button("Random code", () => {
    code = randomCode(ranges[name]);
    decodeSoon();
  });

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
      bars.element,
      titled(result, "Decoded", error),
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
