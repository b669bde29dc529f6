#!/usr/bin/env python3
"""A host that injects exceptions, interrupts and NMIs into a keep's machine, in each world of /dev/kvm:
the keep gives its output, or ends with a line that says what it met; never anything else.

    injection_test.py MERLON MERLON-VMM-INJECTING
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import HELLO

MERLON, LAUNCHER = sys.argv[1:3]
HYPERVISOR, COMMUNICATION, LEGACY_CALL, NMI, MACHINE_CHECK = 28, 29, 0x80, 2, 18
ROUNDS = int(os.environ.get("MERLON_INJECTIONS", "60"))


class Injection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-injecting-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        for name in ("merlon", "merlon-keep", "merlon-shim-kvm"):
            shutil.copy(Path(MERLON).with_name(name), cls.folder / name)
        shutil.copy(LAUNCHER, cls.folder / "merlon-vmm")
        (cls.folder / "app.wat").write_text(HELLO)
        subprocess.run(["wat2wasm", cls.folder / "app.wat", "-o", cls.folder / "app.wasm"], check=True)
        cls.worlds = [world for world in ("ring0", "collapsed", "isolated")
                      if cls.run_with(world, "0 0").returncode == 0]

    @classmethod
    def run_with(cls, world, plan):
        (cls.folder / "injection").write_text(plan)
        return subprocess.run([cls.folder / "merlon", "run", "--backend", "kvm", cls.folder / "app.wasm"],
                              env=os.environ | {"MERLON_KVM_WORLD": world}, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)

    def judge(self, world, plan):
        """Whether the keep noticed."""
        ended = self.run_with(world, plan)
        lines = ended.stderr.splitlines()
        told = (world, plan, ended)
        if ended.returncode == 0:
            self.assertEqual((ended.stdout, lines), ("hello\n", []), told)
            return False
        self.assertEqual((ended.returncode, len(lines)), (134, 1), told)
        self.assertIn(ended.stdout, ("", "hello\n"), told)
        self.assertRegex(lines[0], r"the shim failed: it met |the keep was ended by SIG|the keep crashed|"
                         r"the keep says: ", told)
        return True

    def test_there_is_a_world(self):
        self.assertNotEqual(self.worlds, [])

    def test_what_only_a_host_brings_ends_the_keep_or_nothing(self):
        noticed = 0
        for world in self.worlds:
            for vector in (HYPERVISOR, COMMUNICATION, LEGACY_CALL, NMI, MACHINE_CHECK):
                for count in (2, 3, 5, 9):
                    noticed += self.judge(world, f"{vector} {count}")
        # Or this host's KVM injects nothing at all, and the test shows nothing.
        self.assertGreater(noticed, 0)

    def test_any_vector_anywhere(self):
        choice = random.Random(4711)
        for _ in range(ROUNDS):
            vector = choice.choice((*range(32), LEGACY_CALL, 0xff, COMMUNICATION, HYPERVISOR))
            self.judge(choice.choice(self.worlds),
                       f"{vector} {choice.randrange(2, 40)} {choice.choice((0, 50, 90, 170))}")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
