"""What a fleet shares: two Stewards of which one is a broker, two Drawbridges over PostgreSQL and an S3, haproxy before them, an
issuer of tokens, and the ledger."""

import contextlib
import http.client
import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import time
from pathlib import Path

HERE_FOLDER = Path(__file__).resolve().parent
for each in ("drawbridge", "registry", "steward", "attest", "fleet", "e2e"):
    sys.path.insert(0, str(HERE_FOLDER.parent / each))
import bundles  # noqa: E402
import servers  # noqa: E402
import stores  # noqa: E402
from bundles import wait_until  # noqa: E402
from hosts import HERE, PATIENCE, Service  # noqa: E402
from ledger import ANNOUNCING, Ledger  # noqa: E402
from service import make_ca  # noqa: E402
from story import MERLON, Stage  # noqa: E402

STEWARD_PORT, BROKER_PORT, REGISTRY_PORT = 7000, 7001, 7002
BROKER_AUDIENCE = "https://broker.example/"
TICKS = os.sysconf("SC_CLK_TCK")

HAPROXY = """
global
    maxconn 8192
defaults
    mode tcp
    timeout connect 2s
    timeout client 1h
    timeout server 1h
    option redispatch 1
    retries 3
"""
FRONT = """
listen {name}
    bind {here}:{port}
    balance roundrobin
    option httpchk GET {path}
    default-server check check-ssl verify none inter 1s fall 1 rise 1
"""


# Of a host with a wrong clock.
TESTS = Path(os.environ.get("MERLON_TEST_PROGRAMS", MERLON.parents[1] / "tests")).absolute()
WRONG_MACHINE, PRELOADED = (TESTS / each for each in ("merlon-vmm-wrong-clock", "libmerlon-wrong-clock.so"))


@contextlib.contextmanager
def long_ago():
    """What openssl makes within counts since three days ago, so that a clock that is behind finds it good."""
    told = {"LD_PRELOAD": str(PRELOADED), "MERLON_SKEW": str(-3 * 86400)}
    os.environ.update(told)
    try:
        yield
    finally:
        for each in told:
            del os.environ[each]


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def server_certificate(folder):
    """One for all services here."""
    key, crt = folder / "services.key", folder / "services.crt"
    (folder / "openssl.cnf").write_text("[req]\ndistinguished_name=d\n[d]\n")
    openssl("req", "-new", "-x509", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
            "-out", crt, "-subj", "/CN=services", "-addext", f"subjectAltName=DNS:localhost,IP:127.0.0.1,IP:{HERE}", "-config",
            folder / "openssl.cnf")
    return key, crt


