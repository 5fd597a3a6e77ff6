// Runs the course's networks: dense and convolutional layers, 2 x 2 pooling and upsampling, with
// Keras's meaning of "same" and "valid". Images are flat Float32Arrays, row by row, channels last.

/** Unpack a file of weights: fixed-point numbers of 24 bits, stored as three planes of bytes. */
export function unpackTensors(bytes, table) {
  const count = bytes.length / 3;
  let start = 0;
  return table.map(({ shape, bits }) => {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) {
      const at = start + i;
      const whole = bytes[at] | (bytes[count + at] << 8) | (bytes[2 * count + at] << 16);
      data[i] = ((whole << 8) >> 8) / 2 ** bits; // the shifts bring back the sign
    }
    start += data.length;
    return { shape, data };
  });
}

/** Undo the gzip compression of a response. */
export async function gunzip(response) {
  const stream = response.body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** y = x W + b, W of shape [inputs, outputs]. */
export function dense(x, kernel, bias, relu) {
  const outputs = bias.length;
  const y = Float32Array.from(bias);
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value === 0) continue; // most pixels are black, most units silent
    for (let o = 0, at = i * outputs; o < outputs; o++, at++) y[o] += value * kernel[at];
  }
  if (relu) for (let o = 0; o < outputs; o++) if (y[o] < 0) y[o] = 0;
  return y;
}

/**
 * Slide a window of size x size pixels over an image, and fill every step-th row and column of
 * `out`, from `row` and `column` on. The first window's corner is at (top, left); outside of the
 * image are zeros. The kernel has the shape [size, size, channels, filters].
 */
function slide({ data, height, width, channels }, kernel, size, bias, out, place) {
  const { top, left, row, column, step } = place;
  const filters = bias.length;
  // What a window holds: its values other than 0, about half of all after a ReLU, and where each
  // one's weights begin. Gathered once, then used for all filters.
  const values = new Float64Array(size * size * channels);
  const weights = new Int32Array(size * size * channels);
  for (let i = row, y0 = top; i < out.height; i += step, y0++) {
    for (let j = column, x0 = left; j < out.width; j += step, x0++) {
      let count = 0;
      for (let dy = 0; dy < size; dy++) {
        const y = y0 + dy;
        if (y < 0 || y >= height) continue;
        for (let dx = 0; dx < size; dx++) {
          const x = x0 + dx;
          if (x < 0 || x >= width) continue;
          const from = (y * width + x) * channels;
          const k = (dy * size + dx) * channels;
          for (let c = 0; c < channels; c++) {
            const value = data[from + c];
            if (value === 0) continue;
            values[count] = value;
            weights[count++] = (k + c) * filters;
          }
        }
      }
      const at = (i * out.width + j) * filters;
      let f = 0;
      // Four filters at a time: their sums stay in registers.
      for (; f + 3 < filters; f += 4) {
        let [s0, s1, s2, s3] = [bias[f], bias[f + 1], bias[f + 2], bias[f + 3]];
        for (let n = 0; n < count; n++) {
          const value = values[n];
          const k = weights[n] + f;
          s0 += value * kernel[k];
          s1 += value * kernel[k + 1];
          s2 += value * kernel[k + 2];
          s3 += value * kernel[k + 3];
        }
        out.data[at + f] = s0;
        out.data[at + f + 1] = s1;
        out.data[at + f + 2] = s2;
        out.data[at + f + 3] = s3;
      }
      for (; f < filters; f++) {
        let sum = bias[f];
        for (let n = 0; n < count; n++) sum += values[n] * kernel[weights[n] + f];
        out.data[at + f] = sum;
      }
    }
  }
}

function rectify(values) {
  for (let i = 0; i < values.length; i++) if (values[i] < 0) values[i] = 0;
}

/** 3 x 3 convolution with stride 1, kernel of shape [3, 3, channels, filters]. */
export function conv2d(x, kernel, bias, relu, padding) {
  const margin = padding === "same" ? 1 : 0;
  const out = blank(x.height - 2 + 2 * margin, x.width - 2 + 2 * margin, bias.length);
  const place = { top: -margin, left: -margin, row: 0, column: 0, step: 1 };
  slide(x, kernel, 3, bias, out, place);
  if (relu) rectify(out.data);
  return out;
}

/**
 * Upsampling and a 3 x 3 convolution with padding "same" in one, from 4/9 of the products.
 *
 * Of the nine pixels in a window over the upsampled image several are copies of one; their weights
 * are added up beforehand, by `mergedKernels`, for each of the four places in a 2 x 2 block.
 */
export function upsampledConv2d(x, kernels, bias, relu) {
  const out = blank(2 * x.height, 2 * x.width, bias.length);
  kernels.forEach((kernel, i) => {
    const [row, column] = [i >> 1, i & 1];
    slide(x, kernel, 2, bias, out, { top: row - 1, left: column - 1, row, column, step: 2 });
  });
  if (relu) rectify(out.data);
  return out;
}

/** The four kernels [2, 2, channels, filters] that upsampledConv2d makes of one [3, 3, ...]. */
export function mergedKernels(kernel) {
  const size = kernel.length / 9;
  return [0, 1, 2, 3].map((i) => {
    const [row, column] = [i >> 1, i & 1];
    const merged = new Float32Array(4 * size);
    for (let dy = 0; dy < 3; dy++) {
      for (let dx = 0; dx < 3; dx++) {
        const to = 2 * ((dy + 1 - row) >> 1) + ((dx + 1 - column) >> 1);
        const from = 3 * dy + dx;
        for (let k = 0; k < size; k++) merged[to * size + k] += kernel[from * size + k];
      }
    }
    return merged;
  });
}

