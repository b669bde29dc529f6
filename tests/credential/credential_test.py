#!/usr/bin/env python3
"""Keeps get credentials of a real Steward and show them; who has none, shows one again or puts himself between, is
refused by name.

    credential_test.py BACKEND
"""

import http.client
import http.server
import json
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from credentials import AUDIENCE, ISSUER, MERLON, World

REQUEST = "application/vnd.merlon.credential-request.v1"
ARC_REQUEST_SIZE = 226
BACKEND = "snp-sim"


class Between:
    """Who carries the bytes, has a certificate that keeps believe, and may change what it likes."""

    def __init__(self, world, change=lambda path, body: body, answer=lambda path, body: body):
        self.requests, self.statuses = [], []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.tls[1], world.tls[0])
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.carry(b"")

            def do_POST(self):
                self.carry(self.rfile.read(int(self.headers["Content-Length"])))

            def carry(self, body):
                outer.requests.append((self.path, body))
                status, kind, said = post(world, self.command, self.path, change(self.path, body),
                                          self.headers.get("Content-Type", ""))
                outer.statuses.append((self.path, status, said))
                said = answer(self.path, said)
                self.close_connection = True
                if said is None:  # it gets lost
                    return
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(said)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def request(self):
        """The request for a credential that a keep has sent."""
        return next(body for path, body in self.requests if path == "/credential")


