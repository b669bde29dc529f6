#!/usr/bin/env python3
"""Whether each preset of CMakePresets.json can be configured: most parts of the suite build in one or two of them."""

import json
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PRESETS = [one for one in json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"] if not one.get("hidden")]


class Presets(unittest.TestCase):
    def test_each_can_be_configured(self):
        for preset in PRESETS:
            compiler = preset["cacheVariables"].get("CMAKE_CXX_COMPILER", "g++")
            with self.subTest(preset["name"]), tempfile.TemporaryDirectory() as folder:
                if shutil.which(compiler) is None:
                    self.skipTest(f"no {compiler}")
                told = subprocess.run(["cmake", "--preset", preset["name"], "-B", folder], cwd=ROOT, capture_output=True,
                                      text=True, check=False)
                self.assertEqual(told.returncode, 0, told.stderr)


if __name__ == "__main__":
    unittest.main()
