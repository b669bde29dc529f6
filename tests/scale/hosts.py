"""Hosts that are namespaces: each has processes, mounts and a network of its own, joined to ours by a pair of interfaces.

What calls this runs in namespaces of its own as well (apart.py), so that nothing of all this is left when it ends.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import bundles
import engines
from bundles import wait_until

NET = "10.77.0"
HERE = f"{NET}.1"
BRIDGE = "fleet"
# Generous: what is waited for comes, or something is wrong.
PATIENCE = 240


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True)


def make_network():
    """A bridge that is this side's only interface but for loopback."""
    ip("link", "set", "lo", "up")
    ip("link", "add", BRIDGE, "type", "bridge")
    ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
    ip("link", "set", BRIDGE, "up")


def heard(path, offset, event):
    """The first line of that event in a service's log, or None."""
    with path.open("rb") as file:
        file.seek(offset)
        for line in file.read().splitlines():
            if line.startswith(b"{") and (said := json.loads(line)).get("event") == event:
                return said
    return None


class Service:
    """A program that serves and writes a log of JSON lines; `within` are words that have it run somewhere else."""

    def __init__(self, log, words, within=(), environment=None):
        self.log, self.words, self.within = Path(log), [*map(str, words)], within
        self.environment = {**os.environ, **(environment or {})}
        self.start()

    def start(self):
        self.offset = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.within, *self.words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)

    def wait(self):
        """Until it listens."""
        wait_until(lambda: heard(self.log, self.offset, "listen") or self.process.poll() is not None, PATIENCE)
        if not heard(self.log, self.offset, "listen"):
            raise AssertionError(f"{self.words[0]} does not start: {self.log.read_bytes()[self.offset:][-2000:]}")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        engines.ended_by_id(self.process)


class Engine(engines.Dockerd):
    """A dockerd whose sockets and state of the moment go when its host goes, as they would from a tmpfs."""

    def __init__(self, folder, group):
        self.folder, self.run = folder, folder / "run"
        self.socket = self.run / "docker.sock"
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "oci.toml").write_text('backend = "nil"\n')
        (folder / "daemon.json").write_text(json.dumps({
            "data-root": str(folder / "data"), "exec-root": str(self.run / "exec"), "pidfile": str(self.run / "pid"),
            "hosts": [f"unix://{self.socket}"], "storage-driver": "vfs", "bridge": "none", "iptables": False, "ip6tables": False,
            "cgroup-parent": f"/{group}", "log-level": "warn", "shutdown-timeout": 1,
            "runtimes": {"merlon": {"path": bundles.OCI, "runtimeArgs": [f"--config={folder}/oci.toml"]}},
            "default-runtime": "merlon",
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}}))

    def begin(self, within=()):
        shutil.rmtree(self.run, ignore_errors=True)
        self.run.mkdir()
        self.within = within
        self.start()

    def must(self, *words):
        """What a command says; it must succeed."""
        said = self.docker(*words)
        if said.returncode != 0:
            raise AssertionError(f"docker {' '.join(map(str, words))}: {said.stderr.strip()[-500:]}")
        return said.stdout.strip()


class Host:
    """One machine of the fleet. Its folder is its disk."""

    def __init__(self, number, folder, group):
        self.number, self.name, self.address = number, f"host{number}", f"{NET}.{10 + number}"
        self.folder = Path(folder) / self.name
        self.folder.mkdir()
        self.link = f"to-{self.name}"
        self.engine = Engine(self.folder / "engine", group)
        self.gatehouse, self.words, self.environment = None, None, None

    def boot(self):
        """Its first process, which takes in orphans, and its network."""
        self.outer = subprocess.Popen(["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc",
                                       "catatonit", "-P"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        children = Path(f"/proc/{self.outer.pid}/task/{self.outer.pid}/children")
        if not wait_until(lambda: self.outer.poll() is None and children.read_text().split(), PATIENCE):
            raise AssertionError("no namespaces for a host")
        self.first = int(children.read_text().split()[0])
        # Its name tells that the namespaces are all there.
        wait_until(lambda: Path(f"/proc/{self.first}/comm").read_text().strip() == "catatonit", PATIENCE)
        # A mount namespace as "ip netns exec" makes it would have no control groups.
        self.within = ["nsenter", "--target", str(self.first), "--net", "--pid", "--mount", "--"]
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.first)
        ip("link", "set", self.link, "master", BRIDGE, "up")
        for words in (("addr", "add", f"{self.address}/24", "dev", "eth0"), ("link", "set", "eth0", "up"),
                      ("link", "set", "lo", "up")):
            subprocess.run([*self.within, "ip", *words], check=True, capture_output=True)

    def start_gatehouse(self):
        if self.gatehouse is None:
            self.gatehouse = Service(self.folder / "gatehouse.log", self.words, self.within, self.environment)
        else:
            self.gatehouse.within, self.gatehouse.words = self.within, self.words
            self.gatehouse.environment = {**os.environ, **(self.environment or {})}
            self.gatehouse.start()

    def stop_gatehouse(self):
        """Its keeps go on."""
        subprocess.run([*self.within, "sh", "-c", "for p in /proc/[0-9]*; do "
                        "case $(cat $p/comm) in merlon-gatehous*) kill -KILL ${p#/proc/};; esac; done"], check=False, capture_output=True)
        self.gatehouse.process.wait(PATIENCE)

    def cut_off(self):
        ip("link", "set", self.link, "down")

    def reconnect(self):
        ip("link", "set", self.link, "up")

    def kill(self):
        """As if it lost its power: nothing of it says anything more, and nobody is told."""
        self.cut_off()
        os.kill(self.first, signal.SIGKILL)
        self.outer.wait(PATIENCE)
        for each in (self.engine, self.gatehouse):
            if each is not None and each.process:
                each.process.wait(PATIENCE)
        # Connections that nobody answered hold the namespace for a while.
        ip("link", "del", self.link)

    def line(self):
        """Our end of its line, as the system tells of it; None if there is none."""
        told = subprocess.run(["ip", "-json", "-stats", "link", "show", "dev", self.link], capture_output=True, text=True, check=False)
        return json.loads(told.stdout)[0] if told.returncode == 0 else None

    def bytes(self):
        """What it has sent and received since it was started."""
        told = self.line()["stats64"]
        return told["rx"]["bytes"], told["tx"]["bytes"]

    def memory(self):
        """(name, proportional memory in KiB) of each of its processes."""
        listed = subprocess.run([*self.within, "sh", "-c", "for p in /proc/[0-9]*; do "
                                 "s=$(sed -n 's/^Pss: *\\([0-9]*\\).*/\\1/p' $p/smaps_rollup 2>/dev/null); "
                                 "echo \"${s:-0} $(cat $p/comm 2>/dev/null)\"; done"], capture_output=True, text=True, check=False)
        return [(name, int(size)) for size, _, name in (line.partition(" ") for line in listed.stdout.splitlines())]


def seconds_until(what, patience=PATIENCE):
    """How long it took until `what` was true; None if it did not become so."""
    start = time.monotonic()
    return time.monotonic() - start if wait_until(what, patience) else None
