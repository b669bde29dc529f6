#!/usr/bin/env python3
"""Packages as OCI artifacts, with docker-registry, skopeo and buildah, and with registries that lie."""

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / each) for each in ("deploy", "e2e")]
import oci_servers  # noqa: E402
import servers  # noqa: E402
from gatehouse import Authority  # noqa: E402
from support import HELLO, MERLON, EndToEnd, main, printing  # noqa: E402

NO_REGISTRY = oci_servers.missing("docker-registry")
BASIC = base64.b64encode(b"me:s3cret").decode()
DEPLOY = ("deploy", "--backend", "nil", "--insecure-backend")
HELPER = """#!/bin/sh
read host
echo "$1 $host" >> "$(dirname "$0")/asked"
[ "$host" = "$WANTED" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '{"ServerURL":"x","Username":"me","Secret":"s3cret"}'
"""


class Oci(EndToEnd):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-oci-")
        cls.addClassCleanup(scratch.cleanup)
        cls.authority = Authority(scratch.name, "oci-ca")
        cls.key, cls.certificate = cls.authority.vouch("oci", "subjectAltName=DNS:localhost,DNS:store.example")
        if not NO_REGISTRY:
            cls.open = oci_servers.DockerRegistry(f"{scratch.name}/open", cls.certificate, cls.key)
            cls.addClassCleanup(cls.open.stop)
            cls.private = oci_servers.DockerRegistry(f"{scratch.name}/private", cls.certificate, cls.key, private=True)
            cls.addClassCleanup(cls.private.stop)

    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        self.environment = {
            "PATH": f"{self.folder}/bin:{oci_servers.PATH}", "HOME": str(self.folder), "MERLON_BACKEND": "nil",
            "MERLON_CA_BUNDLE": str(self.authority.certificate), "SSL_CERT_FILE": str(self.authority.certificate),
            "XDG_STATE_HOME": str(self.folder / "state")}
        self.name = self.id().rpartition(".")[2].replace("_", "-")

    def do(self, *words, status=0, **variables):
        ran = subprocess.run([MERLON, *map(str, words)], text=True, capture_output=True, check=False, timeout=60,
                             stdin=subprocess.DEVNULL, env={**self.environment, **variables}, cwd=self.folder)
        self.assertEqual(ran.returncode, status, ran)
        self.assertNotIn("s3cret", ran.stdout + ran.stderr)
        self.assertNotIn(BASIC, ran.stdout + ran.stderr)
        if status:
            self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
        return ran

    def refused(self, status, *words, **variables):
        return self.do(*words, status=status, **variables).stderr

    def tool(self, *words):
        ran = subprocess.run([*map(str, words)], text=True, capture_output=True, check=False, timeout=60,
                             env=self.environment, cwd=self.folder)
        self.assertEqual(ran.returncode, 0, ran)
        return ran.stdout

    def small(self, name="package", text="hello\n"):
        package = self.folder / name
        (package / "lib").mkdir(parents=True)
        self.wasm(printing(text), f"{name}/main.wasm")
        (package / "main.wasm.wat").unlink()
        (package / "lib" / "data").write_text("some data\n")
        (package / "Enarx.toml").write_text("".join(f'[[files]]\nkind = "{each}"\n' for each in ("stdin", "stdout", "stderr")))
        return package

    def at(self, registry=None, tag="1.0"):
        return f"oci://{(registry or self.open).host}/{self.name}/app:{tag}"

    def log_in(self, folder, **auths):
        (self.folder / folder).mkdir(exist_ok=True)
        (self.folder / folder / "config.json").write_text(json.dumps({"auths": auths}))

    @unittest.skipIf(NO_REGISTRY, NO_REGISTRY)
    def test_the_life_of_a_package(self):
        package = self.small()
        told = json.loads(self.do("package", "publish", self.at(), package, "--json").stdout)
        tree = self.do("tree", "digest", package).stdout.strip()
        self.assertEqual((told["digest"], told["published"]), (tree, "now"))
        # As other tools have it: what, and then where.
        again = json.loads(self.do("package", "publish", package, self.at(), "--json").stdout)
        self.assertEqual((again["published"], again["manifest"]), ("already", told["manifest"]))
        said = self.do("package", "info", self.at()).stdout
        self.assertIn(tree, said)
        self.assertIn(told["manifest"], said)
        self.do("package", "fetch", f"{self.at()}@{told['manifest']}", "copy")
        self.do("tree", "diff", "./copy", f"{self.at()}@{tree}")
        self.assertEqual(self.do("tree", "fetch", self.at(), "lib/data").stdout, "some data\n")
        self.assertEqual(self.do(*DEPLOY, self.at()).stdout, "hello\n")
        self.assertEqual(self.do(*DEPLOY, f"oci://{self.open.host}/{self.name}/app@{told['manifest']}").stdout, "hello\n")
        self.assertIn("MANIFEST_UNKNOWN", self.refused(1, *DEPLOY, self.at(tag="2.0")))
        for pin in (f"sha256:{'0' * 64}", f"sha-256={'0' * 64}"):
            self.refused(1 if ":" in pin else 3, *DEPLOY, f"{self.at()}@{pin}")
        self.assertIn("no default", self.refused(2, *DEPLOY, f"oci://{self.open.host}/a"))
        self.assertIn("--keep-fetches", self.refused(2, *DEPLOY, "--keep-fetches", self.at()))
        self.assertIn("not for OCI", self.refused(2, "package", "yank", self.at(), "--undo"))
        (package / "empty").mkdir()
        self.assertIn("'empty' is empty", self.refused(1, "package", "publish", self.at(tag="2.0"), package))

    @unittest.skipIf(NO_REGISTRY, NO_REGISTRY)
    def test_a_tag_that_was_moved_is_refused(self):
        self.do("package", "publish", self.at(), self.small())
        other = self.small("other", "other\n")
        elsewhere = {"XDG_STATE_HOME": str(self.folder / "of-another")}
        self.assertIn("--replace", self.refused(1, "package", "publish", self.at(), other, **elsewhere))
        self.do("package", "publish", "--replace", self.at(), other, **elsewhere)
        for words in (DEPLOY, ("package", "fetch")):
            self.assertIn("--accept-new-digest", self.refused(3, *words, self.at()))
        self.assertEqual(self.do(*DEPLOY, "--accept-new-digest", self.at()).stdout, "other\n")
        self.assertEqual(self.do(*DEPLOY, self.at()).stdout, "other\n")

    @unittest.skipIf(NO_REGISTRY or oci_servers.missing("skopeo"), NO_REGISTRY or oci_servers.missing("skopeo"))
    def test_skopeo_takes_it_elsewhere(self):
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                        self.folder / "maker.pem"], check=True, capture_output=True)
        module = self.wasm(HELLO)
        told = json.loads(self.do("package", "publish", "--sign", "maker.pem", self.at(), module, "--json").stdout)
        raw = json.loads(self.tool("skopeo", "inspect", "--raw", self.at().replace("oci:", "docker:")))
        self.assertEqual([each["mediaType"] for each in (raw["config"], *raw["layers"])],
                         [oci_servers.CONFIG, "application/wasm"])
        self.assertNotIn("artifactType", raw)
        self.log_in(".docker", **{self.private.host: {"auth": BASIC}})
        for target in ("app:1.0", "other:1.0"):
            self.tool("skopeo", "copy", "--quiet", "--authfile", self.folder / ".docker" / "config.json", "--preserve-digests",
                      self.at().replace("oci:", "docker:"), f"docker://{self.private.host}/{self.name}/{target}")
        copied = self.at(self.private)
        self.assertIn(told["manifest"], self.do("package", "info", copied).stdout)
        # A signature is of name and tag, wherever it lies.
        self.assertEqual(self.do(*DEPLOY, "--signed-by", "maker.pem", copied).stdout, "hello\n")
        self.assertIn("no signature of that key", self.refused(
            3, *DEPLOY, "--signed-by", "maker.pem", copied.replace("/app:", "/other:")))

    @unittest.skipIf(NO_REGISTRY or oci_servers.missing("buildah"), NO_REGISTRY or oci_servers.missing("buildah"))
    def test_what_buildah_pushes_runs(self):
        module = self.wasm(HELLO)
        buildah = ["buildah", "--root", self.folder / "images", "--runroot", self.folder / "run", "--storage-driver", "vfs"]
        try:
            made = self.tool(*buildah, "from", "scratch").strip()
        except AssertionError as error:
            self.skipTest(f"buildah cannot work here: {str(error)[-200:]}")
        self.tool(*buildah, "copy", made, module, "/bin/hello.wasm")
        self.tool(*buildah, "config", "--entrypoint", '["/bin/hello.wasm"]', made)
        self.tool(*buildah, "commit", "--quiet", made, "image")
        self.tool(*buildah, "push", "--quiet", "image", self.at().replace("oci:", "docker:"))
        self.assertEqual(self.do(*DEPLOY, self.at()).stdout, "hello\n")
        self.do("package", "fetch", self.at(), "copy")
        self.assertEqual((self.folder / "copy" / "main.wasm").read_bytes(), module.read_bytes())

    @unittest.skipIf(NO_REGISTRY, NO_REGISTRY)
    def test_a_sealed_package_is_read_by_who_has_its_key_alone(self):
        package = self.small()
        self.do("package", "publish", "--seal", "app.key", self.at(), package)
        self.assertEqual(self.do(*DEPLOY, "--content-key", "app.key", self.at()).stdout, "hello\n")
        self.assertIn("--content-key", self.refused(2, *DEPLOY, self.at()))
        # Of a program that opens what keeps the key: age, or one for a token.
        line = f'exec "$0" {" ".join(DEPLOY)} --content-key <(cat app.key) {self.at()}'
        self.assertEqual(self.tool("bash", "-c", line, MERLON), "hello\n")
        self.do("package", "fetch", "--content-key", "app.key", self.at(), "copy")
        self.do("tree", "diff", package, "./copy")
        kept = [each for each in (self.open.folder / "store").rglob("data") if each.is_file()]
        for secret in (b"some data", b"lib/data", b"\0asm"):
            links = (self.open.folder / "store" / "docker/registry/v2/repositories" / self.name).rglob("link")
            own = {each.read_text().removeprefix("sha256:") for each in links}
            for each in kept:
                if each.parent.name in own:
                    self.assertNotIn(secret, each.read_bytes())

    @unittest.skipIf(NO_REGISTRY, NO_REGISTRY)
    def test_who_asks_is_known_by_dockers_files_and_helpers(self):
        package, name = self.small(), self.at(self.private)
        self.assertIn("docker login", self.refused(1, "package", "publish", name, package))
        self.log_in(".docker", **{self.private.host: {"auth": BASIC}})
        self.do("package", "publish", name, package)
        (self.folder / ".docker" / "config.json").unlink()
        self.log_in("other", **{f"https://{self.private.host}/v2/": {"auth": BASIC}})
        self.do("package", "info", name, DOCKER_CONFIG=str(self.folder / "other"))
        self.do("package", "info", name, REGISTRY_AUTH_FILE=str(self.folder / "other" / "config.json"))
        self.log_in("other", **{"localhost:1": {"auth": BASIC}, f"evil.{self.private.host}": {"auth": BASIC}})
        self.assertIn("docker login", self.refused(1, "package", "info", name, DOCKER_CONFIG=str(self.folder / "other")))
        self.log_in("other", **{self.private.host: {"auth": base64.b64encode(b"me:wrong").decode()}})
        self.assertIn("401", self.refused(1, *DEPLOY, name, DOCKER_CONFIG=str(self.folder / "other")))
        helper = self.folder / "bin" / "docker-credential-test"
        helper.write_text(HELPER)
        helper.chmod(0o700)
        wanted = {"WANTED": self.private.host}
        self.do("package", "info", "--credential-helper", "docker-credential-test", name, **wanted)
        for config in ({"credsStore": "test"}, {"credHelpers": {self.private.host: "test"}, "credsStore": "none"}):
            (self.folder / "other" / "config.json").write_text(json.dumps(config))
            self.assertEqual(self.do(*DEPLOY, name, DOCKER_CONFIG=str(self.folder / "other"), **wanted).stdout, "hello\n")
        self.assertEqual(set((self.folder / "bin" / "asked").read_text().splitlines()), {f"get {self.private.host}"})
        (self.folder / "other" / "config.json").write_text("{")
        self.assertIn("config.json", self.refused(1, "package", "info", name, DOCKER_CONFIG=str(self.folder / "other")))

    @unittest.skipIf(NO_REGISTRY, NO_REGISTRY)
    def test_another_server_gives_the_tokens_of_a_registry(self):
        tokens = oci_servers.TokenServer(self.folder, self.authority, self.certificate, self.key)
        self.addCleanup(servers.stop, tokens.server)
        registry = oci_servers.DockerRegistry(self.folder / "registry", self.certificate, self.key, tokens=tokens)
        self.addCleanup(registry.stop)
        name, package = self.at(registry), self.small()
        self.assertIn("UNAUTHORIZED", self.refused(1, "package", "publish", name, package))
        self.log_in(".docker", **{registry.host: {"auth": BASIC}})
        self.do("package", "publish", name, package)
        scope = f"repository:{self.name}/app:"
        # One token for all of it.
        self.assertEqual(tokens.asked[1:], [(f"{scope}pull,push", True)])
        self.log_in(".docker", **{registry.host: {"identitytoken": "refresh"}})
        self.assertEqual(self.do(*DEPLOY, name).stdout, "hello\n")
        self.assertEqual(tokens.asked[2:], [(f"{scope}pull", True)])
        (self.folder / "token").write_text(tokens.token(f"{scope}pull"))
        self.log_in(".docker")
        self.do("package", "info", "--token", "token", name)
        self.assertIn("UNAUTHORIZED", self.refused(1, "package", "info", name))
        self.assertEqual(tokens.asked[3:], [(f"{scope}pull", False)])

    def hostile(self):
        server = oci_servers.misbehaving(self.certificate, self.key)
        self.addCleanup(servers.stop, server)
        server.name = f"localhost:{server.server_address[1]}/app"
        self.module = self.wasm(HELLO).read_bytes()
        return server

    def test_registries_that_lie_are_refused(self):
        server = self.hostile()
        oci_servers.put_manifest(server, "1", [("application/wasm", self.module, None)])
        other = self.module.replace(b"hello", b"evil!")
        blob = oci_servers.digest(self.module)
        name = f"oci://{server.name}:1"
        self.assertEqual(self.do(*DEPLOY, name).stdout, "hello\n")

        for twist, status, words in (
                (oci_servers.gives(blob, other), 3, "is not what its digest says"),
                (oci_servers.gives(blob, self.module[:-1]), 3, "is not what its digest says"),
                (oci_servers.gives(blob, self.module + b"x"), 3, "longer than announced"),
                (oci_servers.gives(blob, b"gone", 404), 1, "404"),
                (oci_servers.cuts(blob, self.module), 1, "does not answer"),
                (oci_servers.floods, 1, "does not answer"),
                (oci_servers.calls_other(server.documents["1"][1]), 3, "not what the registry says")):
            server.twist = twist
            self.assertIn(words, self.refused(status, *DEPLOY, name))
            self.assertIn(words, self.refused(status, "package", "fetch", name, "copy"))
            self.assertFalse((self.folder / "copy").exists() or (self.folder / "copy.part").exists())
        # Between the tag and the digest: nobody is told of a tag whose manifest changed.
        server.twist = None
        pinned = f"{name}@{oci_servers.digest(server.documents['1'][1])}"
        self.do(*DEPLOY, pinned)
        server.documents[pinned.partition("@")[2]] = (oci_servers.MANIFEST, server.documents["1"][1] + b" ")
        server.twist = lambda handler, real: ("/manifests/" in handler.path and (
            handler.answer(200, real, [("Content-Type", oci_servers.MANIFEST)]), True)[1])
        self.assertIn("not what its digest says", self.refused(3, *DEPLOY, pinned))

    @unittest.skipIf(NO_REGISTRY, NO_REGISTRY)
    def test_what_was_signed_is_what_is_used(self):
        server = self.hostile()
        for name in ("maker", "thief"):
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                            self.folder / f"{name}.pem"], check=True, capture_output=True)
        self.do("package", "publish", "--sign", "maker.pem", f"oci://{self.open.host}/app:1", self.folder / "app.wasm")
        raw = self.open.folder / "store" / "docker/registry/v2/repositories/app/_manifests/tags/1/current/link"
        digits = raw.read_text().removeprefix("sha256:")
        text = (self.open.folder / "store" / "docker/registry/v2/blobs/sha256" / digits[:2] / digits / "data").read_text()
        signature = json.loads(text)["annotations"]["vnd.merlon.signed-tag"]
        name, key = f"oci://{server.name}:1", ("--signed-by", "maker.pem")
        module = [("application/wasm", self.module, None)]
        oci_servers.put_manifest(server, "1", module)
        self.assertIn("is not signed", self.refused(3, *DEPLOY, *key, name))
        signed = {"vnd.merlon.signed-tag": signature}
        oci_servers.put_manifest(server, "1", module, annotations=signed)
        self.assertEqual(self.do(*DEPLOY, *key, name).stdout, "hello\n")
        self.assertIn("no signature of that key", self.refused(3, *DEPLOY, "--signed-by", "thief.pem", name))
        manifest = oci_servers.put_manifest(server, "2", module, annotations=signed)
        self.assertIn("no signature of that key", self.refused(3, *DEPLOY, *key, f"oci://{server.name}:2"))
        self.assertIn("a signature is of a tag", self.refused(2, *DEPLOY, *key, f"oci://{server.name}@{manifest}"))
        evil = self.wasm(printing("evil\n"), "evil.wasm").read_bytes()
        oci_servers.put_manifest(server, "1", [("application/wasm", evil, None)], annotations=signed)
        self.assertIn("not those that were signed", self.refused(3, *DEPLOY, "--accept-new-digest", *key, name))
        oci_servers.put_manifest(server, "1", module, annotations={"vnd.merlon.tree": f"sha-256={'0' * 64}"})
        self.assertIn("are not the tree", self.refused(3, *DEPLOY, name))

    def test_who_asks_is_not_told_to_where_a_registry_leads(self):
        server, thief = self.hostile(), oci_servers.elsewhere(self.certificate, self.key)
        self.addCleanup(servers.stop, thief)
        there = f"https://localhost:{thief.server_address[1]}"
        oci_servers.put_manifest(server, "1", [("application/wasm", self.module, None)])
        thief.blobs.update(server.blobs)
        self.log_in(".docker", **{server.name.removesuffix("/app"): {"auth": BASIC}})
        leads = []

        def twist(handler, real):
            if handler.headers.get("Authorization") != f"Basic {BASIC}":
                handler.answer(401, b"", [("WWW-Authenticate", 'Basic realm="x"')])
                return True
            if not leads or leads[0] not in handler.path:
                return False
            handler.answer(307, b"", [("Location", f"{leads[1]}{handler.path}")])
            return True

        server.twist = twist
        name = f"oci://{server.name}:1"
        leads[:] = ["/blobs/", there]
        self.assertEqual(self.do(*DEPLOY, name).stdout, "hello\n")
        self.assertEqual([each[2] for each in thief.asked], [None, None])
        # The storage gives other bytes.
        thief.blobs[oci_servers.digest(self.module)] = self.module[:-1] + b"!"
        self.assertIn("not what its digest says", self.refused(3, *DEPLOY, name))
        thief.asked.clear()
        for leads[:] in (["/manifests/", there], ["/blobs/", there.replace("https", "http")]):
            self.assertIn("not followed", self.refused(1, *DEPLOY, name))
        for where in (["/blobs/", there], ["/manifests/", there]):
            leads[:] = where
            package = self.wasm(printing("new\n"), "new.wasm")
            self.refused(1, "package", "publish", f"oci://{server.name}:new", package)
        self.assertTrue(all(each[2] is None for each in thief.asked), thief.asked)
        # Tokens that another server gives are asked for without a word of who asks.
        server.twist = lambda handler, real: (handler.answer(
            401, b"", [("WWW-Authenticate", f'Bearer realm="{there.replace("localhost", "store.example")}/token"')]), True)[1]
        proxy = servers.serve(servers.Proxy, asked=[], target=thief.server_address[1])
        self.addCleanup(servers.stop, proxy)
        variables = {"HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}"}
        thief.blobs["token"] = b'{"token":"x"}'
        thief.blobs["token?service=&scope=repository%3Aapp%3Apull"] = b'{"token":"x"}'
        self.assertIn("--token-host", self.refused(1, *DEPLOY, name, **variables))
        self.assertIsNone(thief.asked[-1][2])
        self.refused(1, *DEPLOY, "--token-host", "store.example", name, **variables)
        self.assertEqual(thief.asked[-1][2], f"Basic {BASIC}")

    def test_what_different_tools_make_is_one_package(self):
        server = self.hostile()
        config = b'{"architecture":"amd64","os":"linux","config":{"Cmd":["app.wasm"]}}'

        def layer(name, content):
            made = io.BytesIO()
            with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
            return gzip.compress(made.getvalue())

        image = "application/vnd.oci.image"
        made = {
            "old": oci_servers.put_manifest(server, "old", [("application/vnd.wasm.content.layer.v1+wasm", self.module, "hello.wasm")],
                                            ("application/vnd.wasm.config.v1+json", b"{}")),
            "runwasi": oci_servers.put_manifest(
                server, "runwasi", [("application/vnd.bytecodealliance.wasm.component.layer.v0+wasm", self.module, None)],
                (f"{image}.config.v1+json", config)),
            "oras": oci_servers.put_manifest(server, "oras", [(f"{image}.layer.v1.tar", self.module, "main.wasm")],
                                             ("application/vnd.unknown.config.v1+json", b"{}")),
            "docker": oci_servers.put_manifest(
                server, "docker", [(f"{image}.layer.v1.tar+gzip", layer("./app.wasm", self.module), None)],
                (f"{image}.config.v1+json", config))}
        tree = self.do("tree", "digest", self.folder / "app.wasm").stdout
        for tag in made:
            self.assertEqual(self.do("tree", "digest", f"oci://{server.name}:{tag}").stdout, tree, tag)

        def index(*entries):
            text = json.dumps({"schemaVersion": 2, "mediaType": oci_servers.INDEX, "manifests": [
                {"mediaType": oci_servers.MANIFEST, "digest": digest, "size": len(server.documents[digest][1]),
                 "platform": {"os": os_name, "architecture": machine}} for digest, os_name, machine in entries]}).encode()
            server.documents["index"] = (oci_servers.INDEX, text)

        index((made["docker"], "wasip1", "wasm"), (made["old"], "unknown", "unknown"), (made["oras"], "linux", "amd64"))
        self.assertEqual(self.do(*DEPLOY, f"oci://{server.name}:index").stdout, "hello\n")
        index((made["docker"], "wasip1", "wasm"), (made["old"], "wasi", "wasm"))
        self.assertIn("two manifests for WebAssembly", self.refused(1, *DEPLOY, f"oci://{server.name}:index"))
        for layers, kind, words in (
                ([("application/x-other", b"x", "x")], oci_servers.CONFIG, "'application/x-other'"),
                ([("application/wasm", b"x", None)], "application/vnd.x.config", "'application/vnd.x.config'"),
                ([(f"{image}.layer.v1.tar+zstd", b"x", None)], f"{image}.config.v1+json", "zstd"),
                ([("application/wasm", b"x", "../evil")], "application/vnd.oci.empty.v1+json", "'../evil'"),
                ([(f"{image}.layer.v1.tar+gzip", b"x" * 1024, None)], f"{image}.config.v1+json", "no gzip"),
                ([(f"{image}.layer.v1.tar", b"x" * 1024, None)], f"{image}.config.v1+json", "no archive of tar")):
            oci_servers.put_manifest(server, "bad", layers, (kind, b"{}"))
            self.assertIn(words, self.refused(1, "package", "fetch", f"oci://{server.name}:bad", "copy"))
        ids = json.dumps({"rootfs": {"type": "layers", "diff_ids": [f"sha256:{'0' * 64}"]}, **json.loads(config)}).encode()
        oci_servers.put_manifest(server, "ids", [(f"{image}.layer.v1.tar+gzip", layer("app.wasm", self.module), None)],
                                 (f"{image}.config.v1+json", ids))
        self.assertIn("once it is unpacked", self.refused(3, *DEPLOY, f"oci://{server.name}:ids"))
        oci_servers.put_manifest(server, "component", [("application/wasm", b"x", None)],
                                 (oci_servers.CONFIG, b'{"architecture":"wasm","os":"wasip2"}'))
        self.assertIn("component", self.refused(1, *DEPLOY, f"oci://{server.name}:component"))


if __name__ == "__main__":
    main()
