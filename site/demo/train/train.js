// The page "Train an autoencoder", and the small version in chapters: a network that learns in a
// worker, and what the reader sees of it.

import { announcer, el, onceAFrame } from "../dom.js";
import { makeControls } from "./controls.js";
import { makeDrawing } from "./drawing.js";
import { makeFiles } from "./files.js";
import { makeMap } from "./map_view.js";
import { makePanel } from "./panel.js";
import { fromHash, presetSettings, toHash, widthsOf } from "./presets.js";
import { Session } from "./session.js";
import { makeStories } from "./stories.js";
import { makeTiles, onTheme } from "./view.js";

const section = (title, ...parts) =>
  el("section", { className: "demo-part" }, el("h2", {}, title), ...parts);
const pair = (...parts) => el("div", { className: "train-pair" }, ...parts);

export async function mount(root, base) {
  root.classList.add("train");
  const small = root.dataset.demo === "train-small";
  const asked = !small && location.hash.includes("=");
  const link = fromHash(location.hash);
  const settings = asked ? link.settings : presetSettings(root.dataset.preset ?? "lecture");

  const voice = announcer();
  const speak = (sentence) => voice.say(sentence, 0);
  function say(sentence) {
    panel.say(sentence);
    if (sentence) speak(sentence);
  }
  function show() {
    panel.show();
    workshop?.show();
  }
  const session = new Session(base, settings, { show, showSoon: onceAFrame(show), say, speak }, !small);
  const panel = makePanel(root, session);
  const workshop = small ? null : makeWorkshop(session, voice, say);
  root.replaceChildren(
    ...(workshop?.above ?? []), ...panel.elements, voice.region, ...(workshop?.below ?? []),
  );
  show(); // before anything is waited for, so that nothing jumps
  if (!small) {
    await session.recall((kept) => !asked || toHash(kept) === toHash(link.settings));
    if (asked && link.problems.length) say(link.problems.join(" "));
    globalThis.addEventListener("hashchange", () => followLink(session, say));
  }
  onTheme(() => {
    panel.theme();
    workshop?.theme();
  });
}

function followLink(session, say) {
  if (!location.hash.includes("=")) return;
  const { settings, problems } = fromHash(location.hash);
  if (problems.length) say(problems.join(" "));
  session.attempt(() => session.change(settings));
}

/** What only the page has: stories, settings, the map, a drawing, the first weights, files. */
function makeWorkshop(session, voice, say) {
  const stories = makeStories(session);
  const controls = makeControls((next) => session.attempt(() => session.change(next)), say);
  const map = makeMap((places) => session.decode(places));
  const tiles = makeTiles();
  const drawing = makeDrawing(session, voice);
  let shown = null; // the settings in the controls and in the address

  function showSettings() {
    if (session.settings === shown) return;
    shown = session.settings;
    controls.show(shown);
    const hash = toHash(shown); // so that the address can be shared as a link
    const { pathname, search } = location;
    history.replaceState(history.state, "", hash ? `#${hash}` : `${pathname}${search}`);
  }

  return {
    above: stories.elements,
    below: [
      section("Settings", controls.element, stories.back),
      pair(section("The map of the codes", map.element), section("The map, decoded", map.decoded)),
      section("Draw into what was trained", drawing.element),
      pair(
        section("The first layer’s weights", tiles.element),
        section(
          "Take the weights along",
          el("p", {}, "The file holds the kernels and biases in Keras’s order."),
          makeFiles(session, voice, say),
        ),
      ),
    ],
    show() {
      stories.show();
      showSettings();
      drawing.show();
      const { look, known, settings } = session;
      if (!look) return;
      map.update(look.positions, known.labels, settings.code);
      tiles.update(look.tiles, widthsOf(settings)[1]);
    },
    theme() {
      map.theme();
      tiles.theme();
    },
  };
}
