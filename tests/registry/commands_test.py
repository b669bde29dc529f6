#!/usr/bin/env python3
"""merlon user, repo, package and tree, and merlon deploy of a package at a registry, by the real programs."""

import base64
import hashlib
import json
import os
import random
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / each) for each in ("deploy", "e2e", "attest", "drawbridge")]
import sealed_package  # noqa: E402
import servers  # noqa: E402
import oidc_test  # noqa: E402
from gatehouse import Authority  # noqa: E402
from support import HELLO, MERLON, EndToEnd, main  # noqa: E402

# A slow upload takes so long, and tokens end after two ninths of it.
UPLOAD_SECONDS = int(os.environ.get("MERLON_REGISTRY_UPLOAD_SECONDS", "5"))
HELPER = """#!/bin/sh
# What a credential helper is to Enarx.
case "$1" in
insert) cat > "$(dirname "$0")/kept-$2" ;;
show) cat "$(dirname "$0")/kept-$2" ;;
esac
"""
# What secret-tool does, with a directory for a keyring.
KEYRING = """#!/bin/sh
for last; do :; done
case "$1" in
store) cat > "$KEYRING/$last" ;;
lookup) cat "$KEYRING/$last" 2>/dev/null ;;
clear) rm -f "$KEYRING/$last" ;;
esac
"""


