"""A fleet: hosts with a gatehouse and an engine each, what runs on them, and what its tenants have been told."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from control import PRELOADED, WRONG_MACHINE, Control, long_ago, openssl
from hosts import HERE, PATIENCE, Engine, Host, make_network
from story import MERLON

MORE = {"keeps-per-tenant": 256, "workers": 128}
OF_A_GATEHOUSE = [f"merlon-{name}" for name in ("gatehouse", "warden", "keep", "shim-kvm", "simulator", "dial", "store", "resolve")]
AT_A_TIME = 6


class Authority:
    """Who vouches for gatehouses and for tenants."""

    def __init__(self, folder):
        self.folder = folder
        self.key, self.certificate = folder / "fleet-ca.key", folder / "fleet-ca.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=fleet",
                "-keyout", self.key, "-out", self.certificate)

    def vouch(self, name, extension):
        key, request, made, extensions = (self.folder / f"{name}{end}" for end in (".key", ".csr", ".pem", ".ext"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", key, "-out",
                request)
        extensions.write_text(f"{extension}\nbasicConstraints=critical,CA:FALSE\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", "30", "-extfile", extensions,
                "-out", made)
        return key, made


def image_of(folder):
    """An archive with one image, whose one layer is that folder."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(folder, ".")
    content = layer.getvalue()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/app"], "Env": []}, "history": [{}],
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(content).hexdigest()}"]}}).encode()
    manifest = json.dumps([{"Config": "app.json", "RepoTags": ["localhost/app:1"], "Layers": ["layer.tar"]}]).encode()
    archive = folder.with_suffix(".tar")
    with tarfile.open(archive, "w") as tar:
        for name, each in (("app.json", config), ("manifest.json", manifest), ("layer.tar", content)):
            entry = tarfile.TarInfo(name)
            entry.size = len(each)
            tar.addfile(entry, io.BytesIO(each))
    return archive


class Staying:
    """`merlon deploy --restart always`: a tenant who stays, and his workload with him."""

    def __init__(self, fleet, host, name):
        self.host, self.name = host, name
        self.log = (fleet.folder / f"{name}.log").open("w+b")
        self.process = subprocess.Popen(
            [fleet.control.stage.programs / "merlon", "deploy", *fleet.judged(host), *fleet.access(host), "--restart", "always", "--restarts",
             "100000", "--env", f"NAME={name}", fleet.control.package], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            env=fleet.control.environment(), cwd=fleet.folder)


