#!/usr/bin/env python3
"""Mixed load over TLS for MERLON_LOAD_SECONDS (5): no error, and nothing that grows."""

import os
import random
import re
import socket
import threading
import time
from pathlib import Path

from keeps import PlatformTest
from service import PKCS10, PROBLEM, make_server_certificate, run
from support import main

SECONDS = float(os.environ.get("MERLON_LOAD_SECONDS", "5"))
# Below this the allocator has not come to rest, and a share of it says nothing.
LONG_ENOUGH = 60


class MixedLoad(PlatformTest):
    def test_nothing_fails_and_nothing_grows(self):
        tls = make_server_certificate(self.folder)
        steward = self.start("--policy", self.policy, "--endorsements", self.stage.platform, "--development", "--state",
                             self.folder / "state", "--tls-key", tls[0], "--tls-crt", tls[1], "--per-address", "1000")
        # The service's own log is long: of each line only what matters is kept.
        steward.lines = Brief(steward.lines)
        self.counts, self.wrong, self.lock = {}, [], threading.Lock()
        ending = threading.Event()
        threads = [threading.Thread(target=self.ask_on, args=(steward, tls[1], ending, number)) for number in range(6)]
        for each in threads:
            each.start()
        try:
            time.sleep(SECONDS * 0.3)
            first = self.state_of(steward)
            rests = []
            for _ in range(7):
                time.sleep(SECONDS * 0.1)
                rests.append(self.state_of(steward))
        finally:
            ending.set()
            for each in threads:
                each.join()
        idle = self.descriptors_at_rest(steward)
        self.assertEqual(self.wrong, [])
        last = rests[-1]
        print(f"{SECONDS:g} s: {self.counts}; resident {first[0]} to {last[0]} KiB, descriptors at rest {idle}")
        self.assertEqual(idle[0], idle[1])
        if SECONDS >= LONG_ENOUGH:
            self.assertLess(abs(last[0] - first[0]), first[0] * 0.05)
        self.assertEqual(steward.stop(), 0)
        self.assertEqual(steward.lines.errors, [])
        said = run("log", "verify", self.folder / "state")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn(f"{self.counts['certificate']} records", said.stdout)

    def state_of(self, steward):
        text = Path(f"/proc/{steward.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text)[1]), len(os.listdir(f"/proc/{steward.process.pid}/fd"))

    def descriptors_at_rest(self, steward):
        """Twice, with some connections between."""
        found = []
        for _ in range(2):
            deadline = time.monotonic() + 30
            while (now := self.state_of(steward)[1]) != (found[0] if found else now) and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.5)
            found.append(self.state_of(steward)[1])
            for _ in range(20):
                socket.create_connection(("127.0.0.1", steward.port)).close()
        return found

    def ask_on(self, steward, authority, ending, number):
        chance = random.Random(number)
        kinds = [self.certificate] * 6 + [self.nonsense, self.nothing, self.page, self.metrics, self.upload,
                                          self.half_a_handshake, self.half_a_request]
        while not ending.is_set():
            kind = chance.choice(kinds)
            try:
                wrong = kind(steward, authority)
            except Exception as error:  # whatever it is, it is told
                wrong = repr(error)
            with self.lock:
                self.counts[kind.__name__] = self.counts.get(kind.__name__, 0) + 1
                if wrong and len(self.wrong) < 20:
                    self.wrong.append(f"{kind.__name__}: {wrong}")

    def expect(self, answer, status):
        return None if answer.status == status else f"status {answer.status}: {answer.body[:200]}"

    def certificate(self, steward, authority):
        return self.expect(steward.ask("POST", "/", self.request, {"Content-Type": PKCS10}, authority), 200)

    def nonsense(self, steward, authority):
        return self.expect(steward.ask("POST", "/", b"nonsense", {"Content-Type": PKCS10, "Accept": PROBLEM},
                                       authority), 400)

    def nothing(self, steward, authority):
        return self.expect(steward.ask("GET", "/nothing", None, {}, authority), 404)

    def page(self, steward, authority):
        return self.expect(steward.ask("GET", "/status", None, {}, authority), 200)

    def metrics(self, steward, authority):
        return self.expect(steward.ask("GET", "/metrics", None, {}, authority), 200)

    def upload(self, steward, authority):
        body = (b"--b\r\nContent-Disposition: form-data; name=\"evidence\"; filename=\"x\"\r\n\r\n" + self.request +
                b"\r\n--b--\r\n")
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        return self.expect(steward.ask("POST", "/status", body, headers, authority), 200)

    def half_a_handshake(self, steward, _):
        with socket.create_connection(("127.0.0.1", steward.port), 10) as plain:
            plain.sendall(b"\x16\x03\x01\x02\x00\x01")

    def half_a_request(self, steward, authority):
        connection = steward.connection(authority)
        connection.connect()
        connection.sock.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc")
        connection.close()


class Brief(list):
    """Lines of a log of which only errors are kept."""

    def __init__(self, before):
        super().__init__(before)
        self.errors = []

    def append(self, line):
        if '"level":"error"' in line:
            self.errors.append(line)


if __name__ == "__main__":
    main()
