// What can be set and within which limits, the settings that tell a story, and the link that keeps
// them: everything that differs from the lecture's network stands behind the # of the address.

const INPUTS = 784;
/** The largest code. One more on the slider is no bottleneck: as many numbers as pixels. */
export const LARGEST_CODE = 64;

/** The lecture's network. */
export const DEFAULTS = Object.freeze({
  code: 20, hidden: 100, activation: "relu", codeActivation: "relu", output: "relu", loss: "mse",
  noise: 0, optimiser: "rmsprop-lecture", rate: 0.001, batch: 128, epochs: 50, seed: 0,
});

const named = (...values) => Object.fromEntries(values.map((value) => [value, `${value}`]));

/** The values of each setting that is a choice, and what they are called. */
export const CHOICES = {
  activation: { linear: "linear", relu: "ReLU", tanh: "tanh" },
  codeActivation: { linear: "linear", relu: "ReLU", tanh: "tanh" },
  output: { linear: "linear", relu: "ReLU", sigmoid: "sigmoid" },
  loss: { mse: "mean squared error", "cross-entropy": "cross-entropy" },
  optimiser: {
    "rmsprop-lecture": "RMSprop, the lecture’s", "rmsprop-today": "RMSprop, today’s", adam: "Adam",
  },
  rate: named("0.0001", "0.0003", "0.001", "0.003", "0.01", "0.03", "0.1"),
  batch: named("16", "32", "64", "128", "256", "512"),
};

/** Lowest value, highest value and step of each setting that is a number. */
export const RANGES = {
  code: [1, LARGEST_CODE, 1], hidden: [0, 512, 4], noise: [0, 1, 0.05], epochs: [1, 200, 1],
  seed: [0, 9999, 1],
};

/** Settings whose change makes another network: it learns from the beginning. */
export const BUILDS = ["code", "hidden", "activation", "codeActivation", "output", "loss", "seed"];

/** The stories. `settings` are the differences from the lecture's network. */
export const PRESETS = {
  lecture: {
    title: "The lecture’s network",
    story:
      "784-100-20-100-784 with ReLU everywhere, as in the lecture, on the digits that a web page " +
      "can carry. Watch it pass PCA’s line: twenty numbers can be put to better use than PCA puts them.",
    settings: {},
  },
  pca: {
    title: "Becomes PCA",
    story:
      "Without activations and hidden layers, the best that the network can learn is PCA. Its error " +
      "sinks to PCA’s line and no further, and the space that the decoder spans turns into the one " +
      "that the components span: the angle between the two goes towards 0°.",
    settings: {
      hidden: 0, codeActivation: "linear", output: "linear", optimiser: "adam", epochs: 40,
    },
  },
  two: {
    title: "Two numbers",
    story:
      "A code of two numbers is a place on a map. Watch the map fill: digits of one class move " +
      "together, and nobody has told the network what the classes are.",
    settings: {
      code: 2, hidden: 128, codeActivation: "linear", output: "sigmoid", optimiser: "adam",
      epochs: 40,
    },
  },
  dies: {
    title: "Dies",
    story:
      "The lecture’s widths with tanh, a ReLU at the end, and thirty times the learning rate. The first " +
      "steps push the sums of all output pixels below zero, the ReLU turns them into black, and black " +
      "sends back no gradient.",
    settings: { activation: "tanh", codeActivation: "tanh", rate: 0.03, epochs: 5 },
  },
  denoise: {
    title: "Denoise",
    story:
      "The network gets a noisy image and is asked for the clean one. Copying no longer helps; to " +
      "know what digits look like does.",
    settings: {
      code: 64, hidden: 256, noise: 0.5, output: "sigmoid", optimiser: "adam", epochs: 20,
    },
  },
  free: {
    title: "No bottleneck",
    story:
      "As many numbers in the code as there are pixels: the network may simply copy, and nothing " +
      "needs to be learned about digits. Draw something that is no digit, and it comes back all the same.",
    settings: {
      code: INPUTS, hidden: 0, codeActivation: "linear", output: "linear", optimiser: "adam",
      epochs: 5,
    },
  },
};

