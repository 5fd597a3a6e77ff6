// The stories to start with, and the network before the present one.

import { button, el } from "../dom.js";
import { PRESETS, presetOf } from "./presets.js";
import { plural } from "./words.js";

export function makeStories(session) {
  const buttons = Object.entries(PRESETS).map(([name, { title }]) => {
    const made = button(title, () => session.attempt(() => session.tell(name)));
    made.dataset.preset = name;
    return made;
  });
  const group = el("div", { className: "demo-buttons train-presets" }, ...buttons);
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Stories");
  const story = el("p", { className: "train-story" });
  const back = button("Bring back the last network", () => session.attempt(() => session.bringBack()));
  return {
    elements: [el("p", { className: "demo-hint" }, "Six stories; each starts at once."), group, story],
    back: el("div", { className: "demo-buttons" }, back),
    show() {
      const { settings, previous } = session;
      const name = presetOf(settings);
      for (const made of buttons) made.setAttribute("aria-pressed", String(made.dataset.preset === name));
      story.textContent = name
        ? PRESETS[name].story
        : "Settings of your own. The address of this page keeps them: share it as a link.";
      back.hidden = !previous;
      if (previous) back.textContent = `Bring back the network of ${plural(previous.progress.steps, "step")}`;
    },
  };
}
