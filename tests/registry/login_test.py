#!/usr/bin/env python3
"""merlon user login with an issuer that is not ours, through its own pages in Chromium."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / each) for each in ("deploy", "e2e", "attest")]
import people  # noqa: E402
import servers  # noqa: E402
from gatehouse import Authority  # noqa: E402
from support import MERLON, EndToEnd, main  # noqa: E402


@unittest.skipIf(people.why_nobody(), people.why_nobody())
class ByItsPages(EndToEnd):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.folder, "issuer-ca")
        key, certificate = self.authority.vouch("issuer", "subjectAltName=DNS:localhost")
        self.provider = people.Provider(self.folder, certificate, key)
        self.addCleanup(self.provider.stop)
        self.registry = servers.Registry(self.folder, self.provider, self.authority.certificate,
                                         ("--key", key, "--cert", certificate))
        self.addCleanup(self.registry.stop)
        self.host = f"localhost:{self.registry.port}"
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state"),
                            "ENARX_CA_BUNDLE": str(self.authority.certificate), "MERLON_DRAWBRIDGE": self.host}

    def do(self, *words):
        ran = subprocess.run([MERLON, *words], capture_output=True, text=True, check=False, timeout=60, env=self.environment,
                             stdin=subprocess.DEVNULL)
        self.assertEqual(ran.returncode, 0, ran)
        return ran

    def log_in(self, name, *words):
        return self.provider.log_in([MERLON, "user", "login", "--oidc-domain", self.provider.base, "--oidc-client-id", "merlon",
                                     "--oidc-audience", servers.AUDIENCE, *words], name, self.environment)

    def test_by_a_devices_code_and_by_a_browser(self):
        status, said, titles = self.log_in("alice")
        self.assertEqual(status, 0, said)
        self.assertEqual(titles[1:], ["Device Login Confirmation", "Sign-in", "Sign-in", "Sign-in Success"])
        self.do("user", "register", "alice")
        self.do("user", "logout")
        status, said, titles = self.log_in("alice", "--oidc-flow", "browser")
        self.assertEqual(status, 0, said)
        self.assertEqual(titles[-1], "Logged in: go back to the terminal.")
        self.assertIn("alice", self.do("user", "info", "alice").stdout)


if __name__ == "__main__":
    main()
