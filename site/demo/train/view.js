// What can be seen of a network: curves, rows of digits, its first weights.

import { el, onceAFrame, picture, show } from "../dom.js";
import { drawChart } from "./chart.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const forced = matchMedia("(forced-colors: active)");

export const isDark = () => document.documentElement.dataset.theme === "dark";

/** The colours of curves and axes, of the theme or of the reader's system. */
function colours(root) {
  if (forced.matches) {
    return { text: "CanvasText", grid: "GrayText", train: "GrayText", test: "CanvasText", line: "Highlight" };
  }
  const style = getComputedStyle(root);
  const of = (name) => style.getPropertyValue(name).trim();
  return {
    text: of("--demo-muted"), grid: of("--train-grid"), train: of("--train-training"),
    test: of("--train-test"), line: of("--train-pca"),
  };
}

/** Call `work` now and whenever the theme or the system's colours change. */
export function onTheme(work) {
  new MutationObserver(work).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  forced.addEventListener("change", work);
  work();
}

/** Curves, their legend, and the numbers under them. */
export function makeChart(root) {
  const canvas = el("canvas", { className: "train-chart" });
  canvas.setAttribute("role", "img");
  let state = { curves: {}, steps: 0 };
  const key = (name, text) =>
    el("span", { className: "train-key" }, el("span", { className: `train-swatch train-${name}`, ariaHidden: "true" }), text);
  const pcaKey = key("pca", "PCA");
  const legend = el(
    "figcaption",
    { className: "train-legend" },
    el("strong", {}, "Mean squared error"), key("training", "training"), key("test", "test"), pcaKey,
  );
  function draw() {
    const palette = colours(root);
    const { curves, steps, line } = state;
    drawChart(canvas, {
      steps, line, colours: palette,
      curves: [
        { curve: curves.train, colour: palette.train, width: 1.5 },
        { curve: curves.test, colour: palette.test, width: 2.5 },
      ].filter(({ curve }) => curve),
    });
  }
  const drawSoon = onceAFrame(draw);
  new ResizeObserver(drawSoon).observe(canvas);
  return {
    element: el("figure", { className: "train-figure" }, legend, canvas),
    draw: drawSoon,
    update({ curves, steps, line, lineName }) {
      state = { curves, steps, line };
      pcaKey.hidden = !lineName;
      pcaKey.lastChild.textContent = lineName ?? "";
      const of = (curve) => curve?.last?.toPrecision(3) ?? "not measured yet";
      canvas.setAttribute(
        "aria-label",
        `Learning curves over ${steps} steps. Mean squared error: training ${of(curves.train)}, ` +
          `test ${of(curves.test)}${line ? `, ${lineName} ${line.toPrecision(3)}` : ""}.`,
      );
      drawSoon();
    },
  };
}

/** Rows of ten digits, one under the other. */
export function makeRows(names) {
  const rows = Object.fromEntries(
    Object.entries(names).map(([key, name]) => [key, picture(name, 10)]),
  );
  const figures = Object.entries(names).map(([key, name]) =>
    el("figure", { className: "demo-strip" }, el("figcaption", {}, name), rows[key]),
  );
  const at = Object.keys(names);
  return {
    element: el("div", { className: "train-rows" }, ...figures),
    /** Show ten images [10, 784], or hide the row where there are none. */
    update(key, images, name) {
      const figure = figures[at.indexOf(key)];
      figure.hidden = !images;
      if (!images) return;
      for (let i = 0; i < 10; i++) show(rows[key], images.subarray(i * PIXELS, (i + 1) * PIXELS), i);
      if (name) {
        figure.firstChild.textContent = name;
        rows[key].setAttribute("aria-label", name);
      }
    },
  };
}

/** First-layer weights, a tile for each unit: white is nothing, the two colours are the signs. */
export function makeTiles() {
  const canvas = el("canvas", { className: "demo-picture train-tiles", width: 289, height: 289 });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "The first layer's weights, a picture for each unit.");
  let bytes = null;
  const caption = el("p", { className: "demo-hint" });
  function draw() {
    if (!bytes) return;
    const count = bytes.length / PIXELS;
    const across = Math.min(10, count);
    canvas.width = across * (SIDE + 1) - 1;
    canvas.height = Math.ceil(count / across) * (SIDE + 1) - 1;
    const image = new ImageData(canvas.width, canvas.height);
    const [zero, plus, minus] = isDark()
      ? [[18, 18, 18], [255, 176, 92], [110, 190, 255]] : [[255, 255, 255], [166, 71, 0], [0, 84, 150]];
    const table = Array.from({ length: 256 }, (_, byte) => {
      const part = Math.min(1, Math.abs(byte - 128) / 100);
      const end = byte > 128 ? plus : minus;
      return zero.map((from, c) => from + part * (end[c] - from));
    });
    for (let t = 0; t < count; t++) {
      const [left, top] = [(t % across) * (SIDE + 1), Math.floor(t / across) * (SIDE + 1)];
      for (let p = 0; p < PIXELS; p++) {
        const to = 4 * ((top + Math.floor(p / SIDE)) * canvas.width + left + (p % SIDE));
        const colour = table[bytes[t * PIXELS + p]];
        for (let c = 0; c < 3; c++) image.data[to + c] = colour[c];
        image.data[to + 3] = 255;
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }
  const drawSoon = onceAFrame(draw);
  return {
    element: el("div", {}, canvas, caption),
    theme: drawSoon,
    update(next, units) {
      bytes = next;
      const shown = bytes.length / PIXELS;
      caption.textContent =
        `${shown < units ? `${shown} of the ${units} units` : `The ${units === 1 ? "one unit" : `${units} units`}`} of the ` +
        "first layer: orange pixels raise a unit’s sum, blue ones lower it.";
      canvas.setAttribute("aria-label", `Weights of the first layer as images, ${shown} units`);
      drawSoon();
    },
  };
}
