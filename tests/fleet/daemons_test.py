#!/usr/bin/env python3
"""Real daemons killed at random below their containers: containerd, its shims, dockerd and the runtime. Nothing is left."""

import contextlib
import os
import random
import signal
import subprocess
import time
import unittest
from pathlib import Path

import bundles
from bundles import group_folders, main, wait_until
from engines import WithContainerd, WithDocker

CYCLES = int(os.environ.get("MERLON_FLEET_DAEMON_CYCLES", "4"))
SEED = int(os.environ.get("MERLON_FLEET_SEED", str(random.randrange(1 << 30))))


def processes_with(*texts):
    """Numbers of processes whose command line has one of these."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            if any(text.encode() in words for text in texts) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def kill(processes):
    for each in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def is_ours(process):
    """Whether it is merlon-oci, as runtime or as a container's init process."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/exe").resolve() == Path(bundles.OCI)
    return False


class OfContainerd(WithContainerd):
    def start_again(self):
        log = (self.folder / "log").open("ab")
        type(self).daemon = subprocess.Popen(["containerd", "-c", self.folder / "config.toml"], stdout=log, stderr=log,
                                             stdin=subprocess.DEVNULL,
                                             env=os.environ | {"MERLON_OCI_CONFIG": str(self.folder / "oci.toml")})
        log.close()
        self.addCleanup(bundles_ended, self.daemon)
        self.assertTrue(wait_until(lambda: self.ctr("version").returncode == 0))

    def test_nothing_is_left(self):
        self.random, self.orphans = random.Random(SEED), 0
        kills = dict.fromkeys(("containerd", "shim", "runtime", "all"), 0)
        for cycle in range(CYCLES):
            name = f"daemon-{os.getpid()}-{cycle}"
            kind = self.random.choice(list(kills))
            kills[kind] += 1
            with self.subTest(seed=SEED, cycle=cycle, kind=kind):
                run = subprocess.Popen(["ctr", "-a", self.socket, "run", "-d", "--snapshotter", "native", "--runc-binary",
                                        bundles.OCI, "--annotation", f"{bundles.BACKEND}=nil", self.image, name,
                                        self.random.choice(["/spin.wasm", "/sleep.wasm", "/exit42.wasm"])],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(self.random.random() * 0.25)
                if kind in ("containerd", "all"):
                    self.daemon.kill()
                    self.daemon.wait()
                if kind in ("shim", "all"):
                    kill(processes_with(f"-id\0{name}"))
                if kind in ("runtime", "all"):
                    kill([each for each in processes_with(f"\0{name}") if is_ours(each)])
                run.kill() if kind == "all" else None
                with contextlib.suppress(subprocess.TimeoutExpired):
                    run.wait(20)
                run.kill()
                run.wait()
                if self.daemon.poll() is not None:
                    self.start_again()
                gone = wait_until(lambda name=name: self.is_gone(name), 4)
                # One that was being started when containerd died is nobody's, whatever its runtime.
                shims = processes_with(f"-id\0{name}")
                self.orphans += bool(shims) or not gone
                kill(shims)
                if not gone:
                    subprocess.run([bundles.OCI, "--root", "/run/containerd/runc/default", "delete", "--force", name],
                                   check=True, timeout=20)
                self.assertTrue(wait_until(lambda name=name: self.is_gone(name)), self.left(name))
        print(f"{CYCLES} cycles, seed {SEED}: {kills}; {self.orphans} tasks that containerd did not find again")

    def is_gone(self, name):
        self.ctr("tasks", "rm", "--force", name)
        self.ctr("containers", "rm", name)
        return not self.left(name)

    def left(self, name):
        return (group_folders(name) + [each for each in processes_with(f"\0{name}\0") if is_ours(each)] +
                [each for each in (Path("/run/containerd/runc/default") / name,) if each.exists()] +
                [line for line in self.ctr("containers", "ls").stdout.splitlines() if name in line])


def bundles_ended(process):
    if process.poll() is None:
        process.terminate()
        process.wait(20)


class OfDocker(WithDocker):
    def test_nothing_is_left(self):
        chance, orphans = random.Random(SEED), 0
        daemon = self.daemons[0]
        for cycle in range(max(1, CYCLES // 3)):
            name = f"docker-{os.getpid()}-{cycle}"
            with self.subTest(seed=SEED, cycle=cycle):
                run = subprocess.Popen(["docker", "-H", f"unix://{daemon.socket}", "run", "--name", name, "--network", "none",
                                        "--entrypoint", "/spin.wasm", "localhost/guests:1"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(0.1 + chance.random() * 0.5)
                daemon.process.kill()
                daemon.process.wait()
                if chance.random() < 0.5:
                    kill(processes_with(f"-address\0{self.folder}/one/exec/containerd"))
                run.wait(20)
                # dockerd takes a containerd that ended, and that nobody has waited for, for one that lives.
                kill(processes_with(f"{self.folder}/one/exec/containerd/containerd.toml"))
                (self.folder / "one/exec/containerd/containerd.pid").unlink(missing_ok=True)
                daemon.start()
                self.addCleanup(bundles_ended, daemon.process)
                self.assertIsNone(daemon.why_not())
                ids = self.docker("ps", "--all", "--quiet", "--no-trunc", "--filter", f"name={name}").stdout.split()
                self.docker("rm", "--force", name)
                for each in ids:
                    def left(each=each):
                        return group_folders(each) + [Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
                                                      for process in processes_with(each)]
                    if not wait_until(lambda: not left(), 3):
                        # Docker forgets what it was making when it died, whatever the runtime: an administrator's part.
                        orphans += 1
                        kill(processes_with(f"-id\0{each}"))
                        subprocess.run([bundles.OCI, "--root", self.folder / "one/exec/runtime-runc/moby", "delete", "--force",
                                        each], check=True, timeout=20)
                    self.assertTrue(wait_until(lambda: not left()), left())
        self.assertEqual(self.docker("ps", "--all", "--quiet").stdout, "")
        print(f"{max(1, CYCLES // 3)} cycles of dockerd, seed {SEED}; {orphans} containers that it did not find again")


if __name__ == "__main__":
    main()
