#!/usr/bin/env python3
"""A small fleet: four hosts, of which one is cut off, one killed, and one has a wrong clock; see scenario.py."""

import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import apart  # noqa: E402
from bundles import main  # noqa: E402


class Fleet(unittest.TestCase):
    def test_nothing_runs_twice_and_nothing_acknowledged_is_lost(self):
        if reason := apart.why_not():
            self.skipTest(reason)
        status, said = apart.run("scenario.py", "--short", "--keeps", 12, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(status, 0, said)


if __name__ == "__main__":
    main()
