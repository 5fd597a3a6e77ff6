// The sample digits: ten test images of each class, and the first ones by themselves.

import { el, picture, show } from "./dom.js";
import { SIDE } from "./digit.js";

/** Cut a picture of images side by side into arrays of grey values: images[row][column]. */
async function loadSheet(base, name) {
  const sheet = new Image();
  sheet.src = new URL(`data/${name}`, base);
  await sheet.decode();
  const canvas = el("canvas", { width: sheet.width, height: sheet.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(sheet, 0, 0);
  return Array.from({ length: sheet.height / SIDE }, (_, row) =>
    Array.from({ length: sheet.width / SIDE }, (_, i) => {
      const { data } = context.getImageData(SIDE * i, SIDE * row, SIDE, SIDE);
      return Float32Array.from({ length: SIDE * SIDE }, (_, at) => data[4 * at] / 255);
    }),
  );
}

/** All of them: digits[class][number]. */
export const loadDigits = (base) => loadSheet(base, "digits.png");

/** The first of each class, and what the dense autoencoder makes of them. */
export async function loadSamples(base) {
  const [digits, rebuilt] = await loadSheet(base, "samples.png");
  return { digits, rebuilt };
}

/** A button for each class; `pick` gets the class. `show(digits)` puts other digits on them. */
export function digitButtons(digits, pick) {
  const buttons = digits.map((_, digit) => {
    const canvas = picture("");
    canvas.setAttribute("aria-hidden", "true");
    canvas.removeAttribute("role");
    canvas.removeAttribute("aria-label");
    const button = el("button", { type: "button", className: "demo-thumb" }, canvas);
    button.setAttribute("aria-label", `Take a test digit: ${digit}`);
    button.addEventListener("click", () => pick(digit));
    return button;
  });
  const showThumbs = (shown) =>
    buttons.forEach((button, digit) => show(button.firstChild, shown[digit]));
  showThumbs(digits);
  const element = el("div", { className: "demo-thumbs" }, ...buttons);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Test digits");
  return { element, show: showThumbs };
}