class Fleet:
    def __init__(self, folder, hosts=4, lifetime=86400, heartbeat="2s"):
        self.folder, self.heartbeat = Path(folder), heartbeat
        self.group = self.folder.name
        self.control = Control(self.folder, hosts, lifetime)
        self.hosts = [Host(number, self.folder, f"{self.group}/host{number}") for number in range(hosts)]
        self.manager = Engine(self.folder / "manager", f"{self.group}/manager")
        self.acknowledged = {}  # deposit -> name, that a host was told it runs
        self.deposited = {}  # deposit -> (name, times that it may be given)
        self.left = {}  # keep -> (host, name), that a tenant was told it runs
        self.staying = []
        self.pushed = {}  # tag -> digest of its module
        self.failures = []
        self.replaced = {}

    @property
    def ledger(self):
        return self.control.ledger

    def start(self):
        make_network()
        self.control.start()
        with long_ago():
            self.authority = Authority(self.folder)
            self.tenant = self.authority.vouch("alice", "extendedKeyUsage=clientAuth")
        with self.control.bundle.open("ab") as bundle:
            bundle.write(self.authority.certificate.read_bytes())
        for host in self.hosts:
            host.boot()
            self.equip(host)
            host.start_gatehouse()
        for host in self.hosts:
            host.gatehouse.wait()
        self.start_engines()

    def equip(self, host):
        """What its gatehouse is started with."""
        with long_ago():
            key, certificate = self.authority.vouch(host.name, f"subjectAltName=IP:{host.address}")
        host.words = [str(each) for each in (
            MERLON.with_name("merlon-gatehouse"), "serve", "--listen", f"{host.address}:8443", "--state", host.folder / "gatehouse",
            "--tls-key", key, "--tls-crt", certificate, "--tenants", self.authority.certificate, "--simulator",
            self.control.platforms[host.number], "--backend", "snp-sim", "--cgroup", "none",
            *(word for name, value in MORE.items() for word in (f"--{name}", value)))]

    def give_wrong_clock(self, host, seconds):
        """All of its programs, for the next start of its gatehouse."""
        programs = host.folder / "bin"
        if not programs.exists():
            programs.mkdir()
            for name in OF_A_GATEHOUSE:
                shutil.copy(MERLON.with_name(name), programs / name)
            shutil.copy(WRONG_MACHINE, programs / "merlon-vmm")
        (programs / "skew").write_text(str(seconds))
        host.words[0] = str(programs / "merlon-gatehouse")
        host.environment = {"LD_PRELOAD": str(PRELOADED)}

    # Swarm.

    def start_engines(self):
        archive = image_of(self.folder / "image")
        self.manager.begin()
        for host in self.hosts:
            host.engine.begin(host.within)
        for engine in [self.manager, *(host.engine for host in self.hosts)]:
            if reason := engine.why_not():
                raise AssertionError(reason)
        self.manager.must("swarm", "init", "--advertise-addr", HERE, "--listen-addr", f"{HERE}:2377", "--availability", "drain",
                          "--dispatcher-heartbeat", self.heartbeat)
        token = self.manager.must("swarm", "join-token", "--quiet", "worker")
        for host in self.hosts:
            host.engine.must("load", "-i", archive)
            host.engine.must("swarm", "join", "--token", token, "--advertise-addr", host.address, f"{HERE}:2377")

    def start_service(self, replicas):
        self.replicas = replicas
        self.manager.must("service", "create", "--detach", "--no-resolve-image", "--network", "host", "--replicas", replicas, "--name",
                          "keeps", "--restart-delay", "1s", "--env", "NAME=swarm-{{.Task.Slot}}", "--env", "TASK={{.Task.ID}}",
                          "localhost/app:1")

    def swarm_is(self, count):
        """Whether that many replicas say that they run, each its own."""
        running = self.ledger.running("swarm-")
        return len(running) == count == len({each.name for each in running})

    # Keeps of gatehouses.

    def judged(self, host):
        return ["--backend", "snp-sim", "--policy", self.control.policy, "--no-memory", "--endorsements",
                self.control.platforms[host.number]]

    def access(self, host):
        return ["--to", f"https://{host.address}:8443", "--cert", self.tenant[1], "--cert-key", self.tenant[0]]

    def deposit(self, name):
        deposit, tenant = self.control.deposit(name)
        self.deposited[deposit] = [name, 1]
        return deposit, tenant

    def release(self, host, deposit):
        """What a host's owner does; the exit status and what it said."""
        ran = self.control.merlon("release", "run", "--backend", "snp-sim", *self.access(host), "--detach", deposit)
        if ran.returncode == 0:
            self.acknowledged.setdefault(deposit, []).append((host, ran.stdout.strip()))
        return ran

    def release_somewhere(self, deposit, hosts):
        """From one host to the next until one has it; asked again only as long as the broker has not given it."""
        for host in hosts:
            ran = self.release(host, deposit)
            if ran.returncode == 0 or "release.exhausted" in ran.stderr:
                return True
        return False

    def leave(self, host, name):
        ran = self.control.merlon("deploy", *self.judged(host), *self.access(host), "--detach", "--env", f"NAME={name}",
                                  self.control.package)
        if ran.returncode == 0:
            self.left[ran.stdout.strip()] = (host, name)
        return ran

    def stay(self, host, name):
        self.staying.append(Staying(self, host, name))

    def in_parallel(self, jobs):
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            return [each.result() for each in [pool.submit(*job) for job in jobs]]

    def keeps(self, host):
        """The tenant's keeps there, by their ids; None if it does not answer."""
        ran = self.control.merlon("keeps", "list", "--json", *self.access(host), timeout=60)
        return {each["id"]: each for each in json.loads(ran.stdout)} if ran.returncode == 0 else None

    # Packages.

    def push(self, tag):
        """A package of its own content; whether the registry has acknowledged it."""
        folder = self.folder / f"pushed-{tag}"
        folder.mkdir(exist_ok=True)
        content = tag.encode() * 40_000
        (folder / "main.wasm").write_bytes(b"\0asm\1\0\0\0\0" + leb(len(content) + 2) + b"\1x" + content)
        ran = self.control.merlon("package", "publish", f"acme/pushed:{tag}", folder, **self.control.owner)
        if ran.returncode == 0:
            self.pushed[tag] = hashlib.sha256((folder / "main.wasm").read_bytes()).hexdigest()
        return ran

    def pulled(self, tag):
        """The digest of the module that the registry has under this tag."""
        folder = self.folder / f"pulled-{tag}"
        shutil.rmtree(folder, ignore_errors=True)
        self.control.must("package", "fetch", f"acme/pushed:{tag}", folder, **self.control.owner)
        return hashlib.sha256((folder / "main.wasm").read_bytes()).hexdigest()

    def stop(self):
        for each in self.staying:
            with contextlib.suppress(ProcessLookupError):
                each.process.kill()
            each.process.wait()
            each.log.close()
        for host in self.hosts:
            with contextlib.suppress(Exception):
                host.kill()
        if self.manager.process:
            self.manager.process.kill()
            self.manager.process.wait()
        self.control.stop()


def leb(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])
