#!/usr/bin/env python3
"""merlon platform snp update, vcek, initialize and update-cache: what a host gets from AMD, here from a local server in its place."""

import http.server
import subprocess
import threading
import unittest

from sgx_cache_test import Intel, SgxCache as SgxCacheTests, der
from support import MERLON, EndToEnd

CHIP = "a5" * 63 + "0f"
LEVELS = {"1": 3, "2": 0, "3": 20, "8": 209}  # by the last number of the extension
ASKED = f"/vcek/v1/Milan/{CHIP}?blSPL=03&teeSPL=00&snpSPL=20&ucodeSPL=209"
CHAIN = "/vcek/v1/Milan/cert_chain"
FILE = f"vcek-{CHIP}-03-00-20-209"
WHO = ("--product", "Milan", "--chip-id", CHIP.upper(), "--tcb", "3.0.20.209")


def vcek(folder, chip=CHIP, levels=None, product="Milan-B0"):
    """A certificate with the extensions of a VCEK; by whom it is signed, the verifier looks."""
    name = product.encode()
    extensions = ["1.3.6.1.4.1.3704.1.1=DER:020100", f"1.3.6.1.4.1.3704.1.2=DER:16{len(name):02x}{name.hex()}",
                  f"1.3.6.1.4.1.3704.1.4=DER:{chip}"]
    for part, level in {**LEVELS, **(levels or {})}.items():
        number = f"0200{level:02x}" if level > 127 else f"01{level:02x}"
        extensions.append(f"1.3.6.1.4.1.3704.1.3.{part}=DER:02{number}")
    words = [word for each in extensions for word in ("-addext", each)]
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes",
                           "-keyout", folder / "key.pem", "-subj", "/CN=SEV-VCEK", "-days", "7", "-outform", "DER", *words],
                          check=True, capture_output=True)
    return made.stdout


def plain(folder):
    return subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes",
                           "-keyout", folder / "key.pem", "-subj", "/CN=ARK", "-days", "9"],
                          check=True, capture_output=True).stdout


