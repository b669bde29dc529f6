"""What the tests of fleets share: guests, bundles, merlon-oci by hand, and what engines need."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from support import HELLO, WASI, main, module, printing  # noqa: E402, F401

OCI = str(Path(os.environ.get("MERLON_OCI", "build/dev/bin/merlon-oci")).absolute())
BACKEND = "org.merlon.backend"
PATIENCE = 20

SPIN = printing("ready\n", "(loop $again (br $again))")
# Waits in a call of the host for a day.
SLEEP = f"""(module
  (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "ready\\0a")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 86400000000000))
    (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 256)))))"""
# A second after its start, by which engines listen for it, touches page after page, up to a GiB.
HOG = module("""(func (export "_start") (local $at i32)
  (i32.store (i32.const 80) (i32.const 1))
  (i64.store (i32.const 88) (i64.const 1000000000))
  (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 256)))
  (drop (memory.grow (i32.const 16383)))
  (loop $again
    (i32.store (local.get $at) (i32.const 1))
    (local.set $at (i32.add (local.get $at) (i32.const 4096)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 1073741824)))))""", f"""
  (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))""")
TRAP = module('(func (export "_start") unreachable)')
# Prints its arguments and environment, each with a NUL behind it.
WORDS = module("""
  (func $show (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $args_sizes (i32.const 16) (i32.const 20)))
    (drop (call $args (i32.const 1024) (i32.const 16384)))
    (call $show (i32.const 16384) (i32.load (i32.const 20)))
    (drop (call $env_sizes (i32.const 24) (i32.const 28)))
    (drop (call $env (i32.const 1024) (i32.const 32768)))
    (call $show (i32.const 32768) (i32.load (i32.const 28))))""", f"""
  (import "{WASI}" "args_sizes_get" (func $args_sizes (param i32 i32) (result i32)))
  (import "{WASI}" "args_get" (func $args (param i32 i32) (result i32)))
  (import "{WASI}" "environ_sizes_get" (func $env_sizes (param i32 i32) (result i32)))
  (import "{WASI}" "environ_get" (func $env (param i32 i32) (result i32)))""")
# Ends with the WASI error of making the file "made" in its fourth directory and on: 0 if all let it.
WRITES = module("""(data (i32.const 64) "made")
  (func (export "_start") (local $error i32)
    (local.set $error (call $open (i32.const 4) (i32.const 0) (i32.const 64) (i32.const 4) (i32.const 1)
      (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 128)))
    (call $proc_exit (local.get $error)))""", f"""
  (import "{WASI}" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))""")
EXIT_42 = module('(func (export "_start") (call $proc_exit (i32.const 42)))')

# Copies standard input to standard output, and then ends with 7.
CAT = module("""
  (func (export "_start")
    (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 60000))
      (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (then (call $proc_exit (i32.const 99))))
      (if (i32.load (i32.const 8)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
        (br $more))))
    (call $proc_exit (i32.const 7)))""",
             f'(import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))')
# Answers each request of HTTP on descriptor 3, one connection after the other, for ever.
PAGE = "HTTP/1.1 200 OK\\0d\\0aContent-Length: 5\\0d\\0a\\0d\\0akeep\\0a"
SERVER = module(f"""
  (data (i32.const 64) "{PAGE}")
  (func (export "_start") (local $peer i32)
    (loop $next
      (if (call $accept (i32.const 3) (i32.const 0) (i32.const 16)) (then (call $proc_exit (i32.const 98))))
      (local.set $peer (i32.load (i32.const 16)))
      (loop $more
        (i32.store (i32.const 0) (i32.const 1024))
        (i32.store (i32.const 4) (i32.const 8192))
        (i32.store (i32.const 8) (i32.const 0))
        (drop (call $fd_read (local.get $peer) (i32.const 0) (i32.const 1) (i32.const 8)))
        (if (i32.load (i32.const 8)) (then
          (i32.store (i32.const 0) (i32.const 64))
          (i32.store (i32.const 4) (i32.const 43))
          (drop (call $fd_write (local.get $peer) (i32.const 0) (i32.const 1) (i32.const 12)))
          (br $more))))
      (drop (call $fd_close (local.get $peer)))
      (br $next)))""", f"""
  (import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "{WASI}" "fd_close" (func $fd_close (param i32) (result i32)))""")


def slow_to_compile(functions=60000):
    """Bytes of a module with that many functions; compiling takes a while; it does not end."""
    def number(value):
        out = b""
        while value > 0x7F:
            out += bytes([value & 0x7F | 0x80])
            value >>= 7
        return out + bytes([value])

    def section(index, content):
        return bytes([index]) + number(len(content)) + content
    body = b"\0" + b"\x20\0" + b"\x41\7\x6c\x41\3\x73" * 40 + b"\x0b"  # (x * 7) ^ 3, forty times
    start = b"\0" + b"\x41\0\x10\0\x1a\3\x40\x0c\0\x0b\x0b"  # and then for ever
    return (b"\0asm\1\0\0\0" + section(1, b"\2\x60\1\x7f\1\x7f\x60\0\0") +
            section(3, number(functions + 1) + bytes(functions) + b"\1") +
            section(7, b"\1\6_start\0" + number(functions)) +
            section(10, number(functions + 1) + (number(len(body)) + body) * functions + number(len(start)) + start))


def why_not():
    """Why no container can be made here, or None."""
    if os.geteuid() != 0:
        return "only root makes containers with control groups here"
    groups = Path("/sys/fs/cgroup")
    for folder in (groups / "memory", groups):
        if (folder / "cgroup.procs").exists():
            return None if os.access(folder, os.W_OK) else "control groups cannot be made here"
    return "no control groups are mounted"


def compiled(text, path):
    source = path.with_suffix(".wat")
    source.write_text(text)
    subprocess.run(["wat2wasm", "--enable-all", source, "-o", path], check=True)
    source.unlink()
    return path


def wait_until(what, patience=PATIENCE):
    """The first true answer of `what`."""
    end = time.monotonic() + patience
    while True:
        answer = what()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.01)


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def group_folders(name):
    """Directories of control groups with that name."""
    found = []
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        found += [os.path.join(folder, each) for each in names if name in each]
    return found


def config_of(arguments, **changes):
    config = {
        "ociVersion": "1.0.2",
        "process": {"user": {"uid": 0, "gid": 0}, "args": list(arguments), "cwd": "/",
                    "env": ["PATH=/bin:/usr/bin", "COLOUR=blue"]},
        "root": {"path": "rootfs"},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "annotations": {BACKEND: "nil"},
        "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}], "resources": {}},
    }
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(config.get(key), dict):
            config[key].update(value)
        else:
            config[key] = value
    return config


class Containers(unittest.TestCase):
    """One scratch directory for each test with merlon-oci's root; nothing of it is left."""

    def setUp(self):
        reason = why_not()
        if reason:
            self.skipTest(reason)
        self.folder = Path(tempfile.mkdtemp(prefix="merlon-fleet-"))
        self.addCleanup(self.clean)
        self.root = self.folder / "root"
        self.count = 0

    def clean(self):
        for name in os.listdir(self.root) if self.root.exists() else []:
            self.oci("delete", "--force", name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def bundle(self, text, *arguments, **changes):
        self.count += 1
        bundle = self.folder / f"bundle{self.count}"
        (bundle / "rootfs").mkdir(parents=True)
        if text is not None:
            compiled(text, bundle / "rootfs/app.wasm")
        config = config_of(["/app.wasm", *arguments], **changes)
        (bundle / "config.json").write_text(json.dumps(config))
        return bundle

    def oci(self, *words, **options):
        options.setdefault("timeout", 60)
        options.setdefault("stdin", subprocess.DEVNULL)
        # In files: a container that is only made holds its streams open, and writes there when it is started.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            ended = subprocess.run([OCI, "--root", self.root, *map(str, words)], check=False, stdout=out,
                                   stderr=err, **options)
            out.seek(0)
            err.seek(0)
            ended.stdout, ended.stderr = (file.read().decode(errors="replace") for file in (out, err))
        return ended

    def name(self):
        self.count += 1
        return f"fleet-{os.getpid()}-{self.count}"

    @contextlib.contextmanager
    def running(self, text, **changes):
        """The id and process of a container that has printed "ready"; its status is `self.status()`."""
        bundle, name = self.bundle(text, **changes), self.name()
        log = self.folder / f"{name}.log"
        with log.open("wb") as file:
            runtime = subprocess.Popen([OCI, "--root", self.root, "run", "--bundle", bundle, "--pid-file",
                                        self.folder / f"{name}.pid", name], stdin=subprocess.DEVNULL,
                                       stdout=file, stderr=subprocess.STDOUT)
        try:
            self.assertTrue(wait_until(lambda: b"ready" in log.read_bytes()), log.read_bytes())
            yield name, int((self.folder / f"{name}.pid").read_text()), runtime
        finally:
            self.oci("delete", "--force", name)
            with contextlib.suppress(subprocess.TimeoutExpired):
                runtime.wait(PATIENCE)
            if runtime.poll() is None:
                runtime.send_signal(signal.SIGKILL)
                runtime.wait()
