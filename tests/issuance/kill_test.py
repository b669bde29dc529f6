#!/usr/bin/env python3
"""Kills a process that issues, 200 times at random moments: whatever left is in the log, the log holds
together after each, what was seen never goes back, and the next start works."""

import json
import os
import random
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

WRITER = os.environ["MERLON_LOG_WRITER"]
ROUNDS = 200
SEED = 20261128


class Kill(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = Path(self.folder.name) / "issued.log"
        self.memory = Path(self.folder.name) / "seen.json"
        self.random = random.Random(SEED)

    def tearDown(self):
        self.folder.cleanup()

    def killed_run(self):
        """What left before the kill: whole lines only, as a reader of a certificate would have them."""
        process = subprocess.Popen([WRITER, str(self.log), str(self.memory)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        time.sleep(self.random.uniform(0.0, 0.05))
        process.send_signal(signal.SIGKILL)
        out, err = process.communicate()
        self.assertEqual(process.returncode, -signal.SIGKILL, err.decode())
        return [line.decode() for line in out.split(b"\n")[:-1]]

    def test_nothing_is_outside_that_is_not_in_the_log(self):
        left, newest, torn = [], 0, 0
        for _ in range(ROUNDS):
            left += self.killed_run()
            if not self.log.exists():
                continue
            done = subprocess.run([WRITER, "--verify", str(self.log), str(self.memory)], capture_output=True,
                                  text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            records, cut, seen = map(int, done.stdout.split())
            torn += cut > 0
            self.assertGreaterEqual(seen, newest)
            newest = seen
            self.assertGreaterEqual(records, len(left))
        lines = self.log.read_text().split("\n")
        logged = {json.loads(line)["serial"] for line in lines[:-1]}
        self.assertEqual(set(left) - logged, set())
        self.assertEqual(len(left), len(set(left)))
        self.assertGreater(len(left), ROUNDS)
        print(f"{ROUNDS} kills, {len(left)} certificates left, {len(logged)} in the log, {torn} torn, "
              f"memory at {newest}")


if __name__ == "__main__":
    unittest.main()
