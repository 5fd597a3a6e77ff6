// The page "Draw a digit": a drawing area, the four models' answers, the code as sliders, and the
// way from one digit to another.

import { announcer, el, onceAFrame } from "./dom.js";
import { SIDE } from "./digit.js";
import { loadModels } from "./engine.js";
import { answersPart } from "./draw/answers.js";
import { codeWalkPart } from "./draw/code_walk.js";
import { inputPart } from "./draw/input.js";
import { interpolationPart } from "./draw/interpolation.js";

/** Cut the picture of sample digits into arrays of grey values: digits[class][number]. */
export async function loadDigits(base, places) {
  const sheet = new Image();
  sheet.src = new URL("data/digits.png", base);
  await sheet.decode();
  const canvas = el("canvas", { width: sheet.width, height: sheet.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(sheet, 0, 0);
  return places.map((row, digit) =>
    row.map((_, i) => {
      const { data } = context.getImageData(SIDE * i, SIDE * digit, SIDE, SIDE);
      return Float32Array.from({ length: SIDE * SIDE }, (_, at) => data[4 * at] / 255);
    }),
  );
}

/** Build the demo in `root`. A small one has the models' answers only. */
export async function mount(root, base) {
  const { networks, codes, digits: places } = await loadModels(base);
  const digits = await loadDigits(base, places);
  const small = root.dataset.demo === "draw-small";
  const announcements = announcer();

  const answers = answersPart(networks, announcements);
  const codeWalk = small ? null : codeWalkPart(networks, codes, announcements);
  const interpolation = small ? null : interpolationPart(networks.dense, digits);

  const timed = (name, work) => {
    performance.mark("demo-start");
    work();
    performance.measure(name, "demo-start");
  };
  // The lowest part, seldom in sight, is a frame behind: the answers beside the pen come first.
  const updateBelow = onceAFrame(() =>
    timed("demo-update-below", () => interpolation.update(input.image())),
  );
  const update = onceAFrame(() => {
    timed("demo-update", () => {
      const image = input.image();
      answers.update(image);
      codeWalk?.update(image);
    });
    if (interpolation) updateBelow();
  });
  const input = inputPart(digits, announcements, update);

  const first = el("div", { className: "demo-row" }, input.element, answers.element);
  root.replaceChildren(first, announcements.region);
  for (const part of [codeWalk, interpolation]) if (part) root.append(part.element);
  input.pick(7, 0); // the first image of the test set
}