class SnpCache(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Intel)
        self.server.asked = []
        self.good = {ASKED: (200, vcek(self.folder), {}), CHAIN: (200, plain(self.folder) + plain(self.folder), {})}
        self.server.answers = self.good
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.cache = self.folder / "cache"

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        super().tearDown()

    def snp(self, command, *words):
        return self.merlon("platform", "snp", command, "--dir", self.cache, *words)

    def update(self, *words):
        return self.snp("update", "--amd-url", self.url, *(words or WHO))

    def kept(self):
        return {path.name: path.read_bytes() for path in self.cache.iterdir()} if self.cache.exists() else {}

    def test_the_certificate_lies_where_enarx_has_it_and_is_printed(self):
        self.assert_refused(self.snp("vcek", *WHO), 1, FILE, "platform snp update")
        told = self.update()
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertRegex(told.stdout, r"ucodeSPL=209: of \d{4}-\d\d-\d\d, until \d{4}-\d\d-\d\d")
        self.assertEqual(self.server.asked, [ASKED, CHAIN])
        self.assertEqual(self.kept(), {FILE: self.good[ASKED][1], "vcek-Milan.pem": self.good[CHAIN][1]})
        printed = subprocess.run([MERLON, "platform", "snp", "vcek", "--dir", self.cache, *WHO],
                                 capture_output=True, check=True)
        self.assertEqual(printed.stdout, self.good[ASKED][1])
        self.assertEqual(self.snp("vcek", "--file", *WHO).stdout, f"{self.cache / FILE}\n")

    def test_what_was_not_asked_for_replaces_nothing(self):
        self.assertEqual(self.update().returncode, 0)
        before = self.kept()
        folder = self.folder
        for path, answer in ((ASKED, (404, b"", {})),
                             (ASKED, (200, b"words", {})),
                             (ASKED, (200, plain(folder), {})),
                             (ASKED, (200, vcek(folder, chip="a5" * 64), {})),
                             (ASKED, (200, vcek(folder, levels={"8": 208}), {})),
                             (ASKED, (200, vcek(folder, product="Genoa"), {})),
                             (CHAIN, (404, b"", {})),
                             (CHAIN, (200, plain(folder), {}))):
            with self.subTest(path=path, answer=answer[1][:16]):
                self.server.answers = {**self.good, path: answer}
                self.assert_refused(self.update(), 1, path.split("?")[0])
                self.assertEqual(self.kept(), before)

    def test_a_processor_is_named_whole_or_not_at_all(self):
        for words in (WHO[:4], WHO[2:], ("--product", "Milan", "--chip-id", "../x", "--tcb", "3.0.20.209"),
                      ("--product", "Milan", "--chip-id", CHIP, "--tcb", "3.0.20"),
                      ("--product", "Turin", "--chip-id", CHIP, "--tcb", "3.0.20.209")):
            self.assertEqual(self.update(*words).returncode, 2, words)
        self.assertEqual((self.server.asked, self.kept()), ([], {}))

    def test_a_new_machine_is_made_ready_as_its_vendor_has_it(self):
        told = self.merlon("initialize", "--vendor", "amd", "--dir", self.cache, "--amd-url", self.url, *WHO)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertTrue(any(name.startswith("vcek-") for name in self.kept()), self.kept())
        request = self.folder / "request"
        request.write_bytes(bytes(8) + b"platform")
        self.server.answers = {"/sgx/registration/v1/platform": (201, b"ab" * 16, {})}
        told = self.merlon("initialize", "--vendor", "intel", "--intel-url", self.url, "--request", request)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertEqual(self.server.sent, b"platform")

    def test_turin_has_shorter_ids_and_one_version_more(self):
        chip = "0011223344556677"
        asked = f"/vcek/v1/Turin/{chip}?fmcSPL=01&blSPL=03&teeSPL=00&snpSPL=20&ucodeSPL=209"
        self.server.answers = {asked: (200, vcek(self.folder, chip=chip, levels={"9": 1}, product="Turin"), {}),
                               "/vcek/v1/Turin/cert_chain": self.good[CHAIN]}
        told = self.update("--product", "Turin", "--chip-id", chip, "--tcb", "1.3.0.20.209")
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertIn(f"vcek-{chip}-01-03-00-20-209", self.kept())


class UpdateCache(SgxCacheTests):
    def words(self, vendor):
        return ("update-cache", "--vendor", vendor, "--dir", self.cache, "--intel-url", self.url, "--intel-root-url",
                self.url, "--amd-url", self.url)

    def test_each_vendor_is_asked_for_what_changes(self):
        self.assertEqual(self.merlon(*self.words("intel")).returncode, 1)  # of which kind the machine is, is not known
        self.assertEqual([path.name for path in self.cache.iterdir()], ["crls.der"])
        (self.cache / "fmspc.txt").write_text("53494D534758")
        told = self.merlon(*self.words("intel"))
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertEqual(told.stdout.count("the next by"), 5)
        self.assertEqual(sorted(path.name for path in self.cache.iterdir()),
                         ["crls.der", "fmspc.txt", "qe-identity.json", "tcb.der"])
        self.server.answers = {f"/vcek/v1/{product}/crl": (200, der(self.text("root-crl.pem")), {})
                               for product in ("Milan", "Genoa", "Turin")}
        told = self.merlon(*self.words("amd"))
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertEqual(told.stdout.count("the next by"), 3)
        self.assertEqual(self.merlon(*self.words("cyrix")).returncode, 2)


def load_tests(loader, _tests, _pattern):
    """Those of SgxCache are not run again."""
    suite = loader.loadTestsFromTestCase(SnpCache)
    suite.addTest(UpdateCache("test_each_vendor_is_asked_for_what_changes"))
    return suite


if __name__ == "__main__":
    unittest.main()
