#!/usr/bin/env python3
"""Certificates of a Steward before openssl and `merlon evidence inspect`."""

import datetime
import json
import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ISSUE, EVIDENCE = os.environ["MERLON_ISSUE"], os.environ["MERLON_EVIDENCE"]
# Data of others; the case that needs it is skipped without it.
VECTORS = Path(os.environ.get("MERLON_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "vectors"
MILAN = """technologies = ["snp"]
carried_lists = true
[snp]
id_key_sha384 = "any"
author_key_sha384 = "any"
waivers = [ %s ]
""" % ", ".join(f'{{ advisory = "AMD-SB-{n}", until = 2099-12-31 }}' for n in (3016, 3019, 3020, 3023, 3027, 3030))


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True, **options)


class Certificates(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)

    def tearDown(self):
        self.scratch.cleanup()

    def make_ca(self, curve="P-256", days=30, constraints="critical,CA:TRUE,pathlen:0"):
        """As Enarx's Steward documents it, with an identifier of its key."""
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", self.folder / "ca.key")
        (self.folder / "ca.conf").write_text(
            "[req]\ndistinguished_name=dn\nprompt=no\nx509_extensions=ext\nstring_mask=utf8only\n"
            "[dn]\nC=US\nO=Tests\nCN=steward.example\n"
            f"[ext]\nbasicConstraints={constraints}\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
        openssl("req", "-new", "-x509", "-config", self.folder / "ca.conf", "-key", self.folder / "ca.key", "-days", days,
                "-out", self.folder / "ca.pem", "-sha384" if curve == "P-384" else "-sha256")

    def kvm_request(self, name="kvm", curve="P-256"):
        (self.folder / "req.conf").write_text(
            "[req]\ndistinguished_name=dn\nprompt=no\nreq_extensions=ext\n[dn]\nCN=wished.example\n"
            "[ext]\n1.3.6.1.4.1.58270.1.1=DER:0400\n")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-out", self.folder / f"{name}.key")
        openssl("req", "-new", "-config", self.folder / "req.conf", "-key", self.folder / f"{name}.key", "-outform", "DER",
                "-out", self.folder / f"{name}.csr")
        return self.folder / f"{name}.csr"

    def issue(self, body, *more, policy="", time=None, form="single"):
        (self.folder / "policy.toml").write_text(policy)
        out = self.folder / "answer.der"
        out.unlink(missing_ok=True)
        time = time or datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        done = subprocess.run([ISSUE, form, self.folder / "ca.pem", self.folder / "ca.key", self.folder / "policy.toml",
                               time, body, out, *map(str, more)], capture_output=True, text=True, check=False)
        return done, out

    def leaf(self, answer):
        """The second certificate of a PkiPath, in PEM."""
        der = answer.read_bytes()
        positions = [int(line.split(":")[0]) for line in
                     openssl("asn1parse", "-inform", "DER", "-in", answer).stdout.decode().splitlines()
                     if re.match(r"\s*\d+:d=1 ", line)]
        self.assertEqual(len(positions), 2)
        (self.folder / "leaf.der").write_bytes(der[positions[1]:])
        openssl("x509", "-inform", "DER", "-in", self.folder / "leaf.der", "-out", self.folder / "leaf.pem")
        return self.folder / "leaf.pem"

    def inspect(self, path, *more):
        done = subprocess.run([EVIDENCE, "evidence", "inspect", path, *more], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_a_certificate_for_development(self):
        for curve in ("P-256", "P-384"):
            self.make_ca(curve)
            done, answer = self.issue(self.kvm_request(), "--development", "keep.example", "*.keeps.example")
            self.assertEqual(done.returncode, 0, done.stderr)
            leaf = self.leaf(answer)
            for purpose in ("sslserver", "sslclient"):
                openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", self.folder / "ca.pem", leaf)
            openssl("verify", "-x509_strict", "-CAfile", self.folder / "ca.pem", "-verify_hostname", "keep.example", leaf)
            openssl("verify", "-x509_strict", "-CAfile", self.folder / "ca.pem", "-verify_hostname", "a.keeps.example", leaf)
            with self.assertRaises(subprocess.CalledProcessError):
                openssl("verify", "-CAfile", self.folder / "ca.pem", "-verify_hostname", "wished.example", leaf)
            text = openssl("x509", "-in", leaf, "-noout", "-text").stdout.decode()
            self.assertIn("DNS:keep.example, DNS:*.keeps.example", text)
            self.assertIn("TLS Web Server Authentication, TLS Web Client Authentication", text)
            self.assertIn("Digital Signature", text)
            self.assertIn("CA:FALSE", text)
            self.assertNotIn("wished", text)
            self.assertRegex(text, r"Issuer: C = US, O = Tests, CN = steward.example")
            issuer = openssl("x509", "-in", self.folder / "ca.pem", "-noout", "-ext", "subjectKeyIdentifier").stdout.decode()
            authority = re.search(r"Authority Key Identifier:\s*\n\s*([0-9A-F:]+)", text).group(1)
            self.assertIn(authority, issuer)

    def test_every_peer_whose_clock_is_behind_by_ten_minutes_accepts(self):
        self.make_ca()
        # The CA is a day old for this.
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        done, answer = self.issue(self.kvm_request(), "--development", "keep.example", time=now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.assertEqual(done.returncode, 0, done.stderr)
        leaf = self.leaf(answer)
        for seconds, accepted in ((-599, True), (-60, True), (0, True), (86_399, True), (-602, False), (86_402, False)):
            at = str(int(now.timestamp()) + seconds)
            done = subprocess.run(["openssl", "verify", "-attime", at, "-CAfile", self.folder / "ca.pem", leaf],
                                  capture_output=True, check=False)
            self.assertEqual(done.returncode == 0, accepted, seconds)

    def test_without_names_a_subject_of_the_key(self):
        self.make_ca()
        done, answer = self.issue(self.kvm_request(), "--development")
        self.assertEqual(done.returncode, 0, done.stderr)
        leaf = self.leaf(answer)
        openssl("verify", "-x509_strict", "-CAfile", self.folder / "ca.pem", leaf)
        self.assertRegex(openssl("x509", "-in", leaf, "-noout", "-subject").stdout.decode(), r"CN = keep [0-9a-f]{16}\n")

    def test_what_a_certificate_says_is_shown(self):
        self.make_ca()
        done, answer = self.issue(self.kvm_request(), "--development", "keep.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        page = self.folder / "page.html"
        for path in (self.leaf(answer), self.folder / "leaf.der", answer):
            text = self.inspect(path)
            self.assertRegex(text, r"Attestation result inside this certificate\n")
            self.assertRegex(text, r"status +contraindicated")
            self.assertRegex(text, r"technology +KVM")
            self.assertIn("keep.example", text)
            groups = json.loads(self.inspect(path, "--json"))["groups"]
            found = [group["fields"] for group in groups if group["title"].startswith("Attestation result")]
            self.assertEqual(len(found), 1)
            self.assertEqual(found[0]["verifier"], "merlon-issue")
            self.assertEqual(found[0]["policy"], openssl("dgst", "-sha256", "-r", self.folder / "policy.toml")
                             .stdout.decode().split()[0])
            page.unlink(missing_ok=True)
            self.inspect(path, "--html", page)
            html = page.read_text()
            self.assertIn("✘ contraindicated", html)
            self.assertIn("there is no hardware behind this keep", html)
            self.assertNotIn("<script", html)
            self.assertNotIn("http://", html)

    def test_a_genuine_keep(self):
        if not (VECTORS / "steward").is_dir():
            self.skipTest("no test data of others")
        self.make_ca()
        then = "2023-05-01T00:00:00Z"
        # This CA was not there then.
        done, _ = self.issue(VECTORS / "steward/milan.signed.crl.csr", "keep.example", "--",
                             VECTORS / "amd-chains/ask_ark_milan.pem", policy=MILAN, time=then)
        self.assertEqual((done.returncode, done.stdout.split("\n")[0]), (3, "issuer.validity"))
        done, _ = self.issue(VECTORS / "steward/milan.signed.crl.csr", "keep.example", "--",
                             VECTORS / "amd-chains/ask_ark_milan.pem", policy=MILAN)
        self.assertEqual((done.returncode, done.stdout.split("\n")[0]), (3, "snp.ca-revocation"))
        self.assertIn("2023-05-09", done.stdout)

    def test_a_bundle_is_what_enarx_reads(self):
        self.make_ca()
        requests = [self.kvm_request(f"kvm{i}").read_bytes() for i in range(3)]
        content = b"".join(requests)
        self.assertLess(len(content), 0x10000)
        (self.folder / "bundle.der").write_bytes(b"\x30\x82" + len(content).to_bytes(2, "big") + content)
        done, answer = self.issue(self.folder / "bundle.der", "--development", form="bundle")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = openssl("asn1parse", "-inform", "DER", "-in", answer).stdout.decode().splitlines()
        depth = [int(re.search(r"d=(\d+)", line).group(1)) for line in lines if "cons: SEQUENCE" in line]
        self.assertEqual(depth.count(1), 2)      # chain and issued
        self.assertEqual(depth.count(2), 1 + 3)  # one certificate in the chain, three issued

    def test_an_issuer_that_is_none_is_refused_by_name(self):
        self.make_ca(constraints="critical,CA:FALSE")
        done, _ = self.issue(self.kvm_request(), "--development")
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no CA's", done.stderr)
        self.make_ca()
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.folder / "ca.key")
        done, _ = self.issue(self.kvm_request(), "--development")
        self.assertEqual(done.returncode, 1)
        self.assertIn("another key", done.stderr)


if __name__ == "__main__":
    unittest.main()
