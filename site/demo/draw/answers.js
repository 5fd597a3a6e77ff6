// The models' answers to the drawing: rebuilt images and their errors.

import { button, el, newId, onceAFrame, picture, show, titled } from "../dom.js";
import { SIDE, noisy, normals } from "../digit.js";
import { meanSquaredError } from "../engine.js";
import { TITLES } from "./titles.js";

const PIXELS = SIDE * SIDE;
const BLACK = new Float32Array(PIXELS);
const CODES = { pca: "20 numbers", dense: "20 numbers", conv: "64 numbers" };

/** What the models make of the input, with and without noise. */
export function answersPart(networks, announcements) {
  let image = null; // none while the pad is empty
  let seed = 0;
  let noise = normals(PIXELS, seed);

  const figures = {};
  function figure(name, title, detail) {
    const canvas = picture(title);
    const error = el("span", { className: "demo-error" });
    figures[name] = { canvas, error, title };
    return titled(canvas, title, detail, ...(name === "input" ? [] : [error]));
  }
  const all = el(
    "div",
    { className: "demo-figures" },
    figure("input", "Input", "784 pixels"),
    ...Object.keys(TITLES).map((name) => figure(name, TITLES[name], CODES[name])),
    figure("noisy", "With noise", "clipped to [0, 1]"),
    figure("denoising", "Denoised", "from the noisy image"),
  );

  const slider = el("input", {
    type: "range", min: "0", max: "1", step: "0.05", value: "0.5", id: newId(),
  });
  // The slider itself tells a screen reader its value.
  const value = el("span", { ariaHidden: "true" }, "0.50");
  const again = button("New noise", () => {
    noise = normals(PIXELS, ++seed);
    updateNoiseSoon();
  });

  function put(name, picture, other) {
    const { canvas, error, title } = figures[name];
    show(canvas, picture);
    const mse = meanSquaredError(picture, other).toFixed(4);
    error.textContent = `MSE ${mse}`;
    canvas.setAttribute("aria-label", `${title}, mean squared error ${mse}`);
    return `${title} ${mse}`;
  }

  function updateNoise() {
    const factor = Number(slider.value);
    const spoiltImage = noisy(image, noise, factor);
    return [
      put("noisy", spoiltImage, image),
      put("denoising", networks.denoising.predict(spoiltImage), image),
    ];
  }

  /** An empty pad has no errors to show. */
  function clear() {
    image = null;
    for (const { canvas, error, title } of Object.values(figures)) {
      show(canvas, BLACK);
      error.textContent = "";
      canvas.setAttribute("aria-label", `${title}: nothing drawn yet`);
    }
  }

  function update(newImage) {
    if (!newImage) return clear();
    image = newImage;
    show(figures.input.canvas, image);
    figures.input.canvas.setAttribute("aria-label", "Input");
    const errors = Object.keys(TITLES).map((name) =>
      put(name, networks[name].predict(image), image),
    );
    errors.push(...updateNoise());
    announcements.say(`Mean squared errors: ${errors.join(", ")}.`, 1500);
  }

  const updateNoiseSoon = onceAFrame(() => {
    value.textContent = Number(slider.value).toFixed(2);
    if (!image) return;
    const errors = updateNoise();
    announcements.say(`Mean squared errors: ${errors.join(", ")}.`);
  });
  slider.addEventListener("input", updateNoiseSoon);

  const control = el(
    "div",
    { className: "demo-control" },
    el("label", { htmlFor: slider.id }, "Noise"),
    slider,
    value,
    again,
  );
  return { element: el("div", { className: "demo-answers" }, all, control), update };
}
