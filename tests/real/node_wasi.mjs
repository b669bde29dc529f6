// Runs one WASI preview 1 command under node's own WASI, with the options of `merlon run`:
//   node node_wasi.mjs [--dir HOST[::GUEST]]... [--env K=V]... [--listen NAME=PORT]...
//                      [--timing FILE] FILE.wasm [-- ARGUMENT...]
// The exit status is that of proc_exit; a trap is 134 with one line on stderr.
// --listen gives TCP listeners as fd 3 and up (node's WASI has none: see node_sockets.mjs).
// --timing writes {"compile_ms", "run_ms"} of this process to FILE as JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread, workerData } from 'node:worker_threads';
import { WASI } from 'node:wasi';
import { hostListeners, socketImports } from './node_sockets.mjs';

const trapStatus = 134;

function usage(problem) {
  process.stderr.write(`node_wasi: ${problem}\n`);
  process.exit(2);
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function parse(argv) {
  const options = { preopens: {}, env: {}, listeners: [], args: [], file: '', timing: '' };
  const words = [...argv];
  while (words.length > 0) {
    const word = words.shift();
    if (word === '--') {
      options.args = words.splice(0);
    } else if (word === '--dir') {
      const [host, guest] = splitOnce(words.shift() ?? usage('--dir needs a directory'), '::');
      options.preopens[guest ?? host] = host;
    } else if (word === '--env') {
      const [key, value] = splitOnce(words.shift() ?? usage('--env needs K=V'), '=');
      options.env[key] = value ?? '';
    } else if (word === '--listen') {
      const [name, port] = splitOnce(words.shift() ?? usage('--listen needs NAME=PORT'), '=');
      options.listeners.push({ name, port: Number(port) });
    } else if (word === '--timing') {
      options.timing = words.shift() ?? usage('--timing needs a file');
    } else if (word.startsWith('-') || options.file !== '') {
      usage(`unknown argument ${word}`);
    } else {
      options.file = word;
    }
  }
  if (options.file === '') usage('no .wasm file given');
  return options;
}

function runModule(options, bridge) {
  const wasi = new WASI({
    version: 'preview1',
    args: ['main.wasm', ...options.args],
    env: options.env,
    preopens: options.preopens,
    returnOnExit: true,
  });
  const original = wasi.getImportObject().wasi_snapshot_preview1;
  let instance;
  const sockets = bridge && socketImports(original, bridge, () => instance.exports.memory);
  const imports = { ...original, ...sockets };
  const bytes = readFileSync(options.file);
  const started = performance.now();
  const module = new WebAssembly.Module(bytes);
  const compiled = performance.now();
  instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: imports });
  let status;
  try {
    status = wasi.start(instance) ?? 0;
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) throw error;
    process.stderr.write(`node_wasi: trap: ${error.message}\n`);
    status = trapStatus;
  }
  const ended = performance.now();
  if (options.timing !== '') {
    const times = { compile_ms: compiled - started, run_ms: ended - compiled };
    writeFileSync(options.timing, JSON.stringify(times));
  }
  return status;
}

function main() {
  if (!isMainThread) {
    process.exit(runModule(workerData.options, workerData.bridge));
  }
  const options = parse(process.argv.slice(2));
  if (options.listeners.length === 0) {
    process.exitCode = runModule(options, undefined);
    return;
  }
  const names = ['stdin', 'stdout', 'stderr', ...options.listeners.map((one) => one.name)];
  options.env = { FD_COUNT: String(names.length), FD_NAMES: names.join(':'), ...options.env };
  hostListeners(new URL(import.meta.url), options, options.listeners.map((one) => one.port));
}

main();
