#!/usr/bin/env python3
"""The registry's pages in Chromium: narrow and wide, light and dark; they load nothing and stick out nowhere."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / each) for each in ("drawbridge", "deploy", "e2e", "attest")]
import people  # noqa: E402
from registry import Drawbridge, Issuer, Package  # noqa: E402
from support import main  # noqa: E402

PICTURES = os.environ.get("MERLON_PICTURES")  # a folder that keeps them


@unittest.skipIf(people.why_no_browser(), people.why_no_browser())
class Pages(unittest.TestCase):
    def test_fit_and_load_nothing(self):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-pages-")
        self.addCleanup(scratch.cleanup)
        folder = Path(scratch.name)
        issuer = Issuer(folder)
        self.addCleanup(issuer.stop)
        service = Drawbridge(folder / "store", issuer)
        self.addCleanup(service.stop)
        bob = issuer.token("s|bob")
        long = "a-name-that-is-as-long-as-somebody-may-think-of-who-has-much-to-say"
        for name in ("app", long):
            service.register("bob", name, bob)
        package = Package({"main.wasm": os.urandom(3000), "lib/data": b"x"})
        for repository, tag in (("app", "1.0.0"), ("app", "1.0.1-rc.1"), (long, "1.0.0")):
            self.assertEqual(set(service.push(f"bob/{repository}", tag, package, bob)), {201})
        reason = json.dumps({"reason": "it answers everybody who asks with the words of the one before, which nobody may read"})
        self.assertEqual(service.ask("PUT", "/bob/app/_tag/1.0.0/yank", bob, reason.encode(), "application/json")[0], 200)
        pictures = PICTURES or folder
        base = f"http://127.0.0.1:{service.port}"
        said = subprocess.run(["node", HERE / "look.js", people.PLAYWRIGHT, shutil.which("chromium"), pictures, f"list={base}/",
                               f"repository={base}/bob/app"], capture_output=True, text=True, check=False, timeout=people.PATIENCE)
        self.assertEqual(said.returncode, 0, said.stderr)
        looks = json.loads(said.stdout)
        self.assertEqual(len(looks), 8)
        for look in looks:
            self.assertEqual((look["sideways"], look["loads"]), ([], []), look)


if __name__ == "__main__":
    main()
