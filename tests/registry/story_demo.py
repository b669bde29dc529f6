#!/usr/bin/env python3
"""The whole story: a tenant publishes a package that nobody on the way can read, and deploys it to a keep of a machine that
nobody needs to trust; a client talks to it by TLS that ends in the keep.

    story_demo.py [ECHO.wasm] [snp-sim|sgx-sim] [--real] [--keep-fetches] [--short] [--html FILE]

With --html it writes one page that tells the run to people who know nothing of keeps. With --keep-fetches the repository is
private, and the keep gets the package by itself.

The security processor is a simulation, and the issuer of OpenID Connect is a small one of this demo's; registry, gatehouse,
Steward, keep and commands are the real programs, with what is embedded in them and nothing to install. With --real the issuer
is oidc-provider, through whose pages somebody goes in Chromium, and the registry has PostgreSQL and an S3 (real_story.py).
"""

import argparse
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("attest", "e2e", "steward", "deploy"):
    sys.path.insert(0, str(HERE.parent / each))
import servers  # noqa: E402
import story_page  # noqa: E402
from demo import Capture, Demo, detail, free_port, openssl, private_half, step  # noqa: E402
from story import MACHINES, MERLON, Failed  # noqa: E402

REPOSITORY = "acme/echo"


class Registry:
    """merlon-drawbridge over TLS, which keeps packages in `place`, words of its command line and their environment."""

    def __init__(self, folder, story, tls, place):
        self.file = folder / "registry.log"
        self.log = self.file.open("w+")
        self.port = free_port()
        words, environment = place
        self.environment = {**os.environ, **environment}
        self.words = [servers.DRAWBRIDGE, "serve", "--listen", f"127.0.0.1:{self.port}", *words, "--key", tls[0], "--cert", tls[1],
                      "--ca", story.root, "--oidc-issuer", story.issuer.base, "--oidc-audience", servers.AUDIENCE,
                      "--ca-bundle", story.house.server.certificate]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stderr=self.log, env=self.environment)
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise Failed("the registry does not start") from None
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Story(Demo):
    def __init__(self, folder, options):
        super().__init__(folder, options.echo, options.backend)
        self.page, self.fetches, self.short = options.html, options.keep_fetches, options.short
        self.looked = []

    def check(self, good, what, found=""):
        super().check(good, what, found)
        self.looked.append((good, what))

    def merlon(self, *words):
        """A command of the tenant's."""
        ran = self.stage.merlon(*words, "--ca-bundle", self.house.server.certificate, check=False)
        if ran.returncode != 0:
            raise Failed(f"merlon {' '.join(map(str, words))}: {ran.stderr.strip()}")
        return ran

    def prepare(self):
        super().prepare()
        for name in ("merlon-registry", "merlon-resolve"):
            shutil.copy(MERLON.with_name(name), self.stage.programs / name)
        tls = self.house.server.vouch("registry", "subjectAltName=DNS:localhost")
        self.issuer = self.make_issuer(tls)
        self.registry = Registry(self.folder, self, tls, self.make_stores(tls))
        self.host = f"localhost:{self.registry.port}"
        detail("registry", f"https://{self.host}, whose users come from {self.issuer.base}")

    def make_issuer(self, tls):
        return servers.Issuer(self.folder, tls[1], tls[0])

    def stop_issuer(self):
        servers.stop(self.issuer.server)

    def make_stores(self, _tls):
        """Where the registry keeps packages: words of its command line, and their environment."""
        self.store = self.folder / "registry"
        return ["--store", self.store], {}

    def stored(self):
        """All files of the stores, and those of them that hold contents."""
        return self.store.rglob("*"), self.store.rglob("objects/*/*")

    def others(self):
        """Processes of the registry's owner besides the registry."""
        return {}

    LOGIN = ("user", "login", "--oidc-client-id", "merlon", "--oidc-audience", servers.AUDIENCE)

    def name_himself(self):
        said = self.merlon(*self.LOGIN, "--oidc-domain", self.issuer.base, self.host)
        self.check("AB-CD" in said.stderr, "merlon user login", said.stderr.strip().splitlines()[0])

    def log_in(self):
        step("2. The tenant logs in at the registry's issuer, by a device's code, and makes a user and a repository.")
        self.name_himself()
        self.merlon("user", "register", f"{self.host}/acme")
        self.merlon("repo", "register", *(["--private"] if self.fetches else []), f"{self.host}/{REPOSITORY}")
        self.check(True, "merlon user register, repo register", f"{self.host}/{REPOSITORY}")

    def publish(self):
        step("3. He publishes a package: sealed by a key that he keeps, its tag signed by another.")
        self.port = free_port()
        package = self.folder / "package"
        package.mkdir()
        (package / "main.wasm").write_bytes(self.echo)
        (package / "steward-tls.pem").write_bytes(self.tls.read_bytes())
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{self.steward.port}/'\nsteward_trust = ['steward-tls.pem']\n"
            f"env = {{SECRET = '{self.secret('configuration')}'}}\n"
            f"files = [{{kind = 'stderr'}}, {{kind = 'listen', name = 'echo', addr = '127.0.0.1', port = {self.port}}}]\n")
        checked = self.stage.merlon("package", "check", package).stdout
        self.check("It would run." in checked, "merlon package check", "; ".join(checked.strip().splitlines()[:3]))
        self.maker, self.key = self.folder / "maker.pem", self.folder / "app.key"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.maker)
        self.slug = f"{self.host}/{REPOSITORY}:1.0.0"
        self.merlon("package", "publish", "--seal", self.key, "--sign", self.maker, self.slug, package)
        said = self.merlon("package", "info", self.slug, "--signed-by", self.maker).stdout
        self.digest = said.split("sha-256=")[1].split()[0]
        copy = self.folder / "sealed"
        self.merlon("package", "fetch", self.slug, copy)
        self.sealed_bytes = (copy / "package.sealed").read_bytes()
        self.check("by that key" in said, "merlon package publish --seal --sign", said.splitlines()[0])
        self.secrets["content-key"] = self.key.read_text().strip()
        self.binary["content-key's bytes"] = bytes.fromhex(self.secrets["content-key"])
        self.binary["signing key"] = private_half(self.maker)

    def admit(self):
        """His keeps, of this measurement, may read the repository; nobody else but himself."""
        self.tenant = self.folder / "tenant.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.tenant)
        self.binary["tenant's key"] = private_half(self.tenant)
        public = openssl("pkey", "-in", self.tenant, "-pubout", "-outform", "DER").stdout
        rule = self.folder / "rule.json"
        # "insecure": the processor is a simulation.
        rule.write_text(json.dumps({"keeps": [{"technology": self.stage.technology, "measurement": self.measurement, "insecure": True,
                                               "tenant": hashlib.sha256(public).hexdigest()}]}))
        self.merlon("repo", "admission", f"{self.host}/{REPOSITORY}", rule)
        self.check(True, "merlon repo admission: his keeps of this measurement may read the repository, and nobody else")

    def how(self, key=None):
        return ["--content-key", key or self.key, *(["--keep-fetches", "--key", self.tenant] if self.fetches else [])]

    def serve(self):
        if self.fetches:
            self.admit()
        step("4. He deploys it by its name to the gatehouse: the keep is judged, and only then gets "
             + ("what it needs to fetch the package." if self.fetches else "the package."))
        ran = self.deploy("--detach", *self.how(), "--signed-by", self.maker, self.slug)
        self.keep = ran.stdout.decode().strip()
        self.check(ran.returncode == 0 and len(self.keep) == 32, "merlon deploy, and it runs", self.keep or ran.stderr.decode())
        said = self.secret("connection").encode()
        got, der = self.talk(said)
        self.check(got == said, "a client that trusts the Steward's root alone talks to it by TLS")
        certificate = self.folder / "keep.crt"
        certificate.write_bytes(openssl("x509", "-inform", "DER", input=der).stdout)
        claims = self.stage.merlon("evidence", "inspect", certificate).stdout
        self.module = hashlib.sha256(self.echo).hexdigest()
        self.check(self.module in claims, "whose certificate names the program that was delivered", f"sha256 {self.module}")
        self.check(self.measurement in claims, "and the keep", f"measurement {self.measurement[:32]}…")

    def look_around(self):
        super().look_around()
        step("   And what the registry's owner has.")
        self.binary["names of files"] = b"steward-tls.pem"
        own = {self.registry.process.pid: "merlon-drawbridge"}
        found, _, size = self.look_through(own)
        self.check(not found, f"the memory of merlon-drawbridge, {size >> 20} MiB", ", ".join(found))
        self.look_into_cores("its core image", own)
        if others := self.others():
            found, _, size = self.look_through(others)
            names = ", ".join(sorted(set(others.values())))
            self.check(not found, f"the memory of {len(others)} processes beside it ({names}), {size >> 20} MiB", ", ".join(found))
        found, size = self.look_into([*self.stored()[0], self.registry.file])
        self.check(size > 0 and not found, f"its {self.named_stores()} and its log, {size >> 10} KiB", ", ".join(found))

    def named_stores(self):
        return "store"

    def look_into_cores(self, what, processes, has_keep=False):
        if not self.short:
            super().look_into_cores(what, processes, has_keep)

    def cheat(self):
        step("7. Who cheats gets nothing.")
        other = self.folder / "other.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", other)
        ran = self.deploy(*self.how(), "--signed-by", other, self.slug)
        self.check(ran.returncode == 3, "a package that somebody else has signed: " + ran.stderr.decode().strip())
        wrong = self.folder / "wrong.key"
        wrong.write_text("00" * 32 + "\n")
        ran = self.deploy(*self.how(wrong), self.slug)
        self.check(ran.returncode == 3, "another key: " + ran.stderr.decode().strip())
        ran = self.deploy(*self.how(), self.slug, policy=self.another_keep())
        self.check(ran.returncode != 0, "a keep that is not what the policy wants: " + ran.stderr.decode().strip().splitlines()[-1])
        self.registry.stop()  # or it has the right ones in memory
        for path in self.stored()[1]:
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
        self.registry.start()
        ran = self.deploy(*self.how(), "--signed-by", self.maker, self.slug)
        self.check(ran.returncode != 0, "a registry whose disk has other bytes: " + ran.stderr.decode().strip().splitlines()[-1])

    def stop(self):
        step("6. It is stopped.")
        self.check(self.keeps("stop", self.keep).returncode == 0, "merlon keeps stop")

    def run(self):
        try:
            self.prepare()
            self.packets = self.folder / "packets"
            capture = None if self.short else Capture(self.packets)
            self.log_in()
            self.publish()
            self.serve()
            self.looked = []
            self.look_around()
            packets = b"" if self.short else capture.stop()
            if self.short:
                print("  (no packets and no core images are looked through)")
            elif packets:
                self.check(not any(value in packets for value in self.wanted().values()), f"{len(packets) >> 10} KiB of packets")
            else:
                print("  (tshark may not capture packets here)")
            if self.page:
                self.page.write_text(story_page.page(self))
                print(f"  {self.page}: the run as a page")
            self.stop()
            self.cheat()
        finally:
            for name in ("registry", "steward"):
                if hasattr(self, name):
                    getattr(self, name).stop()
            if hasattr(self, "house"):
                self.house.end_keeps()
                self.house.stop()
            if hasattr(self, "issuer"):
                self.stop_issuer()
        return self.verdict()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("echo", nargs="?", help="the workload; one of this demo's if none is named")
    parser.add_argument("backend", nargs="?", default="snp-sim", choices=MACHINES, help="the simulated processor")
    parser.add_argument("--real", action="store_true", help="a real issuer, PostgreSQL and an S3")
    parser.add_argument("--keep-fetches", action="store_true", help="the keep gets the package by itself")
    parser.add_argument("--short", action="store_true", help="without packets and core images")
    parser.add_argument("--html", type=Path, metavar="FILE")
    options = parser.parse_intermixed_args()
    kind = Story
    if options.real:
        import real_story
        if reason := real_story.why_not():
            print(f"demo: not with --real: {reason}", file=sys.stderr)
            return 1
        kind = real_story.RealStory
    with tempfile.TemporaryDirectory(prefix="merlon-demo-") as folder:
        try:
            return kind(folder, options).run()
        except (Failed, AssertionError, subprocess.CalledProcessError) as failure:
            print(f"demo: {failure}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
