"""Who runs, as the workloads themselves say it.

A workload connects, says its environment and then, every second, what its clock shows. By TLS it must show a certificate of the
Steward's: who holds a keep's key is that keep.
"""

import socket
import ssl
import struct
import threading
import time
from dataclasses import dataclass, field

WASI = "wasi_snapshot_preview1"
# Descriptor 3 is the ledger; when it is gone, so is the workload.
ANNOUNCING = f"""(module
  (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "{WASI}" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "{WASI}" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $say (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (if (call $write (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $exit (i32.const 9)))))
  (func (export "_start")
    (drop (call $sizes (i32.const 16) (i32.const 20)))
    (drop (call $environ (i32.const 1024) (i32.const 16384)))
    (call $say (i32.const 20) (i32.const 4))
    (call $say (i32.const 16384) (i32.load (i32.const 20)))
    (loop $again
      (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 32)))
      (call $say (i32.const 32) (i32.const 8))
      (i64.store (i32.const 64) (i64.const 0))
      (i32.store (i32.const 80) (i32.const 1))
      (i64.store (i32.const 88) (i64.const 1000000000))
      (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 256)))
      (br $again))))"""
# After so long without a word nobody is taken for running.
SILENCE = 15


@dataclass
class Entry:
    name: str
    who: str  # a certificate's serial, or what else tells this keep from another
    address: str
    since: float
    last: float
    over: bool = False
    clocks: list = field(default_factory=list)  # (what it showed, what ours showed), the first and the last
    certificate: dict = None

    def runs(self):
        return not self.over and time.time() - self.last < SILENCE


class Ledger:
    """Two ports, one by TLS for keeps with certificates and one without."""

    def __init__(self, address, certificate, authority):
        self.entries, self.refused, self.lock = [], [], threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate[1], certificate[0])
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
        self.listeners = [self.listen(address, context), self.listen(address, None)]
        self.tls_port, self.port = (each.getsockname()[1] for each in self.listeners)

    def listen(self, address, context):
        listener = socket.create_server((address, 0), backlog=1024)
        threading.Thread(target=self.accept, args=(listener, context), daemon=True).start()
        return listener

    def accept(self, listener, context):
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.hear, args=(connection, peer[0], context), daemon=True).start()

    def hear(self, connection, address, context):
        entry = None
        try:
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
            size = struct.unpack("<I", stream.read(4))[0]
            words = dict(each.split(b"=", 1) for each in stream.read(size).split(b"\0") if b"=" in each)
            certificate = connection.getpeercert() if context else None
            now = time.time()
            who = certificate["serialNumber"] if certificate else words.get(b"TASK", b"?").decode()
            entry = Entry(words.get(b"NAME", b"?").decode(), who, address, now, now, certificate=certificate)
            with self.lock:
                self.entries.append(entry)
            while frame := stream.read(8):
                self.note(entry, struct.unpack("<Q", frame)[0] / 1e9)
        except (OSError, struct.error, ValueError) as error:
            if entry is None:
                self.refused.append((address, repr(error)))
        finally:
            if entry:
                entry.over = True
            connection.close()

    @staticmethod
    def note(entry, shown):
        entry.last = time.time()
        del entry.clocks[1:]
        entry.clocks.append((shown, entry.last))

    def of(self, kind, address=None):
        """All that there ever were of that kind."""
        with self.lock:
            return [each for each in self.entries if each.name.startswith(kind) and address in (None, each.address)]

    def running(self, kind, address=None):
        return [each for each in self.of(kind, address) if each.runs()]

    def names(self, kind, address=None):
        return {each.name for each in self.running(kind, address)}

    def keeps_of(self, kind):
        """Who has ever announced a name."""
        keeps = {}
        for each in self.of(kind):
            keeps.setdefault(each.name, set()).add(each.who)
        return keeps

    def at_once(self, kind):
        """Names of which two keeps spoke at the same time."""
        spans = sorted(self.of(kind), key=lambda each: (each.name, each.since))
        return sorted({one.name for one, other in zip(spans, spans[1:])
                       if one.name == other.name and one.last > other.since + 1})

    def stop(self):
        for each in self.listeners:
            each.close()
