// NumPy's .npz files, written and read: a zip archive of .npy files, one for each array. The
// settings travel as the archive's comment, which NumPy does not look at.

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const MAGIC = "\x93NUMPY";

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const encoder = new TextEncoder();
const ascii = (bytes) => String.fromCharCode(...bytes);

function joined(parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whole numbers of 2 or 4 bytes, the lowest byte first: [[4, signature], [2, version], ...]. */
function fields(list) {
  return Uint8Array.from(list.flatMap(([size, value]) =>
    Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255)));
}

/** The bytes of an .npy file with a float32 array. */
function npy({ shape, data }) {
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  const length = Math.ceil((10 + header.length + 1) / 64) * 64 - 10;
  const numbers = new DataView(new ArrayBuffer(4 * data.length));
  data.forEach((value, i) => numbers.setFloat32(4 * i, value, true));
  return joined([
    Uint8Array.from(MAGIC, (letter) => letter.charCodeAt(0)),
    fields([[2, 1], [2, length]]),
    encoder.encode(`${header.padEnd(length - 1)}\n`),
    new Uint8Array(numbers.buffer),
  ]);
}

/** An .npz archive of float32 arrays, { name: { shape, data } }, in this order. */
export function writeNpz(arrays, comment = "") {
  const files = [];
  const entries = [];
  let at = 0;
  for (const [name, array] of Object.entries(arrays)) {
    const content = npy(array);
    const path = encoder.encode(`${name}.npy`);
    // Version 2.0, no flags, stored, 1 January 1980, checksum, sizes, length of the name, no extras.
    const shared = [
      [2, 20], [2, 0], [2, 0], [2, 0], [2, 0x21], [4, crc32(content)], [4, content.length],
      [4, content.length], [2, path.length], [2, 0],
    ];
    entries.push(
      fields([[4, CENTRAL], [2, 20], ...shared, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), path,
    );
    const local = joined([fields([[4, LOCAL], ...shared]), path, content]);
    files.push(local);
    at += local.length;
  }
  const count = files.length;
  const directory = joined(entries);
  const note = encoder.encode(comment);
  const end = fields([
    [4, END], [2, 0], [2, 0], [2, count], [2, count], [4, directory.length], [4, at],
    [2, note.length],
  ]);
  return joined([...files, directory, end, note]);
}

function parseNpy(bytes, name) {
  if (ascii(bytes.subarray(0, 6)) !== MAGIC) throw new Error(`${name} is not an .npy array.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [length, from] = bytes[6] === 1 ? [view.getUint16(8, true), 10] : [view.getUint32(8, true), 12];
  const header = ascii(bytes.subarray(from, from + length));
  const type = header.match(/'descr':\s*'([^']+)'/)?.[1];
  const size = { "<f4": 4, "<f8": 8 }[type];
  if (!size) throw new Error(`${name} has the type ${type}; this page reads float32 and float64.`);
  const shape = header.match(/'shape':\s*\(([^)]*)\)/)[1].split(",").filter((s) => s.trim()).map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  if (bytes.length !== from + length + size * count) throw new Error(`${name} is cut off.`);
  const number = (i) => (size === 4 ? view.getFloat32(from + length + 4 * i, true) : view.getFloat64(from + length + 8 * i, true));
  const turned = /'fortran_order':\s*True/.test(header) && shape.length === 2;
  const [rows, columns] = shape;
  const data = Float32Array.from({ length: count }, (_, i) =>
    number(turned ? (i % columns) * rows + Math.floor(i / columns) : i));
  return { shape, data };
}

/** The arrays of an .npz archive, in its order, and its comment: { arrays, comment }. */
export async function readNpz(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== END) end--;
  if (end < 0) throw new Error("This file is not an .npz archive, or it is cut off.");
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const arrays = {};
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) {
      throw new Error("The archive is damaged: its directory cannot be read.");
    }
    const method = view.getUint16(at + 10, true);
    const [crc, packed] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)];
    const [nameLength, extra, note] = [28, 30, 32].map((o) => view.getUint16(at + o, true));
    const local = view.getUint32(at + 42, true);
    const name = ascii(bytes.subarray(at + 46, at + 46 + nameLength)).replace(/\.npy$/, "");
    const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    let content = bytes.slice(from, from + packed);
    if (method === 8) content = await inflate(content);
    else if (method) throw new Error(`${name} is compressed in a way that this page cannot read.`);
    if (crc32(content) !== crc) throw new Error(`${name} is damaged: its checksum is wrong.`);
    arrays[name] = parseNpy(content, name);
    at += 46 + nameLength + extra + note;
  }
  return { arrays, comment: new TextDecoder().decode(bytes.subarray(end + 22)) };
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Weights as an archive whose arrays come in the order of Keras's `get_weights`. */
export function packWeights(weights, settings) {
  const named = weights.map((array, i) => [`${i % 2 ? "bias" : "kernel"}${(i >> 1) + 1}`, array]);
  return writeNpz(Object.fromEntries(named), JSON.stringify({ settings }));
}

/** The weights of an archive, the widths of their layers, and the settings if it holds some. */
export async function unpackWeights(buffer) {
  const { arrays, comment } = await readNpz(buffer);
  const weights = Object.values(arrays);
  const shapes = weights.map(({ shape }) => `(${shape.join(", ")})`).join(" ");
  const kernels = weights.filter((_, i) => i % 2 === 0);
  const chained = kernels.every(({ shape }, i) =>
    shape.length === 2 && (!i || shape[0] === kernels[i - 1].shape[1]) &&
    weights[2 * i + 1]?.shape.join() === `${shape[1]}`);
  if (!kernels.length || !chained) {
    throw new Error(`These arrays are not the kernels and biases of dense layers: ${shapes || "none"}.`);
  }
  if (!weights.every(({ data }) => data.every(Number.isFinite))) {
    throw new Error("The file holds weights that are not finite numbers.");
  }
  const widths = [kernels[0].shape[0], ...kernels.map(({ shape }) => shape[1])];
  let settings = null;
  try {
    ({ settings } = JSON.parse(comment));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // a file of NumPy's has no comment
  }
  return { weights, widths, settings };
}
