// The explorer of chapter 3: four maps of the same ten thousand test digits.

import { announcer, el, newId, onceAFrame, picture, show } from "./dom.js";
import { SIDE, between, tile } from "./digit.js";
import { get, loadModels } from "./engine.js";
import { Scatter, medians, nearestCodes } from "./scatter.js";

const DIMENSIONS = 20;
const NEIGHBOURS = 8;
const WHOLE = { x: 0.5, y: 0.5, zoom: 1 };
const LARGEST_ZOOM = 60;
const TRANSITION = 900; // milliseconds
const START = 3; // the map of the autoencoder's codes
const REACH = 14; // pixels around the pointer in which a point is found

const bytesOf = async (base, name) =>
  (await get(new URL(`data/${name}`, base))).arrayBuffer();

/** Where a map has each point, and where the names of the digits stand. */
async function loadMap(base, number, loadingLabels) {
  const [bytes, labels] = await Promise.all([bytesOf(base, `map_${number}.bin`), loadingLabels]);
  const positions = Float32Array.from(new Uint16Array(bytes), (value) => value / 65535);
  return { positions, names: medians(positions, labels) };
}

/** The codes: each point's neighbours are looked for among them. */
async function loadCodes(base, codeTop) {
  return Float32Array.from(
    new Uint8Array(await bytesOf(base, "codes.bin")),
    (value, at) => (value / 255) * codeTop[at % DIMENSIONS],
  );
}

/** A function that paints a test image: the site was built where MNIST lay. */
async function testImages(base, name) {
  const blob = await (await get(new URL(`data/${name}`, base))).blob();
  const atlas = await createImageBitmap(blob);
  return (canvas, i) =>
    canvas
      .getContext("2d")
      .drawImage(atlas, ...tile(i, atlas.width), SIDE, SIDE, 0, 0, SIDE, SIDE);
}

/** Without them: a function that paints what the decoder makes of a test image's code. */
async function rebuiltImages(base, loadingCodes) {
  const [{ networks }, codes] = await Promise.all([loadModels(base), loadingCodes]);
  return (canvas, i) =>
    show(canvas, networks.dense.decode(codes.subarray(DIMENSIONS * i, DIMENSIONS * (i + 1))));
}

