#!/usr/bin/env python3
"""One authority of a Steward takes the place of another: step by step, through kills, under running keeps."""

import re
import shutil
import subprocess
import threading
import time
import unittest

from keeps import KeepsTest
from service import PATIENCE, PROGRAM, StewardTest, make_server_certificate, run
from support import main

STEPS = ("announced", "switched", "dropped")


def phase(directory):
    return re.match(r"phase: (\w+)", run("ca", "show", directory).stdout)[1]


class Rotation(StewardTest):
    """A directory whose certificates live for 5 seconds, so that all of a rotation takes as long as a test may."""

    def setUp(self):
        super().setUp()
        self.directory = self.folder / "ca"
        said = run("ca", "init", self.directory, "--lifetime", "5s", "--name", "Test", "--organization", "Tests")
        self.assertEqual(said.returncode, 0, said.stderr)

    def rotate(self, *words, expected=None):
        said = run("ca", "rotate", self.directory, *words)
        self.assertEqual(said.returncode, 0, said.stderr)
        if expected:
            self.assertTrue(said.stdout.startswith(expected), said.stdout)
        return said.stdout

    def rotate_when_due(self, expected, *words):
        deadline = time.monotonic() + PATIENCE
        while (said := self.rotate(*words)).startswith("nothing"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertTrue(said.startswith(expected), said)

    def trust(self, name):
        path = self.folder / name
        path.write_text(run("ca", "show", self.directory, "--pem").stdout)
        return path

    def test_steps_are_made_in_their_order_and_not_before_their_time(self):
        self.assertEqual(self.rotate("--continue")[:13], "nothing to do")
        self.assertEqual(phase(self.directory), "steady")
        before = self.trust("before.pem").read_text()
        self.rotate("--wait", "1h", expected="announced")
        self.rotate("--wait", "0s", expected="nothing to do yet")
        both = self.trust("both.pem").read_text()
        self.assertEqual(both.count("BEGIN"), 2)
        self.assertTrue(both.startswith(before))

    def test_it_says_what_is_wrong(self):
        for words, status, expected in (
                (("ca", "init", self.directory), 1, "there are authorities already"),
                (("ca", "show", self.folder), 1, "authorities.json"),
                (("ca", "rotate", self.folder / "none"), 1, "authorities.json"),
                (("ca", "rotate", self.directory, "--wait", "never"), 2, "--wait"),
                (("ca", "init", self.folder / "x", "--lifetime", "1s"), 2, "--lifetime"),
                (("ca", "init", self.folder / "x", "--ends-after", "1h"), 2, "--ends-after"),
                (("ca", "init", self.folder / "x", "--name", "n" * 49), 2, "at most 48"),
                (("ca", "init", self.folder / "x", "--curve", "P-521"), 2, "P-521"),
                (("check", "--ca", self.directory, "--lifetime", "6s"), 1, "--lifetime"),
                (("check", "--ca", self.directory, "--host", "h"), 2, "one of the three")):
            said = run(*words)
            self.assertEqual(said.returncode, status, (words, said.stderr))
            self.assertIn(expected, said.stderr)

    @unittest.skipUnless(shutil.which("strace"), "strace is not here")
    def test_after_a_kill_at_any_call_the_step_has_happened_or_happens_now(self):
        """Each call by which it changes the directory is the last one, in turn, in each step."""
        calls = "openat,write,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,flock,fcntl"
        kills = 0
        for step, before, after, words in (("announced", "steady", "announced", ("--wait", "1h")),
                                           ("switched", "announced", "switched", ("--continue",)),
                                           ("dropped", "switched", "steady", ("--continue",))):
            if step == "dropped":
                time.sleep(12)  # the lifetime, a tenth of it, 5 seconds, and the clock's last second
            start = self.folder / step
            shutil.copytree(self.directory, start)
            number, killed = 0, True
            while killed:
                number += 1
                self.put_back(start)
                said = subprocess.run(
                    ["strace", "-f", "-o", "/dev/null", "-e", f"trace={calls}", "-e",
                     f"inject={calls}:signal=SIGKILL:when={number}", PROGRAM, "ca", "rotate", self.directory, *words],
                    capture_output=True, text=True, check=False, timeout=PATIENCE)
                killed = said.returncode != 0
                kills += killed
                self.assertIn(phase(self.directory), (before, after), f"{step}, call {number}")
                issues = run("check", "--ca", self.directory)
                self.assertEqual(issues.returncode, 0, f"{step}, call {number}: {issues.stderr}")
                self.rotate(*words)
                self.assertEqual(phase(self.directory), after, f"{step}, call {number}")
                keys = [each for each in self.directory.iterdir() if each.name.startswith("ca-") and ".key" in each.name]
                self.assertEqual(len(keys), 1 if after == "steady" else 2, f"{step}, call {number}: {keys}")
            self.put_back(start)
            self.rotate("--wait", "0s", expected=step)
        self.assertGreater(kills, 30)
        print(f"{kills} kills")

    def put_back(self, copy):
        shutil.rmtree(self.directory)
        shutil.copytree(copy, self.directory)

    def test_a_service_takes_up_each_step_and_no_leaf_outlives_its_issuers(self):
        steward = self.start("--ca", self.directory, "--watch", "1s", host=None)
        authorities = []

        def now():
            ready = steward.ask("GET", "/ready").json()
            authorities.append(ready["ca"])
            self.assertEqual(steward.ask("GET", "/trust.pem").body.decode(),
                             run("ca", "show", self.directory, "--pem").stdout)
            return ready

        now()
        for count, expected in enumerate(STEPS, 1):
            self.rotate_when_due(expected, "--wait", "0s")
            steward.wait_for("reload", count)
            time.sleep(1.1)  # the files that are removed last are one more change
            now()
        self.assertEqual(authorities[0], authorities[1])
        self.assertEqual(len(set(authorities)), 3)  # the old one, the new one as the old one vouches for it, the new one
        self.assertEqual([each for each in steward.events("reload") if "refused" in each], [])



class KeepsThatTalk(KeepsTest):
    """Real keeps in backend nil, which renew while everything is exchanged below them."""

    def rotate(self, *words):
        said = run("ca", "rotate", self.directory, *words)
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout

    def test_two_keeps_in_mutual_tls_lose_no_handshake(self):
        self.directory = self.folder / "authorities"
        self.assertEqual(run("ca", "init", self.directory, "--lifetime", "10s").returncode, 0)
        plain = self.folder / "plain.toml"
        plain.write_text("")
        self.tls = tls = make_server_certificate(self.folder)
        steward = self.start("--policy", plain, "--development", "--ca", self.directory, "--san", "keep.example",
                             "--tls-key", tls[0], "--tls-crt", tls[1], "--watch", "1s", host=None)
        keys = ", client = 'require', trust = ['steward']"
        servers = [self.serving(steward, connections=100000, name=f"server{i}", backend="nil", keys=keys)
                   for i in range(2)]
        package = self.folder / "client"
        package.mkdir()
        (package / "steward-tls.pem").write_bytes(tls[1].read_bytes())
        (package / "main.wasm").write_bytes(self.client())
        talks = []

        def talk(port):
            folder = self.folder / f"client{port}"
            if not folder.exists():
                shutil.copytree(package, folder)
                (folder / "Enarx.toml").write_text(
                    f"steward = 'https://localhost:{steward.port}'\nsteward_trust = ['steward-tls.pem']\n"
                    "files = [{kind = 'stdout'}, {kind = 'connect', name = 'server', host = 'localhost', "
                    f"port = {port}, trust = ['steward'], server_name = 'keep.example'}}, {{kind = 'stderr'}}]\n")
            said = self.stage.merlon("run", "--backend", "nil", folder, check=False)
            talks.append((said.returncode, said.stdout, said.stderr, phase(self.directory)))

        for server in servers:
            server.reach().close()
        ending = threading.Event()

        def talk_on(port):
            while not ending.is_set():
                talk(port)

        threads = [threading.Thread(target=talk_on, args=(each.port,)) for each in servers]
        for each in threads:
            each.start()
        seen, deadline = [], time.monotonic() + 90
        try:
            time.sleep(3)
            while len(seen) < 3:
                said = self.rotate("--wait", "3s", *(["--continue"] if seen else []))
                if not said.startswith("nothing"):
                    seen.append(said.split(":")[0])
                    time.sleep(1 if len(seen) == 1 else 0)
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)
            time.sleep(12)  # until the servers have renewed once more
        finally:
            ending.set()
            for each in threads:
                each.join()
        self.assertEqual(tuple(seen), STEPS)
        lost = [each for each in talks if each[:2] != (0, "hello")]
        self.assertEqual(lost, [])
        phases = {each[3] for each in talks}
        self.assertEqual(phases, {"steady", "announced", "switched"})
        self.assertEqual([line for each in servers for line in each.lines], [])
        print(f"{len(talks)} handshakes of keeps")


if __name__ == "__main__":
    main()
