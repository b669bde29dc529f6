#!/usr/bin/env python3
"""A keep proves itself while somebody on the way does with its messages what he likes."""

import os
import re
import tempfile
import unittest

from story import Stage
from support import main

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")
NONCE = "11" * 32


class Hostile(unittest.TestCase):
    """A host, or a processor, that does with the keep's messages what it likes."""

    # A keep makes two requests, so each seed is two of many thousands that the unit tests try.
    SEEDS = int(os.environ.get("MERLON_HOSTILE_SEEDS", "40"))

    # Of the other test: each is a channel of its own, with up to four requests.
    CASES = int(os.environ.get("MERLON_HOSTILE_CASES", "500"))
    # Those of /dev/kvm that there are here. Isolated is the same program, and slow.
    WORLDS = os.environ.get("MERLON_HOSTILE_WORLDS", "").split()

    def test_no_number_is_sealed_twice_and_no_wrong_answer_believed(self):
        with tempfile.TemporaryDirectory(prefix="merlon-hostile-") as scratch:
            stage = Stage(scratch, MACHINE)
            stage.make_hostile_cases(self.CASES)
            (stage.folder / "any.wasm").write_bytes(b"")
            for world in self.WORLDS or [""]:
                said = stage.merlon("run", "--backend", "snp-sim", stage.folder / "any.wasm",
                                    check=False, world=world, timeout=3000)
                self.assertEqual(said.returncode, 0, (world, said))
                counted = re.fullmatch(r"(\d+) cases, (\d+) answers\n", said.stdout)
                self.assertEqual(int(counted[1]), self.CASES, (world, said))
                self.assertGreater(int(counted[2]), self.CASES // 4)

    def test_evidence_is_genuine_or_there_is_none(self):
        with tempfile.TemporaryDirectory(prefix="merlon-hostile-") as scratch:
            stage = Stage(scratch, MACHINE)
            genuine = 0
            for seed in range(self.SEEDS):
                stage.make_hostile(seed)
                said = stage.evidence("keep", NONCE, check=False)
                if isinstance(said, dict):
                    genuine += 1
                    self.judge(stage, said, seed)
                else:
                    self.refused_by_name(said, seed)
        self.assertGreater(genuine, self.SEEDS // 20)
        self.assertLess(genuine, self.SEEDS)

    def judge(self, stage, said, seed):
        folder = stage.folder / "keep"
        measurement = stage.predicted(stage.world(said["measurement"]))
        policy = stage.policy("hostile.toml", measurement,
                              (folder / "report_data.toml").read_text())
        self.assertEqual(stage.verify(folder / "evidence.bin", policy), ("accepted", {}), seed)

    def refused_by_name(self, said, seed):
        lines = [line for line in said.stderr.splitlines() if "qemu-system" not in line]
        self.assertEqual(len(lines), 1, (seed, said))
        self.assertTrue(lines[0].startswith("merlon: "), (seed, lines))
        for crash in ("crashed", "shim failed", "broke the rules", "Traceback"):
            self.assertNotIn(crash, lines[0], seed)


if __name__ == "__main__":
    main()
