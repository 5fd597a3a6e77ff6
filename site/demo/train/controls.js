// The settings as form controls.

import { el, newId } from "../dom.js";
import { CHOICES, LARGEST_CODE, RANGES, allowed, consistent } from "./presets.js";

const PIXELS = 784;
const LABELS = {
  code: "Numbers in the code", hidden: "Hidden width (0: no such layers)", activation: "Hidden activation",
  codeActivation: "Code activation", output: "Output activation", loss: "Loss", noise: "Noise on the input",
  optimiser: "Optimiser", rate: "Learning rate", batch: "Batch size", epochs: "Epochs", seed: "Seed",
};
const GROUPS = {
  Network: ["code", "hidden", "activation", "codeActivation", "output"],
  Learning: ["loss", "noise", "optimiser", "rate", "batch", "epochs", "seed"],
};

/** The controls; `changed` gets new settings, `complain` a sentence about a value that cannot be. */
export function makeControls(changed, complain) {
  let settings = null;
  const inputs = {};

  // Kept at once: the page may be busy, and the next change must not undo this one.
  const send = (key, value) => changed((settings = consistent({ ...settings, [key]: value })));

  function choice(key, id) {
    const select = el("select", { id });
    for (const [value, name] of Object.entries(CHOICES[key])) select.append(new Option(name, value));
    select.addEventListener("change", () => {
      send(key, typeof settings[key] === "number" ? Number(select.value) : select.value);
    });
    inputs[key] = { show: (value) => (select.value = value), element: select };
    return [select];
  }

  function slider(key, id) {
    const [low, high, step] = RANGES[key];
    const more = key === "code" ? 1 : 0; // the last place: no bottleneck
    const input = el("input", { type: "range", id, min: low, max: high + more, step });
    const value = el("span", { ariaHidden: "true", className: "train-value" });
    const meaning = () => (more && Number(input.value) > high ? PIXELS : Number(input.value));
    const name = (number) => (number === PIXELS ? "784, no bottleneck" : `${number}`);
    const say = () => {
      value.textContent = name(meaning()).replace(", no bottleneck", "");
      input.setAttribute("aria-valuetext", name(meaning()));
    };
    input.addEventListener("input", say);
    input.addEventListener("change", () => send(key, meaning())); // once the thumb is let go
    inputs[key] = {
      show(number) {
        input.value = number === PIXELS ? LARGEST_CODE + 1 : number;
        say();
      },
      element: input,
    };
    return [input, value];
  }

  function number(key, id) {
    const [min, max, step] = RANGES[key];
    const input = el("input", { type: "number", id, min, max, step });
    input.addEventListener("change", () => {
      if (input.value !== "" && input.validity.valid) return send(key, Number(input.value));
      complain(`${LABELS[key]}: ${input.value || "nothing"} is not possible; it can be ${allowed(key)}.`);
      input.value = settings[key];
    });
    inputs[key] = { show: (value) => (input.value = value), element: input };
    return [input];
  }

  const kinds = { code: slider, noise: slider, hidden: number, epochs: number, seed: number };
  const groups = Object.entries(GROUPS).map(([title, keys]) => {
    const fieldset = el("fieldset", { className: "train-group" }, el("legend", {}, title));
    for (const key of keys) {
      const id = newId();
      const parts = (kinds[key] ?? choice)(key, id);
      fieldset.append(
        el("label", { htmlFor: id }, LABELS[key]),
        el("div", { className: "train-field" }, ...parts),
      );
    }
    return fieldset;
  });

  return {
    element: el("div", { className: "train-groups" }, ...groups),
    show(next) {
      settings = next;
      for (const [key, input] of Object.entries(inputs)) input.show(settings[key]);
      inputs.activation.element.disabled = !settings.hidden;
      inputs.output.element.disabled = settings.loss === "cross-entropy";
    },
  };
}
