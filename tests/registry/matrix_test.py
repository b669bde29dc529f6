#!/usr/bin/env python3
"""Every command that asks a registry, of either kind, by every setting of how it is reached and who asks."""

import base64
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / each) for each in ("deploy", "e2e")]
import oci_servers  # noqa: E402
import servers  # noqa: E402
from gatehouse import Authority  # noqa: E402
from support import HELLO, MERLON, EndToEnd, main  # noqa: E402

NO_OCI = oci_servers.missing("docker-registry")
# NAME is the package's; each can be given again and again.
COMMANDS = {
    "publish": ("package", "publish", "NAME", "./package"),
    "info": ("package", "info", "NAME"),
    "fetch": ("package", "fetch", "NAME", "NEW"),
    "digest": ("tree", "digest", "NAME"),
    "tree": ("tree", "info", "NAME"),
    "diff": ("tree", "diff", "./package", "NAME"),
    "file": ("tree", "fetch", "NAME", "main.wasm", "/dev/null"),
    "deploy": ("deploy", "--backend", "nil", "--insecure-backend", "NAME"),
}
# And what only a Drawbridge knows.
OTHERS = {
    "repo": ("repo", "info", "HOST/alice/own"),
    "versions": ("repo", "list", "HOST/alice/own"),
    "tokens": ("repo", "token", "list", "HOST/alice/own"),
    "user": ("user", "info", "HOST/alice"),
}