def post(world, method, path, body, kind=REQUEST):
    connection = http.client.HTTPSConnection("localhost", world.steward.port, timeout=60,
                                             context=ssl.create_default_context(cafile=world.tls[1]))
    headers = {"Accept": "*/*, application/problem+json", **({"Content-Type": kind} if kind else {})}
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    return answer.status, answer.getheader("Content-Type") or "", said


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def connected(port, keep):
    """The exporter of a connection with the keep, as OpenSSL computes it, and the token that comes by it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and keep.poll() is None:
        said = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", "-keymatexport",
                               "EXPORTER-Channel-Binding", "-keymatexportlen", "32"], check=False, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=60).stdout
        if token := re.search("^token (.+)$", said, re.M):
            return re.search("Keying material: ([0-9A-F]{64})", said)[1], token[1]
        time.sleep(0.05)
    raise AssertionError(f"no token by the connection: {keep.poll()} {keep.stderr.read()}")


class Credentials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-credential-")
        cls.addClassCleanup(scratch.cleanup)
        cls.world = World(scratch.name, BACKEND, limit=4)
        cls.addClassCleanup(cls.world.steward.stop)

    def between(self, **changes):
        carrier = Between(self.world, **changes)
        self.addCleanup(carrier.stop)
        return carrier

    def test_a_token_counts_once_and_for_its_audience_alone(self):
        tokens = self.world.tokens(4)
        self.assertEqual([self.world.verify(each) for each in tokens], ["admitted"] * 4)
        self.assertEqual(self.world.verify(tokens[0]), "credential.again")
        other = self.world.tokens(1, audience="https://other.example")[0]
        self.assertEqual(self.world.verify(other), "credential.proof")
        self.assertEqual(self.world.verify(other, audience="https://other.example"), "admitted")

    def test_a_keep_cannot_show_more_than_its_credential_allows(self):
        said = self.world.keep(AUDIENCE, 5, check=False)
        self.assertEqual(said.returncode, 1)
        self.assertEqual(len(said.stdout.split()), 4)

    def test_a_token_is_bound_to_what_the_keep_says(self):
        token = self.world.tokens(1, bound_to="00ff17")[0]
        self.assertEqual(self.world.verify(token), "credential.proof")
        self.assertEqual(self.world.verify(token, "--bound-to", "00ff18"), "credential.proof")
        self.assertEqual(self.world.verify(token, "--bound-to", "00ff17"), "admitted")

    def test_an_altered_token_is_refused(self):
        token = self.world.tokens(1)[0]
        for place, code in ((5, "credential.key"), (300, "credential.proof"), (len(token) - 60, "credential.proof")):
            digit = "B" if token[place] == "A" else "A"
            self.assertIn(self.world.verify(token[:place] + digit + token[place + 1:]), (code, "credential.form"))
        self.assertEqual(self.world.verify(token), "admitted")

    def test_another_issuers_and_a_simulators_token_are_refused(self):
        token = self.world.tokens(1)[0]
        stranger = self.world.start(self.world.folder / "stranger")
        self.addCleanup(stranger.stop)
        foreign = self.world.keep(AUDIENCE, 1, package=self.world.package("foreign", stranger)).stdout.strip()
        self.assertEqual(self.world.verify(foreign), "credential.key")
        self.assertEqual(self.world.verify(token, keys=self.world.folder / "stranger"), "credential.key")
        self.assertEqual(self.world.verify(token, development=False), "credential.development")

    def test_the_request_is_the_keeps_own(self):
        one, other = self.between(), self.between()
        for number, carrier in enumerate((one, other)):
            self.world.keep(AUDIENCE, 1, package=self.world.package(f"carried{number}", carrier))
        mixed = one.request()[:-ARC_REQUEST_SIZE] + other.request()[-ARC_REQUEST_SIZE:]
        status, _, said = post(self.world, "POST", "/credential", mixed)
        self.assertEqual((status, json.loads(said)["code"]), (400, "binding.report-data"))
        # In the same words it gets the same answer, which nobody can use who has not made the request.
        status, _, said = post(self.world, "POST", "/credential", one.request())
        self.assertEqual((status, said), (200, next(body for path, _, body in one.statuses if path == "/credential")))
        size, = struct.unpack("<I", one.request()[:4])
        certification = one.request()[4:4 + size]
        status, _, said = post(self.world, "POST", "/", certification, "application/pkcs10")
        self.assertEqual((status, json.loads(said)["code"]), (400, "binding.report-data"))

    def test_evidence_for_a_certificate_gets_no_credential(self):
        carrier = self.between()
        self.world.keep(AUDIENCE, 1, package=self.world.package("certificate", carrier))
        certification = next(body for path, body in carrier.requests if path == "/")
        request = carrier.request()
        size, = struct.unpack("<I", request[:4])
        mixed = struct.pack("<I", len(certification)) + certification + request[4 + size:]
        status, _, said = post(self.world, "POST", "/credential", mixed)
        self.assertEqual((status, json.loads(said)["code"]), (400, "binding.report-data"))

    def test_an_answer_that_was_changed_gives_no_credential(self):
        def change(path, body):
            return body[:40] + bytes([body[40] ^ 1]) + body[41:] if path == "/credential" else body
        carrier = self.between(answer=change)
        said = self.world.keep(AUDIENCE, 1, package=self.world.package("marked", carrier), check=False)
        self.assertEqual((said.returncode, said.stdout), (1, ""))

    def test_an_answer_that_got_lost_is_given_again(self):
        lost = []

        def lose(path, body):
            if path == "/credential" and not lost:
                lost.append(body)
                return None
            return body
        carrier = self.between(answer=lose)
        tokens = self.world.tokens_by(carrier, 4)
        self.assertEqual([self.world.verify(each) for each in tokens], ["admitted"] * 4)
        asked = [body[-ARC_REQUEST_SIZE:] for path, body in carrier.requests if path == "/credential"]
        self.assertEqual((len(asked), len(set(asked))), (2, 1), "the same request")
        given = [body for path, _, body in carrier.statuses if path == "/credential"]
        self.assertEqual(given, lost * 2, "the same answer")
        metrics = post(self.world, "GET", "/metrics", b"", "")[2].decode()
        self.assertRegex(metrics, r'(?m)^merlon_steward_credentials_again_total\{technology="S[A-Z-]+"\} [1-9]')
        self.assertRegex(metrics, r'(?m)^merlon_steward_credentials_total\{technology="S[A-Z-]+"\} [1-9]')
        self.assertRegex(metrics, r"(?m)^merlon_steward_credential_keys [1-9]")

    def test_a_token_is_bound_to_the_connection_that_it_comes_by(self):
        package = self.world.package("channel")
        subprocess.run(["clang-22", "--target=wasm32-wasi", "--no-wasm-opt", "-Wno-deprecated", "-O1", "-Wall", "-Wextra",
                        "-Werror", Path(__file__).with_name("channel.c"), "-o", package / "main.wasm"], check=True)
        port = free_port()
        (package / "Enarx.toml").write_text((package / "Enarx.toml").read_text().replace(
            "{kind = 'stderr'}]", f"{{kind = 'stderr'}}, {{kind = 'listen', name = 'channel', prot = 'tls', port = {port}}}]"))
        keep = self.world.started(package, AUDIENCE, 2)
        self.addCleanup(keep.stderr.close)
        self.addCleanup(keep.wait, 60)
        self.addCleanup(keep.kill)
        (one, token), (other, _) = connected(port, keep), connected(port, keep)
        self.assertEqual(keep.wait(60), 0, keep.stderr.read())
        self.assertEqual(self.world.verify(token), "credential.proof", "not without the connection")
        self.assertEqual(self.world.verify(token, "--bound-to", other), "credential.proof", "not on another one")
        self.assertEqual(self.world.verify(token, "--bound-to", one), "admitted")

    def test_keys_are_a_log_that_only_grows(self):
        _, _, log = post(self.world, "GET", "/credential/keys", b"", "")
        mine, theirs = self.world.folder / "mine.log", self.world.folder / "theirs.log"
        mine.write_bytes(log)
        theirs.write_bytes(log)
        said = subprocess.run([MERLON, "credential", "keys", mine, "--before", theirs, "--json"], check=True,
                              capture_output=True, text=True)
        self.assertEqual(json.loads(said.stdout)[0]["issuer"], ISSUER)
        stranger = self.world.start(self.world.folder / "another")
        self.addCleanup(stranger.stop)
        connection = stranger.connection(self.world.tls[1])
        connection.request("GET", "/credential/keys")
        theirs.write_bytes(connection.getresponse().read())
        connection.close()
        said = subprocess.run([MERLON, "credential", "keys", mine, "--before", theirs], check=False,
                              capture_output=True, text=True)
        self.assertEqual(said.returncode, 3)
        self.assertIn("not one log", said.stderr)
        mine.write_bytes(log[:-1])
        said = subprocess.run([MERLON, "credential", "keys", mine], check=False, capture_output=True, text=True)
        self.assertEqual(said.returncode, 3)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BACKEND = sys.argv.pop(1)
    if BACKEND == "snp-sim" and not Path("/dev/kvm").exists():
        print("skipped: attested keeps that serve need /dev/kvm")
        sys.exit(77)
    unittest.main(argv=sys.argv)
