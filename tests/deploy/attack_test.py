#!/usr/bin/env python3
"""Somebody between a tenant and a keep who does what he likes with all that he carries: each lie is refused for
its own reason, and no workload, input or output gets to anybody else."""

import base64
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attest"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from deploy_test import CAT  # noqa: E402
from gatehouse import GATEHOUSE, PATIENCE  # noqa: E402
from story import Stage  # noqa: E402
from support import EndToEnd, printing  # noqa: E402

SECRET = "the secret of the sea"


class Honest:
    """Carries everything as it is, and keeps a copy."""

    def __init__(self, port):
        self.port = port
        self.seen = b""

    def ask(self, method, path, body=b""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def start(self, body):
        return self.ask("POST", "/v1/keeps", body)

    def deliver(self, keep, body):
        return self.ask("PUT", f"/v1/keeps/{keep}/delivery", body)

    def input(self, keep, query, body):
        return self.ask("POST", f"/v1/keeps/{keep}/input?{query}", body)

    def output(self, keep, query):
        return self.ask("GET", f"/v1/keeps/{keep}/output?{query}")

    def carry(self, method, path, body):
        self.seen += body
        status, answer = self.route(method, path, body)
        self.seen += answer
        return status, answer

    def route(self, method, path, body):
        way, _, query = path.partition("?")
        parts = way.split("/")[3:]
        if method == "POST" and not parts:
            return self.start(body)
        if parts[1:] == ["delivery"]:
            return self.deliver(parts[0], body)
        if parts[1:] == ["input"]:
            return self.input(parts[0], query, body)
        if parts[1:] == ["output"]:
            return self.output(parts[0], query)
        return self.ask(method, path, body)


def changed(answer, **members):
    return json.dumps({**json.loads(answer), **members}).encode()


class OtherKey(Honest):
    """Puts a key of its own beside the keep's evidence."""

    def start(self, body):
        status, answer = super().start(body)
        return status, changed(answer, hpke_key=base64.b64encode(os.urandom(31) + b"\1").decode())


class OtherKeep(Honest):
    """Shows another keep, whose evidence answers another challenge."""

    def start(self, body):
        other = {**json.loads(body), "nonce": os.urandom(32).hex()}
        return super().start(json.dumps(other).encode())


class OldProof(Honest):
    """Shows what it was shown once, for another challenge of the same tenant."""

    old = None

    def start(self, body):
        status, answer = super().start(body)
        if self.old is None:
            self.old = answer
            return status, answer
        return status, changed(self.old, id=json.loads(answer)["id"])


class NoEvidence(Honest):
    """Says that there is none, so that nobody asks for it."""

    def start(self, body):
        status, answer = super().start(body)
        return status, changed(answer, evidence="", certificates="")


class ChangedDelivery(Honest):
    def deliver(self, keep, body):
        middle = len(body) // 2
        return super().deliver(keep, body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1:])


class OthersDelivery(Honest):
    """Gives a keep what was sealed for the one before."""

    before = None

    def deliver(self, keep, body):
        mine, self.before = self.before or body, body
        return super().deliver(keep, mine)


class OwnWorkload(Honest):
    """Challenges the same keep itself, as a tenant, to deliver a workload of its own to it."""

    def __init__(self, port, own):
        super().__init__(port)
        self.own = own  # a delivery that another challenge of its own would fit

    def deliver(self, keep, body):
        return super().deliver(keep, self.own)


class Output(Honest):
    """Changes what the keep says, all of it at once."""

    def __init__(self, port, change):
        super().__init__(port)
        self.change = change
        self.said = {}

    def output(self, keep, query):
        given = int(dict(each.split("=") for each in query.split("&"))["from"])
        if keep not in self.said:
            whole, status = b"", 0
            while status != 410:
                status, part = super().output(keep, f"from={len(whole)}&wait=5000")
                whole += part if status == 200 else b""
            self.said[keep] = self.change(whole)
        rest = self.said[keep][given:]
        return (200, rest) if rest else (410, b"")


def records(stream):
    found = []
    while stream:
        size = 4 + int.from_bytes(stream[:4], "little")
        found.append(stream[:size])
        stream = stream[size:]
    return found