/** All settings of a preset. */
export const presetSettings = (name) => ({ ...DEFAULTS, ...PRESETS[name].settings });

/** The name of the preset that these settings are, if they are one's. */
export function presetOf(settings) {
  const same = (other) => Object.keys(DEFAULTS).every((key) => settings[key] === other[key]);
  return Object.keys(PRESETS).find((name) => same(presetSettings(name)));
}

/** A value of one setting, from text; undefined if it is not one. */
function parse(key, text) {
  if (key in CHOICES) {
    const value = typeof DEFAULTS[key] === "number" ? Number(text) : text;
    return Object.hasOwn(CHOICES[key], String(value)) ? value : undefined;
  }
  const value = text === "" ? NaN : Number(text);
  const [low, high, step] = RANGES[key];
  if (key === "code" && value === INPUTS) return value;
  const steps = (value - low) / step;
  const allowed = value >= low && value <= high && Math.abs(steps - Math.round(steps)) < 1e-9;
  return allowed ? value : undefined;
}

/** What an error says a setting may be. */
export function allowed(key) {
  if (key in CHOICES) return `one of ${Object.keys(CHOICES[key]).join(", ")}`;
  const [low, high, step] = RANGES[key];
  return `${low} to ${high}${step === 1 ? "" : ` in steps of ${step}`}`;
}

/**
 * The settings that text after a # stands for, and what was wrong with it.
 *
 * What is missing or wrong is the lecture's: a mistyped link must not end in an empty page.
 */
export function fromHash(hash) {
  const settings = { ...DEFAULTS };
  const problems = [];
  for (const [key, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    const value = key in DEFAULTS ? parse(key, text) : undefined;
    if (value !== undefined) settings[key] = value;
    else if (key in DEFAULTS) problems.push(`${key}=${text} is not possible: it can be ${allowed(key)}.`);
    else problems.push(`There is no setting “${key}”.`);
  }
  return { settings: consistent(settings), problems };
}

/** The text for the address: what differs from the lecture's network. */
export function toHash(settings) {
  const changed = Object.keys(DEFAULTS).filter((key) => settings[key] !== DEFAULTS[key]);
  return new URLSearchParams(changed.map((key) => [key, settings[key]])).toString();
}

/** Cross-entropy is defined for outputs between 0 and 1: it brings the sigmoid with it. */
export function consistent(settings) {
  return settings.loss === "cross-entropy" ? { ...settings, output: "sigmoid" } : settings;
}

/** The widths of a network's layers, the input's first. */
export function widthsOf({ code, hidden }) {
  return hidden ? [INPUTS, hidden, code, hidden, INPUTS] : [INPUTS, code, INPUTS];
}

export function activationsOf({ hidden, activation, codeActivation, output }) {
  return hidden ? [activation, codeActivation, activation, output] : [codeActivation, output];
}

/** Is the network linear, so that PCA is the best that it can be? */
export const isLinear = (settings) =>
  settings.loss === "mse" && activationsOf(settings).every((name) => name === "linear");

/** The settings with the widths of a weights file; throws if no network of this page has them. */
export function withWidths(settings, widths) {
  const text = widths.join("-");
  const [code, hidden] = widths.length === 5 ? [widths[2], widths[1]] : [widths[1], 0];
  const found = { ...settings, code, hidden };
  const fits =
    parse("code", `${code}`) !== undefined &&
    hidden >= 0 && hidden <= RANGES.hidden[1] &&
    widthsOf(found).join("-") === text;
  if (!fits) {
    throw new Error(
      `The file's layers have the widths ${text}. This page takes 784-code-784 or ` +
        `784-hidden-code-hidden-784, with a code of 1 to ${LARGEST_CODE} and a hidden width of up ` +
        `to ${RANGES.hidden[1]}.`,
    );
  }
  return found;
}
