// Matrix products for float32 numbers, written straight into WebAssembly with SIMD: four numbers at
// a time, some ten times as fast as a loop in JavaScript. `assemble` below writes the machine code
// of the one function that does it; `multiplyPlainly` says the same in JavaScript, for browsers
// without SIMD and for the tests.

/**
 * C = start + A B, for row-major B [k, m] and C [n, m]; `start` is a row that C's rows begin with.
 *
 * A's element (i, p) is at a[i * rowStride + p * columnStride], so that a transposed matrix needs
 * no copy. Only A's values other than 0 cost time: most pixels are black, many units silent.
 */
export function multiplyPlainly(a, rowStride, columnStride, b, c, start, n, k, m) {
  for (let i = 0; i < n; i++) {
    const row = c.subarray(i * m, (i + 1) * m);
    row.set(start.subarray(0, m));
    for (let p = 0; p < k; p++) {
      const value = a[i * rowStride + p * columnStride];
      if (value === 0) continue;
      for (let j = 0, at = p * m; j < m; j++, at++) row[j] += value * b[at];
    }
  }
}

// ------------------------------------------------------------- WebAssembly, as nested functions

const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];

/** A whole number in as few bytes as WebAssembly writes it (LEB128). */
function leb(value) {
  const bytes = [];
  for (;;) {
    const byte = value & 0x7f;
    value >>= 7;
    if ((value === 0 && !(byte & 0x40)) || (value === -1 && byte & 0x40)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}
const unsigned = (value) => (value < 128 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]);

const num = (value) => [0x41, ...leb(value)];
const get = (local) => [0x20, ...unsigned(local)];
const set = (local, value) => [...value, 0x21, ...unsigned(local)];
const binary = (...code) => (x, y) => [...x, ...y, ...code];
const add = binary(0x6a);
const mul = binary(0x6c);
const shl = binary(0x74);
const memory = (...code) => (address, offset = 0) => [...address, ...code, 2, ...unsigned(offset)];
const write = (...code) => (address, value, offset = 0) => [
  ...address, ...value, ...code, 2, ...unsigned(offset),
];
const loadI32 = memory(0x28);
const storeI32 = write(0x36);
const NOT_ZERO = 0x5c; // f32.ne

// What differs between one number and four at a time.
const SCALAR = {
  width: 1, type: F32, load: memory(0x2a), splat: memory(0x2a), store: write(0x38),
  add: binary(0x92), mul: binary(0x94),
};
const VECTOR = {
  width: 4, type: V128, load: memory(0xfd, 0), splat: memory(0xfd, 9), store: write(0xfd, 11),
  add: binary(0xfd, 0xe4, 1), mul: binary(0xfd, 0xe6, 1),
};

/** while (below < limit) body: both are expressions, compared as addresses. */
const loopWhile = (below, limit, body) => [
  0x02, 0x40, 0x03, 0x40, // block, loop
  ...below, ...limit, 0x4f, 0x0d, 1, // leave if below >= limit
  ...body, 0x0c, 0, 0x0b, 0x0b,
];

/** The bytes of a module with the function `multiply`; all its arguments are bytes and addresses. */
export function assemble() {
  let locals = 0;
  const types = [];
  const local = (type) => {
    types.push(type);
    return locals++;
  };
  const [a, rowStride, columnStride, b, c, start, n, k, m, list, ends] = Array.from(
    { length: 11 }, () => local(I32),
  );
  const parameters = types.splice(0);
  const [i, p, from, at, end, to, row] = Array.from({ length: 7 }, () => local(I32));
  const lanes = (kind, count) => Array.from({ length: count }, () => local(kind.type));
  // Eight sums of four numbers: as many as the processor keeps in its registers.
  const wide = lanes(VECTOR, 8);
  const narrow = lanes(SCALAR, 1);
  const value = { [V128]: local(V128), [F32]: local(F32) };

  // 1. List the values of A other than 0, each with where its row of B begins. The list grows only
  // where a value is not 0; a branch would be mispredicted half of the time.
  const gather = [
    ...set(at, get(list)),
    ...set(i, num(0)),
    ...loopWhile(get(i), get(n), [
      ...set(from, add(get(a), mul(get(i), get(rowStride)))),
      ...set(p, num(0)),
      ...loopWhile(get(p), get(k), [
        ...SCALAR.store(get(at), SCALAR.load(get(from))),
        ...storeI32(get(at), mul(get(p), get(m)), 4),
        ...set(at, add(get(at), shl(
          [...SCALAR.load(get(from)), 0x43, 0, 0, 0, 0, NOT_ZERO], num(3), // 8 bytes, or none
        ))),
        ...set(from, add(get(from), get(columnStride))),
        ...set(p, add(get(p), num(1))),
      ]),
      ...storeI32(add(get(ends), shl(get(i), num(2))), get(at)),
      ...set(i, add(get(i), num(1))),
    ]),
  ];

  // 2. For a block of columns, which stays in the fastest cache: all rows of C. `p` is the block's
  // place in bytes, m a row's length in bytes.
  const columns = (kind, sums) => {
    const bytes = 4 * kind.width * sums.length;
    const each = (work) => sums.flatMap((sum, s) => work(sum, 4 * kind.width * s));
    return loopWhile(add(get(p), num(bytes - 1)), get(m), [
      ...set(at, get(list)),
      ...set(i, num(0)),
      ...set(to, add(get(c), get(p))),
      ...loopWhile(get(i), get(n), [
        ...each((sum, offset) => set(sum, kind.load(add(get(start), get(p)), offset))),
        ...set(end, loadI32(add(get(ends), shl(get(i), num(2))))),
        ...loopWhile(get(at), get(end), [
          ...set(value[kind.type], kind.splat(get(at))),
          ...set(row, add(add(get(b), get(p)), loadI32(get(at), 4))),
          ...each((sum, offset) => set(
            sum, kind.add(get(sum), kind.mul(get(value[kind.type]), kind.load(get(row), offset))),
          )),
          ...set(at, add(get(at), num(8))),
        ]),
        ...each((sum, offset) => kind.store(get(to), get(sum), offset)),
        ...set(to, add(get(to), get(m))),
        ...set(i, add(get(i), num(1))),
      ]),
      ...set(p, add(get(p), num(bytes))),
    ]);
  };
  const body = [
    ...set(m, shl(get(m), num(2))),
    ...gather,
    ...set(p, num(0)),
    ...columns(VECTOR, wide),
    ...columns(VECTOR, wide.slice(0, 4)),
    ...columns(VECTOR, wide.slice(0, 1)),
    ...columns(SCALAR, narrow),
    0x0b,
  ];

  const vector = (items) => [...unsigned(items.length), ...items.flat()];
  const section = (id, items) => {
    const content = vector(items);
    return [id, ...unsigned(content.length), ...content];
  };
  const name = (text) => vector([...text].map((letter) => [letter.charCodeAt(0)]));
  const code = [...vector(types.map((type) => [1, type])), ...body];
  return Uint8Array.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, [[0x60, ...vector(parameters.map((type) => [type])), 0]]),
    ...section(2, [[...name("page"), ...name("memory"), 2, 0, 1]]),
    ...section(3, [[0]]),
    ...section(7, [[...name("multiply"), 0, 0]]),
    ...section(10, [[...unsigned(code.length), ...code]]),
  ]);
}

