#!/usr/bin/env python3
"""A tenant leaves a package with a broker and goes; hosts start keeps, and the broker judges and supplies them in his place."""

import http.client
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import time
import unittest
from datetime import datetime, timedelta, timezone
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("attest", "e2e", "steward"):
    sys.path.insert(0, str(HERE.parent / each))
import servers  # noqa: E402
from keeps import MACHINE, KeepsTest  # noqa: E402
from service import PROBLEM, make_server_certificate, openssl  # noqa: E402
from story import MERLON  # noqa: E402
from support import HELLO, main  # noqa: E402

AUDIENCE = "https://broker.example/"
DEPOSITS = "/release/v1/deposits"


class Host(servers.Answering):
    """Stands between `merlon release run` and the broker, and keeps what it sees. `withholds`: claims go no further."""

    def do_POST(self):
        body = self.body()
        server = self.server
        if self.path.endswith("/release"):
            server.claims.append(body)
            if server.withholds:
                return self.answer(503)
        status, content = server.test.broker("POST", self.path, body)
        if self.path.endswith("/challenge") and status == 200:
            server.challenges.append(json.loads(content))
        return self.answer(status, content)


@unittest.skipUnless(MACHINE == "kvm", "attested keeps that serve need /dev/kvm")
class Release(KeepsTest):
    """A registry, an issuer, and a Steward that is a broker as well, for each test; one platform for all."""

    def setUp(self):
        super().setUp()
        for name in ("merlon-registry", "merlon-resolve"):
            shutil.copy(MERLON.with_name(name), self.stage.programs / name)
        self.stage.make_usual()
        self.tls = make_server_certificate(self.folder)
        key, certificate = self.tls
        self.issuer = servers.Issuer(self.folder, certificate, key)
        self.addCleanup(servers.stop, self.issuer.server)
        (self.folder / "release.key").write_text(secrets.token_hex(32))
        self.issuing = self.start_broker()
        self.registry = servers.Registry(self.folder, self.issuer, certificate,
                                         ("--key", key, "--cert", certificate, "--ca", self.crt))
        self.addCleanup(self.registry.stop)
        self.host = f"localhost:{self.registry.port}"
        self.package = f"{self.host}/acme/app:1.0.0"
        self.common = {"MERLON_DRAWBRIDGE": self.host, "MERLON_CA_BUNDLE": str(certificate), "ENARX_CA_BUNDLE": str(certificate)}
        self.owner = {"ENARX_INSECURE_AUTH_TOKEN": self.issuer.token()}
        self.administers, self.lists = self.token("write:release"), self.token("read:release")
        self.do("user", "register", "acme", tenant=True)
        self.do("repo", "register", "--private", "acme/app", tenant=True)
        self.do("package", "publish", "--seal", "app.key", "acme/app:1.0.0", self.package_of_hello(), tenant=True)

    def token(self, scope, subject="the-subject", **options):
        return self.issuer.token(subject, scope=scope, audience=options.pop("audience", AUDIENCE), **options)

    def start_broker(self, *words, port=0):
        return self.steward("--release-store", self.folder / "release.db", "--release-key", self.folder / "release.key",
                            "--state", self.folder / "state", "--oidc-issuer", self.issuer.base, "--oidc-audience", AUDIENCE,
                            "--ca-bundle", self.tls[1], "--release-pace", 0, *words, listen=f"127.0.0.1:{port}")

    def do(self, *words, status=0, tenant=False, **environment):
        """The host's own command, or the tenant's, who alone has tokens."""
        ran = subprocess.run([self.stage.programs / "merlon", *map(str, words)], text=True, capture_output=True, check=False,
                             timeout=120, stdin=subprocess.DEVNULL, cwd=self.folder,
                             env={**self.stage.environment(), **self.common, **(self.owner if tenant else {}), **environment})
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

    def url(self):
        return f"https://localhost:{self.issuing.port}"

    def deposit(self, *words, policy=None, status=0):
        """The id of a new deposit, and the tenant's name at the broker."""
        said = self.do("release", "deposit", "--broker", self.url(), "--policy", policy or self.policy, "--content-key", "app.key",
                       "--json", *words, self.package, status=status, tenant=True, MERLON_TOKEN=self.administers)
        if status:
            return said
        answer = json.loads(said.stdout)
        return answer["deposit"]["id"], answer["tenant"]

    def admit(self, **rule):
        file = self.folder / "rule.json"
        file.write_text(json.dumps({"keeps": [{"technology": "snp", "insecure": True, **rule}]}))
        self.do("repo", "admission", "acme/app", file, tenant=True)

    def run_deposit(self, deposit, *words, status=0, broker=None):
        return self.do("release", "run", "--broker", broker or self.url(), "--backend", "snp-sim", "--grant-network", *words,
                       deposit, status=status)

    def broker(self, method, path, body=None, token=None, certificate=None):
        context = ssl.create_default_context(cafile=self.tls[1])
        if certificate:
            context.load_cert_chain(*certificate)
        connection = http.client.HTTPSConnection("localhost", self.issuing.port, timeout=60, context=context)
        connection.request(method, path, body, {"Accept": PROBLEM} | ({"Authorization": f"Bearer {token}"} if token else {}))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def refused(self, code, *words, **options):
        status, content = self.broker(*words, **options)
        self.assertEqual(json.loads(content)["code"], code, content)
        return status

    def test_a_host_starts_what_the_tenant_left(self):
        deposit, tenant = self.deposit("--host-hears", "--releases", 2)
        said = self.run_deposit(deposit, status=1)
        self.assertIn("HTTP status 401", said.stderr)  # counted all the same: the keep was good
        self.admit(measurement=self.measurement, tenant=tenant)
        self.assertEqual(self.run_deposit(deposit).stdout, "hello\n")
        said = self.run_deposit(deposit, status=3)
        self.assertIn("release.exhausted", said.stderr)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
