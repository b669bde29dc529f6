#!/usr/bin/env python3
"""Tests hardware_check with stand-ins for Merlon's programs: a machine on which all goes well, others not."""

import importlib.machinery
import importlib.util
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "hardware_check"
LOADER = importlib.machinery.SourceFileLoader("hardware_check", str(SCRIPT))
hardware_check = importlib.util.module_from_spec(importlib.util.spec_from_loader("hardware_check", LOADER))
LOADER.exec_module(hardware_check)

DIGEST = "ab" * 48
ENCLAVE = "cd" * 32
MERLON = """#!/usr/bin/env python3
import json, sys
words = sys.argv[1:]
out = words[words.index("--out") + 1] if "--out" in words else None
if words == ["--version"]:
    print("merlon 9.9.9")
elif words[:2] == ["platform", "info"]:
    datum = {"name": "/dev/sev", "pass": True, "need": "required", "info": None, "mesg": None}
    print(json.dumps({"backends": [{"backend": "snp", "data": [{**datum, "data": [{**datum, "name": "x", "data": []}]}]}]}))
elif words[0] == "run":
    signed = open(words[words.index("--signatures") + 1]).read() if "--signatures" in words else "ENCLAVE"
    if "ENCLAVE" not in signed:
        print("merlon: the signatures are of another keep", file=sys.stderr)
        sys.exit(125)
    print(42)
elif words[:2] == ["keep", "evidence"]:
    print(json.dumps({"measurement": "ENCLAVE"}))
elif words[0] == "sign" and "--sgx-digest" in words:
    open(out, "w").write(words[words.index("--sgx-digest") + 1])
elif words[:2] == ["keep", "measure"] and "sgx" in words:
    print(json.dumps({"mr_enclave": "ENCLAVE"}))
elif words[:2] == ["keep", "measure"]:
    print(json.dumps({"launch_digest": "DIGEST", "programs": [{"name": "merlon-keep", "sha384": "00"}]}))
elif words[0] == "sign":
    digest = bytes.fromhex(words[words.index("--snp-digest") + 1])
    open(out, "w").write(json.dumps({"sev": {"id_block": list(digest), "id_auth": [1, 2, 3]}}))
else:
    open(out, "w").write("key")
""".replace("DIGEST", DIGEST).replace("ENCLAVE", ENCLAVE)
LAUNCHER = """#!/usr/bin/env python3
import sys
words = sys.argv[1:]
if "--id-block" in words and open(words[words.index("--id-block") + 1], "rb").read().hex() != "DIGEST":
    print("step launch-update 3\\ntrouble launch-finish: firmware: bad measurement (0xb)")
    sys.exit(1)
print("launched")
if "--only-launch" not in words:
    print("stop memory fault, exit 39, detail 1048576, 0 conversions")
print("step launch-finish 1\\nfact firmware 1.55.21")
""".replace("DIGEST", DIGEST)


