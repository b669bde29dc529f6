#!/usr/bin/env python3
"""A keep in an enclave whose processor's owner interrupts, enters and spoils as he likes: it says the same as ever.

MERLON_HOSTILE_SEEDS: how many runs of each program (3); an interruption comes at every sixteenth instruction of long
stretches, the way in and the way out among them.
"""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from support import HELLO, MERLON, EndToEnd, main, module

PROGRAMS = ("merlon", "merlon-keep", "merlon-shim-sgx", "merlon-simulator", "merlon-keep.cpuid")
SEEDS = int(os.environ.get("MERLON_HOSTILE_SEEDS", "3"))
INTERRUPTIONS = re.compile(r"exceptions: (\d+)")

# Vectors and floating point over a thousand host calls: what is left behind or lost at an exit shows in the sum.
SUMS = module("""
  (func $yield (local $i i32) (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 0))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start") (local $i i32) (local $v v128) (local $f f64)
    (local.set $v (v128.const i32x4 1 2 3 4))
    (local.set $f (f64.const 1.5))
    (loop $again
      (call $yield)
      (local.set $v (i32x4.add (i32x4.mul (local.get $v) (v128.const i32x4 5 7 9 11)) (v128.const i32x4 1 1 1 1)))
      (local.set $f (f64.div (f64.add (local.get $f) (f64.const 3)) (f64.const 1.25)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 300))))
    (v128.store (i32.const 64) (local.get $v))
    (f64.store (i32.const 80) (local.get $f))
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 24))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
""")
# A fault in the guard behind its memory, as the engine makes a trap of it.
OUTSIDE = module('(func (export "_start") (drop (i32.load (i32.const 0x7fffffff))))')
GROWING = module("""
  (func (export "_start") (local $i i32)
    (loop $again
      (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
      (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 7))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 40))))
    (call $proc_exit (memory.size)))
""")


class Hostile(EndToEnd):
    def setUp(self):
        super().setUp()
        own = Path(MERLON).parent
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        for program in PROGRAMS:
            shutil.copy(own / program, self.programs)
        self.vmm = own / "merlon-vmm-sgx"
        shutil.copy(self.vmm, self.programs / "real-vmm")

    def run_at(self, module, seed):
        """What a program says, and how often it was interrupted."""
        vmm = self.programs / "merlon-vmm-sgx"
        vmm.write_text(f"#!/bin/sh\nexec '{self.programs}/real-vmm' {f'--hostile {seed}' if seed else ''} \"$@\"\n")
        vmm.chmod(0o755)
        done = subprocess.run([self.programs / "merlon", "run", "--backend", "sgx-sim", "--stats", module],
                              capture_output=True, timeout=300, check=False)
        errors = done.stderr.decode()
        told = INTERRUPTIONS.search(errors)
        said = [line for line in errors.splitlines() if not line.startswith("merlon: calls of the keep")]
        return (done.returncode, done.stdout, said), int(told[1]) if told else 0

    def test_a_keep_that_is_interrupted_anywhere_says_the_same(self):
        total = 0
        for name, text in (("hello", HELLO), ("sums", SUMS), ("outside", OUTSIDE), ("growing", GROWING)):
            wasm = self.wasm(text, name)
            expected, own = self.run_at(wasm, 0)
            self.assertNotIn(expected[0], (125, 126), expected)
            for seed in range(1, SEEDS + 1):
                with self.subTest(name, seed=seed):
                    said, interrupted = self.run_at(wasm, seed)
                    self.assertEqual(said, expected)
                    self.assertGreater(interrupted, own)
                    total += interrupted - own
        print(f"{total} interruptions by the host")


if __name__ == "__main__":
    main()
