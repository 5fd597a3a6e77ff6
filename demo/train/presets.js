// What can be set, in which limits, and the settings that tell a story.

const INPUTS = 784;
export const LARGEST_CODE = 64;
const LARGEST_HIDDEN = 512;
export const LARGEST_SEED = 9999;

/** The lecture's network. */
export const DEFAULTS = Object.freeze({
  code: 20, hidden: 100, activation: "relu", codeActivation: "relu", output: "relu", loss: "mse",
  noise: 0, optimiser: "rmsprop-lecture", rate: 0.001, seed: 0, batch: 128, epochs: 50,
});

/** The values of each setting that is a choice, and what they are called. */
export const CHOICES = {
  activation: { linear: "linear", relu: "ReLU", tanh: "tanh" },
  codeActivation: { linear: "linear", relu: "ReLU", tanh: "tanh" },
  output: { linear: "linear", relu: "ReLU", sigmoid: "sigmoid" },
  loss: { mse: "mean squared error", "cross-entropy": "cross-entropy" },
  optimiser: {
    "rmsprop-lecture": "RMSprop, the lecture’s", "rmsprop-today": "RMSprop, today’s", adam: "Adam",
  },
  rate: { 0.0001: "0.0001", 0.0003: "0.0003", 0.001: "0.001", 0.003: "0.003", 0.01: "0.01", 0.03: "0.03", 0.1: "0.1" },
  batch: { 16: "16", 32: "32", 64: "64", 128: "128", 256: "256", 512: "512" },
};
