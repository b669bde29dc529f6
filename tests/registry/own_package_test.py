#!/usr/bin/env python3
"""An attested keep gets its package by itself out of a private repository, as the keep that its Steward's certificate says."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("attest", "e2e", "steward"):
    sys.path.insert(0, str(HERE.parent / each))
import servers  # noqa: E402
from keeps import BACKEND, KeepsTest  # noqa: E402
from service import make_server_certificate, openssl  # noqa: E402
from story import MERLON  # noqa: E402
from support import HELLO, main  # noqa: E402


class OwnPackage(KeepsTest):
    """A registry, an issuer and a Steward for each test; one platform for all."""

    def setUp(self):
        super().setUp()
        for name in ("merlon-registry", "merlon-resolve"):
            shutil.copy(MERLON.with_name(name), self.stage.programs / name)
        self.stage.make_usual()
        self.issuing = self.steward()
        self.addCleanup(self.issuing.stop)
        key, certificate = self.tls
        self.issuer = servers.Issuer(self.folder, certificate, key)
        self.addCleanup(servers.stop, self.issuer.server)
        # The keep's certificate ends at the registry itself: nobody stands between with TLS of his own.
        self.registry = servers.Registry(self.folder, self.issuer, certificate,
                                         ("--key", key, "--cert", certificate, "--ca", self.crt))
        self.addCleanup(self.registry.stop)
        self.host = f"localhost:{self.registry.port}"
        self.owner = {"ENARX_INSECURE_AUTH_TOKEN": self.issuer.token(), "MERLON_DRAWBRIDGE": self.host,
                      "ENARX_CA_BUNDLE": str(certificate)}
        self.do("user", "register", "acme")
        self.do("repo", "register", "--private", "acme/app")
        self.do("package", "publish", "--seal", "app.key", "acme/app:1.0.0", self.package_of_hello())

    def do(self, *words, status=0):
        ran = subprocess.run([self.stage.programs / "merlon", *map(str, words)], text=True, capture_output=True, check=False,
                             timeout=120, stdin=subprocess.DEVNULL, cwd=self.folder,
                             env={**self.stage.environment(), **self.owner})
        self.assertEqual(ran.returncode, status, ran)
        return ran

    def package_of_hello(self):
        package = self.folder / "hello"
        package.mkdir()
        source = self.folder / "hello.wat"
        source.write_text(HELLO)
        subprocess.run(["wat2wasm", source, "-o", package / "main.wasm"], check=True)
        (package / "steward-tls.pem").write_bytes(Path(self.tls[1]).read_bytes())
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{self.issuing.port}/'\nsteward_trust = ['steward-tls.pem']\n"
            "files = [{kind = 'null'}, {kind = 'stdout'}, {kind = 'stderr'}]\n")
        return package

    def deploy(self, *words, status=0):
        return self.do("deploy", "--backend", BACKEND, "--policy", self.policy, "--no-memory", "--endorsements",
                       self.stage.platform, "--keep-fetches", "--content-key", "app.key", "--ca-bundle", self.tls[1], *words,
                       f"{self.host}/acme/app:1.0.0", status=status)

    def admit(self, **rule):
        file = self.folder / "rule.json"
        file.write_text(json.dumps({"keeps": [{"technology": self.stage.technology, "insecure": True, **rule}]}))
        self.do("repo", "admission", "acme/app", file)

    def test_it_gets_it_if_the_repository_admits_it(self):
        key = self.folder / "tenant.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        said = self.deploy("--key", key, status=1)
        self.assertIn("HTTP status 401", said.stderr)
        self.admit(measurement="ab" * self.stage.digest_size)
        self.assertIn("HTTP status 401", self.deploy("--key", key, status=1).stderr)
        spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER").stdout
        tenant = openssl("dgst", "-sha256", "-binary", input=spki).stdout.hex()
        self.admit(measurement=self.measurement, tenant=tenant)
        self.assertEqual(self.deploy("--key", key).stdout, "hello\n")
        # The same keep program, for somebody else.
        self.assertIn("HTTP status 401", self.deploy(status=1).stderr)
        self.do("package", "yank", "acme/app:1.0.0", "--reason", "it leaks")
        self.assertIn("it leaks", self.deploy("--key", key, status=1).stderr)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
