#!/usr/bin/env python3
"""tools/hardware_check with the real programs: to its verdict on any machine, each step by name."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

from support import EndToEnd

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = Path(os.environ["MERLON_PROGRAM"]).parent


class HardwareCheck(EndToEnd):
    def test_ends_with_a_report_of_what_is_there_and_what_is_missing(self):
        report = self.folder / "report.txt"
        done = subprocess.run([sys.executable, ROOT / "tools" / "hardware_check", "--kind", "snp",
                               "--programs", PROGRAMS, "--out", report], capture_output=True, text=True, timeout=200,
                              check=False)
        text = report.read_text()
        self.assertEqual(done.stderr, "")
        self.assertIn(text, done.stdout)
        self.assertIn(done.returncode, (0, 3), text)
        for step in ("kernel", "processor", "device-kvm", "device-sev", "programs", "platform-info",
                     "measure", "launch", "launch-signed", "launch-of-another"):
            self.assertRegex(text, rf"(?m)^(ok|missing|skipped) +{step}(:|$)")
        self.assertIn("ok       measure: ", text)
        self.assertIn("\nevidence: none; nobody serves the calls of a keep there yet", text)

    def of_sgx(self, kind):
        report = self.folder / f"{kind}.txt"
        done = subprocess.run([sys.executable, ROOT / "tools" / "hardware_check", "--kind", kind,
                               "--programs", PROGRAMS, "--out", report], capture_output=True, text=True, timeout=200,
                              check=False, env={**os.environ, "XDG_STATE_HOME": self.folder / "state"})
        self.assertEqual(done.stderr, "")
        return done.returncode, report.read_text()

    def test_what_is_missing_for_enclaves_is_named(self):
        status, text = self.of_sgx("sgx")
        self.assertIn(status, (0, 3), text)
        for step in ("kernel", "processor", "processor-flags", "device-sgx_enclave", "programs", "platform-info",
                     "measure", "launch", "launch-signed", "launch-of-another", "evidence"):
            self.assertRegex(text, rf"(?m)^(ok|missing|skipped) +{step}(:|$)")
        self.assertIn("ok       measure: ", text)

    def test_on_a_simulated_processor_all_enclaves_do_as_they_must(self):
        subprocess.run([PROGRAMS / "merlon", "platform", "simulate", "init", "--kind", "sgx"], check=True,
                       capture_output=True, env={**os.environ, "XDG_STATE_HOME": self.folder / "state"})
        status, text = self.of_sgx("sgx-sim")
        self.assertEqual(status, 0, text)
        self.assertIn("ok       launch-signed: 42", text)
        self.assertRegex(text, "ok       launch-of-another: .*the signatures are of another keep")
        self.assertIn("ok       evidence: a quote, with the MRENCLAVE that was predicted", text)

    def test_the_launcher_names_the_step_that_fails(self):
        done = subprocess.run([PROGRAMS / "merlon-vmm-snp", "--check"], capture_output=True, text=True, timeout=60, check=False)
        if "launched" in done.stdout.splitlines():
            self.skipTest("this machine has SEV-SNP")
        self.assertEqual((done.returncode, done.stderr), (1, ""))
        self.assertRegex(done.stdout, r"(?m)^trouble [a-z-]+: (missing|refused: .+)$")

    def test_the_launcher_takes_no_other_words(self):
        for words in (["--fast"], ["--id-block"], ["--id-block", "/nowhere"]):
            done = subprocess.run([PROGRAMS / "merlon-vmm-snp", "--check", *words], capture_output=True, text=True, timeout=60,
                                  check=False)
            self.assertEqual(done.returncode, 1)
            self.assertTrue(done.stdout.startswith("trouble options: "), done.stdout)


if __name__ == "__main__":
    unittest.main()
