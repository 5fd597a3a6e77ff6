// The drawing area: strokes of mouse, finger or keyboard, or one of the test digits.

import { el, newId, onceAFrame, picture, show } from "../dom.js";
import { digitButtons } from "../samples.js";
import { PEN_RADIUS, SIDE, centred } from "../digit.js";
import { Pen, leadByPointer } from "../pen.js";

/** The pad, its buttons and the test digits; `changed` is called when there is a new image. */
export function inputPart(digits, announcements, changed) {
  const pen = new Pen();
  let sample = null; // a test digit, while nothing is drawn
  const cursor = { x: 14, y: 14, down: false, shown: false };

  const pad = el("canvas", { width: 280, height: 280, className: "demo-pad", tabIndex: 0 });
  const help = el(
    "p",
    { className: "demo-hint", id: newId() },
    "Draw with mouse or finger. With the keyboard: arrow keys move the pen, Space lowers or " +
      "lifts it, Backspace takes back a stroke, Delete clears.",
  );
  const hint = el("p", { className: "demo-pad-hint", ariaHidden: "true" }, "Draw a digit here");
  pad.setAttribute("role", "application");
  pad.setAttribute("aria-label", "Drawing area");
  pad.setAttribute("aria-describedby", help.id);

  /** What the models get; nothing while the pad is empty. */
  function image() {
    return sample ?? (pen.strokes.length ? centred(pen.strokes) : null);
  }

  function redraw() {
    const context = pad.getContext("2d");
    const scale = pad.width / SIDE;
    context.fillStyle = "black";
    context.fillRect(0, 0, pad.width, pad.height);
    context.strokeStyle = context.fillStyle = "white";
    context.lineWidth = 2 * PEN_RADIUS * scale;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of pen.strokes) {
      context.beginPath();
      for (const [x, y] of stroke) context.lineTo(scale * x, scale * y);
      context.stroke();
      // Browsers draw no line without a length: a tap is a dot.
      const [x, y] = stroke[0];
      context.beginPath();
      context.arc(scale * x, scale * y, PEN_RADIUS * scale, 0, 2 * Math.PI);
      context.fill();
    }
    if (sample) {
      const canvas = picture("");
      show(canvas, sample);
      context.imageSmoothingEnabled = false;
      context.drawImage(canvas, 0, 0, pad.width, pad.height);
    }
    if (cursor.shown) {
      context.lineWidth = 2;
      context.strokeStyle = cursor.down ? "#ffb000" : "#8fb8ff";
      context.beginPath();
      context.arc(scale * cursor.x, scale * cursor.y, PEN_RADIUS * scale, 0, 2 * Math.PI);
      context.stroke();
    }
    hint.hidden = pen.strokes.length > 0 || sample !== null;
    changed();
  }
  const redrawSoon = onceAFrame(redraw);

  function undo() {
    sample = null;
    pen.undo();
    cursor.down = false;
    redrawSoon();
    announcements.say("Last stroke taken back.", 0);
  }

  function clear() {
    sample = null;
    pen.clear();
    cursor.down = false;
    redrawSoon();
    announcements.say("Cleared.", 0);
  }

  leadByPointer(
    pad,
    pen,
    () => {
      sample = null;
      cursor.shown = cursor.down = false;
    },
    redrawSoon,
  );

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    cursor.shown = true;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      cursor.x = Math.max(0, Math.min(SIDE, cursor.x + dx));
      cursor.y = Math.max(0, Math.min(SIDE, cursor.y + dy));
      if (cursor.down) pen.draw([cursor.x, cursor.y]);
      announcements.say(`Column ${cursor.x}, row ${cursor.y}, pen ${cursor.down ? "down" : "up"}`, 200);
    } else if (event.key === " ") {
      cursor.down = !cursor.down;
      if (cursor.down) {
        sample = null;
        pen.begin([cursor.x, cursor.y]);
      }
      announcements.say(cursor.down ? "Pen down" : "Pen up", 0);
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Delete") clear();
    else return;
    event.preventDefault();
    redrawSoon();
  });
  pad.addEventListener("blur", () => {
    cursor.shown = cursor.down = false;
    redrawSoon();
  });

  function pick(digit, number) {
    pen.clear();
    sample = digits[digit][number];
    cursor.down = false;
    redrawSoon();
  }

  let number = 0;
  const numbered = () => digits.map((row) => row[number]);
  const thumbs = digitButtons(numbered(), (digit) => pick(digit, number));
  const others = el("button", { type: "button", className: "demo-button" }, "Other test digits");
  others.addEventListener("click", () => {
    number = (number + 1) % digits[0].length;
    thumbs.show(numbered());
    announcements.say(`Test digits, set ${number + 1} of ${digits[0].length}.`, 0);
  });

  const undoButton = el("button", { type: "button", className: "demo-button" }, "Undo");
  const clearButton = el("button", { type: "button", className: "demo-button" }, "Clear");
  undoButton.addEventListener("click", undo);
  clearButton.addEventListener("click", clear);

  const element = el(
    "div",
    { className: "demo-input" },
    el("div", { className: "demo-pad-frame" }, pad, hint),
    el("div", { className: "demo-buttons" }, undoButton, clearButton, others),
    thumbs.element,
    help,
  );
  return { element, image, pick };
}
