// Weights that a reader takes along, or brings.

import { button, el, newId } from "../dom.js";
import { packWeights, unpackWeights } from "./npz.js";
import { DEFAULTS, fromHash, toHash, withWidths } from "./presets.js";

export function makeFiles(session, voice, say) {
  const input = el("input", { type: "file", accept: ".npz", id: newId(), className: "demo-hidden", tabIndex: -1 });
  input.setAttribute("aria-label", "Weights to load");
  input.addEventListener("change", () => session.attempt(load));

  async function save() {
    const bytes = packWeights(await session.weights(), session.settings);
    const link = el("a", { href: URL.createObjectURL(new Blob([bytes])), download: "autoencoder.npz" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    voice.say("The weights are downloaded as autoencoder.npz.", 0);
  }

  async function load() {
    const [file] = input.files;
    input.value = "";
    if (!file) return;
    let [settings, weights] = [];
    try {
      const found = await unpackWeights(await file.arrayBuffer());
      // What a file says about itself is checked like what an address says.
      const hinted = found.settings
        ? fromHash(toHash({ ...DEFAULTS, ...found.settings })).settings
        : session.settings;
      [settings, weights] = [withWidths(hinted, found.widths), found.weights];
    } catch (error) {
      say(`${file.name} cannot be used. ${error.message}`); // and nothing is lost
      return;
    }
    await session.take(settings, weights, file.name);
  }

  return el(
    "div", { className: "demo-buttons" },
    button("Download weights (.npz)", () => session.attempt(save)),
    button("Load weights …", () => input.click()), input,
  );
}
