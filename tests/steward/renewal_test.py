#!/usr/bin/env python3
"""merlon-steward gets endorsements by itself, from a local server that at times answers as AMD's does."""

import http.server
import os
import subprocess
import threading
import unittest
from pathlib import Path

from service import PROGRAM, StewardTest, run
from support import main

VECTORS = Path(os.environ.get("MERLON_SHARED", "../shared")) / "vectors"
FETCH = Path(PROGRAM).parent / "merlon-fetch"
REPORT = VECTORS / "virtee-sev/milan.report.bin"


class Server:
    """AMD's service on this machine; `status` other than 200 is what each question gets."""

    def __init__(self, status=200):
        self.status, self.asked = status, []
        chain = (VECTORS / "amd-chains/ask_ark_milan.pem").read_bytes()
        vlek = (VECTORS / "amd-chains/ask_ark_milan_vlek.pem").read_bytes()
        crl = (VECTORS / "steward/ark-milan.crl").read_bytes()
        answers = {"/vcek/v1/Milan/cert_chain": chain, "/vcek/v1/Milan/crl": crl,
                   "/vlek/v1/Milan/cert_chain": vlek, "/vlek/v1/Milan/crl": crl}
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                body = answers.get(self.path)
                if "?blSPL=" in self.path:
                    body = (VECTORS / "virtee-sev/milan.vcek.der").read_bytes()
                if server.status != 200 or body is None:
                    self.send_error(404 if server.status == 200 else server.status)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@unittest.skipUnless(REPORT.exists(), "genuine endorsements are not here (MERLON_SHARED)")
@unittest.skipUnless(FETCH.exists(), "merlon-fetch is not built")
class Renewal(StewardTest):
    def server(self, status=200):
        server = Server(status)
        self.addCleanup(server.stop)
        return server

    def steward(self, server, *words):
        return self.start("--state", self.folder / "state", "--renew", "Milan", "--amd-url", server.url, "--watch",
                          "0", *words)

    def test_it_gets_what_endorses_a_platform_and_counts_it(self):
        server = self.server()
        steward = self.steward(server)
        self.assertEqual(steward.wait_for("renewal")["platform"], "Milan")
        kept = sorted(each.name for each in (self.folder / "state/endorsements").iterdir())
        self.assertEqual(kept, ["ark-Milan-vlek.crl", "ark-Milan.crl", "vcek-Milan.pem", "vlek-Milan.pem"])
        self.assertEqual(steward.metric('endorsement_renewals_total{platform="Milan",result="came"}'), 1)
        self.assertGreater(steward.metric('endorsements_renewed_timestamp_seconds{platform="Milan"}'), 1_700_000_000)
        self.assertGreater(steward.metric('expiry_timestamp_seconds{kind="revocation_list",name="'
                                          'OU=Engineering, C=US, L=Santa Clara, ST=CA, O=Advanced Micro Devices, '
                                          'CN=ARK-Milan"}'), 0)
        self.assertIn("renewed", steward.ask("GET", "/status").body.decode())
        self.assertEqual(steward.stop(), 0)
        # They are there at the next start, before anything is asked for.
        again = self.start("--state", self.folder / "state", "--renew", "Milan", "--amd-url", "http://127.0.0.1:1")
        self.assertIn("first_expiry", again.wait_for("start"))

    def test_when_it_cannot_it_says_so(self):
        for status in (429, 503, 404):
            server = self.server(status)
            steward = self.steward(server)
            said = steward.wait_for("renewal")
            self.assertEqual((said["level"], said["failures"]), ("warning", "1"))
            self.assertIn(str(status), said["trouble"])
            self.assertEqual(steward.metric('endorsement_renewals_total{platform="Milan",result="failed"}'), 1)
            self.assertIn("not renewed", steward.ask("GET", "/status").body.decode())
            self.assertEqual(steward.ask("GET", "/ready").status, 200)
            steward.stop()

    def test_without_its_program_it_says_so(self):
        steward = self.steward(self.server(), "--fetcher", self.folder / "nowhere")
        self.assertIn("cannot be started", steward.wait_for("renewal")["trouble"])

    def test_it_ends_while_it_asks(self):
        """The server never answers."""
        with self.silent() as port:
            steward = self.start("--state", self.folder / "state", "--renew", "Milan", "--amd-url",
                                 f"http://127.0.0.1:{port}")
            self.wait_until_asked()
            self.assertEqual(steward.stop(), 0)

    def silent(self):
        import contextlib
        import socket

        @contextlib.contextmanager
        def listen():
            with socket.create_server(("127.0.0.1", 0)) as listener:
                self.asked = threading.Event()

                def take():
                    try:
                        self.held = listener.accept()[0]
                        self.asked.set()
                    except OSError:
                        pass

                thread = threading.Thread(target=take, daemon=True)
                thread.start()
                yield listener.getsockname()[1]
            self.held.close()

        return listen()

    def wait_until_asked(self):
        self.assertTrue(self.asked.wait(30))

    def test_it_needs_a_place(self):
        self.assertEqual(run("check", "--host", "h", "--renew", "Milan").returncode, 2)

    def test_a_vcek_is_asked_for_alone_and_once(self):
        """As the service has merlon-fetch do it: descriptor 3 is what it hears."""
        for status, expected in ((200, 0), (429, 1), (404, 1)):
            server, folder = self.server(status), self.folder / str(status)
            reading, writing = os.pipe()
            os.set_inheritable(writing, True)
            # Descriptor 3 may be in use here, so a shell puts the pipe there.
            said = subprocess.run(["sh", "-c", f'exec 3>&{writing}; exec "$@"', "sh", FETCH, REPORT, folder, "", "",
                                   server.url, "Milan", "", "vcek"], pass_fds=[writing], check=False,
                                  capture_output=True, text=True, timeout=60)
            os.close(writing)
            heard = os.read(reading, 65536).decode()
            os.close(reading)
            self.assertEqual((said.returncode, said.stdout, said.stderr), (expected, "", ""))
            self.assertEqual(len(server.asked), 1)
            self.assertIn("/vcek/v1/Milan/", server.asked[0])
            names = [each.name for each in folder.iterdir()]
            self.assertEqual(len(names), 1 if status == 200 else 0)
            if status == 200:
                self.assertRegex(names[0], r"^vcek-Milan-[0-9a-f]{128}-[0-9a-f]{16}\.der$")
            else:
                self.assertIn(f"HTTP status {status}", heard)


if __name__ == "__main__":
    main()
