// Runs modules in node and writes what they did, in the format of README.md:
//   node harness.mjs LIST SUFFIX    for each path in the file LIST, writes PATH + SUFFIX
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { hashingModule, joiningModule, splittingModule } from './assembler.mjs';
import { exportsOf } from './signatures.mjs';

const passes = 2;
const resetName = 'hangLimitInitializer';

const argumentValues = {
  i32: [0, 1, -1, 0x7fffffff, -0x80000000, 42, 0xffff, 0x10000],
  i64: [0n, 1n, -1n, 0x7fffffffffffffffn, -0x8000000000000000n, 42n, 0xffffffffn, 0x100000000n],
  f32: [0, -0, 1, -1.5, Infinity, -Infinity, 3.4028234663852886e38, 1.401298464324817e-45],
  f64: [0, -0, 1, -1.5, Infinity, -Infinity, 1.7976931348623157e308, 5e-324],
  v128: [
    [0n, 0n],
    [0xffffffffffffffffn, 0xffffffffffffffffn],
    [0x0706050403020100n, 0x0f0e0d0c0b0a0908n],
    [0x3ff0000000000000n, 0xbf8000003f800000n],
  ],
  funcref: [null],
  externref: [null],
};

const trapClasses = [
  [/^unreachable$/, 'unreachable'],
  [/memory access out of bounds|data segment.* out of bounds/, 'memory-oob'],
  [/divide by zero|remainder by zero/, 'div-by-zero'],
  [/divide result unrepresentable|float unrepresentable/, 'int-overflow'],
  [/null function or function signature mismatch|indirect call/, 'indirect-call'],
  [/dereferencing a null pointer/, 'null-reference'],
  [/table index is out of bounds|table access out of bounds/, 'table-oob'],
  [/table .*is out of bounds|element segment.* out of bounds|table initializer/, 'table-oob'],
];

function trapClass(error) {
  if (error instanceof RangeError && /call stack/.test(error.message)) return 'stack-overflow';
  if (error instanceof WebAssembly.Exception) return 'exception';
  if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  const known = trapClasses.find(([pattern]) => pattern.test(error.message));
  if (!known) process.stderr.write(`harness: no class for the trap: ${error.message}\n`);
  return known ? known[1] : 'other';
}

const scratch = new DataView(new ArrayBuffer(16));
const hex = (value, digits) => value.toString(16).padStart(digits, '0');

function valueText(type, value) {
  if (type === 'i32') return `i32:0x${hex(value >>> 0, 8)}`;
  if (type === 'i64') return `i64:0x${hex(BigInt.asUintN(64, value), 16)}`;
  if (type.endsWith('ref')) return `${type}:${value === null ? 'null' : 'set'}`;
  if (Number.isNaN(value)) return `${type}:nan`;
  if (type === 'f32') {
    scratch.setFloat32(0, value);
    return `f32:0x${hex(scratch.getUint32(0), 8)}`;
  }
  scratch.setFloat64(0, value);
  return `f64:0x${hex(scratch.getBigUint64(0), 16)}`;
}

function vectorText(low, high) {
  scratch.setBigUint64(0, BigInt.asUintN(64, low), true);
  scratch.setBigUint64(8, BigInt.asUintN(64, high), true);
  const bytes = new Uint8Array(scratch.buffer);
  return `v128:0x${Array.from(bytes, (byte) => hex(byte, 2)).join('')}`;
}

const plainName = (name) =>
  name.replace(/[^A-Za-z0-9_.$-]/gu, (one) =>
    Array.from(new TextEncoder().encode(one), (byte) => `%${hex(byte, 2)}`).join(''),
  );

const joining = joiningModule();
const hashing = hashingModule();

function imports(lines) {
  const log = (type) => (value) => lines.push(`log ${valueText(type, value)}`);
  const joined = new WebAssembly.Instance(joining, {
    '': { f: (low, high) => lines.push(`log ${vectorText(low, high)}`) },
  });
  return {
    'fuzzing-support': {
      'log-i32': log('i32'),
      'log-i64': log('i64'),
      'log-f32': log('f32'),
      'log-f64': log('f64'),
      'log-v128': joined.exports.f,
    },
  };
}

function callable(instance, signature) {
  const original = instance.exports[signature.name];
  const all = [...signature.parameters, ...signature.results];
  if (!all.includes('v128')) return original;
  return new WebAssembly.Instance(splittingModule(signature), { '': { f: original } }).exports.f;
}

function argumentsOf(signature, pass, ordinal) {
  return signature.parameters.flatMap((type, position) => {
    const values = argumentValues[type];
    return values[(pass * 3 + ordinal + position * 5) % values.length];
  });
}

function resultsText(types, returned) {
  if (types.length === 0) return '';
  const flat = Array.isArray(returned) ? [...returned] : [returned];
  return types
    .map((type) =>
      type === 'v128' ? vectorText(flat.shift(), flat.shift()) : valueText(type, flat.shift()),
    )
    .map((one) => ` ${one}`)
    .join('');
}

// Says false when the rest would depend on the size of the engine's stack.
function callAll(instance, functions, pass, lines) {
  for (const [ordinal, signature] of functions.entries()) {
    instance.exports[resetName]?.();
    const label = `call ${plainName(signature.name)}`;
    const target = callable(instance, signature);
    try {
      const returned = target(...argumentsOf(signature, pass, ordinal));
      lines.push(`${label} ->${resultsText(signature.results, returned)}`);
    } catch (error) {
      const kind = trapClass(error);
      lines.push(`${label} trap ${kind}`);
      if (kind === 'stack-overflow') return false;
    }
  }
  return true;
}

function describeState(instance, signatures, lines) {
  for (const one of signatures) {
    if (one.kind === 'global' && one.type !== 'v128') {
      const value = instance.exports[one.name].value;
      lines.push(`global ${plainName(one.name)} ${valueText(one.type, value)}`);
    }
  }
  const memory = signatures.find((one) => one.kind === 'memory');
  if (!memory) return;
  const exported = instance.exports[memory.name];
  const size = exported.buffer.byteLength;
  const { f } = new WebAssembly.Instance(hashing, { '': { m: exported } }).exports;
  lines.push(`memory pages:${size / 65536} fnv1a:0x${hex(BigInt.asUintN(64, f(size)), 16)}`);
}

function runModule(path) {
  const lines = [`module ${basename(path)}`];
  const bytes = readFileSync(path);
  let module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    process.stderr.write(`harness: ${path}: ${error.message}\n`);
    return [...lines, 'refused', 'end'];
  }
  let instance;
  try {
    instance = new WebAssembly.Instance(module, imports(lines));
  } catch (error) {
    // A TypeError is V8's word for an import module that is missing as a whole.
    if (error instanceof WebAssembly.LinkError || error instanceof TypeError) {
      process.stderr.write(`harness: ${path}: ${error.message}\n`);
      return [`module ${basename(path)}`, 'refused', 'end'];
    }
    return [...lines, `start trap ${trapClass(error)}`, 'end'];
  }
  lines.push('start ok');
  const signatures = exportsOf(bytes);
  const functions = signatures.filter((one) => one.kind === 'function' && one.name !== resetName);
  for (let pass = 0; pass < passes; ++pass) {
    if (!callAll(instance, functions, pass, lines)) return [...lines, 'end'];
  }
  describeState(instance, signatures, lines);
  return [...lines, 'end'];
}

const [list, suffix] = process.argv.slice(2);
for (const path of readFileSync(list, 'utf8').split('\n').filter(Boolean)) {
  writeFileSync(path + suffix, runModule(path).join('\n') + '\n');
}
