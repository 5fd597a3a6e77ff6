// The explorer of chapter 3: four maps of the same ten thousand test digits.

import { announcer, button, el, newId, show } from "./dom.js";
import { SIDE, tile } from "./digit.js";
import { get, loadModels, once } from "./engine.js";
import { digitToggles, fullScreen, mapChoice, numberField } from "./explorer/controls.js";
import { NEIGHBOURS, detailsPart } from "./explorer/details.js";
import { listen } from "./explorer/gestures.js";
import { follow, mapView } from "./explorer/view.js";
import { Scatter, medians, nearestCodes } from "./scatter.js";

const DIMENSIONS = 20;
const START = 3; // the map of the autoencoder's codes

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
  const [{ networks }, codes] = await Promise.all([loadModels(base, ["decoder"]), loadingCodes]);
  return (canvas, i) =>
    show(canvas, networks.decoder.predict(codes.subarray(DIMENSIONS * i, DIMENSIONS * (i + 1))));
}

/** Everything that can be asked of the files: maps at once, pictures when they are wanted. */
async function loadFiles(base) {
  const loadingLabels = bytesOf(base, "labels.bin").then((bytes) => new Uint8Array(bytes));
  const loaders = {}; // one for each map that was asked for
  function mapOf(number) {
    loaders[number] ??= once(() => loadMap(base, number, loadingLabels));
    return loaders[number]();
  }
  const [manifest, labels, start] = await Promise.all([
    get(new URL("data/maps.json", base)).then((response) => response.json()),
    loadingLabels,
    mapOf(START),
  ]);
  async function loadPictures() {
    const loadingCodes = loadCodes(base, manifest.code_top);
    const [codes, paint] = await Promise.all([
      loadingCodes,
      manifest.images ? testImages(base, manifest.images) : rebuiltImages(base, loadingCodes),
    ]);
    const neighbours = (i) => nearestCodes(codes, DIMENSIONS, i, NEIGHBOURS);
    return { paint, neighbours, originals: Boolean(manifest.images) };
  }
  return { maps: manifest.maps, count: manifest.count, labels, start, mapOf, loadPictures };
}

export async function mount(root, base) {
  const { maps, count, labels, start, mapOf, loadPictures } = await loadFiles(base);
  const announcements = announcer();
  const canvas = el("canvas", { className: "demo-map", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Map of ${count.toLocaleString("en")} digits`);
  const scatter = new Scatter(canvas, labels);
  const view = mapView(canvas, scatter, labels, start);
  const full = fullScreen(root);

  const details = detailsPart({
    labels,
    announcements,
    loadPictures,
    choose: select,
    found(i, neighbours) {
      view.mark(i === view.marked.selected ? { neighbours } : {});
    },
  });
  const number = numberField(count, select, (sentence) => announcements.say(sentence, 0));
  details.element.append(number.element);

  function select(i) {
    view.mark({ selected: i, neighbours: [] });
    view.reveal(i);
    number.show(i);
    details.describe(i, true);
  }

  function hover(i) {
    const { hovered, selected } = view.marked;
    if (i === hovered) return;
    view.mark({ hovered: i });
    const shown = i >= 0 ? i : selected;
    if (shown >= 0) details.describe(shown, false);
  }
  listen(canvas, scatter, view, { hover, select, isFull: full.isFull });

  const about = el("p", { className: "demo-hint" });
  function describeMap({ title, trustworthiness, knn_accuracy: accuracy }) {
    about.textContent = `${title}: trustworthiness ${trustworthiness}, 10-NN accuracy ${accuracy}.`;
  }
  let current = START;
  async function goTo(map) {
    current = map;
    let target;
    try {
      target = await mapOf(map);
    } catch (error) {
      about.textContent = `This map could not be loaded: ${error.message}`;
      return;
    }
    if (map !== current) return; // another map was chosen meanwhile
    describeMap(maps[map]);
    announcements.say(about.textContent);
    view.glideTo(target);
  }

  const toggles = digitToggles(scatter, view.drawSoon);
  const help = el(
    "p",
    { className: "demo-hint", id: newId() },
    "Drag to pan, Ctrl and wheel to zoom, click a point to keep it. One finger scrolls the page, " +
      "two move and zoom the map. With the keyboard: arrow keys, + and −, 0 for the whole map, " +
      "Enter for the point in the middle.",
  );
  canvas.setAttribute("aria-describedby", help.id);
  const frame = el("div", { className: "demo-frame" }, canvas);
  const zoomButtons = el(
    "div",
    { className: "demo-buttons" },
    button("+", () => view.zoomAt(1.5), "Zoom in"),
    button("−", () => view.zoomAt(1 / 1.5), "Zoom out"),
    button("Whole map", view.showWhole),
    full.element,
  );
  root.replaceChildren(
    mapChoice(maps, START, goTo),
    about,
    toggles.element,
    el(
      "div",
      { className: "demo-explorer" },
      el("div", { className: "demo-map-part" }, frame, zoomButtons),
      details.element,
    ),
    help,
    announcements.region,
  );
  describeMap(maps[START]);

  follow(frame, scatter, view.draw, toggles.update);
}
