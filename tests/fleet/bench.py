#!/usr/bin/env python3
"""Keeps as containers beside native programs under runc and crun, in one run and in turn.

    bench.py [--bin FOLDER] [--starts N] [--tasks N] [--keeps N] [--rounds N] [PART…]

FOLDER has merlon, merlon-oci and what they start (a release build). Parts: starts, tasks, memory, http, limit; all if none is named.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bundles
import tasks
from bundles import wait_until
from images import ended_by_id
from tenant import free_port, listening

IN_OWN_MOUNTS = ["unshare", "-m", "sh", "-c", 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "sh"]
QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
# Some hundred million steps.
COUNTS = bundles.module("""(func (export "_start") (local $left i64) (local $sum i64)
  (local.set $left (i64.const 600000000))
  (loop $again
    (local.set $sum (i64.xor (i64.mul (local.get $sum) (i64.const 31)) (local.get $left)))
    (br_if $again (i64.ne (local.tee $left (i64.sub (local.get $left) (i64.const 1))) (i64.const 0))))
  (call $proc_exit (i32.wrap_i64 (i64.and (local.get $sum) (i64.const 0)))))""")


class Bench:
    def __init__(self, options):
        self.options = options
        self.bin = Path(options.bin).absolute()
        self.oci = self.bin / "merlon-oci"
        self.folder = Path(tempfile.mkdtemp(prefix="merlon-bench-"))
        # Where runtimes have their state: in memory. On a disk each start would wait for that as well.
        self.state = Path(tempfile.mkdtemp(prefix="merlon-bench-", dir="/run"))
        self.backends = ["nil"] + (["kvm"] if os.access("/dev/kvm", os.W_OK) else [])
        self.count = 0

    def name(self):
        self.count += 1
        return f"bench-{os.getpid()}-{self.count}"

    def native_bundle(self):
        bundle = self.folder / "native"
        if bundle.exists():
            return bundle
        (bundle / "rootfs/bin").mkdir(parents=True)
        shutil.copy("/bin/busybox", bundle / "rootfs/bin/true")
        subprocess.run(["runc", "spec"], cwd=bundle, check=True)
        config = json.loads((bundle / "config.json").read_text())
        config["process"] |= {"args": ["/bin/true"], "terminal": False, "rlimits": []}
        (bundle / "config.json").write_text(json.dumps(config))
        return bundle

    def keep_bundle(self, backend, text, **annotations):
        bundle = self.folder / self.name()
        (bundle / "rootfs").mkdir(parents=True)
        bundles.compiled(text, bundle / "rootfs/app.wasm")
        config = bundles.config_of(["/app.wasm"], annotations={bundles.BACKEND: backend, **annotations})
        (bundle / "config.json").write_text(json.dumps(config))
        return bundle

    def run_words(self, bundle, *words):
        return [self.oci, "--root", self.state / "root", "run", *words, "--bundle", bundle]

    def starts(self):
        native, hello = self.native_bundle(), bundles.HELLO
        runs = {"runc, native true": ["runc", "--root", self.state / "runc", "run", "--bundle", native],
                "crun, native true": [*IN_OWN_MOUNTS, "crun", "--root", self.state / "crun", "run", "--bundle", native]}
        runs |= {f"merlon-oci, keep {backend}": self.run_words(self.keep_bundle(backend, hello)) for backend in self.backends}
        runs["sh in own mounts (part of crun's)"] = [*IN_OWN_MOUNTS, "/bin/true"]
        times = {name: [] for name in runs}
        for number in range(self.options.starts + 3):
            for name, words in runs.items():
                started = time.perf_counter()
                ended = subprocess.run([*words, self.name()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, check=False)
                taken = (time.perf_counter() - started) * 1000
                if ended.returncode != 0:
                    sys.exit(f"{name}: {ended.stderr.decode(errors='replace')}")
                if number >= 3:
                    times[name].append(taken)
        print(f"\n{self.options.starts} starts each, in turn\n{'':36}{'median ms':>10}{'slowest':>10}{'of medians':>12}")
        for name, all_times in times.items():
            median = statistics.median(all_times)
            print(f"{name:36}{median:10.1f}{max(all_times):10.1f}{max(all_times) / median:12.1f}")

    @contextlib.contextmanager
    def containerd(self):
        """Its socket. In mounts of its own, so that crun can be its runtime, too."""
        place = self.folder / "containerd"
        place.mkdir()
        (place / "config.toml").write_text(f'version = 2\nroot = "{place}/root"\nstate = "{self.state}/containerd"\n'
                                           'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                                           f'[grpc]\n  address = "{place}/sock"\n')
        with (place / "log").open("wb") as log:
            daemon = subprocess.Popen([*IN_OWN_MOUNTS, "containerd", "-c", place / "config.toml"], stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log)
        try:
            if not wait_until(lambda: subprocess.run(["ctr", "-a", place / "sock", "version"], check=False,
                                                     **QUIET).returncode == 0):
                sys.exit((place / "log").read_text())
            yield place / "sock"
        finally:
            ended_by_id(daemon)

    def rate(self, socket, runtime, spec, workers, grouped):
        """Tasks in a second, from a container's making to its deletion."""
        prefix = self.name()

        def spec_of(name):
            own = json.loads(json.dumps(spec))
            own["linux"]["cgroupsPath"] = f"/{name}"
            if grouped:
                own.setdefault("annotations", {})["io.containerd.runc.v2.group"] = prefix
            return own

        def one(connection, number):
            name = f"{prefix}-{number}"
            status = tasks.run(connection, name, spec_of(name), runtime)
            if status != 0:
                raise tasks.Refused(f"{runtime} ended with {status}")
        # Holds the one shim, which else ends with a task while the next one comes.
        with tasks.waiting(socket, f"{prefix}-first", spec_of(f"{prefix}-first"), runtime) if grouped \
                else contextlib.nullcontext():
            started = time.perf_counter()
            trouble = tasks.run_many(socket, "default", self.options.tasks, workers, one)
            taken = time.perf_counter() - started
        if trouble:
            told = (socket.parent / "log").read_text(errors="replace").splitlines()[-3:]
            sys.exit("\n".join([f"{runtime}: {trouble}", *told]))
        return self.options.tasks / taken

    def tasks(self):
        native = json.loads((self.native_bundle() / "config.json").read_text())
        native["root"]["path"] = str(self.native_bundle() / "rootfs")
        specs = {"runc, native true": ("runc", native), "crun, native true": ("crun", native)}
        for backend in self.backends:
            bundle = self.keep_bundle(backend, bundles.HELLO)
            spec = json.loads((bundle / "config.json").read_text())
            spec["root"]["path"] = str(bundle / "rootfs")
            specs[f"merlon-oci, keep {backend}"] = (self.oci, spec)
        print(f"\n{self.options.tasks} tasks through containerd, a second\n"
              f"{'':36}{'1 client':>10}{'8 clients':>10}{'one shim, 1':>13}{'one shim, 8':>13}")
        with self.containerd() as socket:
            for name, (runtime, spec) in specs.items():
                rates = [self.rate(socket, runtime, spec, workers, grouped) for grouped in (False, True)
                         for workers in (1, 8)]
                print(f"{name:36}{rates[0]:10.1f}{rates[1]:10.1f}{rates[2]:13.1f}{rates[3]:13.1f}", flush=True)

    def memory(self):
        """PSS of all processes of containers that wait."""
        many = self.options.keeps
        print(f"\nmemory of {many} containers that wait (PSS of all processes, MiB)")
        for backend in self.backends:
            bundle, names = self.keep_bundle(backend, bundles.SLEEP), [self.name() for _ in range(many)]
            try:
                for name in names:
                    subprocess.run([*self.run_words(bundle, "--detach"), name], check=True, **QUIET)
                time.sleep(1)
                sizes = []
                for name in names:
                    told = subprocess.run([self.oci, "--root", self.state / "root", "ps", "--format", "json", name], check=True,
                                          capture_output=True).stdout
                    sizes.append(sum(self.proportional_size(each) for each in json.loads(told)))
                print(f"{'keep ' + backend:36}{sum(sizes) / 1024:10.1f} in all{statistics.median(sizes) / 1024:10.2f} each")
            finally:
                for name in names:
                    subprocess.run([self.oci, "--root", self.state / "root", "delete", "--force", name], check=False, **QUIET)

    @staticmethod
    def proportional_size(process):
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
        return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])

    @staticmethod
    def requests(port):
        told = subprocess.run(["wrk", "-t1", "-c1", "-d2s", f"http://127.0.0.1:{port}/"], check=True, capture_output=True,
                              text=True).stdout
        return float(next(line for line in told.splitlines() if "Requests/sec" in line).split()[1])

    @staticmethod
    def join_group():
        """For a process outside of containers: a share of the processors like theirs, as a service of systemd has it."""
        for root in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup"):
            if Path(root, "cgroup.procs").exists():
                folder = Path(root, "merlon-bench-outside")
                folder.mkdir(exist_ok=True)
                (folder / "cgroup.procs").write_text("0")
                return

    def http(self):
        """The same keep outside of a container and in one, in turn: requests a second over one connection."""
        print("\nHTTP, requests a second over one connection (medians)")
        for backend in self.backends:
            outside, inside = free_port(), free_port()
            package = self.folder / self.name()
            package.mkdir()
            bundles.compiled(bundles.SERVER, package / "main.wasm")
            (package / "Enarx.toml").write_text(listening(outside))
            bundle = self.keep_bundle(backend, bundles.SERVER, **{"org.merlon.listen": f"127.0.0.1:{inside}"})
            name = self.name()
            with subprocess.Popen([self.bin / "merlon", "run", "--backend", backend, package], preexec_fn=self.join_group,
                                  start_new_session=True, **QUIET) as plain:
                subprocess.run([*self.run_words(bundle, "--detach"), name], check=True, **QUIET)
                try:
                    for port in (outside, inside):
                        wait_until(lambda port=port: subprocess.run(["curl", "-s", "-m", "2", f"http://127.0.0.1:{port}/"],
                                                                    check=False, **QUIET).returncode == 0)
                    rates = {port: [] for port in (outside, inside)}
                    for _ in range(self.options.rounds):
                        for port, seen in rates.items():
                            seen.append(self.requests(port))
                finally:
                    subprocess.run([self.oci, "--root", self.state / "root", "delete", "--force", name], check=False, **QUIET)
                    plain.kill()
            ratio = statistics.median(b / a for a, b in zip(rates[outside], rates[inside]))
            for root in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup"):
                with contextlib.suppress(OSError):
                    os.rmdir(f"{root}/merlon-bench-outside")
            print(f"{'keep ' + backend:36}{statistics.median(rates[outside]):10.0f} outside"
                  f"{statistics.median(rates[inside]):10.0f} in a container{ratio:8.3f} of it")

    def limit(self):
        """What org.merlon.timeout costs a program that only computes: processor time of pairs in turn."""
        print("\na time limit (processor time of a container that only computes, medians of pairs)")
        for backend in self.backends:
            pair = [self.keep_bundle(backend, COUNTS), self.keep_bundle(backend, COUNTS, **{"org.merlon.timeout": "1h"})]
            ratios, seen = [], []
            for _ in range(self.options.rounds):
                taken = []
                for bundle in pair:
                    before = os.times()
                    subprocess.run([*self.run_words(bundle), self.name()], check=True, **QUIET)
                    after = os.times()
                    taken.append(after.children_user + after.children_system - before.children_user -
                                 before.children_system)
                ratios.append(taken[1] / taken[0])
                seen.append(taken[0])
            print(f"{'keep ' + backend:36}{statistics.median(seen):10.3f} s without{statistics.median(ratios):8.3f} of it with")

    def all(self):
        processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        print(f"{processor.split(':')[1].strip()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        try:
            for part in self.options.part or ("starts", "tasks", "memory", "http", "limit"):
                getattr(self, part)()
                print(f"(load {os.getloadavg()[0]:.1f})", flush=True)
        finally:
            for name in os.listdir(self.state / "root") if (self.state / "root").exists() else []:
                subprocess.run([self.oci, "--root", self.state / "root", "delete", "--force", name], check=False, **QUIET)
            for each in (self.folder, self.state):
                shutil.rmtree(each, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", default=str(Path(bundles.OCI).parent))
    parser.add_argument("--starts", type=int, default=100)
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--keeps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("part", nargs="*", choices=["starts", "tasks", "memory", "http", "limit", []])
    Bench(parser.parse_args()).all()


if __name__ == "__main__":
    main()
