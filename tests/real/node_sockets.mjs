// TCP listeners for node's WASI, which implements sock_accept but offers no way to hand a
// listener in. WASI calls are synchronous and node's sockets are not, so the module runs in a
// worker that sends each socket call to the main thread and sleeps until it is answered.
import net from 'node:net';
import { Worker, parentPort } from 'node:worker_threads';

const firstListener = 3;
const firstConnection = 1000;
const transferSize = 65536;
const replyReady = 0, replyErrno = 1, replyValue = 2, replyWords = 3;
const errno = { success: 0, again: 6, badf: 8, connreset: 15, inval: 28 };
const fdflagNonblock = 4;
const filetypeSocketStream = 6;
const eventClock = 0, eventRead = 1, eventWrite = 2;

// ---- main thread ------------------------------------------------------------------------------

class Host {
  constructor() {
    this.files = new Map();
    this.waiting = [];
    this.nextFd = firstConnection;
  }

  addListener(fd, port) {
    const file = { listener: true, queue: [] };
    file.server = net.createServer((socket) => {
      const connection = { socket, chunks: [], ended: false, failed: false };
      socket.on('data', (chunk) => this.changed(() => connection.chunks.push(chunk)));
      socket.on('end', () => this.changed(() => (connection.ended = true)));
      socket.on('error', () => this.changed(() => (connection.failed = true)));
      socket.on('drain', () => this.changed(() => {}));
      this.changed(() => file.queue.push(connection));
    });
    this.files.set(fd, file);
    return new Promise((resolve, reject) => {
      file.server.once('error', reject);
      file.server.listen(port, '127.0.0.1', resolve);
    });
  }

  changed(change) {
    change();
    this.waiting = this.waiting.filter((attempt) => !attempt());
  }

  readable(file) {
    if (file.listener) return file.queue.length > 0;
    return file.chunks.length > 0 || file.ended || file.failed;
  }

  ready(file, type) {
    if (type === eventRead) return this.readable(file);
    return !file.listener && (file.failed || !file.socket.writableNeedDrain);
  }

  // Each call answers at once with a reply, or with undefined while it has to wait.
  accept(file) {
    if (file.queue.length === 0) return undefined;
    const fd = this.nextFd++;
    this.files.set(fd, file.queue.shift());
    return { value: fd };
  }

  recv(file, { size }) {
    if (!this.readable(file)) return undefined;
    if (file.chunks.length === 0) return file.failed ? { errno: errno.connreset } : { value: 0 };
    const chunk = file.chunks[0];
    const piece = chunk.subarray(0, size);
    if (piece.length === chunk.length) file.chunks.shift();
    else file.chunks[0] = chunk.subarray(size);
    return { value: piece.length, bytes: piece };
  }

  send(file, { bytes }) {
    if (file.failed) return { errno: errno.connreset };
    if (file.socket.writableNeedDrain) return undefined;
    file.socket.write(bytes);
    return { value: bytes.length };
  }

  poll(_, { subscriptions }) {
    const happened = subscriptions
      .map((one, index) => ({ ...one, index }))
      .filter((one) => !this.files.has(one.fd) || this.ready(this.files.get(one.fd), one.type));
    if (happened.length === 0) return undefined;
    return { value: happened.length, bytes: new Uint8Array(happened.map((one) => one.index)) };
  }

  close(file, { fd }) {
    this.files.delete(fd);
    if (file.listener) file.server.close();
    else file.socket.end();
    return { value: 0 };
  }

  handle(call, answer) {
    const file = this.files.get(call.fd);
    if (!file && call.name !== 'poll') return answer({ errno: errno.badf });
    const attempt = () => {
      const reply = this[call.name](file, call);
      if (reply) answer(reply);
      return reply !== undefined;
    };
    if (attempt()) return;
    if (call.nonblock) return answer({ errno: errno.again });
    this.waiting.push(attempt);
    if (call.timeout === undefined) return;
    setTimeout(() => {
      if (!this.waiting.includes(attempt)) return;
      this.waiting.splice(this.waiting.indexOf(attempt), 1);
      answer({ value: 0 });
    }, call.timeout);
  }
}

export async function hostListeners(script, options, ports) {
  const host = new Host();
  for (const [index, port] of ports.entries()) await host.addListener(firstListener + index, port);
  const shared = new SharedArrayBuffer(replyWords * 4 + transferSize);
  const bridge = { shared, listeners: ports.length };
  const control = new Int32Array(shared, 0, replyWords);
  const transfer = new Uint8Array(shared, replyWords * 4);
  const worker = new Worker(script, { workerData: { options, bridge } });
  worker.on('message', (call) =>
    host.handle(call, (reply) => {
      if (reply.bytes) transfer.set(reply.bytes);
      control[replyErrno] = reply.errno ?? errno.success;
      control[replyValue] = reply.value ?? 0;
      Atomics.store(control, replyReady, 1);
      Atomics.notify(control, replyReady);
    }),
  );
  worker.on('error', (error) => {
    process.stderr.write(`node_wasi: ${error.stack}\n`);
    process.exit(1);
  });
  worker.on('exit', (status) => {
    for (const file of host.files.values()) file.listener ? file.server.close() : file.socket.end();
    // A client that keeps its side open must not keep this process alive.
    setTimeout(() => process.exit(status), 500).unref();
    process.exitCode = status;
  });
}

