#!/usr/bin/env python3
"""Four tenants deploy and stop at once, while gatehouse and keeps are killed: no keep is lost, doubled, left or mixed
up. MERLON_DEPLOY_SECONDS (4 if not set) and MERLON_DEPLOY_KILLS (6) say for how long and how often."""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attest"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from deploy_test import CAT  # noqa: E402
from gatehouse import PATIENCE, Gatehouse  # noqa: E402
from story import Stage  # noqa: E402
from support import EndToEnd, printing  # noqa: E402

SECONDS = float(os.environ.get("MERLON_DEPLOY_SECONDS", "4"))
KILLS = int(os.environ.get("MERLON_DEPLOY_KILLS", "6"))
BACKEND = os.environ.get("MERLON_BACKEND", "nil")
WAITING = printing("I wait\n", "(loop (br 0))")
TENANTS = ("alice", "bob", "carol", "dave")


def processes_of(house):
    """Programs of keeps, by their warden."""
    found = []
    for warden in house.wardens():
        children = Path(f"/proc/{warden}/task/{warden}/children")
        try:
            found += [int(each) for each in children.read_text().split()]
        except OSError:
            pass
    return found


class Endurance(EndToEnd):
    def setUp(self):
        super().setUp()
        self.stage = Stage(self.folder)
        self.stage.make_usual()
        self.house = Gatehouse(self.folder / "house", self.stage.platform, (BACKEND,), ("--keeps-per-tenant", "64", "--allow-local"))
        self.addCleanup(self.house.end_keeps)
        self.addCleanup(self.house.stop)
        for name in TENANTS[2:]:
            self.house.tenant[name] = self.house.tenants.vouch(name, "extendedKeyUsage=clientAuth")
        self.judged = ["--backend", BACKEND, "--insecure-backend"]
        if BACKEND == "snp-sim":
            policy = self.stage.policy("policy.toml", self.stage.measured())
            self.judged = ["--backend", BACKEND, "--policy", policy, "--no-memory", "--endorsements",
                           self.stage.platform]

    def merlon(self, *words, stdin=b""):
        return subprocess.run([self.stage.programs / "merlon", *map(str, words)], input=stdin, capture_output=True,
                              check=False, timeout=180, env=self.stage.environment())

    def deploy(self, tenant, *words, stdin=b""):
        return self.merlon("deploy", *self.judged, *self.house.access(tenant), *words, stdin=stdin)

    def held(self):
        """Kilobytes and descriptors of the gatehouse."""
        process = self.house.process.pid
        status = Path(f"/proc/{process}/status").read_text()
        resident = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        return resident, len(os.listdir(f"/proc/{process}/fd"))

    def test_four_tenants_at_once(self):
        cat, waiting = self.wasm(CAT, "cat.wasm"), self.wasm(WAITING, "waiting.wasm")
        self.deploy("alice", cat)
        before, wrong, count = self.held(), [], [0]
        until = time.monotonic() + SECONDS

        def tenant(name):
            chance = random.Random(name)
            while time.monotonic() < until:
                said = f"{name} {chance.random()}".encode() * 100
                ran = self.deploy(name, cat, stdin=said)
                if (ran.returncode, ran.stdout) != (7, said):
                    wrong.append((name, ran.returncode, ran.stderr))
                kept = self.deploy(name, "--detach", waiting)
                keep = kept.stdout.decode().strip()
                stopped = self.merlon("keeps", "stop", keep)
                if kept.returncode or stopped.returncode:
                    wrong.append((name, kept.stderr, stopped.stderr))
                    continue
                deadline = time.monotonic() + PATIENCE
                while self.merlon("keeps", "forget", keep).returncode and time.monotonic() < deadline:
                    time.sleep(0.02)
                count[0] += 2

        threads = [threading.Thread(target=tenant, args=(name,)) for name in TENANTS]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(wrong, [])
        self.assertGreater(count[0], 0)
        deadline = time.monotonic() + PATIENCE
        while self.house.wardens() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.house.wardens(), [])
        for name in TENANTS:
            self.assertEqual(json.loads(self.house.curl(name, "/v1/keeps")[1]), [])
        after = self.held()
        print(f"{count[0]} keeps in {SECONDS} s; resident {before[0]} to {after[0]} KiB, descriptors "
              f"{before[1]} to {after[1]}", file=sys.stderr)
        self.assertLessEqual(after[1], before[1] + 8)  # connections that are closing

    def test_whatever_is_killed(self):
        waiting = self.wasm(WAITING, "waiting.wasm")
        chance = random.Random(20261128)
        running, ended = set(), set()
        for _ in range(KILLS):
            kept = self.deploy("alice", "--detach", waiting)
            self.assertEqual(kept.returncode, 0, kept.stderr)
            running.add(kept.stdout.decode().strip())
            victim = chance.choice(("gatehouse", "warden", "keep"))
            if victim == "gatehouse":
                self.house.kill()
                self.house.start()
            else:
                candidates = self.house.wardens() if victim == "warden" else processes_of(self.house)
                os.kill(chance.choice(candidates), 9)
            deadline = time.monotonic() + PATIENCE
            lost = 0 if victim == "gatehouse" else 1
            while True:
                said = json.loads(self.house.curl("alice", "/v1/keeps")[1])
                states = {each["id"]: each["state"] for each in said}
                alive = {keep for keep, state in states.items() if state == "running"}
                if len(alive) == len(running) - lost or time.monotonic() > deadline:
                    break
                time.sleep(0.02)
            self.assertEqual(set(states), running | ended)
            self.assertEqual(len(alive), len(running) - lost, (victim, states))
            self.assertTrue(alive <= running)
            ended |= running - alive
            running = alive
            while len(self.house.wardens()) != len(running) and time.monotonic() < deadline:
                time.sleep(0.02)  # one that has noted the end of its keep ends itself
            self.assertEqual(len(self.house.wardens()), len(running))
            if len(running) > 6:
                keep = running.pop()
                self.assertEqual(self.merlon("keeps", "stop", keep).returncode, 0)
                self.wait_until_ended(keep)
                ended.add(keep)
        for keep in running:
            self.assertEqual(self.merlon("keeps", "logs", keep).stdout, b"I wait\n")
            self.assertEqual(self.merlon("keeps", "stop", keep).returncode, 0)
            self.wait_until_ended(keep)
        for keep in running | ended:
            self.assertEqual(self.merlon("keeps", "forget", keep).returncode, 0)
        deadline = time.monotonic() + PATIENCE
        while self.house.wardens() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.house.wardens(), [])
        self.assertEqual(list((self.house.state).iterdir()), [])

    def wait_until_ended(self, keep):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if json.loads(self.house.curl("alice", f"/v1/keeps/{keep}")[1])["state"] == "ended":
                return
            time.sleep(0.02)
        raise AssertionError("it does not end")


if __name__ == "__main__":
    unittest.main()
