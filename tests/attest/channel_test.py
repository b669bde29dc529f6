#!/usr/bin/env python3
"""A peer is shown on its own connection that the other end is a keep: examples/attested-channel."""

import hashlib
import os
import re
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from story import Stage
from support import main

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PATIENCE = 60


class Channel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-channel-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINE)
        cls.stage.make_usual()
        cls.package = cls.stage.folder / "package"
        cls.package.mkdir()
        subprocess.run([EXAMPLES / "build.sh", cls.stage.folder, "attested-channel"], check=True,
                       stdout=subprocess.DEVNULL)
        (cls.stage.folder / "attested-channel.wasm").rename(cls.package / "main.wasm")

    def keep(self, clients):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        (self.package / "Enarx.toml").write_text(
            (EXAMPLES / "attested-channel/Enarx.toml").read_text().replace("9443", str(port)))
        keep = subprocess.Popen(
            [self.stage.programs / "merlon", "run", "--backend", "snp-sim", "--timeout", "120s",
             self.package, "--", str(clients)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=self.stage.environment())
        self.addCleanup(keep.stderr.close)
        self.addCleanup(keep.wait, PATIENCE)
        self.addCleanup(keep.kill)
        for _ in range(1200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE).close()
                return keep, port
            except ConnectionRefusedError:
                self.assertIsNone(keep.poll())
                threading.Event().wait(0.05)
        raise AssertionError("nobody listens")

    @staticmethod
    def ask(port):
        """What a client with OpenSSL computes of its connection, and what it is told on it."""
        said = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", "-keymatexport",
             "EXPORTER-Channel-Binding", "-keymatexportlen", "32"], check=False, text=True,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE).stdout
        exporter = re.search("Keying material: ([0-9A-F]{64})", said)[1].lower()
        evidence = bytes.fromhex(re.search("^evidence ([0-9a-f]+)$", said, re.M)[1])
        facts = re.search("^facts ({.*}\n)", said, re.M)[1].encode()
        key = subprocess.run(["openssl", "x509", "-noout", "-pubkey"], check=True, text=True,
                             input=said, capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], check=True,
                             input=key.encode(), capture_output=True).stdout
        return exporter, evidence, facts, hashlib.sha256(der).hexdigest()

    def test_evidence_is_of_the_connection_that_it_came_by(self):
        keep, port = self.keep(2)
        first, second = self.ask(port), self.ask(port)
        self.assertEqual(keep.wait(PATIENCE), 0, keep.stderr.read())
        self.assertNotEqual(first[0], second[0])
        for mine, others in ((first, second), (second, first)):
            exporter, evidence, facts, key = mine
            said = f"merlon/connection/v1 {exporter}".encode()
            self.assertEqual(self.stage.judge_words(evidence, facts, said), ("accepted", {}))
            # The facts name the key that this connection was made with.
            self.assertIn(f'"tls_key_sha256":"{key}"'.encode(), facts)
            # What was said on another connection is not taken on this one, be it of the same keep.
            verdict, failed = self.stage.judge_words(others[1], facts, said)
            self.assertEqual((verdict, list(failed)), ("refused", ["binding.report-data"]))


if __name__ == "__main__":
    main()
