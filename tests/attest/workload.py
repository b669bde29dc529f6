"""A workload that looks into /keep, as WebAssembly text."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from support import WASI, module  # noqa: E402


def reader(name, said=None, descriptor=3):
    """A module that opens a file of /keep, its directory `descriptor`, tells it what is to be said, and prints
    what it then reads. Exit status: an errno of WASI's."""
    said = said or b""
    rights = 2 | (1 << 6 if said else 0)  # fd_read, fd_write
    data = "".join(f"\\{byte:02x}" for byte in said)
    write = f"""
        (i32.store (i32.const 0) (i32.const 2048))
        (i32.store (i32.const 4) (i32.const {len(said)}))
        (call $check (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        """ if said else ""
    return module(f"""
      (data (i32.const 1024) "{name}")
      (data (i32.const 2048) "{data}")
      (func $check (param i32) (if (local.get 0) (then (call $proc_exit (local.get 0)))))
      (func (export "_start") (local $fd i32)
        (call $check (call $path_open (i32.const {descriptor}) (i32.const 0) (i32.const 1024)
          (i32.const {len(name)}) (i32.const 0) (i64.const {rights}) (i64.const 0) (i32.const 0)
          (i32.const 8)))
        (local.set $fd (i32.load (i32.const 8)))
        {write}
        (loop $more
          (i32.store (i32.const 0) (i32.const 8192))
          (i32.store (i32.const 4) (i32.const 1000))
          (call $check (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (if (i32.load (i32.const 8)) (then
            (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br $more)))))""", f"""
      (import "{WASI}" "path_open" (func $path_open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))""")


def speaking(said):
    """A module that prints evidence of what was said, and then the facts of its launch: of one keep,
    since another has other keys."""
    start = '(func (export "_start")'
    fresh, facts = reader("fresh", said), reader("launch.json")
    facts = facts[facts.index(start):].replace("i32.const 1024", "i32.const 1536")
    return (fresh.rstrip()[:-1].replace(start, "(func $fresh") +
            '(data (i32.const 1536) "launch.json")' +
            facts.rstrip()[:-1].replace(start, "(func $facts") +
            start + " (call $fresh) (call $facts)))")