class Attacks(EndToEnd):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-attacks-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name)
        cls.stage.make_usual()
        cls.policy = cls.stage.policy("policy.toml", cls.stage.measured())
        cls.house = subprocess.Popen(
            [GATEHOUSE, "serve", "--development", "--listen", "127.0.0.1:0", "--state", scratch.name + "/house",
             "--simulator", cls.stage.platform, "--backend", "snp-sim", "--keeps-per-tenant", "200"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.house.stderr.close)
        cls.addClassCleanup(cls.house.wait, PATIENCE)
        cls.addClassCleanup(cls.house.terminate)
        cls.port = int(json.loads(cls.house.stderr.readline())["address"].rsplit(":", 1)[1])
        threading.Thread(target=cls.house.stderr.read, daemon=True).start()

    def between(self, man):
        """The address of somebody who carries everything, as he likes."""

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, content = man.carry(self.command, self.path, body)
                self.send_response(status)
                if status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content if status != 204 else b"")

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *words):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_address[1]}"

    def deploy(self, man, text=None, stdin=b"", words=()):
        ran = subprocess.run(
            [self.stage.programs / "merlon", "deploy", "--backend", "snp-sim", "--to", self.between(man), "--policy", self.policy,
             "--no-memory", "--endorsements", self.stage.platform, *words,
             self.wasm(text or printing(SECRET), f"{len(list(self.folder.iterdir()))}.wasm")],
            input=stdin, capture_output=True, check=False, timeout=120, env=self.stage.environment())
        for each in (SECRET.encode(), b"\0asm", stdin or SECRET.encode()):
            self.assertNotIn(each, man.seen)
        return ran

    def refused_before(self, man, check):
        """Nothing was delivered."""
        ran = self.deploy(man)
        self.assertEqual((ran.returncode, ran.stdout), (3, b""), ran.stderr)
        self.assertIn(check, ran.stderr)

    def test_an_honest_carrier_is_none_the_wiser(self):
        sent = b"what nobody may read" * 100
        ran = self.deploy(Honest(self.port), CAT, stdin=sent)
        self.assertEqual((ran.returncode, ran.stdout), (7, sent), ran.stderr)

    def test_another_key_is_refused(self):
        self.refused_before(OtherKey(self.port), b"report-data")

    def test_another_keeps_evidence_is_refused(self):
        self.refused_before(OtherKeep(self.port), b"report-data")

    def test_an_old_proof_is_refused(self):
        man = OldProof(self.port)
        self.assertEqual(self.deploy(man).returncode, 0)
        self.refused_before(man, b"report-data")

    def test_no_evidence_is_refused(self):
        self.refused_before(NoEvidence(self.port), b"has no evidence")

    def not_taken(self, man):
        ran = self.deploy(man)
        self.assertEqual((ran.returncode, ran.stdout), (1, b""), ran.stderr)
        self.assertIn(b"the keep did not take the delivery", ran.stderr)

    def test_a_changed_delivery_is_refused(self):
        self.not_taken(ChangedDelivery(self.port))

    def test_a_delivery_for_another_keep_is_refused(self):
        man = OthersDelivery(self.port)
        self.assertEqual(self.deploy(man).returncode, 0)
        self.not_taken(man)

    def test_the_hosts_own_workload_is_refused(self):
        class Taking(Honest):
            taken = None

            def deliver(self, keep, body):
                self.taken = body
                return super().deliver(keep, body)

        own = Taking(self.port)  # the host, as a tenant of its own
        self.assertEqual(self.deploy(own).returncode, 0)
        self.not_taken(OwnWorkload(self.port, own.taken))

    def hears(self, change):
        return self.deploy(Output(self.port, change), printing("one", "(call $proc_exit (i32.const 4))"))

    def test_what_the_keep_says_is_believed_as_it_is_only(self):
        whole = self.hears(lambda said: said)
        self.assertEqual((whole.returncode, whole.stdout), (4, b"one"))
        for name, change in {
                "a changed bit": lambda said: said[:60] + bytes([said[60] ^ 4]) + said[61:],
                "a record left out": lambda said: b"".join(records(said)[:1] + records(said)[2:]),
                "a record said twice": lambda said: b"".join(records(said)[:2] + records(said)[1:]),
                "records out of order": lambda said: b"".join(records(said)[:1] + records(said)[:0:-1]),
                "something made up": lambda said: b"".join(records(said)[:-1]) + b"\x15\0\0\0" + bytes(21)}.items():
            with self.subTest(name):
                ran = self.hears(change)
                self.assertEqual(ran.returncode, 1, ran.stderr)
                self.assertIn(b"what came is not the keep's", ran.stderr)

    def test_an_end_that_is_cut_off_is_none(self):
        ran = self.hears(lambda said: b"".join(records(said)[:-1]))
        self.assertEqual((ran.returncode, ran.stdout), (1, b"one"))
        self.assertIn(b"the talk with the keep was cut", ran.stderr)

    def test_a_changed_input_reaches_no_workload(self):
        class ChangedInput(Honest):
            def input(self, keep, query, body):
                return super().input(keep, query, body[:-1] + bytes([body[-1] ^ 1]))

        ran = self.deploy(ChangedInput(self.port), CAT, stdin=b"what nobody may change")
        # The workload sees an error of its standard input.
        self.assertEqual((ran.returncode, ran.stdout), (99, b""), ran.stderr)


if __name__ == "__main__":
    unittest.main()
