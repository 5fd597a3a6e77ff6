// The digit that is looked at, and its nearest neighbours.

import { el, picture } from "../dom.js";

export const NEIGHBOURS = 8;

/**
 * The panel beside the map.
 *
 * `loadPictures` is asked once for { paint, neighbours, originals }; `choose` gets the number of a
 * neighbour that was clicked, `found` a point and its neighbours.
 */
export function detailsPart({ labels, announcements, loadPictures, choose, found }) {
  const large = picture("No digit chosen");
  const title = el("strong", {}, "No digit chosen");
  const note = el("span", { className: "demo-hint" }, "Point at the map, or choose a number.");
  const buttons = Array.from({ length: NEIGHBOURS }, () => {
    const button = el("button", { type: "button", className: "demo-thumb" }, picture(""));
    button.firstChild.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => choose(Number(button.value)));
    return button;
  });
  const row = el("div", { className: "demo-neighbours" }, ...buttons);
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Nearest neighbours by code");
  const agree = el("p", { className: "demo-hint" }, "");
  const neighbourPart = el(
    "div",
    { hidden: true },
    el("p", { className: "demo-small" }, "Nearest by code (rings on the map)"),
    row,
    agree,
  );

  let pictures = null; // a promise, once a point was looked at
  let wanted = -1;
  /** Show a point, and tell what are its neighbours. */
  async function describe(i, speak) {
    wanted = i;
    const name = `Digit ${labels[i]}, test image ${i}`;
    if (!pictures) {
      title.textContent = name;
      note.textContent = "The pictures are being loaded.";
      pictures = loadPictures();
    }
    let loaded;
    try {
      loaded = await pictures;
    } catch (error) {
      pictures = null; // the next point tries again
      note.textContent = `The pictures could not be loaded: ${error.message}`;
      return;
    }
    if (wanted !== i) return; // the pointer has moved on
    const { originals } = loaded;
    loaded.paint(large, i);
    large.setAttribute("aria-label", originals ? name : `${name}, rebuilt by the dense autoencoder`);
    title.textContent = name;
    note.textContent = originals
      ? "as MNIST has it"
      : "rebuilt by the dense autoencoder from its 20 numbers";
    const near = loaded.neighbours(i);
    near.forEach((other, at) => {
      loaded.paint(buttons[at].firstChild, other);
      buttons[at].value = other;
      buttons[at].setAttribute("aria-label", `Go to neighbour ${at + 1}: digit ${labels[other]}`);
      buttons[at].title = `digit ${labels[other]}, test image ${other}`;
    });
    const same = near.filter((other) => labels[other] === labels[i]).length;
    agree.textContent = `${same} of ${NEIGHBOURS} have the same label.`;
    neighbourPart.hidden = false;
    found(i, near);
    if (speak) {
      const digits = near.map((other) => labels[other]).join(", ");
      announcements.say(`${name}. Nearest by code: ${digits}.`, 0);
    }
  }

  const element = el(
    "div",
    { className: "demo-details" },
    el("figure", { className: "demo-figure" }, large, el("figcaption", {}, title, el("br"), note)),
    neighbourPart,
  );
  return { element, describe };
}