// ---- worker -----------------------------------------------------------------------------------

export function socketImports(original, bridge, memory) {
  const control = new Int32Array(bridge.shared, 0, replyWords);
  const transfer = new Uint8Array(bridge.shared, replyWords * 4);
  const flags = new Map();
  for (let i = 0; i < bridge.listeners; ++i) flags.set(firstListener + i, 0);
  const view = () => new DataView(memory().buffer);
  const nonblock = (fd) => (flags.get(fd) & fdflagNonblock) !== 0;

  const call = (name, request) => {
    Atomics.store(control, replyReady, 0);
    parentPort.postMessage({ name, ...request });
    Atomics.wait(control, replyReady, 0);
    return { errno: control[replyErrno], value: control[replyValue] };
  };

  const pieces = (at, count) =>
    Array.from({ length: count }, (_, i) => ({
      start: view().getUint32(at + 8 * i, true),
      size: view().getUint32(at + 8 * i + 4, true),
    }));

  const recv = (fd, at, count, sizeAt) => {
    const parts = pieces(at, count);
    const size = Math.min(transferSize, parts.reduce((sum, part) => sum + part.size, 0));
    const reply = call('recv', { fd, size, nonblock: nonblock(fd) });
    let taken = 0;
    for (const part of parts) {
      const piece = transfer.subarray(taken, Math.min(taken + part.size, reply.value));
      new Uint8Array(memory().buffer).set(piece, part.start);
      taken += piece.length;
    }
    view().setUint32(sizeAt, reply.value, true);
    return reply.errno;
  };

  const send = (fd, at, count, sizeAt) => {
    const parts = pieces(at, count);
    const bytes = Buffer.concat(
      parts.map((part) => new Uint8Array(memory().buffer, part.start, part.size)),
    ).subarray(0, transferSize);
    const reply = call('send', { fd, bytes, nonblock: nonblock(fd) });
    view().setUint32(sizeAt, reply.value, true);
    return reply.errno;
  };

  const poll = (inAt, outAt, count, sizeAt) => {
    const subscriptions = [];
    let timeout;
    let clock = -1;
    for (let i = 0; i < count; ++i) {
      const type = view().getUint8(inAt + 48 * i + 8);
      subscriptions.push({ type, fd: view().getUint32(inAt + 48 * i + 16, true) });
      if (type !== eventClock) continue;
      const nanoseconds = Number(view().getBigUint64(inAt + 48 * i + 24, true));
      if (timeout === undefined || nanoseconds / 1e6 < timeout) {
        timeout = nanoseconds / 1e6;
        clock = i;
      }
      // No file of the host has this number, and a file unknown to it would count as ready.
      subscriptions[i].fd = firstListener;
      subscriptions[i].type = eventWrite;
    }
    const reply = call('poll', { subscriptions, timeout });
    const happened = reply.value > 0 ? [...transfer.slice(0, reply.value)] : [clock];
    happened.forEach((index, at) => {
      const event = outAt + 32 * at;
      new Uint8Array(memory().buffer, event, 32).fill(0);
      view().setBigUint64(event, view().getBigUint64(inAt + 48 * index, true), true);
      view().setUint8(event + 10, view().getUint8(inAt + 48 * index + 8));
      view().setBigUint64(event + 16, 1n, true);
    });
    view().setUint32(sizeAt, happened.length, true);
    return errno.success;
  };

  const accept = (fd, flagBits, fdAt) => {
    const reply = call('accept', { fd, nonblock: nonblock(fd) });
    if (reply.errno !== errno.success) return reply.errno;
    flags.set(reply.value, flagBits);
    view().setUint32(fdAt, reply.value, true);
    return errno.success;
  };

  const fdstat = (fd, at) => {
    new Uint8Array(memory().buffer, at, 24).fill(0);
    view().setUint8(at, filetypeSocketStream);
    view().setUint16(at + 2, flags.get(fd), true);
    view().setBigUint64(at + 8, ~0n & 0x3fffffffn, true);
    return errno.success;
  };

  const close = (fd) => {
    flags.delete(fd);
    return call('close', { fd }).errno;
  };

  const setFlags = (fd, bits) => {
    flags.set(fd, bits);
    return errno.success;
  };

  const forSockets = (name, own) => (fd, ...rest) =>
    flags.has(fd) ? own(fd, ...rest) : original[name](fd, ...rest);
  return {
    fd_read: forSockets('fd_read', recv),
    fd_write: forSockets('fd_write', send),
    fd_close: forSockets('fd_close', close),
    fd_fdstat_get: forSockets('fd_fdstat_get', fdstat),
    fd_fdstat_set_flags: forSockets('fd_fdstat_set_flags', setFlags),
    sock_accept: forSockets('sock_accept', accept),
    sock_recv: forSockets('sock_recv', (fd, at, count, _flags, sizeAt, flagsAt) => {
      view().setUint16(flagsAt, 0, true);
      return recv(fd, at, count, sizeAt);
    }),
    sock_send: forSockets('sock_send', (fd, at, count, _flags, sizeAt) =>
      send(fd, at, count, sizeAt),
    ),
    poll_oneoff: poll,
  };
}
