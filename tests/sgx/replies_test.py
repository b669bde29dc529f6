#!/usr/bin/env python3
"""A host that lies to an enclave's shim: no lie is believed, and nothing of the enclave lies about after any exit.

MERLON_HOSTILE_REPLIES: how many lies (1500); MERLON_HOSTILE_SEED: where they begin (1).
"""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from support import MERLON, EndToEnd, main

HOST = Path(os.environ.get("MERLON_HOSTILE_HOST", "build/dev/tests/merlon-hostile-host"))
GUEST = Path(os.environ.get("MERLON_ASKING_GUEST", "build/dev/tests/merlon-asking-guest"))
REPLIES = int(os.environ.get("MERLON_HOSTILE_REPLIES", "1500"))
SEED = os.environ.get("MERLON_HOSTILE_SEED", "1")
PLATFORM = Path(os.environ.get("XDG_STATE_HOME", "~/.local/state")).expanduser() / "merlon/simulator-sgx"


class Replies(EndToEnd):
    def test_no_lie_is_believed_and_no_secret_found(self):
        own = Path(MERLON).parent
        for program in (HOST, GUEST, f"{GUEST}.cpuid", own / "merlon-shim-sgx", own / "merlon-simulator"):
            shutil.copy(program, self.folder)
        ran = subprocess.run([self.folder / HOST.name, PLATFORM, str(REPLIES), SEED], capture_output=True, text=True,
                             check=False)
        print(ran.stdout)
        self.assertEqual(ran.returncode, 0, ran)
        lies, cases = map(int, re.search(r"^(\d+) lies in (\d+) cases", ran.stdout, re.M).groups())
        self.assertGreaterEqual(lies, REPLIES)
        # Most are noticed or do no harm; were it not so, the cases would try little.
        told = dict(re.findall(r"^  (\S.*?) +(\d+)$", ran.stdout, re.M))
        self.assertGreater(int(told["refused"]), cases // 10)
        self.assertGreater(int(told["went on"]), cases // 10)


if __name__ == "__main__":
    main()
