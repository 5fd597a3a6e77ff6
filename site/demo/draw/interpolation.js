// From one digit to another: half of one code and half of another, decoded, beside the pixels' mix.

import { el, newId, onceAFrame, picture, show, strip } from "../dom.js";
import { SIDE, between } from "../digit.js";

const STEPS = 9; // pictures on the way from one digit to another

/** Pictures between two digits: on the line between their codes, and between their pixels. */
export function interpolationPart(network, digits) {
  let image = new Float32Array(SIDE * SIDE);

  function chooser(label, chosen) {
    const select = el("select", { id: newId() }, new Option("your digit", "input"));
    digits.forEach((_, digit) => select.append(new Option(`test digit ${digit}`, digit)));
    select.value = chosen;
    select.addEventListener("change", updateSoon);
    return { select, element: el("label", { htmlFor: select.id }, `${label} `, select) };
  }
  const chosenImage = ({ select }) =>
    select.value === "input" ? image : digits[Number(select.value)][0];

  const codes = picture("Nine steps between the codes", STEPS);
  const pixels = picture("Nine steps between the pixels", STEPS);
  const large = { code: picture("Between the codes"), pixel: picture("Between the pixels") };
  const slider = el("input", {
    type: "range", min: "0", max: "1", step: "0.01", value: "0.5", id: newId(),
  });
  const value = el("span", { ariaHidden: "true" }, "50 %");

  let ends = null;
  function showStep() {
    const t = Number(slider.value);
    value.textContent = `${Math.round(100 * t)} %`;
    slider.setAttribute("aria-valuetext", value.textContent);
    show(large.code, network.decode(between(ends.codeA, ends.codeB, t)));
    show(large.pixel, between(ends.a, ends.b, t));
  }

  function update() {
    const [a, b] = [chosenImage(from), chosenImage(to)];
    ends = { a, b, codeA: network.encode(a), codeB: network.encode(b) };
    for (let step = 0; step < STEPS; step++) {
      const t = step / (STEPS - 1);
      show(codes, network.decode(between(ends.codeA, ends.codeB, t)), step);
      show(pixels, between(a, b, t), step);
    }
    showStep();
  }
  const updateSoon = onceAFrame(update);
  slider.addEventListener("input", onceAFrame(showStep));
  const from = chooser("From", "input");
  const to = chooser("to", "2");

  const figure = (canvas, title) =>
    el("figure", { className: "demo-figure" }, canvas, el("figcaption", {}, title));
  const element = el(
    "section",
    { className: "demo-part" },
    el("h2", {}, "From one digit to another"),
    el(
      "p",
      {},
      "Half of one code and half of another, decoded, is a digit in between. " +
        "Half of one image and half of another is two faint digits.",
    ),
    el("div", { className: "demo-control" }, from.element, to.element),
    strip(codes, "Between the codes of the dense autoencoder"),
    strip(pixels, "Between the pixels"),
    el(
      "div",
      { className: "demo-control" },
      el("label", { htmlFor: slider.id }, "Position"),
      slider,
      value,
    ),
    el(
      "div",
      { className: "demo-figures" },
      figure(large.code, "Between the codes"),
      figure(large.pixel, "Between the pixels"),
    ),
  );
  return {
    element,
    update(newImage) {
      if (newImage) image = newImage; // an empty pad: the last digit stays
      if (from.select.value === "input" || to.select.value === "input" || !ends) update();
    },
  };
}
