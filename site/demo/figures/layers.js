// Chapter 4: the convolutional network, layer by layer, as it sees a test digit.

import { announcer, button, el, newId, picture, show } from "../dom.js";
import { loadModels } from "../engine.js";
import { digitButtons, loadSamples } from "../samples.js";

/** What a layer does, in a sentence. */
function sentence(layer, { channels }) {
  if (!layer) return "The input: an image of one channel.";
  const filters = channels === 1 ? "One filter" : `${channels} filters`;
  if (layer.type === "MaxPooling2D") {
    return "Max pooling: of each block of 2 × 2 the largest value stays.";
  }
  if (layer.type === "UpSampling2D") return "Upsampling: each value is written four times.";
  if (layer.padding === "valid") {
    return `Convolution without padding: ${filters} of 3 × 3 fit in; the rim is trimmed.`;
  }
  return `Convolution: ${filters} of 3 × 3, and ReLU.`;
}

const size = ({ height, width, channels }) => `${height} × ${width} × ${channels}`;

/** One channel of a layer's output, as grey values of `largest`. */
function channelOf({ data, channels }, channel, largest) {
  const scale = largest || 1;
  return Float32Array.from({ length: data.length / channels }, (_, i) => data[i * channels + channel] / scale);
}

export async function mount(root, base) {
  const [{ networks: { conv } }, { digits }] = await Promise.all([
    loadModels(base, ["conv"]), loadSamples(base),
  ]);
  const announcements = announcer();
  const shapes = conv.states(digits[0]);
  let states = null;
  let at = 1;

  const name = newId();
  const chain = el("fieldset", { className: "demo-chain" }, el("legend", { className: "demo-hidden" }, "Layer"));
  const radios = shapes.map((shape, i) => {
    const radio = el("input", { type: "radio", name, id: newId(), checked: i === at });
    radio.addEventListener("change", () => goTo(i));
    const square = el("span", { className: "demo-square", ariaHidden: "true" });
    square.style.setProperty("--side", `${shape.width}px`);
    const [sides, depth] = [`${shape.height}×${shape.width}`, `×${shape.channels}`];
    const label = el("label", { htmlFor: radio.id }, square, el("span", {}, sides), depth);
    chain.append(el("span", {}, radio, label));
    return radio;
  });
  const maps = el("div", { className: "demo-maps" });
  const title = el("strong", {});
  const note = el("span", { className: "demo-hint" });

  function draw() {
    const state = states[at];
    const { height, width, channels } = state;
    const largest = Math.max(...state.data);
    const peaks = [];
    const canvases = Array.from({ length: channels }, (_, channel) => {
      const image = channelOf(state, channel, largest);
      peaks.push(Math.max(...image));
      const black = peaks[channel] ? "" : ", black";
      const canvas = picture(`Channel ${channel + 1} of ${channels}${black}`);
      Object.assign(canvas, { height, width });
      show(canvas, image, 0, width);
      return canvas;
    });
    maps.replaceChildren(...canvases);
    maps.dataset.channels = channels;
    title.textContent = `${size(state)}. ${sentence(conv.steps[at - 1], state)}`;
    const code = at === conv.code ? `This is the code, ${state.data.length} numbers. ` : "";
    const silent = peaks.filter((peak) => !peak).length;
    note.textContent =
      `${code}White is the layer's largest value, ${largest.toFixed(2)}` +
      `${silent ? `; ${silent} of ${channels} channels are black for this digit` : ""}.`;
  }

  function goTo(i) {
    at = i;
    radios[at].checked = true;
    draw();
    announcements.say(`${title.textContent} ${note.textContent}`, 300);
  }
  const step = (by) => () => goTo((at + by + radios.length) % radios.length);
  function take(digit) {
    states = conv.states(digits[digit]);
    draw();
  }

  root.replaceChildren(
    digitButtons(digits, take).element,
    chain,
    el("div", { className: "demo-buttons" }, button("Layer before", step(-1)), button("Next layer", step(1))),
    el("p", { className: "demo-layer" }, title, el("br"), note),
    maps,
    announcements.region,
  );
  take(4);
}