function blank(height, width, channels) {
  return { data: new Float32Array(height * width * channels), height, width, channels };
}

/** The largest of each 2 x 2 block; "same": at an odd edge the block is cut off. */
export function maxPool({ data, height, width, channels }) {
  const outHeight = Math.ceil(height / 2);
  const outWidth = Math.ceil(width / 2);
  const out = new Float32Array(outHeight * outWidth * channels).fill(-Infinity);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * channels;
      const to = ((y >> 1) * outWidth + (x >> 1)) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = Math.max(out[to + c], data[from + c]);
    }
  }
  return { data: out, height: outHeight, width: outWidth, channels };
}

/** Each pixel becomes a block of 2 x 2. */
export function upsample({ data, height, width, channels }) {
  const out = new Float32Array(4 * data.length);
  for (let y = 0; y < 2 * height; y++) {
    for (let x = 0; x < 2 * width; x++) {
      const from = ((y >> 1) * width + (x >> 1)) * channels;
      const to = (y * 2 * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c];
    }
  }
  return { data: out, height: 2 * height, width: 2 * width, channels };
}

function transposed({ shape: [rows, columns], data }) {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  }
  return out;
}

/** What a layer makes of its input. */
function apply(x, { type, kernel, bias, relu, padding }) {
  if (type === "Dense") return { data: dense(x.data, kernel, bias, relu) };
  if (type === "Conv2D") return conv2d(x, kernel, bias, relu, padding);
  if (type === "UpsampledConv2D") return upsampledConv2d(x, kernel, bias, relu);
  if (type === "MaxPooling2D") return maxPool(x);
  if (type === "UpSampling2D") return upsample(x);
  throw new Error(`The engine has no layer ${type}.`);
}

/** A network that can be run whole, up to its code, or from its code on. */
export class Network {
  constructor({ input, code, parameters, layers }, tensors) {
    this.input = input;
    this.code = code;
    this.parameters = parameters;
    this.layers = layers.map((layer) => ({
      ...layer,
      kernel: layer.transposed ? transposed(tensors[layer.kernel]) : tensors[layer.kernel]?.data,
      bias: tensors[layer.bias]?.data,
    }));
    this.steps = [...this.layers];
    for (let i = this.layers.length - 1; i > code; i--) {
      const [before, { type, padding, kernel, ...rest }] = this.layers.slice(i - 1, i + 1);
      if (before.type !== "UpSampling2D" || type !== "Conv2D" || padding !== "same") continue;
      const merged = { ...rest, type: "UpsampledConv2D", kernel: mergedKernels(kernel) };
      this.layers.splice(i - 1, 2, merged);
    }
  }

  #shaped(data) {
    const [height, width, channels] = this.input;
    return { data, height, width, channels };
  }

  /** Run the layers from `first` up to, not including, `last`. */
  run(data, first = 0, last = this.layers.length) {
    return this.layers.slice(first, last).reduce(apply, this.#shaped(data)).data;
  }

  /** The image and what each layer makes of it: [{ data, height, width, channels }, ...]. */
  states(image) {
    const states = [this.#shaped(image)];
    for (const layer of this.steps) states.push(apply(states.at(-1), layer));
    return states;
  }

  predict(image) {
    return this.run(image);
  }

  encode(image) {
    return this.run(image, 0, this.code);
  }

  /** Only for dense networks: the shape of an image-like code is not kept. */
  decode(code) {
    return this.run(code, this.code);
  }
}

/** Mean squared error over all pixels: Keras's mean_squared_error. */
export function meanSquaredError(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum / a.length;
}

/** A function that loads once, however often it is called; after a failure it tries again. */
export function once(load) {
  let loading = null;
  return (...values) => {
    loading ??= load(...values).catch((error) => {
      loading = null;
      throw error;
    });
    return loading;
  };
}

/** What models.json says of the networks, their codes and the principal directions. */
export const loadManifest = once(async (base) =>
  (await get(new URL("data/models.json", base))).json(),
);

/** Load networks of models.json by their names. */
export const loadModels = async (base, names) => loadNetworks(base, await loadManifest(base), names);

/** Load networks that a manifest describes, by their names; no more files than they need. */
export async function loadNetworks(base, manifest, names) {
  const described = names.map((name) => manifest.networks[name]);
  const numbers = described.flatMap(({ layers }) => layers.flatMap((l) => [l.kernel, l.bias]));
  const used = numbers.filter((i) => i !== undefined).map((i) => manifest.tensors[i].file);
  const tensors = [];
  const loadFile = async (file) => {
    const places = [...manifest.tensors.keys()].filter((i) => manifest.tensors[i].file === file);
    const bytes = await get(new URL(`data/${file}.bin`, base)).then(gunzip);
    const unpacked = unpackTensors(bytes, places.map((i) => manifest.tensors[i]));
    places.forEach((place, i) => (tensors[place] = unpacked[i]));
  };
  await Promise.all([...new Set(used)].map(loadFile));
  const networks = names.map((name, i) => [name, new Network(described[i], tensors)]);
  return { ...manifest, networks: Object.fromEntries(networks) };
}

export async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} could not be loaded (${response.status}).`);
  return response;
}
