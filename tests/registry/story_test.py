#!/usr/bin/env python3
"""The story in its short form: with what is embedded, and with servers of others, where the keep fetches its package.

MERLON_BACKEND=sgx-sim: in a simulated enclave, with what is embedded.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import unittest
from pathlib import Path

# Before support, which has another one where none is named.
BACKEND = os.environ.get("MERLON_BACKEND", "snp-sim")
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
import real_story  # noqa: E402
from story_demo import Story  # noqa: E402
from support import main  # noqa: E402


@unittest.skipUnless(BACKEND == "sgx-sim" or os.access("/dev/kvm", os.R_OK | os.W_OK), "attested keeps that serve need /dev/kvm")
class TheStory(unittest.TestCase):
    def tell(self, kind, **options):
        with tempfile.TemporaryDirectory(prefix="merlon-story-") as folder, contextlib.redirect_stdout(io.StringIO()) as said:
            page = Path(folder) / "page.html"
            story = kind(folder, argparse.Namespace(
                **{"echo": None, "backend": BACKEND, "html": page, "keep_fetches": False, "short": True} | options))
            status = story.run()
            self.assertEqual(status, 0, said.getvalue())
            return page.read_text()

    def test_with_what_is_embedded(self):
        page = self.tell(Story)
        self.assertNotIn("its certificate; registry → keep", page)
        self.assertNotIn("✘", page)

    @unittest.skipIf(BACKEND != "snp-sim", "servers of others are the same behind whatever keep")
    @unittest.skipIf(real_story.why_not(), real_story.why_not())
    def test_with_servers_of_others(self):
        self.assertIn("its certificate; registry → keep", self.tell(real_story.RealStory, keep_fetches=True))


if __name__ == "__main__":
    main()
