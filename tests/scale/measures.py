"""What a fleet costs: requests by the services' own logs, bytes by the hosts' interfaces, time and memory by the system."""

import contextlib
import json
import re
import socket
import ssl
import statistics
import time
from pathlib import Path


def memory_of(pid):
    """KiB, in proportion where it is shared."""
    return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])


class Measures:
    def __init__(self, fleet):
        self.fleet, self.facts, self.idle = fleet, {}, {}

    def say(self, text):
        print(text, flush=True)

    @property
    def ledger(self):
        return self.fleet.ledger

    def measure_idle(self, seconds):
        """What the services compute for haproxy alone."""
        before = self.fleet.control.counted()
        time.sleep(seconds)
        cost = self.fleet.control.cost(before)
        self.idle = {kind: used / cost["elapsed"] for kind, used in cost["seconds"].items()} if seconds else {}

    @contextlib.contextmanager
    def charged(self, name, keeps):
        """What happens within costs so much for each keep."""
        before, sent = self.fleet.control.counted(), [host.bytes() for host in self.fleet.hosts]
        yield
        cost, told = self.fleet.control.cost(before), [host.bytes() for host in self.fleet.hosts]
        each = {kind: {key: value / keeps for key, value in requests.items()} for kind, requests in cost["requests"].items()}
        self.facts[name] = {
            "keeps": keeps, "seconds": cost["elapsed"], "requests": each,
            "host sent bytes": sum(new[0] - old[0] for new, old in zip(told, sent)) / keeps,
            "host received bytes": sum(new[1] - old[1] for new, old in zip(told, sent)) / keeps,
            "processor ms": {kind: 1000 * max(0, used - self.idle.get(kind, 0) * cost["elapsed"]) / keeps
                             for kind, used in cost["seconds"].items()}}

    def measure_memory(self):
        """Of all hosts, by the names of processes, in KiB."""
        found = {}
        for host in self.fleet.hosts:
            for name, size in host.memory():
                found.setdefault(name, []).append(size)
        keeps = len(found.get("merlon-warden", ())) or 1
        total = sum(sum(found.get(name, ())) for name in ("merlon-warden", "merlon-vmm", "merlon-simulato", "merlon-dial"))
        replicas = len(found.get("merlon-keep", ())) or 1
        contained = sum(sum(found.get(name, ())) for name in ("containerd-shim", "merlon-oci:init", "merlon-keep"))
        self.facts["memory"] = {"keep of a gatehouse KiB": total / keeps, "replica KiB": contained / replicas,
                                "each": {name: {"processes": len(sizes), "KiB each": sum(sizes) / len(sizes)}
                                         for name, sizes in found.items()}}
        self.facts["memory of services KiB"] = {kind: [memory_of(each.process.pid) for each in services] for kind, services in (
            ("steward", self.fleet.control.stewards), ("drawbridge", self.fleet.control.drawbridges),
        )}

    def measure_stewards(self):
        """Bytes of the log for each certificate, and how long a broker is busy with a release, in milliseconds."""
        control, sizes, certificates, took = self.fleet.control, 0, 0, []
        for number, steward in enumerate(control.stewards):
            sizes += (self.fleet.folder / f"steward{number}" / "issued.log").stat().st_size
            for line in steward.log.read_bytes().splitlines():
                said = json.loads(line)
                if said.get("event") == "request" and said["status"] == 200:
                    certificates += said["path"] == "/"
                    took += [said["handling_us"] / 1000] if said["path"].endswith("/release") else []
        self.facts["issued log bytes"] = sizes / certificates
        self.facts["broker ms"] = statistics.quantiles(took, n=10)[0]  # where nothing else ran

    def measure_connections(self, count=200):
        """What a connection that waits costs a service, in KiB."""
        control = self.fleet.control
        context = ssl.create_default_context(cafile=control.tls[1])
        self.facts["connection KiB"] = {}
        for kind, service, port in (("steward", control.stewards[1], control.ports[3]), ("drawbridge", control.drawbridges[1], control.ports[1])):
            with contextlib.ExitStack() as held:
                open_ones = []
                before = memory_of(service.process.pid)
                for _ in range(count):
                    plain = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
                    open_ones.append(held.enter_context(context.wrap_socket(plain, server_hostname="localhost")))
                    open_ones[-1].sendall(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n")
                    open_ones[-1].recv(4096)
                self.facts["connection KiB"][kind] = (memory_of(service.process.pid) - before) / count
