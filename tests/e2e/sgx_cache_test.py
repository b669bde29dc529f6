#!/usr/bin/env python3
"""merlon platform sgx: what a host gets from Intel, here from a local server that has a simulated machine's word."""

import base64
import http.server
import threading
import unittest
import urllib.parse

from support import EndToEnd

PLATFORM_ID = ",".join(("ab" * 384, "0000", "03" * 16, "0d00", "11" * 16))


def der(pem):
    return base64.b64decode("".join(line for line in pem.splitlines() if "-----" not in line))


class Intel(http.server.BaseHTTPRequestHandler):
    """Answers from a table; what was sent and asked stays in it."""

    def reply(self):
        status, body, headers = self.server.answers.get(self.path, (404, b"", {}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.asked.append(self.path)
        self.reply()

    def do_POST(self):
        self.server.sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kind = self.headers["Content-Type"]
        self.reply()

    def log_message(self, *_):
        pass


class SgxCache(EndToEnd):
    def setUp(self):
        super().setUp()
        self.machine = self.folder / "machine"
        made = self.merlon("platform", "simulate", "init", "--kind", "sgx", "--dir", self.machine)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Intel)
        self.server.asked, self.server.sent = [], None
        self.server.answers = self.good_answers()
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.cache = self.folder / "cache"

    def tearDown(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        super().tearDown()

    def text(self, name):
        return (self.machine / name).read_text()

    def good_answers(self):
        chain = urllib.parse.quote(self.text("tcb-signer.pem") + self.text("root.pem"))
        v4 = "/sgx/certification/v4/"
        ppid, pce, cpu, svn, _ = PLATFORM_ID.split(",")
        lists = (200, der(self.text("pck-crl.pem")), {})
        return {
            "/IntelSGXRootCA.der": (200, der(self.text("root-crl.pem")), {}),
            v4 + "pckcrl?ca=processor&encoding=der": lists,
            v4 + "pckcrl?ca=platform&encoding=der": lists,
            v4 + f"pckcert?encrypted_ppid={ppid}&cpusvn={cpu}&pcesvn={svn}&pceid={pce}":
                (200, self.text("pck.pem").encode(), {}),
            v4 + "tcb?fmspc=53494d534758":
                (200, self.text("tcb-info.json").encode(), {"TCB-Info-Issuer-Chain": chain}),
            v4 + "qe/identity": (200, self.text("qe-identity.json").encode(), {}),
            "/sgx/registration/v1/platform": (201, b"cd" * 16, {})}

    def sgx(self, command, *options):
        urls = ("--intel-url", self.url)
        if command == "cache-crl":
            urls += ("--intel-root-url", self.url)
        if command != "register":
            urls += ("--dir", self.cache)
        return self.merlon("platform", "sgx", command, *urls, *options)

    def done(self, command, *options):
        result = self.sgx(command, *options)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def fill(self):
        csv = self.folder / "id.csv"
        csv.write_text("a heading\n" + PLATFORM_ID + "\r\n")
        self.assertIn("53494D534758", self.done("cache-pck", "--csv", csv))
        self.done("cache-tcb")
        return self.done("cache-crl")

    def test_files_are_where_enarx_has_them_and_say_what_intel_said(self):
        told = self.fill()
        self.assertRegex(told, r"IntelSGXRootCA\.der: of \d{4}-\d\d-\d\d, the next by \d{4}-\d\d-\d\d")
        self.assertEqual((self.cache / "fmspc.txt").read_text(), "53494D534758")
        for name in ("tcb.der", "qe-identity.json"):
            self.assertEqual((self.cache / name).read_bytes(), (self.machine / name).read_bytes())
        lists = (self.cache / "crls.der").read_bytes()
        for name in ("root-crl.pem", "pck-crl.pem"):
            self.assertIn(der(self.text(name)), lists)
        self.assertIn(f"{self.url}/IntelSGXRootCA.der".encode(), lists)
        self.assertEqual(sorted(path.name for path in self.cache.iterdir()),
                         ["crls.der", "fmspc.txt", "qe-identity.json", "tcb.der"])

    def test_amds_lists_are_kept_as_well(self):
        lists = {f"/vcek/v1/{product}/crl": (200, der(self.text("root-crl.pem")), {})
                 for product in ("Milan", "Genoa", "Turin")}
        self.server.answers = lists
        words = ("platform", "snp", "cache-crl", "--amd-url", self.url, "--dir", self.cache)
        told = self.merlon(*words)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        self.assertEqual(told.stdout.count("the next by"), 3)
        kept = (self.cache / "crls.der").read_bytes()
        self.assertEqual(kept.count(der(self.text("root-crl.pem"))), 3)
        self.server.answers = {}
        self.assert_refused(self.merlon(*words), 1, "404")
        self.assertEqual((self.cache / "crls.der").read_bytes(), kept)

    def test_what_was_not_asked_for_replaces_nothing(self):
        self.fill()
        before = {path.name: path.read_bytes() for path in self.cache.iterdir()}
        good = self.good_answers()
        v4 = "/sgx/certification/v4/"
        tcb, identity = v4 + "tcb?fmspc=53494d534758", v4 + "qe/identity"
        platform = v4 + "pckcrl?ca=platform&encoding=der"
        for command, path, answer in (
                ("cache-tcb", tcb, (404, b"", {})),
                ("cache-tcb", tcb, (200, good[tcb][1], {})),  # without its signers
                ("cache-tcb", tcb, (200, good[identity][1], good[tcb][2])),
                ("cache-tcb", tcb, (200, b"words", good[tcb][2])),
                ("cache-tcb", identity, (200, good[tcb][1], {})),
                ("cache-tcb", identity, (404, b"", {})),
                ("cache-crl", platform, (404, b"", {})),
                ("cache-crl", platform, (200, good[identity][1], {})),
                ("cache-crl", "/IntelSGXRootCA.der", (200, self.text("pck.pem").encode(), {}))):
            with self.subTest(command=command, path=path, status=answer[0]):
                self.server.answers = {**good, path: answer}
                self.assert_refused(self.sgx(command), 1, path.split("?")[0])
                self.assertEqual(before,
                                 {path.name: path.read_bytes() for path in self.cache.iterdir()})

    def test_a_platform_is_asked_for_by_numbers_alone(self):
        csv = self.folder / "id.csv"
        for text in ("", "words", PLATFORM_ID.replace("ab", "a&", 1), PLATFORM_ID[2:],
                     PLATFORM_ID.replace(",", ";")):
            csv.write_text(text)
            self.assert_refused(self.sgx("cache-pck", "--csv", csv), 1, "id.csv")
        self.assertEqual(self.server.asked, [])
        self.assert_refused(self.sgx("cache-pck"), 1, "PCKIDRetrievalTool")
        self.assert_refused(self.sgx("cache-tcb"), 1, "fmspc.txt", "cache-pck")
        (self.cache / "fmspc.txt").write_text("../../etc/x")
        self.assert_refused(self.sgx("cache-tcb"), 1, "fmspc.txt", "FMSPC")
        self.assertEqual(self.server.asked, [])

    def test_the_firmwares_request_is_sent_without_its_head(self):
        request = self.folder / "request"
        request.write_bytes(bytes(range(8)) + b"for Intel")
        self.assertIn("cd" * 16, self.done("register", "--request", request))
        self.assertEqual((self.server.sent, self.server.kind),
                         (b"for Intel", "application/octet-stream"))
        self.server.answers = {}
        self.assert_refused(self.sgx("register", "--request", request), 1, "404")
        request.write_bytes(bytes(8))
        self.assert_refused(self.sgx("register", "--request", request), 1, "registered already")
        self.assert_refused(self.sgx("register", "--request", self.folder / "none"), 1, "none")


if __name__ == "__main__":
    unittest.main()
