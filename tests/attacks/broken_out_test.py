#!/usr/bin/env python3
"""Workloads that broke out of their engine and try their shim, in each world that there is: they gain
nothing, and end by name.

    broken_out_test.py kvm|tcg MERLON MERLON-SHIM-KVM MERLON-TCG TCG-BOOT NAME KEEP [NAME KEEP]…
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from machine import prepare, symbols, without_warnings
from support import HELLO

SKIPPED = 77
BACKEND, MERLON, SHIM, LAUNCHER, BOOT = sys.argv[1:6]
KEEPS = dict(zip(sys.argv[6::2], sys.argv[7::2]))
PLACE = (0x1122334455667788).to_bytes(8, "little")
GAINED_NOTHING = (7, [])
SEGMENTATION = (134, ["merlon: the keep says: the keep was ended by SIGSEGV"])
BUS = (134, ["merlon: the keep says: the keep was ended by SIGBUS"])
OPCODE = (134, ["merlon: the keep says: the keep was ended by SIGILL"])


def failed(name):
    return 134, [f"merlon: the keep says: the shim failed: it met {name}"]


class BrokenOut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-attempt-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        launcher = LAUNCHER if BACKEND == "tcg" else Path(MERLON).with_name("merlon-vmm")
        prepare(cls.folder, (MERLON, Path(MERLON).with_name("merlon-keep"), SHIM, launcher, BOOT))
        (cls.folder / "app.wat").write_text(HELLO)
        subprocess.run(["wat2wasm", cls.folder / "app.wat", "-o", cls.folder / "app.wasm"], check=True)
        cls.worlds = ["ring0"]
        if BACKEND == "kvm" and cls.run_in("ring0")[0] != 0:
            cls.worlds = ["collapsed", "isolated"]

    @classmethod
    def run_in(cls, world):
        done = subprocess.run([cls.folder / "merlon", "run", "--backend", "kvm", cls.folder / "app.wasm"],
                              env=os.environ | {"MERLON_KVM_WORLD": world}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, without_warnings(done.stderr)

    def attempt(self, name, *endings, output=""):
        """`endings`: those that are right; which of them is the world's matter, or the emulator's."""
        program = Path(KEEPS[name]).read_bytes()
        entry = symbols(SHIM)["system_call_entry"].to_bytes(8, "little")
        keep = self.folder / "merlon-keep"
        keep.write_bytes(program.replace(PLACE, entry))
        for world in self.worlds:
            with self.subTest(world):
                self.assertIn(self.run_in(world),
                              [(status, output, errors) for status, errors in endings])

    def test_no_other_door(self):
        self.attempt("LegacyCall", SEGMENTATION, OPCODE)  # an emulated ring 0 knows no int
        self.attempt("FakeFault", SEGMENTATION, OPCODE)

    def test_what_no_keep_causes_ends_it(self):
        self.attempt("DebugException", failed("a debug exception"), OPCODE)  # QEMU knows no int1

    def test_no_step_into_the_shim(self):
        # Isolated has no instruction to step at an entry.
        self.attempt("Step", failed("a debug exception"),
                     *([GAINED_NOTHING] if "isolated" in self.worlds else []))

    def test_flags_stay_outside(self):
        self.attempt("HostileFlags", GAINED_NOTHING, output="hello\n")

    def test_a_jump_to_the_entry_is_a_call_at_most(self):
        if self.worlds == ["ring0"]:
            self.attempt("Jump", failed("a page fault"))
        else:
            self.attempt("Jump", GAINED_NOTHING, output="hello\n")

    def test_a_stack_fault_is_the_keeps(self):
        self.attempt("StackFault", BUS, SEGMENTATION)  # QEMU has one exception for all addresses

    def test_the_stack_pointer_leads_nowhere(self):
        self.attempt("ShimsStack", OPCODE)

    def test_rights_that_are_taken_are_gone(self):
        self.attempt("KeptRights", SEGMENTATION)
        self.attempt("ManyKeptRights", SEGMENTATION)


if __name__ == "__main__":
    if BACKEND == "tcg" and shutil.which("qemu-system-x86_64") is None:
        print("SKIP tcg: there is no qemu-system-x86_64")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
