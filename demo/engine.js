// Runs the course's networks: dense and convolutional layers, 2 x 2 pooling and upsampling, with
// Keras's meaning of "same" and "valid". Images are flat Float32Arrays, row by row, channels last.

/** Unpack models.bin: fixed-point numbers of 24 bits, stored as three planes of bytes. */
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

/** 3 x 3 convolution with stride 1, kernel of shape [3, 3, channels, filters]. */
export function conv2d({ data, height, width, channels }, kernel, bias, relu, padding) {
  const filters = bias.length;
  const margin = padding === "same" ? 1 : 0;
  const outHeight = height - 2 + 2 * margin;
  const outWidth = width - 2 + 2 * margin;
  const out = new Float32Array(outHeight * outWidth * filters);
  const sum = new Float64Array(filters); // faster than sums within `out`, by a quarter
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      sum.set(bias);
      for (let dy = 0; dy < 3; dy++) {
        const y = row + dy - margin;
        if (y < 0 || y >= height) continue;
        for (let dx = 0; dx < 3; dx++) {
          const x = column + dx - margin;
          if (x < 0 || x >= width) continue;
          const from = (y * width + x) * channels;
          for (let c = 0; c < channels; c++) {
            const value = data[from + c];
            if (value === 0) continue;
            const k = ((dy * 3 + dx) * channels + c) * filters;
            for (let f = 0; f < filters; f++) sum[f] += value * kernel[k + f];
          }
        }
      }
      const at = (row * outWidth + column) * filters;
      for (let f = 0; f < filters; f++) out[at + f] = relu && sum[f] < 0 ? 0 : sum[f];
    }
  }
  return { data: out, height: outHeight, width: outWidth, channels: filters };
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
  }

  /** Run the layers from `first` up to, not including, `last`. */
  run(data, first = 0, last = this.layers.length) {
    const [height, width, channels] = this.input;
    let x = { data, height, width, channels };
    for (const { type, kernel, bias, relu, padding } of this.layers.slice(first, last)) {
      if (type === "Dense") x = { data: dense(x.data, kernel, bias, relu) };
      else if (type === "Conv2D") x = conv2d(x, kernel, bias, relu, padding);
      else if (type === "MaxPooling2D") x = maxPool(x);
      else if (type === "UpSampling2D") x = upsample(x);
      else throw new Error(`The engine has no layer ${type}.`);
    }
    return x.data;
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

/** Load the networks and what belongs to them from the folder `data/` at `base`. */
export async function loadModels(base) {
  const [manifest, bytes] = await Promise.all([
    get(new URL("data/models.json", base)).then((response) => response.json()),
    get(new URL("data/models.bin", base)).then(gunzip),
  ]);
  const tensors = unpackTensors(bytes, manifest.tensors);
  const networks = {};
  for (const [name, description] of Object.entries(manifest.networks)) {
    networks[name] = new Network(description, tensors);
  }
  return { networks, codes: manifest.codes, digits: manifest.digits };
}

export async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} could not be loaded (${response.status}).`);
  return response;
}
