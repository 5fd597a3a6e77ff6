// A pad to draw a digit on. What it shows is what the network gets, before it is centred: ink
// beyond the edge does not count.

import { PEN_RADIUS, SIDE, centred, rasterise } from "../digit.js";
import { button, el, newId, onceAFrame, show } from "../dom.js";
import { Pen, leadByPointer } from "../pen.js";

/** The pad; `changed` is called with an image of 784 grey values, or null when it is empty. */
export function makePad(voice, changed) {
  const pen = new Pen();
  const cursor = { x: SIDE / 2, y: SIDE / 2, down: false };

  const pad = el("canvas", { width: 280, height: 280, className: "demo-pad", tabIndex: 0 });
  const help = el(
    "p",
    { className: "demo-hint", id: newId() },
    "Draw with mouse or finger. With the keyboard: arrow keys move the pen, Space lowers or lifts " +
      "it, Backspace takes back a stroke, Delete clears.",
  );
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-label", "Drawing area");
  pad.setAttribute("aria-describedby", help.id);

  function redraw() {
    const context = pad.getContext("2d");
    const scale = pad.width / SIDE;
    const small = el("canvas", { width: SIDE, height: SIDE });
    show(small, rasterise(pen.strokes));
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, pad.width, pad.height);
    if (!pen.strokes.length) {
      context.fillStyle = "#b0b0b0";
      context.font = "20px sans-serif";
      context.textAlign = "center";
      context.fillText("Draw a digit here", pad.width / 2, pad.height / 2);
    }
    if (pad.matches(":focus-visible")) {
      context.lineWidth = 2;
      context.strokeStyle = cursor.down ? "#ffb000" : "#8fb8ff";
      context.beginPath();
      context.arc(scale * cursor.x, scale * cursor.y, PEN_RADIUS * scale, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  const image = () => (pen.strokes.length ? centred(pen.strokes) : null);
  const redrawSoon = onceAFrame(() => {
    redraw();
    changed(image());
  });

  function undo() {
    pen.undo();
    cursor.down = false;
    redrawSoon();
    voice.say("Last stroke taken back.", 0);
  }
  function clear() {
    pen.clear();
    cursor.down = false;
    redrawSoon();
    voice.say("Cleared.", 0);
  }

  leadByPointer(pad, pen, () => (cursor.down = false), redrawSoon);

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      cursor.x = Math.max(0, Math.min(SIDE, cursor.x + dx));
      cursor.y = Math.max(0, Math.min(SIDE, cursor.y + dy));
      if (cursor.down) pen.draw([cursor.x, cursor.y]);
    } else if (event.key === " ") {
      cursor.down = !cursor.down;
      if (cursor.down) pen.begin([cursor.x, cursor.y]);
      voice.say(cursor.down ? "Pen down" : "Pen up", 0);
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    event.preventDefault();
    redrawSoon();
  });
  for (const event of ["focus", "blur"]) {
    pad.addEventListener(event, () => {
      cursor.down = false;
      redrawSoon();
    });
  }
  redraw();
  return {
    element: el(
      "div",
      { className: "demo-input" },
      pad,
      el("div", { className: "demo-buttons" }, button("Undo", undo), button("Clear", clear)),
      help,
    ),
    image,
  };
}
