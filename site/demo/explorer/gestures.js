// Mouse, touch and keyboard on the map.

const STILL = 4; // a pointer that moves by fewer pixels has clicked

/**
 * One finger scrolls the page, two move and zoom the map; where the map fills the screen, one
 * finger moves it, too. `isFull` says so; `hover` and `select` get the number of a point.
 */
export function listen(canvas, scatter, view, { hover, select, isFull }) {
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };
  const pointers = new Map();
  let moved = 0;

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    if (pointers.size === 1) moved = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const old = pointers.get(event.pointerId);
    if (!old) {
      hover(view.find(x, y));
      return;
    }
    moved += Math.hypot(x - old[0], y - old[1]);
    if (pointers.size === 1) {
      const scrolls = event.pointerType === "touch" && !isFull();
      if (moved > STILL * scatter.ratio && !scrolls) view.pan(x - old[0], y - old[1]);
    } else {
      // Two fingers: the map stays under both.
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const before = Math.hypot(old[0] - other[0], old[1] - other[1]);
      const middle = [(old[0] + other[0]) / 2, (old[1] + other[1]) / 2];
      view.zoomAt(Math.hypot(x - other[0], y - other[1]) / Math.max(before, 1), ...middle);
      view.pan((x - old[0]) / 2, (y - old[1]) / 2);
    }
    pointers.set(event.pointerId, [x, y]);
  });
  canvas.addEventListener("pointerup", (event) => {
    pointers.delete(event.pointerId);
    if (moved > STILL * scatter.ratio) return;
    const i = view.find(...place(event));
    if (i >= 0) select(i);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  // The page must not scroll under two fingers.
  for (const touch of ["touchstart", "touchmove"]) {
    canvas.addEventListener(
      touch,
      (event) => {
        if (event.touches.length > 1 && event.cancelable) event.preventDefault();
      },
      { passive: false },
    );
  }
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("dblclick", (event) => view.zoomAt(2, ...place(event)));
  canvas.addEventListener(
    "wheel",
    (event) => {
      // A bare wheel scrolls the page.
      if (!event.ctrlKey && !event.metaKey && !isFull()) return;
      event.preventDefault();
      view.zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), ...place(event));
    },
    { passive: false },
  );
  const steps = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in steps) view.pan(...steps[event.key].map((d) => d * scatter.ratio));
    else if (event.key === "+" || event.key === "=") view.zoomAt(1.5);
    else if (event.key === "-") view.zoomAt(1 / 1.5);
    else if (event.key === "0") view.showWhole();
    else if (event.key === "Enter") {
      const i = view.middle();
      if (i >= 0) select(i);
    } else return;
    event.preventDefault();
  });
  for (const event of ["focus", "blur"]) canvas.addEventListener(event, view.drawSoon);
}
