// The controls around the map. Each function makes one group of them.

import { button, el, newId } from "../dom.js";

/** Which map: `choose` gets its number. */
export function mapChoice(maps, chosen, choose) {
  const group = newId();
  const element = el("fieldset", { className: "demo-choice" }, el("legend", {}, "Map"));
  maps.forEach((map, i) => {
    const radio = el("input", { type: "radio", name: group, id: newId(), checked: i === chosen });
    radio.addEventListener("change", () => choose(i));
    element.append(el("span", {}, radio, el("label", { htmlFor: radio.id }, map.title)));
  });
  return element;
}

/** Which digits are shown: `update` brings the buttons in line with the map's colours. */
export function digitToggles(scatter, changed) {
  const element = el("div", { className: "demo-buttons" });
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Digits shown");
  const toggles = Array.from({ length: 10 }, (_, digit) => {
    const swatch = el("span", { className: "demo-swatch", ariaHidden: "true" });
    const toggle = button(`${digit}`, () => {
      scatter.hidden[digit] = !scatter.hidden[digit];
      update();
    });
    toggle.prepend(swatch);
    toggle.classList.add("demo-toggle");
    return toggle;
  });
  function update() {
    toggles.forEach((toggle, digit) => {
      toggle.setAttribute("aria-pressed", String(!scatter.hidden[digit]));
      toggle.firstChild.style.background = scatter.palette.colours[digit];
    });
    changed();
  }
  const setAll = (hidden) => () => {
    scatter.hidden.fill(hidden);
    update();
  };
  element.append(...toggles, button("All", setAll(false)), button("None", setAll(true)));
  return { element, update };
}

/** The field for the number of a test image: `choose` gets it, `refuse` a sentence. */
export function numberField(count, choose, refuse) {
  const field = el("input", { type: "number", min: "0", max: `${count - 1}`, id: newId() });
  field.addEventListener("change", () => {
    const i = Number(field.value);
    if (field.value !== "" && Number.isInteger(i) && i >= 0 && i < count) choose(i);
    else refuse(`Test images have the numbers 0 to ${count - 1}.`);
  });
  const label = el("label", { htmlFor: field.id }, "Test image");
  const element = el("p", { className: "demo-control" }, label, field);
  return { element, show: (i) => (field.value = i) };
}

/** Full screen: the browser's where it has one, else the whole window. */
export function fullScreen(root) {
  const isFull = () => root.classList.contains("demo-full");
  const element = button("Full screen", () => (isFull() ? leave() : enter()));
  function enter() {
    root.classList.add("demo-full");
    element.textContent = "Leave full screen";
    root.requestFullscreen?.().catch(() => {}); // refused: the window it is
  }
  function leave() {
    root.classList.remove("demo-full");
    element.textContent = "Full screen";
    if (document.fullscreenElement) document.exitFullscreen();
  }
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && isFull()) leave();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isFull()) leave();
  });
  return { element, isFull };
}
