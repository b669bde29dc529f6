#!/usr/bin/env python3
"""A keep in a simulated enclave proves itself, and gets a workload only where the proof is accepted."""

import json
import subprocess
import unittest
from pathlib import Path

from support import HELLO, MERLON, EndToEnd, main

NONCE = "22" * 32
OTHER = "33" * 32


class Attested(EndToEnd):
    def setUp(self):
        super().setUp()
        self.state = self.folder / "state"
        (self.state / "merlon").mkdir(parents=True)
        self.platform = self.state / "merlon/simulator-sgx"
        self.do("platform", "simulate", "init", "--kind", "sgx")
        self.root = json.loads(self.do("platform", "simulate", "show", "--kind", "sgx", "--json").stdout)["root_sha256"]
        self.measured = json.loads(self.do("keep", "measure", "--backend", "sgx", "--json").stdout)["mr_enclave"]

    def do(self, *words, status=0):
        done = subprocess.run([MERLON, *map(str, words)], capture_output=True, text=True, timeout=120, check=False,
                              env={"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(self.state)})
        self.assertEqual(done.returncode, status, done)
        return done

    def evidence(self, name="evidence", *words):
        folder = self.folder / name
        told = json.loads(self.do("keep", "evidence", "--backend", "sgx-sim", "--nonce", NONCE, "--json", folder,
                                  *words).stdout)
        return folder, told

    def policy(self, name, root=None, measured=None, more=""):
        path = self.folder / name
        path.write_text(f'technologies = ["sgx"]\nroots = ["{root or self.root}"]\n[sgx]\n'
                        f'mr_enclave = ["{measured or self.measured}"]\n{more}')
        return path

    def verify(self, folder, policy, status, *words):
        return self.do("evidence", "verify", folder / "evidence.bin", "--policy", policy, "--no-memory", "--endorsements",
                       self.platform, *words, status=status).stdout

    def test_the_measurement_is_told_before_the_keep_runs(self):
        _, told = self.evidence()
        self.assertEqual(told["measurement"], self.measured)

    def test_evidence_is_accepted_by_who_names_this_root_and_keep_and_by_nobody_else(self):
        folder, _ = self.evidence()
        data = (folder / "report_data.toml").read_text()
        self.assertIn("accepted", self.verify(folder, self.policy("good.toml", more=data), 0))
        for name, policy in (
                ("another root", self.policy("root.toml", root="11" * 32, more=data)),
                ("another keep", self.policy("keep.toml", measured="11" * 32, more=data)),
                ("an old challenge", self.policy("nonce.toml", more=data.replace(NONCE, OTHER))),
                ("a signer", self.policy("signer.toml", more=f'mr_signer = ["{"11" * 32}"]\n{data}'))):
            with self.subTest(name):
                self.assertIn("refused", self.verify(folder, policy, 3))
        genuine = self.folder / "genuine.toml"
        genuine.write_text(f'technologies = ["sgx"]\n[sgx]\nmr_enclave = ["{self.measured}"]\n{data}')
        self.assertIn("refused", self.verify(folder, genuine, 3))
        for at in (100, 200, 370, 500, 700):
            altered = bytearray((folder / "evidence.bin").read_bytes())
            altered[at] ^= 1
            other = self.folder / "altered"
            other.mkdir(exist_ok=True)
            (other / "evidence.bin").write_bytes(altered)
            with self.subTest("a bit", at=at):
                done = subprocess.run([MERLON, "evidence", "verify", other / "evidence.bin", "--policy",
                                       self.folder / "good.toml", "--no-memory", "--endorsements", self.platform],
                                      capture_output=True, check=False)
                self.assertNotEqual(done.returncode, 0)

    def test_a_machine_that_was_revoked_or_is_old_is_refused(self):
        folder, _ = self.evidence()
        policy = self.policy("good.toml", more=(folder / "report_data.toml").read_text())
        self.verify(folder, policy, 0)
        self.do("platform", "simulate", "revoke", "--kind", "sgx")
        self.verify(folder, policy, 3)

    def test_an_owners_signature_is_in_the_evidence_and_another_starts_nothing(self):
        key, signed = self.folder / "key.pem", self.folder / "keep.sig"
        self.do("key", "sgx", "create", "--out", key)
        self.do("sign", "--sgx-key", key, "--sgx-svn", 3, "--out", signed)
        _, told = self.evidence("signed", "--signatures", signed)
        self.assertEqual(told["mr_signer"], self.do("key", "sgx", "digest", key).stdout.strip())
        other = self.folder / "other.sig"
        self.do("sign", "--sgx-key", key, "--sgx-digest", "11" * 32, "--sgx-xfrm", "0x7", "--out", other)
        said = self.do("run", "--backend", "sgx-sim", "--signatures", other, self.wasm(HELLO), status=125)
        self.assertIn("of another keep", said.stderr)

    def test_a_workload_arrives_only_where_the_proof_is_accepted(self):
        words = ["deploy", "--backend", "sgx-sim", "--no-memory", "--endorsements", self.platform]
        module = self.wasm(HELLO)
        self.assertEqual(self.do(*words, "--policy", self.policy("good.toml"), module).stdout, "hello\n")
        said = self.do(*words, "--policy", self.policy("keep.toml", measured="11" * 32), module, status=3)
        self.assertEqual(said.stdout, "")
        self.assertIn("sgx.mr-enclave", said.stderr)
        said = self.do(*words, module, status=3)
        self.assertIn("refused", said.stderr)


if __name__ == "__main__":
    main()
