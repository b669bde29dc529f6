#!/usr/bin/env python3
"""A keep of snp-sim proves itself; whoever lies about it is refused, each for its own reason."""

import json
import os
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from story import DEBUG_POLICY, Stage
from support import HELLO, main

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")
NONCE = "11" * 32


class Attest(unittest.TestCase):
    """One stage for all: a platform, and a keep's evidence of it."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-attest-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINE)
        cls.keep = cls.stage.evidence("keep", NONCE)
        cls.folder = Path(scratch.name) / "keep"
        cls.lines = (cls.folder / "report_data.toml").read_text()
        cls.measurement = cls.stage.predicted(cls.stage.world(cls.keep["measurement"]) or "ring0")
        cls.policy = cls.stage.policy("policy.toml", cls.measurement, cls.lines)

    def assert_refused_for(self, verdict, *checks):
        self.assertEqual(verdict[0], "refused", verdict)
        self.assertEqual(sorted(verdict[1]), sorted(checks), verdict[1])

    def test_the_measurement_is_the_one_that_was_predicted(self):
        self.assertEqual(self.keep["measurement"], self.measurement)
        if MACHINE == "tcg":
            self.assertEqual(self.measurement, self.stage.predicted("ring0"))

    def test_evidence_and_request_are_accepted(self):
        self.assertEqual(self.stage.verify(self.folder / "evidence.bin", self.policy),
                         ("accepted", {}))
        request = self.stage.policy("request.toml", self.measurement,
                                    "[report_data]\nrequest = true\n")
        self.assertEqual(self.stage.verify(self.folder / "request.csr", request),
                         ("accepted", {}))

    def test_a_world_without_a_divide_is_accepted_only_by_name(self):
        policy = self.stage.policy("divided.toml", self.measurement, self.lines, any_world=False)
        verdict = self.stage.verify(self.folder / "evidence.bin", policy)
        if self.stage.world(self.keep["measurement"]) == "collapsed":
            self.assert_refused_for(verdict, "snp.host-data")
        else:
            self.assertEqual(verdict, ("accepted", {}))

    def test_the_certificates_are_a_table_and_nothing_behind_it(self):
        """Room that was made for a longer one is not handed on."""
        table = (self.folder / "certificates.bin").read_bytes()
        ends, at = [], 0
        while any(table[at:at + 24]):
            offset, size = struct.unpack_from("<II", table, at + 16)
            ends.append(offset + size)
            at += 24
        self.assertEqual(len(table), max(ends))

    def test_openssl_reads_the_request(self):
        said = subprocess.run(["openssl", "req", "-in", self.folder / "request.csr", "-verify",
                               "-noout"], capture_output=True, text=True, check=True)
        self.assertIn("verify OK", said.stdout + said.stderr)

    def test_the_default_policy_refuses_a_simulator(self):
        verdict, failed = self.stage.verify(self.folder / "evidence.bin")
        self.assertEqual(verdict, "refused")
        self.assertEqual(sorted(set(failed) - {"snp.host-data"}), ["snp.anchor", "snp.product"])

    def test_a_policy_that_names_the_root_and_not_the_product_refuses(self):
        policy = self.stage.folder / "root.toml"
        policy.write_text(f'technologies = ["snp"]\nroots = ["{self.stage.root()}"]\n')
        verdict, failed = self.stage.verify(self.folder / "evidence.bin", policy)
        self.assertEqual(verdict, "refused")
        self.assertEqual(sorted(set(failed) - {"snp.host-data"}), ["snp.product"])

    def test_a_stewards_configuration_refuses_a_simulator(self):
        for name, text in (("empty", ""), ("snp", f'[snp]\nhash = ["{self.measurement}"]\n')):
            policy = self.stage.folder / f"steward-{name}.toml"
            policy.write_text(text)
            verdict, failed = self.stage.verify(self.folder / "request.csr", policy)
            self.assertEqual(verdict, "refused", name)
            self.assertTrue({"snp.product", "snp.anchor"} <= set(failed), failed)

    def test_one_changed_byte_of_keep_or_shim_is_another_keep(self):
        for program, text in (("merlon-keep", b"cannot be compiled"),
                              ("merlon-shim-kvm", b"the shim failed")):
            with tempfile.TemporaryDirectory(prefix="merlon-attest-") as scratch:
                changed = Stage(scratch, MACHINE)
                changed.change_one_byte(program, text)
                changed.evidence("keep", NONCE, self.stage.platform)
                folder = changed.folder / "keep"
                policy = self.stage.policy("changed.toml", self.measurement,
                                           (folder / "report_data.toml").read_text())
                self.assert_refused_for(self.stage.verify(folder / "evidence.bin", policy),
                                        "snp.measurement")

    def test_an_old_nonce_is_refused(self):
        newer = self.lines.replace(NONCE, "22" * 32)
        policy = self.stage.policy("newer.toml", self.measurement, newer)
        self.assert_refused_for(self.stage.verify(self.folder / "evidence.bin", policy),
                                "binding.report-data")

    def test_another_keeps_report_is_refused(self):
        self.stage.evidence("another", NONCE)
        other = self.stage.folder / "another/evidence.bin"
        self.assert_refused_for(self.stage.verify(other, self.policy), "binding.report-data")

    def test_a_request_for_another_key_is_refused(self):
        made = self.stage.request_for_another_key(self.folder / "request.csr", "other.csr")
        policy = self.stage.policy("other.toml", self.measurement,
                                   "[report_data]\nrequest = true\n")
        self.assert_refused_for(self.stage.verify(made, policy), "binding.report-data")

    def test_reports_of_other_guests_are_refused(self):
        """For a debug policy and a lower privilege level, apart from their measurement."""
        data = (self.folder / "evidence.bin").read_bytes()[0x50:0x90].hex()
        for name, reason, words in (("debug", "snp.debug", {"policy": DEBUG_POLICY}),
                                    ("level", "snp.vmpl", {"vmpl": 1}),
                                    ("plain", None, {})):
            report = self.stage.other_guest(f"{name}.bin", data, **words)
            wanted = ["snp.measurement"] + ([reason] if reason else [])
            self.assert_refused_for(self.stage.verify(report, self.policy), *wanted)

    def test_a_revoked_platform_is_refused(self):
        platform = self.stage.new_platform("revoked")
        self.stage.evidence("before", NONCE, platform)
        lines = (self.stage.folder / "before/report_data.toml").read_text()
        policy = self.stage.policy("revoked.toml", self.measurement, lines,
                                   self.stage.root(platform))
        evidence = self.stage.folder / "before/evidence.bin"
        self.assertEqual(self.stage.verify(evidence, policy, platform), ("accepted", {}))
        self.stage.merlon("platform", "simulate", "revoke", "--dir", platform)
        self.assert_refused_for(self.stage.verify(evidence, policy, platform),
                                "snp.ca-revocation")

    def test_another_platform_is_not_the_one_that_is_named(self):
        platform = self.stage.new_platform("elsewhere")
        self.stage.evidence("far", NONCE, platform)
        lines = (self.stage.folder / "far/report_data.toml").read_text()
        policy = self.stage.policy("far.toml", self.measurement, lines)
        verdict, failed = self.stage.verify(self.stage.folder / "far/evidence.bin", policy,
                                            platform)
        self.assertEqual(verdict, "refused")
        self.assertIn("snp.anchor", failed)

    def test_keeps_without_a_platform_say_so(self):
        said = self.stage.evidence("none", NONCE, self.stage.folder / "nowhere", check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("platform simulate init", said.stderr)

    def signatures(self, name, digest, *words):
        """A file of signatures; made by keys of this test."""
        folder = self.stage.folder
        for key in ("author", "id"):
            if not (folder / f"{key}.pem").exists():
                self.stage.merlon("key", "snp", "create", "--out", folder / f"{key}.pem")
        self.stage.merlon("key", "snp", "sign", "--author-key", folder / "author.pem", "--id-key",
                          folder / "id.pem", "--out", folder / "id.sig")
        self.stage.merlon("sign", "--snp-id-key", folder / "id.pem", "--snp-id-key-signature",
                          folder / "id.sig", "--snp-digest", digest, "--out", folder / name,
                          *words)
        return folder / name

    def key_digest(self, key):
        return self.stage.merlon("key", "snp", "digest", self.stage.folder / key).stdout.strip()

    def test_a_signed_keep_says_who_signed_it(self):
        file = self.signatures("own.sig", self.measurement, "--snp-svn", "5")
        self.stage.evidence("signed", NONCE, signatures=file)
        folder = self.stage.folder / "signed"
        lines = (f'author_key_sha384 = ["{self.key_digest("author.pem")}"]\nmin_guest_svn = 5\n' +
                 (folder / "report_data.toml").read_text())
        policy = self.stage.policy("signed.toml", self.measurement, lines)
        self.assertEqual(self.stage.verify(folder / "evidence.bin", policy), ("accepted", {}))
        newer = self.stage.policy("newer.toml", self.measurement,
                                  lines.replace("svn = 5", "svn = 6"))
        self.assert_refused_for(self.stage.verify(folder / "evidence.bin", newer), "snp.guest-svn")
        unnamed = self.stage.policy("unnamed.toml", self.measurement,
                                    lines[lines.index("[report_data]"):])
        verdict, failed = self.stage.verify(folder / "evidence.bin", unnamed)
        self.assertEqual((verdict, set(failed) & {"snp.author-key", "snp.id-key"} != set()),
                         ("refused", True))

    def test_a_keep_that_was_not_signed_does_not_start(self):
        for name, digest, words, reason in (
                ("other.sig", "00" * 48, (), "another keep"),
                ("policy.sig", self.measurement, ("--snp-policy", "0x43ffff"), "the policy")):
            file = self.signatures(name, digest, *words)
            said = self.stage.evidence("none", NONCE, check=False, signatures=file)
            self.assertEqual((said.returncode, said.stdout), (1, ""), said)
            self.assertIn(reason, said.stderr)
        spoilt = json.loads(self.signatures("spoilt.sig", self.measurement).read_text())
        spoilt["sev"]["id_auth"][0x40] ^= 1
        (self.stage.folder / "spoilt.sig").write_text(json.dumps(spoilt))
        said = self.stage.evidence("none", NONCE, check=False,
                                   signatures=self.stage.folder / "spoilt.sig")
        self.assertIn("the signatures do not hold", said.stderr)
        for file in (self.stage.folder / "nowhere.sig", self.folder / "evidence.bin", "/dev/null"):
            said = self.stage.evidence("none", NONCE, check=False, signatures=file)
            self.assertEqual(said.returncode, 1, said)
            self.assertIn(str(file), said.stderr)

    def test_a_spoilt_platform_is_told_to_who_wants_evidence(self):
        platform = self.stage.new_platform("spoilt")
        (platform / "vcek.pem").write_text("words")
        said = self.stage.evidence("none", NONCE, platform, check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("the simulated platform", said.stderr)

    def test_a_workload_is_compiled_whole_before_it_runs(self):
        self.stage.make_usual()
        module = self.stage.folder / "hello.wasm"
        (self.stage.folder / "hello.wat").write_text(HELLO)
        subprocess.run(["wat2wasm", self.stage.folder / "hello.wat", "-o", module], check=True)
        for backend, whole in (("snp-sim", True), ("kvm", False)):
            said = self.stage.merlon("run", "--backend", backend, "--verbose", module)
            self.assertEqual(said.stdout, "hello\n", said)
            self.assertEqual("the whole module is compiled" in said.stderr, whole, said)

    def test_wrong_nonces_are_told(self):
        for nonce in ("", "11", "zz" * 32, "11" * 33):
            said = self.stage.merlon("keep", "evidence", self.stage.folder / "x",
                                     f"--nonce={nonce}", check=False)
            self.assertEqual(said.returncode, 2, said)
            self.assertIn("--nonce", said.stderr)


if __name__ == "__main__":
    main()