def processor_time(pids):
    """Seconds that these processes have computed."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            total += int(words[11]) + int(words[12])
    return total / TICKS


def with_children(pid):
    """This process and those that it has started."""
    found = [pid]
    for each in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if each.read_text().rpartition(") ")[2].split()[1] == str(pid):
                found.append(int(each.parent.name))
    return found


def name_of(kind, said):
    """What a request is for."""
    path = said["path"]
    if kind == "drawbridge":
        return "fetch" if said["method"] == "GET" and "/tree" in path else "other of a registry"
    if path == "/":
        return "certificate"
    return path.rpartition("/")[2] if path.endswith(("/challenge", "/release")) else "other of a broker"


class Control:
    def __init__(self, folder, hosts, lifetime):
        self.folder, self.lifetime = Path(folder), lifetime
        self.closing = []
        self.stage = Stage(self.folder)
        for name in ("merlon-registry", "merlon-resolve"):
            shutil.copy(MERLON.with_name(name), self.stage.programs / name)
        self.stage.make_usual()
        self.platforms = [self.stage.platform] + [self.stage.new_platform(f"platform{number}") for number in range(1, hosts)]
        self.measurement = self.stage.measured()
        self.policy = self.stage.policy("policy.toml", self.measurement)
        roots = ", ".join(f'"{self.stage.root(each)}"' for each in self.platforms)
        self.policy.write_text(re.sub(r"roots = \[.*\]", f"roots = [{roots}]", self.policy.read_text()))
        self.endorse()
        with long_ago():
            self.ca = make_ca(self.folder)
            self.tls = server_certificate(self.folder)

    def endorse(self):
        """What the processors' maker says of all of them, in one directory."""
        self.endorsements = self.folder / "endorsements"
        self.endorsements.mkdir(exist_ok=True)
        for number, platform in enumerate(self.platforms):
            for each in platform.glob("*.pem"):
                made = self.endorsements / f"{number}-{each.name}"
                shutil.copy(each, made.with_suffix(".new"))
                made.with_suffix(".new").rename(made)

    def start(self):
        key, crt = self.tls
        self.issuer = servers.Issuer(self.folder, crt, key)
        self.start_stores()
        self.ports = [stores.free_port() for _ in range(4)]
        self.drawbridges = [Service(self.folder / f"drawbridge{i}.log", self.drawbridge_words(i), environment=self.place.environment)
                            for i in range(2)]
        (self.folder / "release.key").write_text(secrets.token_hex(32))
        self.stewards = [Service(self.folder / f"steward{i}.log", self.steward_words(i)) for i in range(2)]
        for each in self.drawbridges + self.stewards:
            each.wait()
        self.start_haproxy()
        self.ledger = Ledger(HERE, self.tls, self.ca[1])
        self.make_tenant()

    def start_stores(self):
        reason = stores.why_no_postgres() or stores.why_no_s3()
        if reason:
            raise AssertionError(reason)
        self.postgres = stores.Postgres(self.folder / "postgres", settings=())
        self.s3 = stores.S3(self.folder / "s3")
        self.place = stores.Place(None, self.postgres.create("registry"), self.s3)

    def drawbridge_words(self, number):
        key, crt = self.tls
        return [MERLON.with_name("merlon-drawbridge"), "serve", *self.place.words(), "--listen", f"127.0.0.1:{self.ports[number]}",
                "--key", key, "--cert", crt, "--ca", self.ca[1], "--oidc-issuer", self.issuer.base, "--oidc-audience",
                servers.AUDIENCE, "--ca-bundle", crt]

    def steward_words(self, number):
        key, crt = self.tls
        words = [MERLON.with_name("merlon-steward"), "--policy", self.policy, "--endorsements", self.endorsements, "--development",
                 "--key", self.ca[0], "--crt", self.ca[1], "--san", "keep.example", "--tls-key", key, "--tls-crt", crt, "--state",
                 self.folder / f"steward{number}", "--listen", f"127.0.0.1:{self.ports[2 + number]}", "--lifetime", f"{self.lifetime}s",
                 "--per-address", 4096]
        if number == 0:
            words += ["--release-store", self.folder / "release.db", "--release-key", self.folder / "release.key", "--oidc-issuer",
                      self.issuer.base, "--oidc-audience", BROKER_AUDIENCE, "--ca-bundle", crt, "--release-pace", 0]
        return words

    def start_haproxy(self):
        text = HAPROXY
        for name, port, path, ports in (("stewards", STEWARD_PORT, "/ready", self.ports[2:]), ("broker", BROKER_PORT, "/ready", self.ports[2:3]),
                                        ("registry", REGISTRY_PORT, "/ready", self.ports[:2])):
            text += FRONT.format(name=name, here=HERE, port=port, path=path)
            text += "".join(f"    server s{at} 127.0.0.1:{each}\n" for at, each in enumerate(ports))
        (self.folder / "haproxy.cfg").write_text(text)
        with (self.folder / "haproxy.log").open("wb") as log:
            self.haproxy = subprocess.Popen(["haproxy", "-db", "-f", self.folder / "haproxy.cfg"], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL)
        if not wait_until(lambda: self.haproxy.poll() is None and all(self.answers(port) for port in (7000, 7001, 7002)), PATIENCE):
            raise AssertionError((self.folder / "haproxy.log").read_text())

    def answers(self, port):
        try:
            return self.ask(port, "/ready", HERE)[0] == 200
        except OSError:
            return False

    def ask(self, port, path, address="127.0.0.1"):
        context = ssl.create_default_context(cafile=self.tls[1])
        connection = http.client.HTTPSConnection(address, port, timeout=PATIENCE, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    # What a tenant does.

    def environment(self, **more):
        registry = f"{HERE}:{REGISTRY_PORT}"
        return {**self.stage.environment(), "MERLON_DRAWBRIDGE": registry, "MERLON_CA_BUNDLE": str(self.bundle),
                "ENARX_CA_BUNDLE": str(self.bundle), "MERLON_BROKER": f"https://{HERE}:{BROKER_PORT}", **more}

    def merlon(self, *words, timeout=PATIENCE, **more):
        return subprocess.run([self.stage.programs / "merlon", *map(str, words)], text=True, capture_output=True, check=False,
                              timeout=timeout, stdin=subprocess.DEVNULL, cwd=self.folder, env=self.environment(**more))

    def must(self, *words, **more):
        ran = self.merlon(*words, **more)
        if ran.returncode != 0:
            raise AssertionError(f"merlon {' '.join(map(str, words))}: {ran.stderr.strip()[-800:]}")
        return ran.stdout

    def make_package(self, folder, files):
        folder.mkdir(parents=True)
        shutil.copy(self.module, folder / "main.wasm")
        (folder / "Enarx.toml").write_text(files)
        (folder / "services.pem").write_bytes(self.tls[1].read_bytes())
        return folder

    def make_tenant(self):
        self.bundle = self.folder / "bundle.pem"
        self.bundle.write_bytes(self.tls[1].read_bytes())
        self.owner = {"ENARX_INSECURE_AUTH_TOKEN": self.issuer.token()}
        self.administers, self.lists = ({"MERLON_TOKEN": self.issuer.token(scope=each, audience=BROKER_AUDIENCE)}
                                        for each in ("write:release", "read:release"))
        self.module = bundles.compiled(ANNOUNCING, self.folder / "announcing.wasm")
        streams = "{kind = 'null'}, {kind = 'null'}, {kind = 'stderr'}"
        self.package = self.make_package(
            self.folder / "app", f"steward = 'https://{HERE}:{STEWARD_PORT}/'\nsteward_trust = ['services.pem']\nfiles = [{streams}, "
            f"{{kind = 'connect', host = '{HERE}', port = {self.ledger.tls_port}, trust = ['services.pem']}}]\n")
        self.plain = self.make_package(
            self.folder / "image/app", f"files = [{streams}, {{kind = 'connect', host = '{HERE}', port = {self.ledger.port}, "
            "prot = 'tcp'}]\n")
        self.content_key = self.folder / "app.key"
        for words in (("user", "register", "acme"), ("repo", "register", "--private", "acme/app"),
                      ("repo", "register", "acme/pushed"),
                      ("package", "publish", "--seal", self.content_key, "acme/app:1.0.0", self.package)):
            self.must(*words, **self.owner)

    def deposit(self, name, *words):
        """Its id, acknowledged by the broker."""
        said = json.loads(self.must("release", "deposit", "--policy", self.policy, "--content-key", self.content_key, "--json", "--name",
                                    name, "--env", f"NAME={name}", *words, f"{HERE}:{REGISTRY_PORT}/acme/app:1.0.0",
                                    **self.owner, **self.administers))
        return said["deposit"]["id"], said["tenant"]

    def deposits(self):
        """What the broker knows, by id."""
        return {each["id"]: each for each in json.loads(self.must("release", "list", "--json", **self.lists))["deposits"]}

    def admit(self, tenant):
        rule = self.folder / "rule.json"
        rule.write_text(json.dumps({"keeps": [{"technology": "snp", "insecure": True, "measurement": self.measurement, "tenant": tenant}]}))
        self.must("repo", "admission", "acme/app", rule, **self.owner)

    # What it has all cost.

    def counted(self):
        """Where the logs end, and the seconds of processors, at this moment."""
        services = [("steward", each) for each in self.stewards] + [("drawbridge", each) for each in self.drawbridges]
        seconds = {"postgres": processor_time(with_children(self.postgres.process.pid)), "s3": processor_time([self.s3.process.pid])}
        for kind, each in services:
            seconds[kind] = seconds.get(kind, 0) + processor_time([each.process.pid])
        return {"at": time.monotonic(), "seconds": seconds, "logs": [(kind, each.log, each.log.stat().st_size) for kind, each in services]}

    def cost(self, before):
        """Requests since then by their kinds, without those of haproxy's: how many, refused, bytes and microseconds of all."""
        now, found = self.counted(), {}
        for kind, log, offset in before["logs"]:
            with log.open("rb") as file:
                file.seek(offset)
                for line in file:
                    said = json.loads(line) if line.startswith(b'{"time"') and line.endswith(b"}\n") else {}
                    if said.get("event") == "request" and said["path"] != "/ready":
                        total = found.setdefault(name_of(kind, said), dict.fromkeys(("count", "refused", "received", "sent", "us"), 0))
                        for key, value in (("count", 1), ("refused", said["status"] >= 400), ("received", said["received"]),
                                           ("sent", said["sent"]), ("us", said["handling_us"])):
                            total[key] += value
        return {"requests": found, "elapsed": now["at"] - before["at"],
                "seconds": {kind: value - before["seconds"][kind] for kind, value in now["seconds"].items()}}

    def stop(self):
        if hasattr(self, "haproxy"):
            self.haproxy.kill()
            self.haproxy.wait()
        for each in getattr(self, "stewards", []) + getattr(self, "drawbridges", []):
            each.kill()
        if hasattr(self, "ledger"):
            self.ledger.stop()
        if hasattr(self, "issuer"):
            servers.stop(self.issuer.server)
        for each in (getattr(self, "postgres", None), getattr(self, "s3", None)):
            if each:
                each.stop()
