#!/usr/bin/env python3
"""merlon and merlon-keep on other processors, which QEMU emulates: right output, or one line that
says what lacks, before anything is started."""

import shutil
import subprocess
import unittest
from pathlib import Path

from support import HELLO, MERLON, EndToEnd, main, module, printing

GOOD = ["Haswell", "Skylake-Server", "EPYC"]
OLD = {"Nehalem": "AVX, AVX2, BMI1, BMI2, LZCNT", "Opteron_G3": "AVX, AVX2, BMI1, BMI2",
       "SandyBridge": "AVX2, BMI1, BMI2, LZCNT"}
# Bits counted, moved and sorted by the instructions that only newer processors have.
COUNTS = module("""
  (func (export "_start") (local $x i64)
    (local.set $x (i64.const 0x123456789abcdef0))
    (call $proc_exit (i32.wrap_i64 (i64.add (i64.add
      (i64.popcnt (local.get $x)) (i64.clz (local.get $x)))
      (i64.ctz (i64.shl (local.get $x) (i64.and (local.get $x) (i64.const 7))))))))""")
VECTORS = module("""
  (func (export "_start") (local $v v128)
    (local.set $v (i8x16.add (v128.const i32x4 1 2 3 4) (i8x16.splat (i32.const 5))))
    (local.set $v (i8x16.swizzle (local.get $v) (v128.const i32x4 0x0c080400 0 0 0)))
    (local.set $v (f32x4.convert_i32x4_u (v128.and (local.get $v) (v128.const i32x4 255 255 255 255))))
    (call $proc_exit (i32.trunc_sat_f32_u (f32x4.extract_lane 0 (local.get $v)))))""")


@unittest.skipUnless(shutil.which("qemu-x86_64"), "there is no qemu-x86_64")
class Processors(EndToEnd):
    def on(self, processor, text):
        """merlon and its keep, each under the emulator."""
        folder = self.folder / "bin"
        folder.mkdir(exist_ok=True)
        shutil.copy(MERLON, folder / "merlon")
        keep = folder / "merlon-keep"
        keep.write_text(f"#!/bin/sh\nexec qemu-x86_64 -cpu {processor} "
                        f"{Path(MERLON).with_name('merlon-keep')}\n")
        keep.chmod(0o755)
        result = subprocess.run(["qemu-x86_64", "-cpu", processor, folder / "merlon", "run",
                                 "--backend", "nil", self.wasm(text)], capture_output=True,
                                text=True, timeout=120, check=False, stdin=subprocess.DEVNULL)
        lines = [line for line in result.stderr.splitlines() if not line.startswith("qemu-x86_64: warning")]
        return result.returncode, result.stdout, lines

    def test_these_run_everything(self):
        for processor in GOOD:
            for text in (HELLO, COUNTS, VECTORS, printing("before\n", "unreachable")):
                with self.subTest(processor):
                    here = self.run_module(text, "--backend", "nil")
                    self.assertEqual(self.on(processor, text),
                                     (here.returncode, here.stdout, here.stderr.splitlines()))

    def test_these_are_told_what_they_lack(self):
        for processor, lacking in OLD.items():
            with self.subTest(processor):
                status, output, lines = self.on(processor, HELLO)
                self.assertEqual((status, output), (125, ""), lines)
                self.assertEqual(lines, [f"merlon: this processor lacks {lacking}: Merlon needs "
                                         "x86-64-v3 (Intel Haswell, AMD Zen, or newer)"])


if __name__ == "__main__":
    main()
