// The few helpers that the demos share.

/** Make an element: el("button", { type: "button", onclick }, "Clear"). */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A canvas of 28 x 28 pixels (or several side by side) that shows grey values in [0, 1]. */
export function picture(label, count = 1) {
  const canvas = el("canvas", { width: 28 * count, height: 28, className: "demo-picture" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** A picture with a title and lines below it. */
export function titled(canvas, title, ...lines) {
  const caption = el("figcaption", {}, el("strong", {}, title));
  for (const line of lines) caption.append(el("br"), line);
  return el("figure", { className: "demo-figure" }, canvas, caption);
}

/** Pictures side by side below their title. */
export const strip = (canvas, title) =>
  el("figure", { className: "demo-strip" }, el("figcaption", {}, title), canvas);

/** A button; `label` is its name where the text is a sign. */
export function button(text, work, label = text) {
  const made = el("button", { type: "button", className: "demo-button" }, text);
  if (label !== text) made.setAttribute("aria-label", label);
  made.addEventListener("click", work);
  return made;
}

/** A slider with its label; `moved` gets its value and returns what is shown and spoken of it. */
export function labelledSlider(label, { min, max, step, value }, moved) {
  const input = el("input", { type: "range", min, max, step, value, id: newId() });
  const shown = el("span", { ariaHidden: "true" }); // the slider itself tells a screen reader
  const update = () => {
    shown.textContent = moved(Number(input.value));
    input.setAttribute("aria-valuetext", shown.textContent);
  };
  input.addEventListener("input", onceAFrame(update));
  const name = el("label", { htmlFor: input.id }, label);
  return { element: el("div", { className: "demo-slider" }, name, input, shown), update };
}

/**
 * A figure that weighs more than the rest of its page comes when the reader asks for it: a button
 * that calls `load`, which fills `root` and returns nothing.
 */
export function onRequest(root, text, kib, load) {
  const problem = el("p", { className: "demo-hint" }, `This loads ${kib} KiB.`);
  async function start() {
    try {
      await load();
      root.querySelector("input, button").focus({ preventScroll: true });
    } catch ({ message }) {
      problem.textContent = `This could not be loaded: ${message}`;
    }
  }
  root.replaceChildren(el("div", { className: "demo-buttons" }, button(text, start)), problem);
}

const sheets = {}; // of pixels, by the side of the image

/** Show a square image of grey values (28 x 28, or `side`) in place `position` of a picture. */
export function show(canvas, image, position = 0, side = 28) {
  const context = canvas.getContext("2d");
  sheets[side] ??= new ImageData(new Uint8ClampedArray(4 * side * side).fill(255), side, side);
  const { data } = sheets[side];
  for (let i = 0; i < image.length; i++) {
    data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = 255 * image[i]; // the array clips to 0..255
  }
  context.putImageData(sheets[side], side * position, 0);
}

/** Run a function at the next frame, once, however often it is asked for. */
export function onceAFrame(work) {
  let waiting = 0;
  return () => {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      work();
    });
  };
}

/** A live region that waits for a pause before it speaks. */
export function announcer() {
  const region = el("p", { className: "demo-hidden" });
  region.setAttribute("role", "status");
  let timer;
  return {
    region,
    say(text, delay = 700) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        region.textContent = text;
      }, delay);
    },
  };
}

let numbers = 0;
/** An id that no other element of the page has. */
export const newId = () => `demo-${++numbers}`;
