#!/usr/bin/env python3
"""The keep on a processor with a ring 0 of its own, which QEMU emulates: same bytes, same output.

    tcg_test.py MERLON MERLON-KEEP MERLON-SHIM-KVM MERLON-TCG TCG-BOOT
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from machine import prepare, without_warnings  # noqa: E402
from support import HELLO, module, printing  # noqa: E402

SKIPPED = 77
TRAPS = {
    "memory": "(drop (i32.load (i32.const 0x7fffffff)))",
    "division": "(drop (i32.div_s (i32.const 1) (i32.const 0)))",
    "unreachable": "unreachable",
}
DEEP = module('(func $f (call $f)) (func (export "_start") (call $f))')
GROWS = printing("grown\n", """
  (if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable))
  (i32.store (i32.const 6000000) (i32.const 7))
  (call $proc_exit (i32.load (i32.const 6000000)))""")
FLOATS = module("""
  (func (export "_start") (local $x f64) (local $i i32)
    (local.set $x (f64.const 1))
    (loop $again
      (local.set $x (f64.sqrt (f64.add (local.get $x) (f64.convert_i32_u (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
    (call $proc_exit (i32.trunc_f64_u (local.get $x))))""")


def programs():
    yield "hello", HELLO
    yield "grows", GROWS
    yield "floats", FLOATS
    yield "stack overflow", DEEP
    for name, body in TRAPS.items():
        yield f"trap {name}", printing("before\n", body)


def main():
    if shutil.which("qemu-system-x86_64") is None:
        print("SKIP tcg: there is no qemu-system-x86_64")
        return SKIPPED
    failed = 0
    with tempfile.TemporaryDirectory(prefix="merlon-tcg-") as scratch:
        folder = Path(scratch)
        prepare(folder, sys.argv[1:])
        for processor, (name, text) in itertools.product(("max", "Haswell"), programs()):
            (folder / "cpu").write_text(processor)
            wasm = folder / "app.wasm"
            (folder / "app.wat").write_text(text)
            subprocess.run(["wat2wasm", folder / "app.wat", "-o", wasm], check=True)
            results = [subprocess.run([folder / "merlon", "run", "--backend", backend, wasm],
                                      capture_output=True, text=True, timeout=100, check=False,
                                      stdin=subprocess.DEVNULL) for backend in ("nil", "kvm")]
            nil, emulated = [(each.returncode, each.stdout, without_warnings(each.stderr))
                             for each in results]
            good = nil == emulated
            failed += not good
            print(f"{processor}, {name}: {'same' if good else f'nil {nil}, under TCG {emulated}'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
