#!/usr/bin/env python3
"""Tenants of a gatehouse by OpenID Connect, whose issuer is oidc-provider from npm."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "attest"))
sys.path.insert(0, str(HERE.parent / "e2e"))
from deploy_test import CAT  # noqa: E402
from gatehouse import PATIENCE, Authority, Gatehouse  # noqa: E402
from story import Stage  # noqa: E402
from support import EndToEnd, main, printing  # noqa: E402

MODULES = HERE.parents[1] / "build" / "oidc-provider" / "node_modules"
PROVIDER = "oidc-provider@9.13.3"
AUDIENCE = "https://gatehouse.example"


def why_no_provider():
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not here"
    if (MODULES / "oidc-provider").is_dir():
        return None
    MODULES.parent.mkdir(parents=True, exist_ok=True)
    got = subprocess.run(["npm", "install", "--prefix", MODULES.parent, "--no-save", "--ignore-scripts", "--no-audit",
                          "--no-fund", "--loglevel=error", PROVIDER], capture_output=True, text=True, check=False,
                         timeout=120)
    return None if got.returncode == 0 else f"npm does not give {PROVIDER}"


class Issuer:
    """oidc-provider with keys of its own, over HTTPS."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        self.authority = Authority(self.folder, "issuer-ca")
        self.key, self.certificate = self.authority.vouch("issuer", "subjectAltName=DNS:localhost")
        self.keys = self.folder / "keys.json"
        self.port = 0
        self.process = None
        self.make_keys("first")
        self.start()

    def node(self, *words, **options):
        return subprocess.run(["node", HERE / "oidc" / "oidc.mjs", MODULES, *map(str, words)], check=True,
                              capture_output=True, text=True, timeout=PATIENCE, **options)

    def make_keys(self, name):
        self.node("keys", self.keys, name)

    def start(self):
        self.log = (self.folder / "log").open("a")
        self.process = subprocess.Popen(
            ["node", HERE / "oidc" / "oidc.mjs", MODULES, "serve", self.keys, str(self.port), self.certificate,
             self.key], stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.name = self.process.stdout.readline().removeprefix("issuer ").strip()
        self.port = int(self.name.rsplit(":", 1)[1])

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.log.close()

    def token(self, kind, audience=AUDIENCE):
        """As a tenant gets it, by the grant for programs."""
        said = subprocess.run(
            ["curl", "-sS", "--cacert", self.authority.certificate, "-u", f"tenant-{kind}:of-the-test",
             "-d", "grant_type=client_credentials", "--data-urlencode", f"resource={audience}", "-d", "scope=keeps",
             f"{self.name}/token"], check=True, capture_output=True, timeout=PATIENCE)
        return json.loads(said.stdout)["access_token"]

    def forged(self, wanted):
        """Tokens for {"header", "claims", "key"} each."""
        said = self.node("sign", self.keys, input="".join(json.dumps(each) + "\n" for each in wanted))
        return said.stdout.split()


@unittest.skipIf(why_no_provider(), why_no_provider())
class ByToken(EndToEnd):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-oidc-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name)
        cls.issuer = Issuer(Path(scratch.name) / "issuer")
        cls.addClassCleanup(lambda: cls.issuer.stop())
        cls.house = Gatehouse(
            Path(scratch.name) / "house", cls.stage.platform, ("nil",),
            ("--allow-local", "--oidc-issuer", cls.issuer.name, "--oidc-audience", AUDIENCE,
             "--ca-bundle", cls.issuer.authority.certificate))
        cls.addClassCleanup(cls.house.end_keeps)
        cls.addClassCleanup(cls.house.stop)

    def ask(self, token, path="/v1/keeps", *words, tenant=None):
        status, body = self.house.curl(tenant, path, "-H", f"Authorization: Bearer {token}", *words)
        return status, json.loads(body) if body else None

    def code(self, token):
        status, body = self.ask(token)
        return "" if status == 200 else body["code"]

    def merlon(self, *words, stdin=b"", token=None):
        environment = self.stage.environment() | ({"MERLON_TOKEN": token} if token else {})
        return subprocess.run([self.stage.programs / "merlon", *map(str, words)], input=stdin, capture_output=True,
                              check=False, timeout=120, env=environment)

    def access(self):
        return ["--to", f"https://localhost:{self.house.port}", "--ca-bundle", self.house.server.certificate]

    def deploy(self, *words, **options):
        return self.merlon("deploy", "--backend", "nil", "--insecure-backend", *self.access(), *words, **options)

    def claims(self, **changed):
        now = int(time.time())
        return {"iss": self.issuer.name, "sub": "forged", "aud": AUDIENCE, "iat": now, "exp": now + 300} | changed

    def test_tokens_of_every_algorithm_are_taken(self):
        for kind in ("rs", "es", "ed"):
            self.assertEqual(self.code(self.issuer.token(kind)), "", kind)

    def test_a_workload_is_delivered_by_a_file_a_variable_or_standard_input(self):
        token = self.issuer.token("es")
        file = self.folder / "token"
        file.write_text(token + "\n")
        ran = self.deploy("--token", file, self.wasm(CAT), stdin=b"hello")
        self.assertEqual((ran.returncode, ran.stdout), (7, b"hello"), ran.stderr)
        ran = self.deploy(self.wasm(CAT), stdin=b"hello", token=token)
        self.assertEqual((ran.returncode, ran.stdout), (7, b"hello"), ran.stderr)
        ran = self.deploy("--token", "-", self.wasm(CAT), stdin=token.encode() + b"\nhello")
        self.assertEqual((ran.returncode, ran.stdout), (7, b"hello"), ran.stderr)

    def test_a_tenant_is_issuer_and_subject(self):
        made, body = self.ask(self.issuer.token("rs"), "/v1/keeps", "-d", json.dumps(
            {"backend": "nil", "nonce": "ab" * 32}))
        self.assertEqual(made, 201, body)
        # Another token of his, and one of somebody else's, and somebody with a certificate.
        self.assertEqual(self.ask(self.issuer.token("rs"), f"/v1/keeps/{body['id']}")[0], 200)
        self.assertEqual(self.ask(self.issuer.token("es"), f"/v1/keeps/{body['id']}")[0], 404)
        self.assertEqual(self.house.curl("alice", f"/v1/keeps/{body['id']}")[0], 404)
        self.assertEqual(self.house.curl("alice", "/v1/keeps")[0], 200)

    def test_a_token_that_does_not_count_is_not_made_up_for_by_a_certificate(self):
        self.assertEqual(self.ask("nonsense", tenant="alice")[0], 401)

    def test_one_that_was_left_is_heard_later_by_another_token(self):
        file = self.folder / "token"
        file.write_text(self.issuer.token("ed"))
        left = self.deploy("--token", file, "--detach", self.wasm(printing("later\n")))
        self.assertEqual(left.returncode, 0, left.stderr)
        keep = left.stdout.decode().strip()
        kept = (Path(self.stage.environment()["XDG_STATE_HOME"]) / "merlon" / "keeps" / keep).read_text()
        self.assertNotIn(file.read_text(), kept)
        file.write_text(self.issuer.token("ed"))
        heard = self.merlon("keeps", "attach", keep)
        self.assertEqual((heard.returncode, heard.stdout), (0, b"later\n"), heard.stderr)

    def test_who_shows_nothing_is_told_what_to_show(self):
        said = subprocess.run(["curl", "-sSi", "--cacert", self.house.server.certificate,
                               f"https://localhost:{self.house.port}/v1/keeps"], capture_output=True, text=True,
                              check=True, timeout=PATIENCE).stdout
        self.assertIn(" 401 ", said.splitlines()[0])
        self.assertIn('WWW-Authenticate: Bearer realm="merlon-gatehouse"', said)
        status, page = self.house.curl(None, "/", "-H", "Accept: text/html")
        self.assertEqual((status, "bearer token" in page.decode()), (401, True))
        self.assertEqual(self.house.curl(None, "/")[0], 401)
        ran = self.deploy(self.wasm(CAT))
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"bearer token", ran.stderr)

    def test_what_does_not_hold_is_refused_by_name(self):
        now = int(time.time())
        es = {"alg": "ES256", "kid": "first-es"}
        cases = [
            ("", es, {}, "first-es"),
            ("", {"alg": "RS256", "kid": "first-rs"}, {"aud": ["x", AUDIENCE]}, "first-rs"),
            ("", {"alg": "EdDSA", "kid": "first-ed"}, {"nbf": now - 10}, "first-ed"),
            ("token.issuer", es, {"iss": "https://localhost:1"}, "first-es"),
            ("token.issuer", es, {"iss": self.issuer.name + "/"}, "first-es"),
            ("token.audience", es, {"aud": "https://other.example"}, "first-es"),
            ("token.expired", es, {"exp": now - 61}, "first-es"),
            ("token.early", es, {"nbf": now + 120}, "first-es"),
            ("token.early", es, {"iat": now + 120}, "first-es"),
            ("token.form", es, {"exp": None}, "first-es"),
            ("token.form", es, {"sub": ""}, "first-es"),
            ("token.form", es | {"crit": ["b64"]}, {}, "first-es"),
            ("token.form", es | {"typ": "logout+jwt"}, {}, "first-es"),
            ("token.algorithm", {"alg": "none"}, {}, "none"),
            ("token.algorithm", {"alg": "HS256", "kid": "first-rs"}, {}, "shared"),
            ("token.algorithm", {"alg": "ES384", "kid": "first-es"}, {}, "first-es"),
            ("token.key", {"alg": "ES256", "kid": "nobody's"}, {}, "first-es"),
            ("token.key", {"alg": "RS256", "kid": "first-es"}, {}, "first-es"),
            ("token.signature", es, {}, "shared"),
            ("token.signature", {"alg": "RS256", "kid": "first-rs"}, {}, "first-es"),
        ]
        tokens = self.issuer.forged([{"header": header, "claims": self.claims(**claims), "key": key}
                                     for _, header, claims, key in cases])
        for token, (code, header, claims, key) in zip(tokens, cases, strict=True):
            self.assertEqual(self.code(token), code, (header, claims, key))
        header, claims, signature = tokens[0].split(".")
        other = tokens[1].split(".")[1]
        self.assertEqual(self.code(f"{header}.{other}.{signature}"), "token.signature")
        self.assertEqual(self.code(f"{header}.{claims}.{signature}="), "token.form")

    def test_nothing_of_a_token_is_written_down(self):
        token = self.issuer.token("es")
        self.assertEqual(self.code(token), "")
        self.ask(token[:-4] + "AAAA")
        # A request's line is written when its answer is on its way.
        deadline = time.monotonic() + 60
        log = ""
        while '"code":["token.signature"]' not in log and time.monotonic() < deadline:
            time.sleep(0.05)
            log = (self.house.folder / "log").read_text()
        self.assertIn('"code":["token.signature"]', log)
        self.assertNotIn(token.split(".")[1], log)
        for each in self.house.state.rglob("record.json"):
            self.assertNotIn(token, each.read_text())

    def test_z_keys_are_changed_while_it_serves(self):
        old = self.issuer.token("es")
        self.assertEqual(self.code(old), "")
        self.issuer.stop()
        # Its issuer is away: what is known goes on.
        self.assertEqual(self.code(old), "")
        self.issuer.make_keys("second")
        self.issuer.start()
        new = self.issuer.token("es")
        deadline = time.monotonic() + PATIENCE
        while (code := self.code(new)) and time.monotonic() < deadline:
            self.assertEqual(code, "token.key")
            time.sleep(0.5)
        self.assertEqual(code, "")
        self.assertEqual(self.code(old), "token.key")


if __name__ == "__main__":
    main()
