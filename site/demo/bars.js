// A code as bars: native sliders, upright, each filled from zero to its value.

import { el } from "./dom.js";

/** Somewhere in the box that holds nearly all codes of the test digits. */
export const randomCode = ({ low, high }) =>
  low.map((value, i) => value + Math.random() * (high[i] - value));

/** `count` bars; `moved(i, value)` gets what the reader sets. */
export function codeBars(count, moved) {
  const sliders = Array.from({ length: count }, (_, i) => {
    const slider = el("input", { type: "range", className: "demo-bar", step: "any" });
    slider.setAttribute("aria-label", `Code value ${i + 1}`);
    slider.addEventListener("input", () => moved(i, Number(slider.value)));
    return slider;
  });

  function showValue(slider, value, least, most) {
    // Room for a drawing whose code lies outside of what the test digits have.
    const [low, high] = [Math.min(least, value), Math.max(most, value, least + 0.1)];
    // A browser lays a slider out anew at each change, so its limits are set when they are new.
    if (slider.min !== `${low}` || slider.max !== `${high}`) {
      Object.assign(slider, { min: low, max: high });
      slider.step = (high - low) / 100; // an arrow key moves by a hundredth
    }
    slider.value = value;
    slider.setAttribute("aria-valuetext", value.toFixed(2));
    const place = (v) => `${(100 * (v - low)) / (high - low)}%`;
    slider.style.setProperty("--from", place(Math.min(value, Math.max(low, 0))));
    slider.style.setProperty("--to", place(Math.max(value, Math.max(low, 0))));
  }

  const element = el(
    "div",
    { className: "demo-bars" },
    ...sliders.map((slider, i) =>
      el("div", {}, slider, el("span", { ariaHidden: "true" }, `${i + 1}`)),
    ),
  );
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", `The ${count} values of the code`);
  return {
    element,
    /** Show a code between the ends `low` and `high` of each bar. */
    show(code, { low, high }) {
      sliders.forEach((slider, i) => showValue(slider, code[i], low[i], high[i]));
    },
  };
}
