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

const pixels = new ImageData(new Uint8ClampedArray(4 * 784).fill(255), 28, 28);

/** Show an image of 784 grey values in place `position` of a picture. */
export function show(canvas, image, position = 0) {
  const context = canvas.getContext("2d");
  const { data } = pixels;
  for (let i = 0; i < image.length; i++) {
    data[4 * i] = data[4 * i + 1] = data[4 * i + 2] = 255 * image[i]; // the array clips to 0..255
  }
  context.putImageData(pixels, 28 * position, 0);
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
