#!/usr/bin/env python3
"""What is around a machine, against shims that attack it: each ends by itself or by its time limit,
with one line, and leaves nothing.

    attacks_test.py NAME SHIM [NAME SHIM]…
"""

import os
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from support import HELLO, MERLON, EndToEnd

SHIMS = dict(zip(sys.argv[1::2], sys.argv[2::2]))


class Attacks(EndToEnd):
    def attacked_by(self, name, *options):
        """The result of a run. Standard input stays open and silent."""
        for program in ("merlon", "merlon-keep", "merlon-vmm"):
            shutil.copy(Path(MERLON).with_name(program), self.folder / program)
        shutil.copy(SHIMS[name], self.folder / "merlon-shim-kvm")
        wasm = self.wasm(HELLO)
        silent, keep_open = os.pipe()
        self.addCleanup(os.close, keep_open)
        self.addCleanup(os.close, silent)
        result = subprocess.run([self.folder / "merlon", "run", "--backend", "kvm", *options, wasm],
                                stdin=silent, capture_output=True, text=True, timeout=60,
                                check=False)
        running = [entry for entry in Path("/proc").glob("[0-9]*/exe") if self.is_ours(entry)]
        self.assertEqual(running, [])
        return result

    def is_ours(self, entry):
        try:
            return str(self.folder) in os.readlink(entry)
        except OSError:
            return False

    def test_a_crash_is_told(self):
        result = self.attacked_by("Crash")
        self.assert_refused(result, 134, "the keep crashed")

    def test_a_crash_ends_what_waits_on_the_keeps_behalf(self):
        result = self.attacked_by("CrashWhileServed", "--stats")
        self.assertEqual(result.returncode, 134, result)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 2, result)
        self.assertIn("the keep crashed", lines[1])

    def test_nonsense_ends_the_keep_by_name(self):
        result = self.attacked_by("Nonsense")
        self.assert_refused(result, 134, "backend kvm: ")

    def test_memory_that_is_not_there_ends_the_keep(self):
        result = self.attacked_by("Elsewhere")
        self.assert_refused(result, 134, "the keep crashed")

    def test_a_time_limit_needs_no_help_of_the_keep(self):
        result = self.attacked_by("Spin", "--timeout", "300ms")
        self.assert_refused(result, 124, "time limit")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