class Matrix(EndToEnd):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-matrix-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        cls.authority = Authority(scratch.name, "matrix-ca")
        cls.key, cls.certificate = cls.authority.vouch("registry", "subjectAltName=DNS:localhost,DNS:store.example")
        issuer = servers.Issuer(scratch.name, cls.certificate, cls.key)
        cls.addClassCleanup(servers.stop, issuer.server)
        registry = servers.Registry(scratch.name, issuer, cls.authority.certificate)
        cls.addClassCleanup(registry.stop)
        cls.between = servers.between(registry, cls.certificate, cls.key)
        cls.addClassCleanup(servers.stop, cls.between)
        cls.token = issuer.token()
        cls.basic = base64.b64encode(b"me:s3cret").decode()
        # Both kinds: the name of a package, the port, and what Docker's file keeps for it.
        cls.kinds = {"drawbridge": ("HOST/alice/own:1.0.0", cls.between.server_address[1], {"registrytoken": cls.token})}
        # Nobody is asked there by the test that only looks where commands are led.
        cls.kinds["oci"] = ("oci://HOST/alice/own:1.0.0", 1, {"auth": cls.basic})
        if not NO_OCI:
            cls.oci = oci_servers.DockerRegistry(cls.scratch / "oci", cls.certificate, cls.key, private=True)
            cls.addClassCleanup(cls.oci.stop)
            cls.kinds["oci"] = ("oci://HOST/alice/own:1.0.0", cls.oci.port, {"auth": cls.basic})
        for name, port in (("thief", None), ("proxy", None)):
            handler = {"thief": oci_servers.Elsewhere, "proxy": servers.Proxy}[name]
            tls = (cls.certificate, cls.key) if name == "thief" else ()
            server = servers.serve(handler, *tls, asked=[], blobs={}, target=port)
            cls.addClassCleanup(servers.stop, server)
            setattr(cls, name, server)

    def setUp(self):
        super().setUp()
        self.package(HELLO)
        (self.folder / "package" / "main.wasm.wat").unlink()
        self.count = 0

    def run_one(self, words, host, config, variables):
        """Its exit status and what it says."""
        self.count += 1
        folder = self.folder / f"docker-{self.count}"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"auths": config}))
        words = [each.replace("HOST", host).replace("NEW", f"copy-{self.count}") for each in words]
        environment = {"PATH": oci_servers.PATH, "HOME": str(self.folder), "MERLON_BACKEND": "nil",
                       "DOCKER_CONFIG": str(folder), "MERLON_CA_BUNDLE": str(self.authority.certificate), **variables}
        ran = subprocess.run([MERLON, *words], text=True, capture_output=True, check=False, timeout=60,
                             stdin=subprocess.DEVNULL, env=environment, cwd=self.folder)
        for secret in (self.token, self.basic, "s3cret"):
            self.assertNotIn(secret, ran.stdout + ran.stderr)
        return ran.returncode, ran.stdout + ran.stderr

    def rows(self, kind):
        """(command, its words, port, login) of each."""
        name, port, login = self.kinds[kind]
        for command, words in {**COMMANDS, **(OTHERS if kind == "drawbridge" else {})}.items():
            yield command, [each.replace("NAME", name) for each in words], port, login

    def make(self, kind):
        """The package that all ask for: a private one."""
        name, port, login = self.kinds[kind]
        host = f"localhost:{port}"
        if kind == "drawbridge":
            for words in (("user", "register", f"{host}/alice"), ("repo", "register", "--private", f"{host}/alice/own")):
                self.assertEqual(self.run_one(words, host, {host: login}, {})[0], 0)
        said = self.run_one(("package", "publish", name, "./package"), host, {host: login}, {})
        self.assertEqual(said[0], 0, said)

    def test_a_drawbridge_by_every_setting(self):
        self.by_every_setting("drawbridge")

    @unittest.skipIf(NO_OCI, NO_OCI)
    def test_an_oci_registry_by_every_setting(self):
        self.by_every_setting("oci")

    def by_every_setting(self, kind):
        self.make(kind)
        own = str(self.authority.certificate)
        through = {"HTTPS_PROXY": f"http://127.0.0.1:{self.proxy.server_address[1]}"}
        for command, words, port, login in self.rows(kind):
            here, there = f"localhost:{port}", f"store.example:{port}"
            with_option = [*words[:2], "--ca-bundle", own, *words[2:]] if words[0] != "deploy" else [
                words[0], "--ca-bundle", own, *words[1:]]
            if words[1] == "token":
                with_option = [*words[:3], "--ca-bundle", own, *words[3:]]
            # The setting: words, host, what is kept for whom, variables, whether it goes well, what it says. A proxy that
            # is named is asked, but where it is excepted.
            settings = {
                "own CA by a variable": (words, here, {here: login}, {}, True, ""),
                "own CA by an option": (with_option, here, {here: login}, {"MERLON_CA_BUNDLE": ""}, True, ""),
                "no CA": (words, here, {here: login}, {"MERLON_CA_BUNDLE": ""}, False, "no TLS"),
                "proxy": (words, there, {there: login}, through, True, ""),
                "proxy in small letters": (words, there, {there: login}, {"https_proxy": through["HTTPS_PROXY"]}, True, ""),
                "no proxy for it": (words, there, {there: login}, {**through, "NO_PROXY": "store.example"}, False, "store.example"),
                "another proxy": (words, "other.example", {}, through, False, "403"),
                "nobody": (words, here, {}, {}, False, ""),
                "somebody elsewhere": (words, here, {f"localhost:{port + 1}": login, there: login}, {}, False, ""),
            }
            for setting, (line, host, config, variables, well, text) in settings.items():
                self.proxy.target = port
                self.proxy.asked.clear()
                with self.subTest(kind=kind, command=command, setting=setting):
                    status, said = self.run_one(line, host, config, variables)
                    self.assertEqual(status == 0, well, said)
                    self.assertIn(text, said)
                    proxied = bool({"HTTPS_PROXY", "https_proxy"} & set(variables)) and "NO_PROXY" not in variables
                    self.assertEqual(bool(self.proxy.asked), proxied)

    def test_no_command_tells_another_host_who_asks(self):
        there = f"https://localhost:{self.thief.server_address[1]}"

        class Leading(servers.Answering):
            def do_any(self):
                self.server.asked.append(self.headers.get("Authorization"))
                self.body()
                # An OCI registry asks first, so that somebody says who he is.
                if self.path.startswith("/v2/") and not self.headers.get("Authorization"):
                    return self.answer(401, b"", [("WWW-Authenticate", 'Basic realm="x"')])
                return self.answer(307, b"", [("Location", f"{there}{self.path}")])

            do_GET = do_PUT = do_HEAD = do_POST = do_PATCH = do_any

        leading = servers.serve(Leading, self.certificate, self.key, asked=[])
        self.addCleanup(servers.stop, leading)
        host = f"localhost:{leading.server_address[1]}"
        for kind, command, words, _, login in ((kind, *row) for kind in self.kinds for row in self.rows(kind)):
            with self.subTest(kind=kind, command=command):
                leading.asked.clear()
                status, said = self.run_one(words, host, {host: login}, {})
                self.assertEqual(status, 1, said)
                self.assertIn("not followed", said)
                self.assertTrue(any(leading.asked), "nobody said who he is")
        self.assertEqual(self.thief.asked, [])


if __name__ == "__main__":
    main()
