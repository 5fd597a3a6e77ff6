// The pen of both drawing areas: what mouse, finger or keys lead over them becomes strokes.

import { SIDE, atEdge, isOnPad } from "./digit.js";

/** Strokes of a pen, lists of [x, y] in pixels of the image. */
export class Pen {
  strokes = [];
  pointer = null; // the one that draws: one finger at a time
  outside = null; // where the pen is, while it is beside the pad

  begin(point) {
    this.outside = null;
    this.strokes.push([point]);
  }

  /** Lead the line on. It ends at the edge of the pad and begins there again: no ink is hidden. */
  draw(point) {
    const line = this.strokes.at(-1);
    const beside = !isOnPad(point);
    if (this.outside === null) line.push(beside ? atEdge(line.at(-1), point) : point);
    else if (!beside) this.strokes.push([atEdge(point, this.outside), point]);
    this.outside = beside ? point : null;
  }

  /** Take back the last stroke; a finger that was drawing it draws no further. */
  undo() {
    this.strokes.pop();
    this.pointer = null;
  }

  clear() {
    this.strokes = [];
    this.pointer = null;
  }
}

/** Let mouse or finger lead the pen over `pad`; `begins` is called before each stroke. */
export function leadByPointer(pad, pen, begins, changed) {
  const at = (event) => {
    const box = pad.getBoundingClientRect();
    return [
      (SIDE * (event.clientX - box.left)) / box.width,
      (SIDE * (event.clientY - box.top)) / box.height,
    ];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pen.pointer !== null) return; // a second finger draws nothing
    pen.pointer = event.pointerId;
    pad.setPointerCapture(event.pointerId);
    begins();
    pen.begin(at(event));
    changed();
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pen.pointer) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    for (const part of parts.length ? parts : [event]) pen.draw(at(part)); // some browsers give none
    changed();
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pad.addEventListener(end, (event) => {
      if (event.pointerId === pen.pointer) pen.pointer = null;
    });
  }
}
