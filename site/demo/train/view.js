// What can be seen of a network: curves, rows of digits, the map of its codes, its first weights.

import { el, newId, onceAFrame, picture, show } from "../dom.js";
import { Scatter } from "../scatter.js";
import { drawChart } from "./chart.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
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

const ACROSS = 12; // places of the map that are decoded, in each direction

/**
 * The codes of the test images, and beside them what the decoder makes of the whole map.
 *
 * `decode(places)` takes [n, 2] and returns images, or null as long as there is no network.
 */
export function makeMap(decode) {
  const canvas = el("canvas", { className: "demo-map train-map", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  const caption = el("p", { className: "demo-hint" });
  const help = el(
    "p",
    { className: "demo-hint", id: newId() },
    "Point at the map, or focus it and use the arrow keys: the decoder shows what it makes of that place.",
  );
  canvas.setAttribute("aria-describedby", help.id);
  canvas.setAttribute("aria-label", "Map of the codes of 1,500 test digits");
  const decoded = picture("What the decoder makes of a place on the map");
  const whole = el("canvas", { className: "demo-picture train-whole", width: ACROSS * SIDE, height: ACROSS * SIDE });
  whole.setAttribute("role", "img");
  whole.setAttribute("aria-label", `The map, decoded at ${ACROSS} times ${ACROSS} places`);
  const frame = el("div", { className: "demo-frame train-frame" }, canvas);
  const legend = el("div", { className: "train-legend", ariaHidden: "true" });
  const swatches = Array.from({ length: 10 }, (_, digit) => {
    const swatch = el("span", { className: "demo-swatch" });
    legend.append(el("span", { className: "train-key" }, swatch, `${digit}`));
    return swatch;
  });

  let scatter = null;
  let data = null; // { positions, unit, low, span }
  let cursor = null; // in the unit square
  function draw() {
    if (!scatter || !data) return;
    scatter.draw(data.unit, WHOLE);
    if (!cursor) return;
    const { context, ratio } = scatter;
    const [x, y] = scatter.toCanvas(WHOLE, ...cursor);
    context.strokeStyle = scatter.palette.background === "#ffffff" ? "#000000" : "#ffffff";
    context.lineWidth = 2 * ratio;
    context.beginPath();
    context.arc(x, y, 7 * ratio, 0, 2 * Math.PI);
    context.stroke();
  }
  const drawSoon = onceAFrame(draw);

  const place = (x, y, { low, span }) => [low[0] + x * span, low[1] + (1 - y) * span];
  let busy = false;
  async function ask() {
    if (!cursor || !data || busy) return;
    busy = true; // the place of the last moment is enough
    const [x, y] = cursor;
    const image = await decode(place(x, y, data));
    busy = false;
    if (image) show(decoded, image);
    if (cursor[0] !== x || cursor[1] !== y) ask();
  }
  let asking = false;
  async function askWhole() {
    if (asking) return; // the next look comes soon
    asking = true;
    const places = [];
    for (let i = 0; i < ACROSS ** 2; i++) {
      places.push(...place(((i % ACROSS) + 0.5) / ACROSS, (Math.floor(i / ACROSS) + 0.5) / ACROSS, data));
    }
    const images = await decode(places);
    asking = false;
    if (!images) return;
    const context = whole.getContext("2d");
    const small = el("canvas", { width: SIDE, height: SIDE });
    for (let i = 0; i < ACROSS ** 2; i++) {
      show(small, images.subarray(i * PIXELS, (i + 1) * PIXELS));
      context.drawImage(small, (i % ACROSS) * SIDE, Math.floor(i / ACROSS) * SIDE);
    }
  }
  function point(x, y) {
    cursor = [Math.max(0, Math.min(1, x)), Math.max(0, Math.min(1, y))];
    drawSoon();
    ask();
  }
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "mouse") pointAt(event);
  });
  canvas.addEventListener("click", (event) => pointAt(event));
  function pointAt(event) {
    if (!scatter) return;
    const box = canvas.getBoundingClientRect();
    const scale = scatter.scale(WHOLE) / scatter.ratio;
    point(
      0.5 + (event.clientX - box.left - box.width / 2) / scale,
      0.5 + (event.clientY - box.top - box.height / 2) / scale,
    );
  }
  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in moves) || event.ctrlKey || event.altKey || event.metaKey) return;
    const [dx, dy] = moves[event.key];
    const [x, y] = cursor ?? [0.5, 0.5];
    point(x + 0.025 * dx, y + 0.025 * dy);
    event.preventDefault();
  });

  function fit() {
    if (!scatter || !frame.clientWidth) return;
    scatter.resize(frame.clientWidth, frame.clientHeight, Math.min(devicePixelRatio || 1, 2));
    draw();
  }
  new ResizeObserver(fit).observe(frame);
  return {
    element: el("div", {}, frame, legend, caption, help),
    decoded: el(
      "div",
      { className: "train-mapped" }, whole,
      el("figure", { className: "demo-figure" }, decoded, el("figcaption", {}, "The place that you point at")),
    ),
    theme() {
      if (!scatter) return;
      scatter.setTheme(isDark() ? "dark" : "light");
      swatches.forEach((swatch, digit) => (swatch.style.background = scatter.palette.colours[digit]));
      drawSoon();
    },
    update(positions, labels, code) {
      if (!scatter) {
        scatter = new Scatter(canvas, labels);
        this.theme();
        fit();
      }
      caption.textContent =
        code === 1 ? "The code’s one number, from left to right; each digit has a row of its own."
          : code === 2 ? "The code’s two numbers, as they are."
            : `The first two principal components of the ${code} numbers.`;
      const bounds = [0, 1].map((axis) => {
        let [low, high] = [Infinity, -Infinity];
        for (let i = axis; i < positions.length; i += 2) {
          low = Math.min(low, positions[i]);
          high = Math.max(high, positions[i]);
        }
        return [low, high];
      });
      // One scale for both axes, but for a code of one number, whose second axis is no number.
      const spans = bounds.map(([low, high]) => high - low || 1);
      const span = code === 1 ? spans[0] : Math.max(...spans);
      const low = bounds.map(([from, to]) => (from + to) / 2 - span / 2);
      const unit = new Float32Array(positions.length);
      for (let i = 0; i < positions.length; i += 2) {
        unit[i] = (positions[i] - low[0]) / span;
        unit[i + 1] = code === 1 ? (positions[i + 1] - 0) / 10 : 1 - (positions[i + 1] - low[1]) / span;
      }
      data = { unit, low, span };
      drawSoon();
      ask(); // the decoder has learned, too
      askWhole();
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