const CODE = assemble();
/** Does this browser run the fast product? Those since 2023 do. */
export const FAST = typeof WebAssembly === "object" && WebAssembly.validate(CODE);

/**
 * Float32Arrays in one memory, { name: length }, and the product that works on them.
 *
 * `largest` is the largest number of elements that an A has, `rows` that of its rows.
 */
export function allocate(lengths, largest, rows, fast = FAST) {
  const sizes = Object.values(lengths).map((length) => 4 * Math.ceil(length / 4)); // 16-byte places
  const numbers = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = 4 * numbers + (fast ? 8 * (largest + 1) + 4 * rows : 0);
  const pages = Math.ceil(bytes / 65536);
  const memory = fast ? new WebAssembly.Memory({ initial: pages }) : null;
  const buffer = fast ? memory.buffer : new ArrayBuffer(bytes);
  const arrays = {};
  let at = 0;
  Object.entries(lengths).forEach(([name, length], i) => {
    arrays[name] = new Float32Array(buffer, 4 * at, length);
    at += sizes[i];
  });
  if (!fast) return { arrays, multiply: multiplyPlainly };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(CODE), { page: { memory } });
  const ends = 4 * numbers;
  const list = ends + 4 * Math.ceil(rows / 2) * 2;
  const multiply = (a, rowStride, columnStride, b, c, start, n, k, m) =>
    exports.multiply(
      a.byteOffset, 4 * rowStride, 4 * columnStride, b.byteOffset, c.byteOffset, start.byteOffset,
      n, k, m, list, ends,
    );
  return { arrays, multiply };
}
