#!/usr/bin/env python3
"""Containers made, started, killed and deleted again and again, while the runtime is killed at random."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import bundles
from bundles import BACKEND, OCI, Containers, group_folders, main, wait_until

CYCLES = int(os.environ.get("MERLON_FLEET_CYCLES", "60"))
SEED = int(os.environ.get("MERLON_FLEET_SEED", str(random.randrange(1 << 30))))


def processes_of(folder):
    """Those whose command line or working directory names the folder; the init process keeps both."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in words and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


class Cycles(Containers):
    def step(self, chance, *words):
        """One command, perhaps killed within 30 ms; whether it was not."""
        runtime = subprocess.Popen([OCI, "--root", self.root, *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if self.random.random() < chance:
            time.sleep(self.random.random() * 0.03)
            runtime.send_signal(signal.SIGKILL)
        return runtime.wait(bundles.PATIENCE) == 0

    def test_nothing_is_left(self):
        self.random = random.Random(SEED)
        machines = os.access("/dev/kvm", os.W_OK)
        many = {"nil": [self.bundle(text) for text in (bundles.SPIN, bundles.SLEEP, bundles.EXIT_42)]}
        if machines:
            many["kvm"] = [self.bundle(bundles.SLEEP, annotations={BACKEND: "kvm"})]
        killed = 0
        for cycle in range(CYCLES):
            name = f"cycle-{os.getpid()}-{cycle}"
            bundle = self.random.choice(many["kvm" if machines and cycle % 10 == 0 else "nil"])
            killed += not self.step(0.4, "create", "--bundle", bundle, name)
            killed += not self.step(0.3, "start", name)
            self.step(0.2, "kill", name, self.random.choice(["TERM", "KILL"]))
            self.step(0.3, "delete", "--force", name)
            with self.subTest(seed=SEED, cycle=cycle):
                ended = wait_until(lambda name=name: self.oci("delete", "--force", name).returncode == 0)
                self.assertTrue(ended)
                self.assertFalse((self.root / name).exists())
                self.assertTrue(wait_until(lambda name=name: not group_folders(name), 5), group_folders(name))
        self.assertTrue(wait_until(lambda: not processes_of(self.root), 5), processes_of(self.root))
        print(f"{CYCLES} cycles, seed {SEED}, {killed} commands came to no end of their own")


if __name__ == "__main__":
    main()
