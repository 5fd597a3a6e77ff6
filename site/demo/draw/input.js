// The drawing area: strokes of mouse, finger or keyboard, or one of the test digits.

import { el, newId, onceAFrame, picture, show } from "../dom.js";
import { digitButtons } from "../samples.js";
import { PEN_RADIUS, SIDE, atEdge, centred, isOnPad } from "../digit.js";

/** The pad, its buttons and the test digits; `changed` is called when there is a new image. */
export function inputPart(digits, announcements, changed) {
  let strokes = [];
  let sample = null; // a test digit, while nothing is drawn
  let pen = null; // the pointer that draws: one finger at a time
  let outside = null; // where the pen is, while it is beside the pad
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
    return sample ?? (strokes.length ? centred(strokes) : null);
  }

  function redraw() {
    const context = pad.getContext("2d");
    const scale = pad.width / SIDE;
    context.fillStyle = "black";
    context.fillRect(0, 0, pad.width, pad.height);
    context.strokeStyle = context.fillStyle = "white";
    context.lineWidth = 2 * PEN_RADIUS * scale;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of strokes) {
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
    hint.hidden = strokes.length > 0 || sample !== null;
    changed();
  }
  const redrawSoon = onceAFrame(redraw);

  function begin(point) {
    if (sample) strokes = [];
    sample = null;
    outside = null;
    strokes.push([point]);
    redrawSoon();
  }

  /** Lead the line on. It ends at the edge of the pad and begins there again: no ink is hidden. */
  function draw(point) {
    const line = strokes.at(-1);
    const beside = !isOnPad(point);
    if (outside === null) line.push(beside ? atEdge(line.at(-1), point) : point);
    else if (!beside) strokes.push([atEdge(point, outside), point]);
    outside = beside ? point : null;
    redrawSoon();
  }

  function undo() {
    sample = null;
    strokes.pop();
    cursor.down = false;
    pen = null;
    redrawSoon();
    announcements.say("Last stroke taken back.", 0);
  }

  function clear() {
    sample = null;
    strokes = [];
    cursor.down = false;
    pen = null;
    redrawSoon();
    announcements.say("Cleared.", 0);
  }

  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [
      (SIDE * (event.clientX - box.left)) / box.width,
      (SIDE * (event.clientY - box.top)) / box.height,
    ];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pen !== null) return; // a second finger draws nothing
    pen = event.pointerId;
    cursor.shown = cursor.down = false;
    pad.setPointerCapture(event.pointerId);
    begin(at(event));
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) draw(at(part)); // some browsers give none
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pad.addEventListener(end, (event) => {
      if (event.pointerId === pen) pen = null;
    });
  }

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    cursor.shown = true;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      cursor.x = Math.max(0, Math.min(SIDE, cursor.x + dx));
      cursor.y = Math.max(0, Math.min(SIDE, cursor.y + dy));
      if (cursor.down) draw([cursor.x, cursor.y]);
      announcements.say(`Column ${cursor.x}, row ${cursor.y}, pen ${cursor.down ? "down" : "up"}`, 200);
    } else if (event.key === " ") {
      cursor.down = !cursor.down;
      if (cursor.down) begin([cursor.x, cursor.y]);
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
    pen = null;
    sample = digits[digit][number];
    strokes = [];
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
