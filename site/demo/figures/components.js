// Chapter 1: ten test digits, rebuilt from as many principal components as the reader likes.

import { announcer, el, labelledSlider, picture, show, strip, titled } from "../dom.js";
import { loadPrincipal } from "../principal.js";
import { loadSamples } from "../samples.js";

const START = 20;

const squares = (a, b) => a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
const percent = (part) => `${(100 * part).toFixed(1)} %`;

/** A direction as the chapter draws it: white is positive, black negative, middle grey zero. */
function grey(direction) {
  const largest = Math.max(...direction.map(Math.abs));
  return direction.map((value) => 0.5 + (0.5 * value) / largest);
}

export async function mount(root, base) {
  const [pca, { digits }] = await Promise.all([loadPrincipal(base), loadSamples(base)]);
  const codes = digits.map((image) => pca.encode(image));
  const spread = digits.reduce((sum, image) => sum + squares(image, pca.mean), 0);
  const announcements = announcer();

  const originals = picture("Ten test digits", digits.length);
  digits.forEach((image, at) => show(originals, image, at));
  const rebuilt = picture("", digits.length);
  const caption = el("span", {});
  const pattern = picture("");
  const patternTitle = el("span", {});
  const numbers = el("p", { className: "demo-small" });

  function update(k) {
    const copies = codes.map((code) => pca.decode(code, k));
    copies.forEach((copy, at) => show(rebuilt, copy, at));
    const left = copies.reduce((sum, copy, at) => sum + squares(copy, digits[at]), 0) / spread;
    const components = `${k} component${k === 1 ? "" : "s"}`;
    caption.textContent = k ? `Rebuilt from ${components}` : "Rebuilt from none: the mean image";
    rebuilt.setAttribute("aria-label", `The same digits. ${caption.textContent}`);
    show(pattern, k ? grey(pca.directions[k - 1]) : pca.mean);
    patternTitle.textContent = k ? `Column ${k} of V` : "The mean image";
    pattern.setAttribute("aria-label", patternTitle.textContent);
    numbers.textContent =
      `${percent(left)} of the spread of these digits is left as error; of the variance of the ` +
      `training images, k = ${k} explains ${percent(k ? pca.explained[k - 1] : 0)}.`;
    announcements.say(`${components}: ${percent(left)} of the spread is left as error.`);
    return `${k}`;
  }

  const range = { min: "0", max: `${pca.count}`, step: "1", value: `${START}` };
  const slider = labelledSlider("Components k", range, update);
  root.replaceChildren(
    el("div", { className: "demo-control" }, slider.element),
    el(
      "div",
      { className: "demo-beside" },
      el("div", {}, strip(originals, "Test digits"), strip(rebuilt, caption)),
      titled(pattern, patternTitle, "added last"),
    ),
    numbers,
    announcements.region,
  );
  slider.update();
}