class HardwareCheck(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.programs = Path(self.folder.name)
        for name in hardware_check.NEEDED + hardware_check.NEEDED_FOR_SGX:
            self.make(name, LAUNCHER if name == "merlon-vmm-snp" else MERLON)
        self.report = hardware_check.Report(write=lambda line: None)

    def make(self, name, text):
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)

    def result(self, name):
        return self.report.results[name]

    def test_a_machine_on_which_all_goes_well(self):
        self.assertEqual(hardware_check.find_programs(self.report, self.programs), self.programs)
        hardware_check.platform_information(self.report, self.programs)
        digest = hardware_check.measure(self.report, self.programs)
        self.assertEqual(digest, DIGEST)
        hardware_check.launch_all(self.report, self.programs, digest)
        self.assertEqual(set(self.report.results.values()), {"ok"}, self.report.text())
        self.assertEqual(self.report.status(), 0)
        text = self.report.text()
        for line in ("ok       launch: memory fault, exit 39, detail 1048576, 0 conversions",
                     "ok       launch-signed: launched",
                     "ok       launch-of-another: launch-finish: firmware: bad measurement (0xb)",
                     "    fact: firmware 1.55.21", "    yes, required, x: "):
            self.assertIn(line + "\n", text)

    def test_a_processor_that_takes_any_keep_fails(self):
        self.make("merlon-vmm-snp", "#!/bin/sh\necho launched\n")
        hardware_check.launch_all(self.report, self.programs, DIGEST)
        self.assertEqual(self.result("launch-signed"), "ok")
        self.assertEqual(self.result("launch-of-another"), "failed")
        self.assertEqual(self.report.status(), 1)

    def test_a_digest_that_is_not_as_predicted_fails(self):
        hardware_check.launch_all(self.report, self.programs, "cd" * 48)
        self.assertEqual(self.result("launch"), "ok")
        self.assertEqual(self.result("launch-signed"), "failed")

    def test_what_is_missing_is_named_and_the_rest_skipped(self):
        self.make("merlon-vmm-snp", "#!/bin/sh\necho 'trouble machine-types: missing'\necho 'remedy buy one'\nexit 1\n")
        hardware_check.launch_all(self.report, self.programs, DIGEST)
        self.assertEqual(self.result("launch"), "missing")
        self.assertEqual(self.result("launch-signed"), "skipped")
        self.assertEqual(self.report.status(), 3)
        self.assertIn("    remedy: buy one\n", self.report.text())

    def test_programs_that_are_not_there_or_talk_nonsense_fail_by_name(self):
        (self.programs / "merlon-keep").unlink()
        self.assertIsNone(hardware_check.find_programs(self.report, self.programs))
        self.make("merlon", "#!/bin/sh\necho '[1'\n")
        hardware_check.platform_information(self.report, self.programs)
        self.assertIsNone(hardware_check.measure(self.report, self.programs))
        self.assertEqual(set(self.report.results.values()), {"failed"})
        self.make("merlon-vmm-snp", "#!/bin/sh\nkill -SEGV $$\n")
        hardware_check.launch_all(self.report, self.programs, DIGEST)
        self.assertEqual(self.result("launch"), "failed")

    def test_a_machine_on_which_all_enclaves_go_well(self):
        digest = hardware_check.measure(self.report, self.programs, "sgx")
        self.assertEqual(digest, ENCLAVE)
        hardware_check.enclaves(self.report, self.programs, digest, "sgx")
        self.assertEqual(self.report.status(), 0, self.report.text())
        self.assertIn("ok       launch-of-another: merlon: the signatures are of another keep\n", self.report.text())

    def test_an_enclave_that_is_measured_otherwise_or_takes_any_signature_fails(self):
        hardware_check.enclaves(self.report, self.programs, "ef" * 32, "sgx")
        self.assertEqual((self.result("launch"), self.result("launch-signed"), self.result("evidence")),
                         ("ok", "failed", "failed"))
        self.make("merlon", MERLON.replace(f'"{ENCLAVE}" not in signed', "False"))
        hardware_check.enclaves(self.report, self.programs, ENCLAVE, "sgx")
        self.assertEqual((self.result("launch-signed"), self.result("launch-of-another")), ("ok", "failed"))
        self.assertEqual(self.report.status(), 1)

    def test_a_machine_without_enclaves_lacks_them_and_one_that_crashes_fails(self):
        self.make("merlon", "#!/bin/sh\necho 'merlon: backend sgx: this kernel has no SGX' >&2\nexit 125\n")
        hardware_check.enclaves(self.report, self.programs, ENCLAVE, "sgx")
        self.assertEqual((self.result("launch"), self.result("evidence")), ("missing", "skipped"))
        self.assertEqual(self.report.status(), 3)
        self.make("merlon", "#!/bin/sh\nkill -SEGV $$\n")
        hardware_check.enclaves(self.report, self.programs, ENCLAVE, "sgx")
        self.assertEqual(self.result("launch"), "failed")

    def test_versions_of_kernels(self):
        for release, result in (("6.11.0-9-generic", "ok"), ("7.0.1", "ok"), ("6.8.0", "missing"), ("odd", "missing")):
            hardware_check.look_at_kernel(self.report, release)
            self.assertEqual(self.result("kernel"), result, release)

    def test_a_line_is_one_line(self):
        self.report.step("launch", "failed", "a\nb\x1b[31mc")
        self.assertEqual(self.report.lines[-1], "failed   launch: a?b?[31mc")

    def test_runs_on_any_machine_to_its_verdict(self):
        status = hardware_check.check(self.report, self.programs)
        self.assertIn(status, (0, 3))
        self.assertTrue(self.report.lines[-1].startswith("verdict: "))
        for name in ("kernel", "processor", "device-kvm", "device-sev", "programs", "measure", "launch"):
            self.assertIn(name, self.report.results)


if __name__ == "__main__":
    unittest.main()
