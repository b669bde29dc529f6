#!/usr/bin/env python3
"""merlon evidence fetch against a local server that gives out genuine endorsements.

    fetch_test.py MERLON VECTORS
"""

import http.server
import json
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
from pathlib import Path

MERLON, VECTORS = sys.argv[1], Path(sys.argv[2])


def collateral():
    return json.loads((VECTORS / "phala/sgx_quote_collateral.json").read_text())


def signed(name, member):
    text = collateral()
    return f'{{"{member}":{text[name]},"signature":"{text[name + "_signature"]}"}}'.encode()


def chain(name):
    return urllib.parse.quote(collateral()[name])


class Services(http.server.BaseHTTPRequestHandler):
    """Intel's and AMD's services in one; the first question for the TCB info gets 503."""

    asked = []

    def answers(self):
        milan = "/vcek/v1/Milan"
        return {
            "/sgx/certification/v4/tcb?fmspc=00a067110000":
                (signed("tcb_info", "tcbInfo"),
                 ("TCB-Info-Issuer-Chain", chain("tcb_info_issuer_chain"))),
            "/sgx/certification/v4/qe/identity":
                (signed("qe_identity", "enclaveIdentity"),
                 ("SGX-Enclave-Identity-Issuer-Chain", chain("qe_identity_issuer_chain"))),
            "/sgx/certification/v4/pckcrl?ca=processor&encoding=der":
                (bytes.fromhex(collateral()["pck_crl"]),
                 ("SGX-PCK-CRL-Issuer-Chain", chain("pck_crl_issuer_chain"))),
            "/IntelSGXRootCA.der": (bytes.fromhex(collateral()["root_ca_crl"]), None),
            f"{milan}/cert_chain": ((VECTORS / "amd-chains/ask_ark_milan.pem").read_bytes(), None),
            f"{milan}/crl": ((VECTORS / "steward/ark-milan.crl").read_bytes(), None),
            "/vlek/v1/Milan/cert_chain":
                ((VECTORS / "amd-chains/ask_ark_milan_vlek.pem").read_bytes(), None),
            "/vlek/v1/Milan/crl": ((VECTORS / "steward/ark-milan.crl").read_bytes(), None),
            milan: ((VECTORS / "virtee-sev/milan.vcek.der").read_bytes(), None),
        }

    def do_GET(self):
        Services.asked.append(self.path)
        path = self.path
        if path.startswith("/vcek/v1/Milan/") and "?blSPL=" in path:
            path = "/vcek/v1/Milan"
        if "tcb?" in path and Services.asked.count(self.path) == 1:
            self.send_error(503)
            return
        if path not in self.answers():
            self.send_error(404)
            return
        body, header = self.answers()[path]
        self.send_response(200)
        if header:
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Fetch(unittest.TestCase):
    def setUp(self):
        Services.asked.clear()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def merlon(self, *words):
        return subprocess.run([MERLON, "evidence", *map(str, words)], capture_output=True, text=True,
                              check=False)

    def fetch_into(self, folder, evidence, *words):
        return self.merlon("fetch", VECTORS / evidence, folder, "--intel-url", self.url,
                           "--intel-root-url", self.url, "--amd-url", self.url, *words)

    def fetch(self, evidence, *words):
        return self.fetch_into(self.folder.name, evidence, *words)

    def verdict(self, evidence, time):
        # The firmware below these reports is one that AMD's bulletins concern.
        policy = Path(self.folder.name).with_suffix(".toml")
        policy.write_text("technologies = ['sgx', 'tdx', 'snp']\n[snp]\nwaivers = [" + ", ".join(
            f"{{ advisory = 'AMD-SB-{number}', until = 2099-12-31 }}"
            for number in (3016, 3019, 3020, 3023, 3030)) + "]\n")
        self.addCleanup(policy.unlink, missing_ok=True)
        result = self.merlon("verify", VECTORS / evidence, "--endorsements", self.folder.name, "--at",
                             time, "--policy", policy, "--json")
        answer = json.loads(result.stdout)
        return result.returncode, [f["check"] for f in answer["findings"] if not f["passed"]]

    def test_what_intel_gives_is_enough_to_judge(self):
        result = self.fetch("phala/sgx_quote.dat")
        self.assertEqual((result.returncode, result.stdout.count("✔")), (0, 4), result.stdout)
        self.assertEqual(Services.asked.count("/sgx/certification/v4/tcb?fmspc=00a067110000"), 2)
        self.assertEqual(self.verdict("phala/sgx_quote.dat", "2025-06-20"), (3, ["dcap.tcb-status"]))

    def platform(self, name, *words):
        return self.merlon("fetch", "--platform", name, self.folder.name, "--intel-url", self.url,
                           "--intel-root-url", self.url, "--amd-url", self.url, *words)

    def test_of_a_kind_of_platform(self):
        result = self.platform("Milan")
        self.assertEqual((result.returncode, result.stdout.count("✔")), (0, 4), result.stdout)
        shutil.copy(VECTORS / "virtee-sev/milan.vcek.der", self.folder.name)
        self.assertEqual(self.verdict("virtee-sev/milan.report.bin", "2023-05-01"), (0, []))

    def test_a_platform_without_tdx_misses_nothing(self):
        result = self.platform("00A067110000")
        # The server has no list of the other CA; of TDX there may be none.
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertEqual([result.stdout.count(mark) for mark in "✔–✘"], [4, 2, 1], result.stdout)
        self.assertIn("1 of 7 endorsements are missing", result.stderr)
        self.assertEqual(self.verdict("phala/sgx_quote.dat", "2025-06-20"), (3, ["dcap.tcb-status"]))

    def test_a_platform_and_a_file_are_one_too_many(self):
        for words, said in (((self.folder.name, "--platform", "Milan", "x"), "no FILE"),
                            ((self.folder.name,), "DIR is missing"),
                            ((self.folder.name, "--platform", "Milan", "--product", "Milan"),
                             "--product is of a report")):
            result = self.merlon("fetch", *words)
            self.assertEqual(result.returncode, 2)
            self.assertIn(said, result.stderr)
        result = self.platform("Naples")
        self.assertEqual((result.returncode, Services.asked), (1, []))
        self.assertIn("--platform Naples: neither Milan", result.stderr)

    def test_what_amd_gives_is_enough_to_judge(self):
        result = self.fetch("virtee-sev/milan.report.bin", "--product", "Milan")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertEqual(self.verdict("virtee-sev/milan.report.bin", "2023-05-01"), (0, []))

    def test_fetching_again_replaces_files(self):
        self.fetch("phala/sgx_quote.dat")
        before = sorted(path.name for path in Path(self.folder.name).iterdir())
        self.assertEqual(self.fetch("phala/sgx_quote.dat").returncode, 0)
        self.assertEqual(sorted(path.name for path in Path(self.folder.name).iterdir()), before)

    def test_what_is_missing_is_said(self):
        result = self.fetch("phala/tdx_quote.dat")
        self.assertEqual(result.returncode, 1)
        self.assertIn("HTTP status 404", result.stdout)

    def says(self, result, status, text):
        """Nothing but one line on standard error, and nothing was asked."""
        self.assertEqual((result.returncode, result.stdout, Services.asked), (status, "", []))
        self.assertRegex(result.stderr, rf"^merlon: [^\n]*{text}[^\n]*\n$")

    def test_only_https_is_asked_elsewhere(self):
        for option in ("--intel-url", "--intel-root-url", "--amd-url"):
            for url in ("http://192.0.2.1", "foo", "http://localhost"):
                self.says(self.merlon("fetch", VECTORS / "phala/sgx_quote.dat", self.folder.name,
                                      option, url), 1, f"{option} {url}: must begin with https://")

    def test_an_address_may_end_in_a_slash(self):
        self.url += "/"
        for evidence in ("phala/sgx_quote.dat", "virtee-sev/milan.report.bin"):
            result = self.fetch(evidence, "--product", "Milan")
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertFalse([path for path in Services.asked if "//" in path])

    def test_a_report_that_names_no_product(self):
        self.says(self.fetch("virtee-sev/milan.report.bin"), 1,
                  "add --product Milan, Genoa or Turin")

    def test_a_directory_that_is_not_there_is_made(self):
        folder = Path(self.folder.name)
        result = self.fetch_into(folder / "new", "phala/sgx_quote.dat")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertTrue((folder / "new/intel-root.crl").is_file())

    def test_a_directory_that_cannot_be_had(self):
        folder = Path(self.folder.name)
        (folder / "file").touch()
        (folder / "link").symlink_to("nowhere")
        for name, why in (("a/b", f"{folder}/a is not there"), ("file", "Not a directory"),
                          ("link", "No such file or directory"),
                          ("file/b", "Not a directory")):
            self.says(self.fetch_into(folder / name, "phala/sgx_quote.dat"), 1,
                      f"{folder / name}: endorsements cannot be put there: {why}")
        self.assertEqual({path.name for path in folder.iterdir()}, {"file", "link"})

    def test_nothing_is_made_for_what_is_no_evidence(self):
        folder = Path(self.folder.name)
        (folder / "random").write_bytes(bytes(range(255, 0, -1)) * 9)
        (folder / "large").write_bytes(bytes(3 << 20))
        shutil.copy(VECTORS / "amd-chains/ask_ark_milan.pem", folder / "ask.pem")
        for name, status, why in (("random", 4, "not evidence: "), ("gone", 1, "cannot be read: No"),
                                  ("ask.pem", 4, "PEM of a certificate: "),
                                  ("large", 1, "cannot be read: it is larger than 2 MiB")):
            self.says(self.fetch_into(folder / "new", folder / name), status, f"{name}: {why}")
        self.assertFalse((folder / "new").exists())

    def test_a_vlek_comes_from_the_provider(self):
        report = "trustee/milan-vlek.report.bin"
        result = self.fetch(report)
        self.assertEqual((result.returncode, result.stdout.count("✔")), (1, 3), result.stdout)
        self.assertRegex(result.stderr, r"^merlon: [^\n]*VLEK is missing: AMD gives [^\n]+\n$")
        # Where it came along in the certificate table, nothing is missing.
        vlek = (VECTORS / "trustee/milan-vlek.vlek.der").read_bytes()
        guid = bytes.fromhex("c24b07a85aa23e48aae639c045a0b8a1")
        extended = Path(self.folder.name) / "extended.bin"
        extended.write_bytes((VECTORS / report).read_bytes() + guid +
                             struct.pack("<II", 48, len(vlek)) + bytes(24) + vlek)
        result = self.fetch(extended)
        self.assertEqual((result.returncode, result.stderr), (0, ""))


if __name__ == "__main__":
    ran = unittest.main(argv=sys.argv[:1], verbosity=0, exit=False).result
    wrong = len(ran.failures) + len(ran.errors)
    print(f"{ran.testsRun - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong else 0)
