#!/usr/bin/env python3
"""The status page: what it shows, what it judges, and how a browser takes it."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from keeps import BACKEND
from service import StewardTest, openssl
from story import MACHINES, Stage
from support import main

PLAYWRIGHT = Path(os.environ.get("MERLON_PLAYWRIGHT", "build/browser/node_modules/playwright-core")).absolute()
ROOT = "ARK-SIMULATOR" if BACKEND == "snp-sim" else "Intel SGX Root CA"
CHROMIUM = shutil.which("chromium")


class Page(StewardTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-steward-page-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINES[BACKEND])
        keep = cls.stage.evidence("keep")
        measurement = cls.stage.predicted(cls.stage.world(keep["measurement"]) or "ring0")
        cls.policy = cls.stage.policy("policy.toml", measurement, "")
        cls.file = cls.stage.folder / "keep" / "request.csr"

    def setUp(self):
        super().setUp()
        self.steward = self.start("--policy", self.policy, "--endorsements", self.stage.platform, "--development")

    def upload(self, path, name="request.csr"):
        said = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", "-F", f"evidence=@{path};filename={name}",
                               f"http://127.0.0.1:{self.steward.port}/status"], capture_output=True, text=True,
                              check=True, timeout=30)
        html, _, status = said.stdout.rpartition("\n")
        return int(status), html

    def test_it_tells_what_happened_and_what_is_in_use(self):
        request = openssl("req", "-in", self.file, "-outform", "DER").stdout
        self.assertEqual(self.steward.post(request).status, 200)
        self.steward.post(b"nonsense")
        answer = self.steward.ask("GET", "/status")
        html = answer.body.decode()
        self.assertIn("1 certificates issued, 1 requests refused", html)
        self.assertIn("#request.form", html)
        self.assertIn(self.steward.ask("GET", "/ready").json()["policy"], html)
        self.assertIn(ROOT, html)
        self.assertNotIn("unsafe", answer.headers["content-security-policy"])

    def test_evidence_that_is_uploaded_is_judged_and_leaves_nothing(self):
        status, html = self.upload(self.file)
        self.assertEqual(status, 200)
        self.assertIn("Accepted", html)
        self.assertIn(f"{ROOT} of Merlon SIMULATOR", html)
        self.assertEqual(self.steward.metric('certificates_total{technology="SEV-SNP"}'), 0)

    def test_evidence_that_is_refused_says_why(self):
        altered = bytearray(openssl("req", "-in", self.file, "-outform", "DER").stdout)
        altered[-1] ^= 1
        path = self.folder / "altered"
        path.write_bytes(altered)
        status, html = self.upload(path)
        self.assertEqual(status, 200)
        self.assertIn("Refused", html)
        self.assertIn("binding.key-proof", html)

    def test_names_and_bytes_of_files_are_never_markup(self):
        path = self.folder / "file"
        path.write_bytes(b"<script>alert(1)</script>")
        status, html = self.upload(path, "<script>")
        self.assertEqual(status, 400)
        self.assertIn("This is no evidence", html)
        self.assertNotIn("<script", html)
        _, html = self.upload(self.file, "<script>x")
        self.assertNotIn("<script", html)

    def test_too_much_is_refused(self):
        path = self.folder / "file"
        path.write_bytes(b"x" * (2 * 1024 * 1024))
        self.assertEqual(self.upload(path)[0], 413)

    @unittest.skipUnless(CHROMIUM and PLAYWRIGHT.is_dir() and shutil.which("node"),
                         "chromium and playwright-core are not here: npm install --prefix build/browser playwright-core")
    def test_a_browser_shows_it_in_each_width_and_scheme_and_by_keyboard(self):
        for _ in range(3):
            self.steward.post(b"nonsense")
        pictures = Path(os.environ.get("MERLON_PICTURES", self.folder))
        said = subprocess.run(["node", Path(__file__).with_name("browser.js"), PLAYWRIGHT, CHROMIUM,
                               f"http://127.0.0.1:{self.steward.port}/status", self.file, pictures],
                              capture_output=True, text=True, check=False, timeout=240)
        self.assertEqual(said.returncode, 0, said.stderr)
        looks = json.loads(said.stdout)
        self.assertEqual(len(looks), 4)
        for each in looks:
            self.assertEqual((each["complaints"], each["sideways"], each["reached"], each["verdict"]),
                             ([], False, True, "✔ Accepted"), each)


if __name__ == "__main__":
    main()