export async function mount(root, base) {
  const loadingLabels = bytesOf(base, "labels.bin").then((bytes) => new Uint8Array(bytes));
  const loading = {}; // a promise for each map that was asked for
  function mapOf(number) {
    loading[number] ??= loadMap(base, number, loadingLabels).catch((error) => {
      delete loading[number]; // the next choice tries again
      throw error;
    });
    return loading[number];
  }
  const [manifest, labels, start] = await Promise.all([
    get(new URL("data/maps.json", base)).then((response) => response.json()),
    loadingLabels,
    mapOf(START),
  ]);
  const { maps, code_top: codeTop, count, images } = manifest;
  const voice = announcer();
  const canvas = el("canvas", { className: "demo-map", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Map of ${count.toLocaleString("en")} digits`);
  const scatter = new Scatter(canvas, labels);

  let current = START;
  let { positions, names } = start;
  let view = { ...WHOLE };
  let hovered = -1;
  let selected = -1;
  let neighbours = [];
  let pictures = null; // a promise, once a point was looked at

  // ------------------------------------------------------------------------------- drawing

  function draw() {
    performance.mark("explorer-start");
    const written = scatter.draw(positions, view);
    const { context, ratio, palette } = scatter;
    context.lineWidth = 2 * ratio;
    const ring = (i, radius, colour) => {
      context.strokeStyle = colour;
      context.beginPath();
      const [x, y] = scatter.toCanvas(view, positions[2 * i], positions[2 * i + 1]);
      context.arc(x, y, radius * ratio, 0, 2 * Math.PI);
      context.stroke();
    };
    const ink = palette.background === "#ffffff" ? "#000000" : "#ffffff";
    if (selected >= 0) {
      for (const i of neighbours) ring(i, 6, ink);
      ring(selected, 10, ink);
      ring(selected, 13, palette.colours[labels[selected]]);
    }
    if (hovered >= 0 && hovered !== selected) ring(hovered, 8, ink);
    if (!written) {
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
    if (canvas.matches(":focus-visible")) {
      const [x, y] = [canvas.width / 2, canvas.height / 2];
      context.strokeStyle = ink;
      context.lineWidth = ratio;
      context.strokeRect(x - 6 * ratio, y, 12 * ratio, 0);
      context.strokeRect(x, y - 6 * ratio, 0, 12 * ratio);
    }
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

  let transition = 0;
  async function goTo(map) {
    current = map;
    const run = ++transition;
    let target;
    try {
      target = await mapOf(map);
    } catch (error) {
      about.textContent = `This map could not be loaded: ${error.message}`;
      return;
    }
    if (run !== transition) return; // another map was chosen meanwhile
    describeMap();
    voice.say(about.textContent);
    const from = { positions, names, view: [view.x, view.y, Math.log(view.zoom)] };
    const begin = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    hovered = -1;
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

  // ------------------------------------------------------------------------------- details

  const large = picture("No digit chosen");
  const title = el("strong", {}, "No digit chosen");
  const note = el("span", { className: "demo-hint" }, "Point at the map, or choose a number.");
  const buttons = Array.from({ length: NEIGHBOURS }, () => {
    const button = el("button", { type: "button", className: "demo-thumb" }, picture(""));
    button.firstChild.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => select(Number(button.value)));
    return button;
  });
  const row = el("div", { className: "demo-neighbours" }, ...buttons);
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Nearest neighbours by code");
  const agree = el("p", { className: "demo-hint" }, "");
  const neighbourPart = el(
    "div",
    { hidden: true },
    el("p", { className: "demo-small" }, "Nearest by code (rings on the map)"),
    row,
    agree,
  );

  async function loadPictures() {
    const loadingCodes = loadCodes(base, codeTop);
    const [codes, paint] = await Promise.all([
      loadingCodes,
      images ? testImages(base, images) : rebuiltImages(base, loadingCodes),
    ]);
    return { paint, neighbours: (i) => nearestCodes(codes, DIMENSIONS, i, NEIGHBOURS) };
  }

  let wanted = -1;
  async function describe(i, speak) {
    wanted = i;
    const name = `Digit ${labels[i]}, test image ${i}`;
    if (!pictures) {
      title.textContent = name;
      note.textContent = "The pictures are being loaded.";
      pictures = loadPictures();
    }
    let loaded;
    try {
      loaded = await pictures;
    } catch (error) {
      pictures = null; // the next point tries again
      note.textContent = `The pictures could not be loaded: ${error.message}`;
      return;
    }
    if (wanted !== i) return; // the pointer has moved on
    loaded.paint(large, i);
    large.setAttribute("aria-label", images ? name : `${name}, rebuilt by the dense autoencoder`);
    title.textContent = name;
    note.textContent = images
      ? "as MNIST has it"
      : "rebuilt by the dense autoencoder from its 20 numbers: this site was built without MNIST";
    const near = loaded.neighbours(i);
    near.forEach((other, at) => {
      loaded.paint(buttons[at].firstChild, other);
      buttons[at].value = other;
      buttons[at].setAttribute("aria-label", `Go to neighbour ${at + 1}: digit ${labels[other]}`);
      buttons[at].title = `digit ${labels[other]}, test image ${other}`;
    });
    const same = near.filter((other) => labels[other] === labels[i]).length;
    agree.textContent = `${same} of ${NEIGHBOURS} have the same label.`;
    neighbourPart.hidden = false;
    if (i === selected) neighbours = near;
    drawSoon();
    if (speak) {
      const digits = near.map((other) => labels[other]).join(", ");
      voice.say(`${name}. Nearest by code: ${digits}.`, 0);
    }
  }

  function select(i) {
    selected = i;
    neighbours = [];
    number.value = i;
    const [x, y] = scatter.toCanvas(view, positions[2 * i], positions[2 * i + 1]);
    const out = x < 0 || y < 0 || x > canvas.width || y > canvas.height;
    if (out) Object.assign(view, { x: positions[2 * i], y: positions[2 * i + 1] });
    drawSoon();
    describe(i, true);
  }

  function hover(i) {
    if (i === hovered) return;
    hovered = i;
    drawSoon();
    const shown = i >= 0 ? i : selected;
    if (shown >= 0) describe(shown, false);
  }

  // ------------------------------------------------------------------- mouse, touch, keyboard

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  };
  const find = (x, y) =>
    scatter.nearest(positions, view, x, y, REACH * scatter.ratio);
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
      if (event.pointerType === "mouse") hover(find(x, y));
      return;
    }
    moved += Math.hypot(x - old[0], y - old[1]);
    if (pointers.size === 1) {
      if (moved > 4 * scatter.ratio) pan(x - old[0], y - old[1]);
    } else {
      // Two fingers: the other one stays where it is on the map.
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
      const before = Math.hypot(old[0] - other[0], old[1] - other[1]);
      zoomAt(Math.hypot(x - other[0], y - other[1]) / Math.max(before, 1), ...other);
    }
    pointers.set(event.pointerId, [x, y]);
  });
  canvas.addEventListener("pointerup", (event) => {
    pointers.delete(event.pointerId);
    if (moved > 4 * scatter.ratio) return;
    const i = find(...place(event));
    if (i >= 0) select(i);
  });
  canvas.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("dblclick", (event) => zoomAt(2, ...place(event)));
  canvas.addEventListener(
    "wheel",
    (event) => {
      // A bare wheel scrolls the page.
      if (!event.ctrlKey && !event.metaKey && !full()) return;
      event.preventDefault();
      zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), ...place(event));
    },
    { passive: false },
  );
  const steps = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key in steps) pan(...steps[event.key].map((d) => d * scatter.ratio));
    else if (event.key === "+" || event.key === "=") zoomAt(1.5);
    else if (event.key === "-") zoomAt(1 / 1.5);
    else if (event.key === "0") showWhole();
    else if (event.key === "Enter") {
      const i = scatter.nearest(positions, view, canvas.width / 2, canvas.height / 2, Infinity);
      if (i >= 0) select(i);
    } else return;
    event.preventDefault();
  });
  for (const event of ["focus", "blur"]) canvas.addEventListener(event, drawSoon);

  // ------------------------------------------------------------------------------ controls

  const button = (text, work, label = text) => {
    const made = el("button", { type: "button", className: "demo-button" }, text);
    if (label !== text) made.setAttribute("aria-label", label);
    made.addEventListener("click", work);
    return made;
  };

  const group = newId();
  const choice = el("fieldset", { className: "demo-choice" }, el("legend", {}, "Map"));
  maps.forEach((map, i) => {
    const radio = el("input", { type: "radio", name: group, id: newId(), checked: i === START });
    radio.addEventListener("change", () => goTo(i));
    choice.append(el("span", {}, radio, el("label", { htmlFor: radio.id }, map.title)));
  });
  const about = el("p", { className: "demo-hint" });
  function describeMap() {
    const { title, trustworthiness, knn_accuracy: accuracy } = maps[current];
    about.textContent = `${title}: trustworthiness ${trustworthiness}, 10-NN accuracy ${accuracy}.`;
  }

  const classes = el("div", { className: "demo-buttons" });
  classes.setAttribute("role", "group");
  classes.setAttribute("aria-label", "Digits shown");
  const toggles = Array.from({ length: 10 }, (_, digit) => {
    const swatch = el("span", { className: "demo-swatch", ariaHidden: "true" });
    const toggle = button(`${digit}`, () => {
      scatter.hidden[digit] = !scatter.hidden[digit];
      showToggles();
    });
    toggle.prepend(swatch);
    toggle.classList.add("demo-toggle");
    return toggle;
  });
  function showToggles() {
    toggles.forEach((toggle, digit) => {
      toggle.setAttribute("aria-pressed", String(!scatter.hidden[digit]));
      toggle.firstChild.style.background = scatter.palette.colours[digit];
    });
    drawSoon();
  }
  const setAll = (hidden) => () => {
    scatter.hidden.fill(hidden);
    showToggles();
  };
  classes.append(...toggles, button("All", setAll(false)), button("None", setAll(true)));

  const number = el("input", { type: "number", min: "0", max: `${count - 1}`, id: newId() });
  number.addEventListener("change", () => {
    const i = Number(number.value);
    if (number.value !== "" && Number.isInteger(i) && i >= 0 && i < count) select(i);
    else voice.say(`Test images have the numbers 0 to ${count - 1}.`, 0);
  });

  // Full screen: the browser's where it has one, else the whole window.
  const full = () => root.classList.contains("demo-full");
  const fullButton = button("Full screen", () => (full() ? leave() : enter()));
  function enter() {
    root.classList.add("demo-full");
    fullButton.textContent = "Leave full screen";
    root.requestFullscreen?.().catch(() => {}); // refused: the window it is
  }
  function leave() {
    root.classList.remove("demo-full");
    fullButton.textContent = "Full screen";
    if (document.fullscreenElement) document.exitFullscreen();
  }
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement && full()) leave();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && full()) leave();
  });

  const help = el(
    "p",
    { className: "demo-hint", id: newId() },
    "Drag to pan, Ctrl and wheel or two fingers to zoom, click a point to keep it. With the " +
      "keyboard: arrow keys, + and −, 0 for the whole map, Enter for the point in the middle.",
  );
  canvas.setAttribute("aria-describedby", help.id);
  const frame = el("div", { className: "demo-frame" }, canvas);
  const details = el(
    "div",
    { className: "demo-details" },
    el(
      "figure",
      { className: "demo-figure" },
      large,
      el("figcaption", {}, title, el("br"), note),
    ),
    neighbourPart,
    el("p", { className: "demo-control" }, el("label", { htmlFor: number.id }, "Test image"), number),
  );
  root.replaceChildren(
    choice,
    about,
    classes,
    el("div", { className: "demo-explorer" }, frame, details),
    el(
      "div",
      { className: "demo-buttons" },
      button("+", () => zoomAt(1.5), "Zoom in"),
      button("−", () => zoomAt(1 / 1.5), "Zoom out"),
      button("Whole map", showWhole),
      fullButton,
    ),
    help,
    voice.region,
  );
  describeMap();

  const applyTheme = () => {
    const dark = document.documentElement.dataset.theme === "dark";
    scatter.setTheme(dark ? "dark" : "light");
    showToggles();
  };
  new MutationObserver(applyTheme).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
  applyTheme();
  const fit = () => {
    scatter.resize(frame.clientWidth, frame.clientHeight, Math.min(devicePixelRatio || 1, 2));
    draw();
  };
  new ResizeObserver(fit).observe(frame);
  fit();
}
