#!/usr/bin/env python3
"""Real keeps ask the real merlon-steward for certificates and serve TLS with them."""

import json
import re
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

from keeps import BACKEND, KeepsTest, free_port
from service import make_server_certificate, openssl
from support import main

UNUSABLE = 1


class Keeps(KeepsTest):
    """One platform for all; a Steward for each test."""

    def serial(self, der):
        return openssl("x509", "-inform", "DER", "-noout", "-serial", input=der).stdout

    def test_whoever_trusts_the_steward_alone_can_talk_to_the_keep(self):
        keep = self.serving(self.steward())
        got, der = keep.echo(self.crt)
        self.assertEqual(got, b"hello")
        (self.folder / "keep.crt").write_bytes(openssl("x509", "-inform", "DER", input=der).stdout)
        openssl("verify", "-CAfile", self.crt, "-purpose", "sslserver", self.folder / "keep.crt")
        said = self.stage.merlon("evidence", "inspect", self.folder / "keep.crt", "--json")
        self.assertIn(self.measurement, said.stdout)

    def test_in_nil_and_kvm_a_certificate_says_that_nothing_attests_the_keep(self):
        plain = self.folder / "kvm.toml"
        plain.write_text("")
        steward = self.steward(policy=plain)
        for backend in ("nil", "kvm") if BACKEND == "snp-sim" else ("nil",):
            keep = self.serving(steward, name=backend, backend=backend)
            got, der = keep.echo(self.crt)
            self.assertEqual(got, b"hello")
            text = openssl("x509", "-inform", "DER", "-noout", "-text", input=der).stdout.decode()
            self.assertIn("keep.example", text)

    def test_a_keep_that_the_policy_refuses_does_not_start_and_says_why(self):
        policy = self.stage.policy("other.toml", "00" * self.stage.digest_size, "")
        status, said = self.serving(self.steward(policy=policy)).ended()
        self.assertEqual(status, UNUSABLE, said)
        code = "sgx.mr-enclave" if self.stage.of_sgx else "snp.measurement"
        self.assertIn(f"refuses this keep (HTTP status 400): {code}", said)

    def test_a_steward_that_nobody_vouches_for_is_not_asked(self):
        steward = self.steward()
        _, other = make_server_certificate(self.folder, "other")
        status, said = self.serving(steward, trust=other).ended()
        self.assertEqual(status, UNUSABLE, said)
        self.assertIn("certificate verify failed", said)
        self.assertEqual(steward.events("request"), [])

    def test_a_steward_that_is_not_there_is_told(self):
        self.steward().stop()
        status, said = self.serving(None, port=1).ended()
        self.assertEqual(status, UNUSABLE, said)
        self.assertIn("steward https://localhost:1/: cannot be reached: Connection refused", said)

    def test_two_keeps_talk_by_mutual_tls(self):
        steward = self.steward()
        server = self.serving(steward, name="server", keys=", client = 'require', trust = ['steward']")
        with self.assertRaises((OSError, ssl.SSLError)):
            with server.connect(self.crt) as connection:
                connection.recv(10)
        package = self.package("client", steward, self.client(), "{kind = 'stdout'}, "
                               f"{{kind = 'connect', name = 'server', host = 'localhost', port = {server.port}, "
                               "trust = ['steward'], server_name = 'keep.example'}, {kind = 'stderr'}")
        said = self.stage.merlon("run", "--backend", BACKEND, package, check=False)
        self.assertEqual((said.returncode, said.stdout), (0, "hello"), said.stderr)
        self.assertEqual(server.ended()[0], 0)

    def test_a_workload_reads_what_the_steward_says_of_its_peer(self):
        steward = self.steward()
        port = free_port()
        files = (f"{{kind = 'listen', name = 'channel', addr = '127.0.0.1', port = {port}, client = 'require', "
                 "trust = ['steward']}")
        server = self.package("server", steward, self.channel(), "{kind = 'stdin'}, {kind = 'stdout'}, "
                              f"{{kind = 'stderr'}}, {files}")
        self.stage.make_usual()
        keep = self.stage.started("run", "--backend", BACKEND, "--timeout", "120s", server, "--", "1")
        self.addCleanup(keep.stdin.close)
        self.addCleanup(keep.stdout.close)
        self.addCleanup(keep.wait)
        self.addCleanup(keep.kill)
        self.wait_for(port)
        client = self.package("client", steward, self.client(), "{kind = 'stdout'}, "
                              f"{{kind = 'connect', name = 'server', host = 'localhost', port = {port}, "
                              "trust = ['steward'], server_name = 'keep.example'}, {kind = 'stderr'}")
        said = self.stage.merlon("run", "--backend", BACKEND, client, check=False)
        self.assertEqual(said.returncode, 0, said.stderr)
        claims = json.loads(re.search("^claims (.*)$", said.stdout, re.M)[1])
        self.assertEqual(claims["submods"]["keep"]["measurement"], self.measurement)
        self.assertTrue(claims["submods"]["keep"]["simulator"])

    def package(self, name, steward, module, files):
        package = self.folder / name
        package.mkdir()
        (package / "steward-tls.pem").write_bytes(self.tls[1].read_bytes())
        (package / "main.wasm").write_bytes(module)
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{steward.port}'\nsteward_trust = ['steward-tls.pem']\nfiles = [{files}]\n")
        return package

    @staticmethod
    def wait_for(port):
        """A connection that says nothing is no client of TLS."""
        deadline = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port)).close()
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def channel(self):
        examples = Path(__file__).resolve().parents[2] / "examples"
        subprocess.run([examples / "build.sh", self.folder, "attested-channel"], check=True, stdout=subprocess.DEVNULL)
        return (self.folder / "attested-channel.wasm").read_bytes()

    def client(self):
        from tls_test import CLIENT
        source = self.folder / "client.wat"
        source.write_text(CLIENT)
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        return source.with_suffix(".wasm").read_bytes()

    def test_a_certificate_is_renewed_before_it_ends(self):
        steward = self.steward("--lifetime", "20s")
        keep = self.serving(steward, connections=1000)
        _, first = keep.echo(self.crt)
        deadline = time.monotonic() + 60
        while True:
            _, der = keep.echo(self.crt)  # each time the certificate holds
            if self.serial(der) != self.serial(first):
                break
            self.assertLess(time.monotonic(), deadline, "".join(keep.lines))
            time.sleep(0.3)
        requests = steward.events("request")
        self.assertEqual([each["status"] for each in requests], [200] * len(requests))
        self.assertEqual(keep.lines, [])

    def test_a_certificate_that_is_over_is_shown_to_nobody(self):
        steward = self.steward("--lifetime", "5s")
        port = steward.port
        keep = self.serving(steward, connections=1000)
        keep.echo(self.crt)
        keep.process.send_signal(signal.SIGSTOP)  # merlon; its keep goes on, so the Steward goes away too
        steward.stop()
        keep.process.send_signal(signal.SIGCONT)
        deadline = time.monotonic() + 60
        while True:
            try:
                keep.echo(self.crt)
            except (OSError, ssl.SSLError) as error:
                self.assertNotIsInstance(error, ssl.SSLCertVerificationError)
                break
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.2)
        self.assertTrue(any("is not renewed" in line for line in keep.lines), keep.lines)
        self.steward("--lifetime", "60s", listen=f"127.0.0.1:{port}")
        deadline = time.monotonic() + 60
        while True:
            try:
                got, _ = keep.echo(self.crt)
                break
            except (OSError, ssl.SSLError):
                self.assertLess(time.monotonic(), deadline, "".join(keep.lines))
                time.sleep(0.3)
        self.assertEqual(got, b"hello")


if __name__ == "__main__":
    main()
