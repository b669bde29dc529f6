// Makes the small modules that the harness needs beside the one under test: v128 cannot cross
// between JavaScript and WebAssembly, and a hash of a whole memory is too slow in BigInt.

const typeCodes = {
  i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, funcref: 0x70, externref: 0x6f,
};
const end = 0x0b, call = 0x10, localGet = 0x20, localSet = 0x21, simd = 0xfd;
const splat64 = [simd, 0x12], replace64 = [simd, 0x1e, 1], extract64 = [simd, 0x1d];

function unsigned(value) {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

function vector(items) {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name) {
  return vector([...new TextEncoder().encode(name)]);
}

function section(id, items) {
  const body = vector(items);
  return [id, ...unsigned(body.length), ...body];
}

function functionType({ parameters, results }) {
  const codes = (types) => vector(types.map((type) => typeCodes[type]));
  return [0x60, ...codes(parameters), ...codes(results)];
}

function body(locals, instructions) {
  const declared = vector(locals.map((type) => [1, typeCodes[type]]));
  const bytes = [...declared, ...instructions, end];
  return [...unsigned(bytes.length), ...bytes];
}

function moduleOf(sections) {
  return new WebAssembly.Module(
    new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]),
  );
}

const split = (types) => types.flatMap((type) => (type === 'v128' ? ['i64', 'i64'] : [type]));

// A module that imports `"" "f"` of the given type and exports "f" with each v128 as two i64,
// the lower half first.
export function splittingModule(signature) {
  const outer = { parameters: split(signature.parameters), results: split(signature.results) };
  const instructions = [];
  let local = 0;
  for (const type of signature.parameters) {
    instructions.push(localGet, ...unsigned(local++));
    if (type !== 'v128') continue;
    instructions.push(...splat64, localGet, ...unsigned(local++), ...replace64);
  }
  instructions.push(call, 0);
  const firstResult = local;
  for (let i = signature.results.length; i-- > 0; ) {
    instructions.push(localSet, ...unsigned(firstResult + i));
  }
  signature.results.forEach((type, i) => {
    const get = [localGet, ...unsigned(firstResult + i)];
    if (type === 'v128') instructions.push(...get, ...extract64, 0, ...get, ...extract64, 1);
    else instructions.push(...get);
  });
  return moduleOf([
    section(1, [functionType(signature), functionType(outer)]),
    section(2, [[...text(''), ...text('f'), 0, 0]]),
    section(3, [[1]]),
    section(7, [[...text('f'), 0, 1]]),
    section(10, [body(signature.results, instructions)]),
  ]);
}

// A module that imports `"" "f"` taking two i64 and exports "f" taking one v128.
export function joiningModule() {
  const extract = (lane) => [localGet, 0, ...extract64, lane];
  return moduleOf([
    section(1, [
      functionType({ parameters: ['i64', 'i64'], results: [] }),
      functionType({ parameters: ['v128'], results: [] }),
    ]),
    section(2, [[...text(''), ...text('f'), 0, 0]]),
    section(3, [[1]]),
    section(7, [[...text('f'), 0, 1]]),
    section(10, [body([], [...extract(0), ...extract(1), call, 0])]),
  ]);
}

// A module that imports the memory `"" "m"` and exports "f": FNV-1a 64 of its first `size` bytes.
export function hashingModule() {
  const instructions = [
    0x42, ...signed64(0xcbf29ce484222325n), localSet, 1,
    0x02, 0x40, // block
    0x03, 0x40, // loop
    localGet, 2, localGet, 0, 0x4f, 0x0d, 1, // br_if 1 when at >= size
    localGet, 1, localGet, 2, 0x31, 0, 0, 0x85, // hash ^ i64.load8_u
    0x42, ...signed64(0x100000001b3n), 0x7e, localSet, 1,
    localGet, 2, 0x41, 1, 0x6a, localSet, 2,
    0x0c, 0, end, end,
    localGet, 1,
  ];
  return moduleOf([
    section(1, [functionType({ parameters: ['i32'], results: ['i64'] })]),
    section(2, [[...text(''), ...text('m'), 2, 0, 0]]),
    section(3, [[0]]),
    section(7, [[...text('f'), 0, 0]]),
    section(10, [body(['i64', 'i32'], instructions)]),
  ]);
}

function signed64(value) {
  const bytes = [];
  let rest = BigInt.asIntN(64, value);
  for (;;) {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && !(low & 0x40)) || (rest === -1n && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
