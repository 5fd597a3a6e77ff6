// What of a map is seen: where it is zoomed to, which points are marked, and the way to the next map.

import { onceAFrame } from "../dom.js";
import { between } from "../digit.js";

const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
const LARGEST_ZOOM = 60;
const TRANSITION = 900; // milliseconds
const REACH = 14; // pixels around the pointer in which a point is found

/**
 * The map on its canvas. A map is { positions, names }: where each point lies, and where the names
 * of the digits are written.
 */
export function mapView(canvas, scatter, labels, start) {
  let { positions, names } = start;
  let view = { ...WHOLE };
  const marked = { hovered: -1, selected: -1, neighbours: [] };

  function ring(i, radius, colour) {
    const { context, ratio } = scatter;
    context.strokeStyle = colour;
    context.beginPath();
    const [x, y] = scatter.toCanvas(view, positions[2 * i], positions[2 * i + 1]);
    context.arc(x, y, radius * ratio, 0, 2 * Math.PI);
    context.stroke();
  }

  function writeNames(ink) {
    const { context, ratio, palette } = scatter;
    context.font = `bold ${18 * ratio}px sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    names.forEach(([x, y], digit) => {
      if (scatter.hidden[digit]) return;
      const place = scatter.toCanvas(view, x, y);
      context.strokeStyle = palette.background;
      context.lineWidth = 5 * ratio;
      context.strokeText(digit, ...place);
      context.fillStyle = ink;
      context.fillText(digit, ...place);
    });
  }

  /** Which point the keyboard would choose. */
  function drawCross(ink) {
    const { context, ratio } = scatter;
    const [x, y] = [canvas.width / 2, canvas.height / 2];
    context.strokeStyle = ink;
    context.lineWidth = ratio;
    context.strokeRect(x - 6 * ratio, y, 12 * ratio, 0);
    context.strokeRect(x, y - 6 * ratio, 0, 12 * ratio);
  }

  function draw() {
    performance.mark("explorer-start");
    const written = scatter.draw(positions, view);
    const { context, ratio, palette } = scatter;
    const { hovered, selected, neighbours } = marked;
    const ink = palette.background === "#ffffff" ? "#000000" : "#ffffff";
    context.lineWidth = 2 * ratio;
    if (selected >= 0) {
      for (const i of neighbours) ring(i, 6, ink);
      ring(selected, 10, ink);
      ring(selected, 13, palette.colours[labels[selected]]);
    }
    if (hovered >= 0 && hovered !== selected) ring(hovered, 8, ink);
    if (!written) writeNames(ink);
    if (canvas.matches(":focus-visible")) drawCross(ink);
    performance.measure("explorer-frame", "explorer-start");
  }
  const drawSoon = onceAFrame(draw);

  function clampView() {
    view.zoom = Math.max(0.8, Math.min(LARGEST_ZOOM, view.zoom));
    view.x = Math.max(0, Math.min(1, view.x));
    view.y = Math.max(0, Math.min(1, view.y));
  }

  /** Zoom so that the place (x, y) on the canvas stays where it is. */
  function zoomAt(factor, x = canvas.width / 2, y = canvas.height / 2) {
    const before = scatter.scale(view);
    view.zoom *= factor;
    clampView();
    const after = scatter.scale(view);
    view.x += (x - canvas.width / 2) * (1 / before - 1 / after);
    view.y += (y - canvas.height / 2) * (1 / before - 1 / after);
    clampView();
    drawSoon();
  }

  function pan(dx, dy) {
    const scale = scatter.scale(view);
    view.x -= dx / scale;
    view.y -= dy / scale;
    clampView();
    drawSoon();
  }

  function showWhole() {
    view = { ...WHOLE };
    drawSoon();
  }

  /** Bring a point into sight. */
  function reveal(i) {
    const [x, y] = scatter.toCanvas(view, positions[2 * i], positions[2 * i + 1]);
    const out = x < 0 || y < 0 || x > canvas.width || y > canvas.height;
    if (out) Object.assign(view, { x: positions[2 * i], y: positions[2 * i + 1] });
    drawSoon();
  }

  function mark(changes) {
    Object.assign(marked, changes);
    drawSoon();
  }

  let transition = 0;
  /** Let the points wander to their places on another map. */
  function glideTo(target) {
    const run = ++transition;
    const from = { positions, names, view: [view.x, view.y, Math.log(view.zoom)] };
    const begin = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    marked.hovered = -1;
    const step = (now) => {
      if (run !== transition) return;
      const part = still ? 1 : Math.min(1, Math.max(0, now - begin) / TRANSITION);
      const t = part * part * (3 - 2 * part);
      positions = part === 1 ? target.positions : between(from.positions, target.positions, t);
      names = from.names.map((name, digit) => between(name, target.names[digit], t));
      const [x, y, zoom] = between(from.view, [WHOLE.x, WHOLE.y, 0], t);
      view = { x, y, zoom: Math.exp(zoom) };
      draw();
      if (part < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  /** The point at a place on the canvas, or the one nearest to its middle; -1 if there is none. */
  const find = (x, y) => scatter.nearest(positions, view, x, y, REACH * scatter.ratio);
  const middle = () =>
    scatter.nearest(positions, view, canvas.width / 2, canvas.height / 2, Infinity);

  return { draw, drawSoon, zoomAt, pan, showWhole, reveal, mark, marked, glideTo, find, middle };
}

/** Keep a map as large as its frame and in the colours of the theme. */
export function follow(frame, scatter, draw, themed = draw) {
  const applyTheme = () => {
    scatter.setTheme(document.documentElement.dataset.theme === "dark" ? "dark" : "light");
    themed();
  };
  const fit = () => {
    scatter.resize(frame.clientWidth, frame.clientHeight, Math.min(devicePixelRatio || 1, 2));
    draw();
  };
  fit();
  applyTheme();
  new ResizeObserver(fit).observe(frame);
  new MutationObserver(applyTheme).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
}
