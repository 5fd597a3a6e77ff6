// Chapter 3: recorded runs of t-SNE, by perplexity and by the number of steps.

import { announcer, el, labelledSlider } from "../dom.js";
import { get, once } from "../engine.js";
import { follow, mapView } from "../explorer/view.js";
import { Scatter, medians } from "../scatter.js";

const START = { perplexity: 30, steps: 600 };

export async function mount(root, base) {
  const data = async (name) => (await get(new URL(`data/${name}`, base))).arrayBuffer();
  const [runs, bytes] = await Promise.all([
    get(new URL("data/tsne/runs.json", base)).then((response) => response.json()),
    data("labels.bin"),
  ]);
  const labels = new Uint8Array(bytes, 0, runs.count);
  const loaders = {}; // one for each run that was asked for
  function runOf(perplexity, steps) {
    const name = `tsne/${perplexity}_${steps}.bin`;
    loaders[name] ??= once(async () => {
      const positions = Float32Array.from(new Uint8Array(await data(name)), (value) => value / 255);
      return { positions, names: medians(positions, labels) };
    });
    return loaders[name]();
  }

  const announcements = announcer();
  const canvas = el("canvas", { className: "demo-map" });
  canvas.setAttribute("role", "img");
  const scatter = new Scatter(canvas, labels);
  const chosen = { ...START };
  const view = mapView(canvas, scatter, labels, await runOf(chosen.perplexity, chosen.steps));
  const about = el("p", { className: "demo-small" });

  function describe() {
    const { perplexity, steps } = chosen;
    const at = [runs.perplexities.indexOf(perplexity), runs.steps.indexOf(steps)];
    const kept = (table) => Math.round(100 * table[at[0]][at[1]]);
    const settings = `perplexity ${perplexity}, ${steps.toLocaleString("en")} steps`;
    canvas.setAttribute("aria-label", `Map of ${labels.length.toLocaleString("en")} digits, ${settings}`);
    about.textContent =
      `Of each point's ten nearest neighbours among the codes, ${kept(runs.kept_10)} % are among ` +
      `its ten nearest on the map; of its hundred nearest, ${kept(runs.kept_100)} %.`;
    announcements.say(`${settings}. ${about.textContent}`);
  }
  async function go() {
    const { perplexity, steps } = chosen;
    try {
      const run = await runOf(perplexity, steps);
      if (perplexity !== chosen.perplexity || steps !== chosen.steps) return; // moved on
      describe();
      view.glideTo(run);
    } catch (error) {
      about.textContent = `This run could not be loaded: ${error.message}`;
    }
  }
  function slider(label, name, values) {
    const range = { min: "0", max: `${values.length - 1}`, step: "1", value: `${values.indexOf(START[name])}` };
    const made = labelledSlider(label, range, (i) => {
      if (chosen[name] !== values[i]) {
        chosen[name] = values[i];
        go();
      }
      return values[i].toLocaleString("en");
    });
    made.update();
    return el("div", { className: "demo-control" }, made.element);
  }

  const frame = el("div", { className: "demo-frame demo-run" }, canvas);
  root.replaceChildren(
    slider("Perplexity", "perplexity", runs.perplexities),
    slider("Steps", "steps", runs.steps),
    about,
    frame,
    announcements.region,
  );
  describe();
  follow(frame, scatter, view.draw);
}
