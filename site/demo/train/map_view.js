// The map of a network's codes, and beside it what the decoder makes of places on the map.

import { el, newId, onceAFrame, picture, show } from "../dom.js";
import { Scatter } from "../scatter.js";
import { isDark } from "./view.js";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
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
