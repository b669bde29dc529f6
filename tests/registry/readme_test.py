#!/usr/bin/env python3
"""What README tells a newcomer about a sealed package, typed exactly so, in a home of his own."""

import os
import re
import signal
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from oci_servers import missing
from support import MERLON, main

ROOT = Path(__file__).resolve().parent.parent.parent
SESSION = re.compile(r"## A sealed package.*?```\n(.*?)```", re.S)


@unittest.skipIf(missing("docker-registry"), missing("docker-registry"))
class Readme(unittest.TestCase):
    def test_a_newcomer_deploys_a_sealed_package(self):
        session = SESSION.search((ROOT / "README.md").read_text())[1]
        lines = session.splitlines()
        typed = [line[2:] for line in lines if line.startswith("$ ")]
        shown = [line for line in lines if not line.startswith("$ ")]
        self.assertGreater(len(typed), 5)
        with socket.socket() as probe:  # another registry may have the port
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        script = "set -e\n" + "\n".join(typed).replace("5000", str(port)) + "\n"
        # Whoever types is slower than a registry starts.
        script = script.replace("2>&1 &", "2>&1 & for i in $(seq 300); do (: < /dev/tcp/127.0.0.1/%d) 2> /dev/null "
                                          "&& break; sleep 0.1; done" % port)
        with tempfile.TemporaryDirectory(prefix="merlon-readme-") as scratch:
            folder = Path(scratch)
            subprocess.run([ROOT / "examples/build.sh", folder, "hello"], check=True, capture_output=True)
            home = folder / "home"
            home.mkdir()
            path = f"{Path(MERLON).parent}:/usr/sbin:/usr/bin:/bin"
            newcomer = subprocess.Popen(["bash", "-c", script], cwd=folder, text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, start_new_session=True,
                                        env={"HOME": str(home), "PATH": path})
            try:
                said, errors = newcomer.communicate(timeout=200)
            finally:
                try:
                    os.killpg(newcomer.pid, signal.SIGTERM)  # the registry
                except ProcessLookupError:
                    pass
            self.assertEqual(newcomer.returncode, 0, errors)
            self.assertEqual(said.splitlines(), shown, errors)
            kept = b"".join(file.read_bytes() for file in (folder / "registry").rglob("*") if file.is_file())
            self.assertGreater(len(kept), 1000)
            self.assertNotIn(b"Hello from", kept)


if __name__ == "__main__":
    main()
