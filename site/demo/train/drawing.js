// A digit that the reader draws, beside what the network and PCA make of it.

import { el, picture, show } from "../dom.js";
import { makePad } from "./pad.js";
import { rebuild } from "./pca.js";
import { LARGEST_CODE } from "./presets.js";

const NOTHING = new Float32Array(784);

export function makeDrawing(session, voice) {
  const pad = makePad(voice, () => session.guard(update));
  const names = ["As the network gets it", "Rebuilt by the network", "Rebuilt by PCA"];
  const pictures = names.map((name) => picture(name));
  const figures = pictures.map((canvas, i) =>
    el("figure", { className: "demo-figure" }, canvas, el("figcaption", {}, names[i])));

  const showAll = (images) => pictures.forEach((canvas, i) => show(canvas, images[i]));

  async function update() {
    const image = pad.image();
    if (!image) return showAll([NOTHING, NOTHING, NOTHING]);
    const { input, output } = await session.rebuild(image);
    const { pca, settings: { code } } = session;
    showAll([input, output, pca && code <= LARGEST_CODE ? rebuild(pca, code, image) : image]);
  }

  let seen = null; // the look at the network that the pictures are of
  return {
    element: el(
      "div", { className: "demo-row" }, pad.element,
      el("div", { className: "demo-figures train-drawn" }, ...figures),
    ),
    show() {
      const { look } = session;
      if (look && look !== seen && pad.image()) session.guard(update);
      seen = look;
    },
  };
}
