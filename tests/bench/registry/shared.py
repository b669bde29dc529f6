#!/usr/bin/env python3
"""merlon-drawbridge with 1,000 slow clients, and two of it on one store behind haproxy.

    shared.py [--stores folder|folder+s3|postgres|postgres+s3] [--slow N] [--seconds N] [--cpu PERCENT] [--rounds N]

The fast client pushes and pulls a small package, one after the other; its medians and p99 are printed with and without the slow
ones, each of which is in the middle of an upload and sends 1,000 bytes a second (who sends
less is given up). Behind haproxy eight clients do so at once, with one
service and with two; two are faster only where there are processors for them.

With --cpu each service has so much of one processor and no more (a control group), so that a machine of few processors shows
whether the design scales: what two services share, stores and haproxy, is not bounded. --slow 0 leaves out the slow ones.
"""

import argparse
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "drawbridge"))
import registry  # noqa: E402
import stores  # noqa: E402


class Haproxy:
    def __init__(self, folder, services):
        self.port = stores.free_port()
        servers = "\n".join(f"  server s{each.port} 127.0.0.1:{each.port}" for each in services)
        (folder / "haproxy.cfg").write_text(
            f"defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
            f"frontend f\n  bind 127.0.0.1:{self.port}\n  default_backend b\nbackend b\n  balance roundrobin\n{servers}\n")
        self.process = subprocess.Popen(["/usr/sbin/haproxy", "-f", folder / "haproxy.cfg"], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                assert time.monotonic() < deadline and self.process.poll() is None, "haproxy does not start"
                time.sleep(0.02)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Quota:
    """A control group for one service, of version 1 or 2, where this machine lets us make one."""

    PERIOD = 20_000  # microseconds: short beside a request's time

    def __init__(self, service, percent):
        name = f"merlon-shared-{service.process.pid}"
        old = Path("/sys/fs/cgroup/cpu")
        self.folder = (old if old.is_dir() else Path("/sys/fs/cgroup")) / name
        try:
            self.folder.mkdir()
            share = self.PERIOD * percent // 100
            if old.is_dir():
                (self.folder / "cpu.cfs_period_us").write_text(str(self.PERIOD))
                (self.folder / "cpu.cfs_quota_us").write_text(str(share))
            else:
                (self.folder / "cpu.max").write_text(f"{share} {self.PERIOD}")
            (self.folder / "cgroup.procs").write_text(str(service.process.pid))
        except OSError as failure:
            self.stop()
            sys.exit(f"--cpu: no control group can be made here: {failure}")

    def stop(self):
        """Behind the service's end."""
        deadline = time.monotonic() + 10
        while self.folder.exists() and time.monotonic() < deadline:
            try:
                self.folder.rmdir()
            except OSError:
                time.sleep(0.05)


class Client(registry.Drawbridge):
    """Of a service that somebody else has started."""

    def __init__(self, port):
        self.port, self.tls = port, None


def fast(client, token, name, seconds):
    times, end = [], time.monotonic() + seconds
    for number in range(1_000_000):
        if time.monotonic() > end:
            return times
        package = registry.Package({"main.wasm": os.urandom(4096), "lib/a": b"1"})
        start = time.monotonic()
        statuses = client.push("bob/app", f"{name}.{number}.0", package, token)
        assert set(statuses) == {201}, statuses
        assert client.pull("bob/app", f"{name}.{number}.0", package)
        times.append(time.monotonic() - start)


def told(what, times):
    times = sorted(times)
    print(f"{what}: {len(times)} packages, median {statistics.median(times) * 1000:.1f} ms, "
          f"p99 {times[len(times) * 99 // 100] * 1000:.1f} ms", flush=True)


class Slow:
    def __init__(self, service, token, count):
        content = bytes(1 << 20)
        package = registry.Package({"large": content})
        self.connections, self.ends = [], threading.Event()
        for number in range(count):
            repository, tag = f"bob/slow{number // 50}", f"1.0.{number}"
            if number % 50 == 0:
                service.ask("PUT", f"/{repository}", token, b'{"public":true}', "application/json")
            service.ask("PUT", f"/{repository}/_tag/{tag}", token, package.entry, registry.ENTRY)
            service.ask("PUT", f"/{repository}/_tag/{tag}/tree", token, package.nodes[""][0], registry.DIRECTORY)
            # A service takes so many connections of one address and no more.
            connection = socket.create_connection(("127.0.0.1", service.port), timeout=60,
                                                  source_address=(f"127.0.1.{1 + number // 200}", 0))
            connection.sendall((f"PUT {registry.API}/{repository}/_tag/{tag}/tree/large HTTP/1.1\r\nHost: h\r\nContent-Digest: "
                                f"{registry.digests(content)}\r\nContent-Type: application/octet-stream\r\nAuthorization: "
                                f"Bearer {token}\r\nContent-Length: {len(content)}\r\n\r\n").encode() + bytes(1000))
            self.connections.append(connection)
        self.thread = threading.Thread(target=self.trickle, daemon=True)
        self.thread.start()

    def trickle(self):
        while not self.ends.wait(1):
            for each in list(self.connections):
                try:
                    each.send(bytes(1000))
                except OSError:
                    self.connections.remove(each)

    def stop(self):
        self.ends.set()
        self.thread.join()
        print(f"  of which {len(self.connections)} are still there")
        for each in self.connections:
            each.close()


def behind_haproxy(folder, services, token, name, seconds):
    """Eight clients at once; how many packages a second."""
    haproxy = Haproxy(folder, services)
    times = []
    clients = [threading.Thread(target=lambda each: times.extend(fast(Client(haproxy.port), token, each, seconds)),
                                args=(100 * name + each,)) for each in range(8)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    haproxy.stop()
    told(f"eight clients, {len(services)} behind haproxy, {len(times) / seconds:.1f}/s", times)
    return len(times) / seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stores", choices=stores.COMBINATIONS, default="folder")
    parser.add_argument("--slow", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--cpu", type=int, default=0, metavar="PERCENT")
    parser.add_argument("--rounds", type=int, default=1)
    wanted = parser.parse_args()
    if reason := stores.why_not(wanted.stores):
        sys.exit(reason)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    folder = Path(tempfile.mkdtemp(prefix="merlon-shared-"))
    issuer, kept = registry.Issuer(folder), stores.Stores(folder)
    token, place = issuer.token("s|bob"), kept.place(wanted.stores)
    services, quotas = [], []
    try:
        for _ in range(2):
            services.append(registry.Drawbridge(place, issuer))
            if wanted.cpu:
                quotas.append(Quota(services[-1], wanted.cpu))
        services[0].register("bob", "app", token)
        if wanted.slow:
            told("alone", fast(services[0], token, 1, wanted.seconds))
            slow = Slow(services[0], token, wanted.slow)
            told(f"beside {wanted.slow} slow clients", fast(services[0], token, 2, wanted.seconds))
            slow.stop()
        ratios = []
        for number in range(wanted.rounds):
            one, two = (behind_haproxy(folder, services[:count], token, 10 * number + count, wanted.seconds) for count in (1, 2))
            ratios.append(two / one)
        print(f"two are {statistics.median(ratios):.2f} × one")
    finally:
        for each in services:
            each.stop(signal.SIGKILL)
        for each in quotas:
            each.stop()
        kept.stop()
        issuer.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
