// The variational autoencoder's code of two numbers: point anywhere on the prior, and see what is
// decoded there.

import { announcer, button, el, labelledSlider, onceAFrame, onRequest, picture, show, strip, titled } from "../dom.js";
import { get, loadNetworks } from "../engine.js";

const TILES = 16; // images in a row of the map
const SIDE = 28;
const DRAWS = 10;
const STEP = 0.05;

const sigmoid = (values) => values.map((value) => 1 / (1 + Math.exp(-value)));

/** Two draws from N(0, 1), by the method of Box and Muller. */
function normals() {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
  const angle = 2 * Math.PI * Math.random();
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}

export function mount(root, base) {
  onRequest(root, "Show the map", 170, async () => {
    const manifest = await (await get(new URL("data/prior.json", base))).json();
    const { networks: { prior } } = await loadNetworks(base, manifest, ["prior"]);
    build(root, prior, manifest.reach);
  });
}

function build(root, prior, reach) {
  const decode = (code) => sigmoid(prior.predict(Float32Array.from(code)));
  const announcements = announcer();
  const code = [0, 0];
  let draws = [];

  // The map: what is decoded at the middle of each tile. The second number grows upwards.
  const size = TILES * SIDE;
  const map = el("canvas", { width: size, height: size, className: "demo-prior" });
  map.setAttribute("role", "img");
  const tiles = el("canvas", { width: size, height: size });
  const toPlace = ([a, b]) => [(size * (a + reach)) / (2 * reach), (size * (reach - b)) / (2 * reach)];
  const toCode = (x, y) => [2 * reach * x - reach, reach - 2 * reach * y];
  const tile = el("canvas", { width: SIDE, height: SIDE });
  for (let row = 0; row < TILES; row++) {
    for (let column = 0; column < TILES; column++) {
      show(tile, decode(toCode((column + 0.5) / TILES, (row + 0.5) / TILES)));
      tiles.getContext("2d").drawImage(tile, SIDE * column, SIDE * row);
    }
  }

  const output = picture("");
  const where = el("span", { className: "demo-error" });
  const far = el("span", {});
  const drawn = picture(`Room for ${DRAWS} random draws`, DRAWS);

  function mark(context, place, radius, colour) {
    for (const [width, style] of [[5, "#000"], [2.5, colour]]) {
      context.lineWidth = width;
      context.strokeStyle = style;
      context.beginPath();
      context.arc(...toPlace(place), radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  function redraw() {
    const context = map.getContext("2d");
    context.drawImage(tiles, 0, 0);
    for (const draw of draws) mark(context, draw, 5, "#88CCEE");
    mark(context, code, 9, "#DDCC77");
    show(output, decode(code));
    const [a, b] = code.map((value) => value.toFixed(2).replace("-", "−"));
    const distance = Math.hypot(...code);
    where.textContent = `z = (${a}, ${b})`;
    far.textContent = `${distance.toFixed(1)} from the middle`;
    output.setAttribute("aria-label", `What is decoded at the code ${a}, ${b}`);
    map.setAttribute("aria-label", `Map of decoded images; the ring is at ${a}, ${b}`);
    announcements.say(`Decoded at ${a}, ${b}.`);
  }
  const redrawSoon = onceAFrame(redraw);

  const sliders = ["First number", "Second number"].map((name, axis) => {
    const range = { min: `${-reach}`, max: `${reach}`, step: `${STEP}`, value: "0" };
    return labelledSlider(name, range, (value) => {
      code[axis] = value;
      redrawSoon();
      return value.toFixed(2).replace("-", "−");
    });
  });
  const inputs = sliders.map(({ element }) => element.querySelector("input"));

  function goTo(place) {
    place.forEach((value, axis) => {
      inputs[axis].value = `${value}`;
      sliders[axis].update();
    });
  }

  function pointAt(event) {
    const box = map.getBoundingClientRect();
    goTo(toCode((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
  }
  // A mouse only has to point; a finger taps, and scrolls the page when it moves.
  map.addEventListener("pointermove", (event) => event.pointerType === "mouse" && pointAt(event));
  map.addEventListener("click", pointAt);

  function drawCodes() {
    draws = Array.from({ length: DRAWS }, normals);
    draws.forEach((draw, i) => show(drawn, decode(draw), i));
    drawn.setAttribute("aria-label", `What is decoded at ${DRAWS} random draws from the prior`);
    redrawSoon();
  }

  root.replaceChildren(
    el(
      "div",
      { className: "demo-beside demo-prior-part" },
      map,
      el("div", {}, titled(output, where, far), ...sliders.map(({ element }) => element)),
    ),
    el("div", { className: "demo-buttons" }, button(`Draw ${DRAWS} codes`, drawCodes)),
    strip(drawn, `${DRAWS} draws from the prior`),
    el(
      "p",
      { className: "demo-hint" },
      "Point at the map, tap it, or use the sliders. Small rings are random draws; about one in " +
        "two hundred falls outside of the map.",
    ),
    announcements.region,
  );
  sliders.forEach(({ update }) => update());
  drawCodes();
}
