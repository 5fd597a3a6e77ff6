// The page "Draw a digit": a drawing area, the four models' answers, the code as sliders, and the
// way from one digit to another.

import { announcer, el, onceAFrame } from "./dom.js";
import { loadModels } from "./engine.js";
import { answersPart } from "./draw/answers.js";
import { codeWalkPart } from "./draw/code_walk.js";
import { inputPart } from "./draw/input.js";
import { interpolationPart } from "./draw/interpolation.js";
import { loadDigits } from "./samples.js";

/** Build the demo in `root`. A small one has the models' answers only. */
export async function mount(root, base) {
  const [{ networks, codes }, digits] = await Promise.all([
    loadModels(base, ["dense", "conv", "denoising", "pca"]),
    loadDigits(base),
  ]);
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