class Commands(EndToEnd):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-registry-")
        cls.addClassCleanup(scratch.cleanup)
        cls.authority = Authority(scratch.name, "registry-ca")
        cls.key, cls.certificate = cls.authority.vouch("registry", "subjectAltName=DNS:localhost,DNS:store.example")
        cls.issuer = servers.Issuer(scratch.name, cls.certificate, cls.key)
        cls.addClassCleanup(servers.stop, cls.issuer.server)
        # Each test has a user of its own, and all of them one subject.
        cls.registry = servers.Registry(scratch.name, cls.issuer, cls.authority.certificate,
                                        ("--development", "--users-per-subject", "100"))
        cls.addClassCleanup(cls.registry.stop)

    def setUp(self):
        super().setUp()
        self.issuer.reset()
        # One registry for all: each test has a user of its own, whom its words call alice.
        self.user = "".join(random.choices("acdefghkmprt", k=12))
        self.between = servers.between(self.registry, self.certificate, self.key)
        self.addCleanup(servers.stop, self.between)
        self.host = f"localhost:{self.between.server_address[1]}"
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        self.environment = {
            "PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(self.folder), "MERLON_DRAWBRIDGE": self.host,
            "ENARX_CA_BUNDLE": str(self.authority.certificate), "XDG_STATE_HOME": str(self.folder / "state"),
            "MERLON_BACKEND": "nil"}

    def do(self, *words, status=0, timeout=60, **variables):
        words = [str(each).replace("alice", self.user) for each in words]
        ran = subprocess.run([MERLON, *words], text=True, capture_output=True, check=False, timeout=timeout,
                             stdin=subprocess.DEVNULL, env={**self.environment, **variables}, cwd=self.folder)
        if status is not None:
            self.assertEqual(ran.returncode, status, ran)
        if status:
            self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
        return ran

    def refused(self, status, *words, **variables):
        return self.do(*words, status=status, **variables).stderr

    def log_in(self, *words, **variables):
        return self.do("user", "login", "--oidc-domain", self.issuer.base, "--oidc-client-id", "merlon",
                       "--oidc-audience", servers.AUDIENCE, *words, **variables)

    def known(self):
        """As somebody whose token is in the environment, with a user and a repository."""
        self.environment["ENARX_INSECURE_AUTH_TOKEN"] = self.issuer.token()
        self.do("user", "register", "alice")
        self.do("repo", "register", "alice/app")
        self.between.asked.clear()
        self.between.rests.clear()
        self.between.bodies.clear()

    def anonymous(self):
        return {"ENARX_INSECURE_AUTH_TOKEN": ""}

    def with_files(self):
        package = self.small("files", bytes(5000))
        (package / "Enarx.toml").write_text('files = [{kind = "null"}, {kind = "stdout"}, {kind = "stderr"}]\n'
                                             '[[mounts]]\npath = "/data"\nsource = "lib"\n')
        return package

    def small(self, name="package", content=b"x"):
        package = self.folder / name
        (package / "lib").mkdir(parents=True)
        self.wasm(HELLO, f"{name}/main.wasm")
        (package / "main.wasm.wat").unlink()
        (package / "lib" / "data").write_bytes(content)
        return package

    def test_the_life_of_a_package(self):
        said = self.log_in()
        self.assertIn("type AB-CD", said.stderr)
        self.assertEqual(self.issuer.forms[0]["audience"], servers.AUDIENCE)
        self.assertEqual([form["grant_type"][-11:] for form in self.issuer.forms[1:]], ["device_code"] * 2)
        state = self.folder / "state" / "merlon" / "logins" / "secrets"
        self.assertEqual([each.stat().st_mode & 0o777 for each in state.iterdir()], [0o600] * 2)
        self.do("user", "register", "alice")
        self.assertEqual(json.loads(self.do("user", "info", "alice", "--json").stdout), {"subject": "the-subject"})
        self.do("repo", "register", "alice/app")
        package = self.small()
        before = len(self.between.asked)
        self.do("package", "publish", "alice/app:1.0.0", package)
        tag = f"{self.user}/app/_tag/1.0.0"
        self.assertEqual([each[:2] for each in self.between.asked[before:]], [
            ("PUT", tag), ("PUT", f"{tag}/tree"), ("PUT", f"{tag}/tree/lib"), ("PUT", f"{tag}/tree/lib/data"),
            ("PUT", f"{tag}/tree/main.wasm")])
        digest = self.do("tree", "digest", package).stdout.strip()
        self.assertEqual(self.do("tree", "digest", "alice/app:1.0.0").stdout.strip(), digest)
        self.assertIn(digest, self.do("package", "info", "alice/app:1.0.0").stdout)
        self.assertIn(digest, self.do("repo", "list", "alice/app").stdout)
        self.assertIn(f"{self.user}/app  public  1 tag", self.do("repo", "search", "alice").stdout)
        self.assertEqual(self.do("repo", "search", "none").stdout, "")
        self.assertEqual(json.loads(self.do("repo", "info", "alice/app", "--json").stdout),
                         {"config": {"public": True}, "tags": ["1.0.0"]})
        self.do("user", "logout")
        # Nobody needs a token for what is public.
        self.do("package", "fetch", f"alice/app:1.0.0@{digest}", "copy")
        self.assertEqual((self.folder / "copy" / "lib" / "data").read_bytes(), b"x")
        self.do("tree", "diff", "alice/app:1.0.0", "./copy")
        self.assertEqual(self.do("tree", "fetch", "alice/app:1.0.0", "lib/data").stdout, "x")
        self.assertIsNone(self.between.asked[-1][2])
        self.assertIn("is there already", self.refused(1, "package", "fetch", "alice/app:1.0.0", "copy"))
        self.assertEqual([], list(state.iterdir()))

    def test_a_plain_package_goes_over_the_wire_as_enarx_sends_it(self):
        self.known()
        package = self.folder / "plain"
        package.mkdir()
        self.wasm(HELLO, "plain/main.wasm")
        (package / "main.wasm.wat").unlink()
        (package / "Enarx.toml").write_text("[[files]]\nkind = \"stdout\"\n")
        self.do("package", "publish", "alice/app:0.1.0", package)

        def meta(content, kind):
            return {"digest": {name: base64.b64encode(hashlib.new(name.replace("-", ""), content).digest()).decode()
                               for name in ("sha-224", "sha-256", "sha-384", "sha-512")}, "length": len(content),
                    "type": kind}

        def compact(value):
            return json.dumps(value, separators=(",", ":")).encode()
        listing = compact({"Enarx.toml": meta((package / "Enarx.toml").read_bytes(), "application/toml"),
                           "main.wasm": meta((package / "main.wasm").read_bytes(), "application/wasm")})
        self.assertEqual([each[1].rpartition("/")[2] for each in self.between.asked], ["0.1.0", "tree", "Enarx.toml",
                                                                                       "main.wasm"])
        self.assertEqual(self.between.bodies[:2],
                         [compact(meta(listing, "application/vnd.drawbridge.directory.v1+json")), listing])

    def test_an_upload_that_breaks_off_goes_on(self):
        self.known()
        package = self.small(content=os.urandom(1_000_000))
        self.between.cut = "lib/data"
        self.do("package", "publish", "alice/app:1.0.0", package)
        asked = [each[:2] for each in self.between.asked if each[1].endswith("lib/data")]
        self.assertEqual([each[0] for each in asked], ["PUT", "GET", "PUT"])
        self.do("package", "fetch", "alice/app:1.0.0", "copy", **self.anonymous())
        self.assertEqual((self.folder / "copy" / "lib" / "data").read_bytes(), (package / "lib" / "data").read_bytes())
        # Once more: it is all there.
        said = json.loads(self.do("package", "publish", "alice/app:1.0.0", package, "--json").stdout)
        self.assertEqual(said["published"], "already")
        (package / "lib" / "data").write_bytes(b"y")
        self.assertIn("another tree", self.refused(1, "package", "publish", "alice/app:1.0.0", package))

    def test_a_token_that_ends_is_renewed_in_the_middle(self):
        self.known()
        del self.environment["ENARX_INSECURE_AUTH_TOKEN"]
        self.issuer.pending = 0
        self.log_in()
        self.between.ends = "tree/lib/data"
        self.do("package", "publish", "alice/app:1.0.0", self.small(content=os.urandom(200_000)))
        self.assertEqual(self.issuer.forms[-1]["grant_type"], "refresh_token")
        self.assertEqual(len({each[2] for each in self.between.asked}), 2)

    def test_tokens_end_while_a_slow_upload_breaks_off_and_goes_on(self):
        self.known()
        del self.environment["ENARX_INSECURE_AUTH_TOKEN"]
        self.issuer.pending, self.issuer.lifetime = 0, max(2, UPLOAD_SECONDS * 2 // 9)
        self.log_in()
        size = 2_000_000
        package = self.small(content=os.urandom(size))
        self.between.slow = ("tree/lib/data", UPLOAD_SECONDS)
        self.between.cut = "tree/lib/data"
        began = time.monotonic()
        self.do("package", "publish", "alice/app:1.0.0", package, timeout=UPLOAD_SECONDS + 60)
        self.assertGreaterEqual(time.monotonic() - began, UPLOAD_SECONDS)
        puts = [(token, rest) for (method, path, token), rest in zip(self.between.asked, self.between.rests, strict=True)
                if method == "PUT" and path.endswith("tree/lib/data")]
        # Begun with one token, which had ended when the other half was begun, whose own ended as well.
        self.assertEqual(puts[0][1], size)
        self.assertTrue(size // 2 <= puts[-1][1] < size // 2 + (1 << 18), puts)  # what had come, but for a last piece
        self.assertNotEqual(puts[0][0], puts[-1][0])
        self.assertEqual(self.issuer.forms[-1]["grant_type"], "refresh_token")
        self.assertNotEqual(self.between.asked[-1][2], puts[-1][0])
        self.between.slow = None
        self.do("package", "fetch", "alice/app:1.0.0", "copy", **self.anonymous())
        self.assertEqual((self.folder / "copy" / "lib" / "data").read_bytes(), (package / "lib" / "data").read_bytes())

    def test_what_is_not_what_its_digest_says_is_refused(self):
        self.known()
        self.do("package", "publish", "alice/app:1.0.0", self.small())
        for path in ("tree", "lib", "lib/data", "main.wasm"):
            self.between.lies = path
            said = self.refused(3, "package", "fetch", "alice/app:1.0.0", "copy", **self.anonymous())
            self.assertIn("is not what its digest says", said)
            self.assertFalse((self.folder / "copy").exists() or (self.folder / "copy.part").exists())
        self.between.lies = None
        said = self.refused(3, "package", "fetch", f"alice/app:1.0.0@sha-256={'0' * 64}", "copy")
        self.assertIn("under this tag", said)

    def test_a_tag_that_was_moved_is_refused(self):
        self.known()
        self.do("package", "publish", "alice/app:1.0.0", self.small())
        self.do("package", "publish", "alice/app:2.0.0", self.small("other", b"y"))
        self.between.renamed = ("1.0.0", "2.0.0")
        self.assertIn("--accept-new-digest", self.refused(3, "package", "fetch", "alice/app:1.0.0", "copy"))
        deploy = ["deploy", "--insecure-backend", f"{self.host}/alice/app:1.0.0"]
        self.assertIn("--accept-new-digest", self.refused(3, *deploy, **self.anonymous()))
        self.assertEqual(self.do(*deploy, "--accept-new-digest").stdout, "hello\n")
        self.do("package", "fetch", "alice/app:1.0.0", "copy")
        self.assertEqual((self.folder / "copy" / "lib" / "data").read_bytes(), b"y")
        self.assertEqual(self.diff(), "changed  lib/data\n")

    def diff(self):
        ran = subprocess.run([MERLON, "tree", "diff", "./package", f"{self.user}/app:1.0.0"], text=True, capture_output=True,
                             check=False, env=self.environment, cwd=self.folder, timeout=60)
        self.assertEqual(ran.returncode, 3, ran)
        return ran.stdout

    def test_a_package_is_deployed_by_its_name(self):
        self.known()
        self.do("package", "publish", "alice/app:1.0.0", self.small())
        named = f"{self.host}/alice/app:1.0.0"
        self.assertEqual(self.do("deploy", "--insecure-backend", named, **self.anonymous()).stdout, "hello\n")
        self.do("package", "yank", "alice/app:1.0.0", "--reason", "it was wrong")
        said = self.refused(3, "deploy", "--insecure-backend", named, **self.anonymous())
        self.assertIn("it was wrong", said)
        digest = self.do("tree", "digest", "./package").stdout.strip()
        self.do("deploy", "--insecure-backend", f"{named}@{digest}", **self.anonymous())
        self.do("package", "yank", "alice/app:1.0.0", "--undo")
        self.do("deploy", "--insecure-backend", named, **self.anonymous())
        self.assertIn("no registry is named", self.refused(2, "deploy", "--insecure-backend", "alice/app:1.0.0",
                                                           MERLON_DRAWBRIDGE=""))
        self.between.lies = "main.wasm"
        self.assertIn("is not what its digest says", self.refused(3, "deploy", "--insecure-backend", named))

    def test_a_private_repository_has_tokens_of_its_own(self):
        self.known()
        self.do("repo", "register", "--private", "alice/own")
        self.do("package", "publish", "alice/own:1.0.0", self.small())
        self.assertIn("401", self.refused(1, "package", "info", "alice/own:1.0.0", **self.anonymous()))
        made = json.loads(self.do("repo", "token", "create", "alice/own", "--json").stdout)
        (self.folder / "token").write_text(made["token"] + "\n")
        self.do("package", "info", "alice/own:1.0.0", "--token", "token", **self.anonymous())
        listed = json.loads(self.do("repo", "token", "info", "alice/own", "--json").stdout)
        self.assertEqual(listed["tokens"][0]["id"], made["id"])
        self.do("repo", "token", "revoke", "alice/own", made["id"])
        rule = {"keeps": [{"technology": "snp", "measurement": "00" * 48}]}
        (self.folder / "rule.json").write_text(json.dumps(rule))
        self.do("repo", "admission", "alice/own", "rule.json")
        self.assertEqual(json.loads(self.do("repo", "admission", "alice/own").stdout), rule)
        (self.folder / "rule.json").write_text("{}")
        self.assertIn("Not a rule", self.refused(1, "repo", "admission", "alice/own", "rule.json"))
        self.refused(1, "package", "info", "alice/own:1.0.0", "--token", "token", **self.anonymous())

    def test_a_browser_comes_back_to_this_machine(self):
        process = subprocess.Popen(
            [MERLON, "user", "login", "--oidc-domain", self.issuer.base, "--oidc-client-id", "merlon", "--oidc-flow",
             "browser"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment)
        url = re.search(r"https://\S+", process.stderr.readline())[0]
        context = ssl.create_default_context(cafile=self.authority.certificate)
        with self.assertRaises(urllib.error.HTTPError) as wrong:
            back = re.search(r"redirect_uri=([^&]+)", url)[1]
            urllib.request.urlopen(urllib.request.unquote(back) + "?code=evil&state=guessed", timeout=30)
        self.assertEqual(wrong.exception.code, 400)
        wrong.exception.close()
        with urllib.request.urlopen(url, context=context, timeout=30) as page:
            self.assertIn(b"Logged in", page.read())
        said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, said)
        self.do("user", "register", "alice")

    def test_tokens_are_kept_where_the_user_keeps_secrets(self):
        self.issuer.pending = 0
        helper = self.folder / "helper"
        helper.write_text(HELPER)
        helper.chmod(0o700)
        self.log_in("--credential-helper", helper)
        name = f"localhost-{self.host}"
        self.assertEqual((self.folder / f"kept-{name}").read_text().count("."), 2)
        self.do("user", "register", "anna", ENARX_CREDENTIAL_HELPER=str(helper))
        self.assertIn("name it", self.refused(1, "user", "register", "bob"))
        keyring = self.folder / "keyring"
        keyring.mkdir()
        tool = self.folder / "bin" / "secret-tool"
        tool.write_text(KEYRING)
        tool.chmod(0o700)
        self.environment["KEYRING"] = str(keyring)
        self.assertIn("keyring", self.log_in().stdout)
        self.assertEqual({each.name for each in keyring.iterdir()}, {name, f"{name}-refresh"})
        self.do("user", "register", "carol")
        self.do("user", "logout", self.host)
        self.assertEqual(list(keyring.iterdir()), [])

    def test_a_program_logs_in_by_its_secret(self):
        self.assertIn("ENARX_OIDC_CLIENT_SECRET", self.refused(
            1, "user", "login", "--oidc-domain", self.issuer.base, "--oidc-client-id", "m", "--oidc-flow", "client"))
        self.log_in("--oidc-flow", "client", ENARX_OIDC_CLIENT_SECRET="s")
        self.assertEqual(self.issuer.forms[-1]["client_secret"], "s")

    @unittest.skipIf(oidc_test.why_no_provider(), oidc_test.why_no_provider())
    def test_another_issuer_than_our_own_takes_a_program_in(self):
        provider = oidc_test.Issuer(self.folder / "issuer")
        self.addCleanup(provider.stop)
        self.do("user", "login", "--oidc-domain", provider.name, "--oidc-client-id", "tenant-es", "--oidc-flow", "client",
                "--oidc-scope", "keeps", "--ca-bundle", provider.authority.certificate, ENARX_OIDC_CLIENT_SECRET="of-the-test")

    def test_a_proxy_carries_tls_and_an_own_ca_works_through_it(self):
        self.known()
        self.do("package", "publish", "alice/app:1.0.0", self.small())
        proxy = servers.serve(servers.Proxy, asked=[], target=self.between.server_address[1])
        self.addCleanup(servers.stop, proxy)
        variables = {"HTTPS_PROXY": f"http://me:pw@127.0.0.1:{proxy.server_address[1]}", "MERLON_DRAWBRIDGE": "store.example"}
        self.do("package", "info", "alice/app:1.0.0", **variables)
        self.assertEqual(proxy.asked, [("store.example:443", "Basic bWU6cHc=")])
        self.assertIn("403", self.refused(1, "package", "info", "other.example/alice/app:1.0.0", **variables))
        self.assertIn("store.example", self.refused(1, "package", "info", "alice/app:1.0.0", NO_PROXY="store.example",
                                                    **variables))

    def test_a_sealed_package_is_read_by_who_has_its_key_alone(self):
        self.known()
        package = self.small(content=b"a secret that nobody on the way can read")
        said = json.loads(self.do("package", "publish", "--seal", "app.key", "--json", "alice/app:1.0.0", package).stdout)
        key = self.folder / "app.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(len(bytes.fromhex(key.read_text())), 32)
        # Once more: the same bytes, so that an upload can go on.
        again = json.loads(self.do("package", "publish", "--seal", "app.key", "--json", "alice/app:1.0.0", package).stdout)
        self.assertEqual((again["published"], again["digest"]), ("already", said["digest"]))
        self.do("package", "fetch", "--content-key", "app.key", f"alice/app:1.0.0@{said['digest']}", "copy")
        self.do("tree", "diff", package, "./copy")
        self.do("package", "fetch", "alice/app:1.0.0", "sealed")
        sealed = self.folder / "sealed" / "package.sealed"
        self.assertEqual(list(sealed.parent.iterdir()), [sealed])
        for secret in (b"a secret", b"main.wasm", b"lib/data", b"\0asm"):
            for path in (sealed, *Path(self.registry.store).rglob("objects/*/*")):
                if path.stat().st_size == sealed.stat().st_size:
                    self.assertNotIn(secret, path.read_bytes())
        opened = sealed_package.open_sealed(sealed.read_bytes(), bytes.fromhex(key.read_text()))
        self.assertEqual(opened[:8], b"MRLNTREE")
        self.assertIn(b"a secret that nobody", opened)
        (self.folder / "other.key").write_text("00" * 32 + "\n")
        self.assertIn("sealed by another key",
                      self.refused(3, "package", "fetch", "--content-key", "other.key", "alice/app:1.0.0", "not"))
        self.assertFalse((self.folder / "not").exists() or (self.folder / "not.part").exists())
        (self.folder / "bad.key").write_text("nonsense")
        self.assertIn("64 hexadecimal digits",
                      self.refused(1, "package", "publish", "--seal", "bad.key", "alice/app:2.0.0", package))

    def test_a_package_is_checked_before_it_is_sent(self):
        package = self.small()
        (package / "Enarx.toml").write_text(
            "steward = \"https://steward.example\"\n[[files]]\nkind = \"listen\"\nname = \"in\"\nport = 8443\nprot = \"tls\"\n"
            "[[mounts]]\npath = \"/lib\"\nsource = \"lib\"\n")
        said = json.loads(self.do("package", "check", package, "--json").stdout)
        self.assertEqual(said["digest"], self.do("tree", "digest", package).stdout.strip())
        self.assertEqual((said["runs"], said["problems"]), (True, []))
        self.assertEqual(said["network"], ["asks the Steward https://steward.example", "listens on [::]:8443 (tls)"])
        self.assertEqual(said["files"], ["/lib: the package's lib"])
        self.assertIn("It would run.", self.do("package", "check", package).stdout)
        bad = self.wasm('(module (import "env" "magic" (func)))', "bad.wasm")
        said = self.do("package", "check", bad, status=None)
        self.assertEqual(said.returncode, 1)
        self.assertIn("imports env.magic, which no keep offers", said.stdout)
        self.assertIn("exports no function _start", said.stdout)
        (self.folder / "none.wasm").write_bytes(b"none")
        self.assertIn("no module", self.refused(1, "package", "check", "none.wasm"))

    def test_a_signed_tag_is_taken_by_who_knows_its_key(self):
        self.known()
        for name in ("maker", "other"):
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                            self.folder / f"{name}.pem"], check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", self.folder / "maker.pem", "-pubout", "-out", self.folder / "maker.pub"],
                       check=True, capture_output=True)
        package = self.small()
        self.do("package", "publish", "--sign", "maker.pem", "alice/app:1.0.0", package)
        self.assertIn("signed  yes, by that key", self.do("package", "info", "alice/app:1.0.0", "--signed-by", "maker.pub").stdout)
        self.do("package", "fetch", "alice/app:1.0.0", "copy", "--signed-by", "maker.pub")
        deploy = ["deploy", "--backend", "nil", "--insecure-backend"]
        self.assertEqual(self.do(*deploy, "--signed-by", "maker.pub", "alice/app:1.0.0").stdout, "hello\n")
        for words in (["package", "info"], ["package", "fetch"], deploy):
            self.assertIn("no signature of that key", self.refused(3, *words, "--signed-by", "other.pem", "alice/app:1.0.0"))
        self.do("package", "publish", "alice/app:2.0.0", self.small("unsigned"))
        self.assertIn("is not signed", self.refused(3, *deploy, "--signed-by", "maker.pub", "alice/app:2.0.0"))
        # A variable that is not set is no consent, and what is not looked at must not seem to have been.
        for option in ("--signed-by", "--content-key"):
            self.do(*deploy, option, "", "alice/app:2.0.0", status=2)
            self.do("package", "fetch", option, "", "alice/app:2.0.0", "not", status=2)
        self.do("package", "publish", "--sign", "", "alice/app:3.0.0", package, status=2)
        self.assertIn("no package at a registry", self.refused(2, *deploy, "--signed-by", "maker.pub", package))

    def test_a_sealed_package_is_deployed_by_its_key(self):
        self.known()
        self.do("package", "publish", "--seal", "app.key", "alice/app:1.0.0", self.small())
        words = ("deploy", "--backend", "nil", "--insecure-backend")
        self.assertIn("--content-key", self.refused(2, *words, "alice/app:1.0.0"))
        self.assertIn("hello", self.do(*words, "--content-key", "app.key", "alice/app:1.0.0").stdout.lower())
        self.do("package", "publish", "alice/app:2.0.0", self.small("plain"))
        self.assertIn("is not sealed", self.refused(3, *words, "--content-key", "app.key", "alice/app:2.0.0"))

    def test_a_keep_gets_its_package_by_itself(self):
        self.known()
        self.do("package", "publish", "alice/app:1.0.0", self.small())
        self.do("package", "publish", "--seal", "app.key", "alice/app:2.0.0", self.with_files())
        self.between.asked.clear()
        self.between.rests.clear()
        words = ("deploy", "--insecure-backend", "--keep-fetches", "--ca-bundle", self.authority.certificate)
        for tag, more in (("1.0.0", ()), ("2.0.0", ("--content-key", "app.key"))):
            self.between.asked.clear()
            ran = self.do(*words, *more, f"{self.host}/alice/app:{tag}", **self.anonymous())
            self.assertEqual(ran.stdout, "hello\n")
            # This machine's command reads it to know its digests; the keep asks a second time.
            tree = [path for _, path, _ in self.between.asked if path.endswith(f"/_tag/{tag}/tree")]
            self.assertEqual(len(tree), 2, self.between.asked)
        self.between.lies = "package.sealed"
        self.between.lies_after = 1
        self.between.asked.clear()
        self.between.rests.clear()
        said = self.do(*words, "--content-key", "app.key", f"{self.host}/alice/app:2.0.0", status=None)
        self.assertEqual(said.returncode, 1, said)
        self.assertIn("is not what its directory says", said.stderr)
        self.assertIn("is no package at a registry", self.refused(2, *words, "./package"))

    def test_command_lines_that_say_too_little_are_refused(self):
        self.assertIn("no registry is named", self.refused(2, "package", "info", "alice/app:1.0.0", MERLON_DRAWBRIDGE=""))
        self.assertIn("ends with a tag", self.refused(2, "package", "info", "alice/app"))
        self.assertIn("letters, digits", self.refused(2, "repo", "info", "alice/a_b"))
        self.assertIn("--reason", self.refused(2, "package", "yank", "alice/app:1.0.0"))
        self.assertIn("no issuer", self.refused(2, "user", "login"))
        self.assertIn("without TLS only on this machine",
                      self.refused(1, "package", "info", "alice/app:1.0.0", "--host", "http://store.example"))


if __name__ == "__main__":
    main()
