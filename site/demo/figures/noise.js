// Chapter 5: a digit under noise of any strength, and what three methods make of it.

import {
  announcer, button, el, labelledSlider, onceAFrame, picture, show, titled,
} from "../dom.js";
import { median, noisy, normals } from "../digit.js";
import { loadModels, meanSquaredError } from "../engine.js";
import { loadPrincipal } from "../principal.js";
import { digitButtons, loadSamples } from "../samples.js";

const WINDOWS = [3, 5];

const clipped = (image) => image.map((value) => Math.max(0, Math.min(1, value)));

/** The peak signal-to-noise ratio, in words. */
function psnr(clean, image) {
  const error = meanSquaredError(clean, image);
  return error ? `${(10 * Math.log10(1 / error)).toFixed(1)} dB` : "no error";
}

/** The better of the filter's windows for this image, as in the chapter. */
function filtered(clean, image) {
  const errors = WINDOWS.map((size) => {
    const out = median(image, size);
    return { size, out, error: meanSquaredError(clean, out) };
  });
  return errors.reduce((best, other) => (other.error < best.error ? other : best));
}

export async function mount(root, base) {
  const [{ networks }, linear, { digits }] = await Promise.all([
    loadModels(base, ["denoising"]), loadPrincipal(base), loadSamples(base),
  ]);
  const announcements = announcer();
  let image = digits[7];
  let seed = 0;
  let noise = normals(image.length, seed);
  let factor = 0.5;

  const parts = {};
  function part(name, title) {
    const made = { canvas: picture(title), title, result: el("span", { className: "demo-error" }) };
    made.note = el("span", {});
    parts[name] = made;
    return titled(made.canvas, title, made.note, made.result);
  }
  const figures = el(
    "div",
    { className: "demo-figures demo-five" },
    part("clean", "Test digit"),
    part("noisy", "With noise"),
    part("median", "Median filter"),
    part("linear", "Linear map"),
    part("network", "Denoising autoencoder"),
  );
  parts.noisy.note.textContent = "clipped to [0, 1]";
  parts.linear.note.textContent = `${linear.count} directions`;
  parts.network.note.textContent = `${networks.denoising.parameters.toLocaleString("en")} parameters`;

  function put(name, result) {
    const { canvas, title, result: line } = parts[name];
    show(canvas, result);
    const label = name === "clean" ? "" : psnr(image, result);
    line.textContent = label;
    canvas.setAttribute("aria-label", label ? `${title}, ${label}` : title);
    return `${title} ${label}`;
  }

  function update() {
    const spoilt = noisy(image, noise, factor);
    const filter = filtered(image, spoilt);
    parts.median.note.textContent = `${filter.size} × ${filter.size} pixels`;
    put("clean", image);
    const results = [
      put("noisy", spoilt),
      put("median", filter.out),
      put("linear", clipped(linear.denoise(spoilt))),
      put("network", clipped(networks.denoising.predict(spoilt))),
    ];
    announcements.say(`${results.join(", ")}.`);
  }
  const updateSoon = onceAFrame(update);

  const range = { min: "0", max: "1", step: "0.05", value: `${factor}` };
  const slider = labelledSlider("Noise", range, (value) => {
    factor = value;
    update();
    return value.toFixed(2);
  });
  const again = button("New noise", () => {
    noise = normals(image.length, ++seed);
    updateSoon();
  });
  const thumbs = digitButtons(digits, (digit) => {
    image = digits[digit];
    updateSoon();
  });
  const [few, all] = linear.psnr;
  root.replaceChildren(
    el("div", { className: "demo-control" }, slider.element, again),
    thumbs.element,
    figures,
    el(
      "p",
      { className: "demo-hint" },
      `Network and linear map were made for noise 0.50. To be light, this linear map keeps to the ` +
        `first ${linear.count} principal directions: on all test images it reaches ${few} dB at ` +
        `0.50, the chapter's ${all} dB. The filter has the better of its two windows.`,
    ),
    announcements.region,
  );
  slider.update();
}
