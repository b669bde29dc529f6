#!/usr/bin/env python3
"""Keeps as tasks of Docker Swarm, on two nodes: the second dockerd is in a network namespace."""

import contextlib
import os
import subprocess
import unittest

from bundles import group_folders, main, wait_until
from engines import Dockerd, WithDocker

OURS = ("--filter", "label=com.docker.swarm.service.name=keeps")
NODES = ("10.253.7.1", "10.253.7.2")


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Swarm(WithDocker):
    @classmethod
    def start_daemons(cls):
        """The first beside us, the second behind a pair of interfaces."""
        space = f"mfleet{os.getpid() % 100000}"
        try:
            ip("netns", "add", space)
            cls.addClassCleanup(subprocess.run, ["ip", "netns", "del", space], check=False)
            ip("link", "add", f"{space}a", "type", "veth", "peer", "name", f"{space}b", "netns", space)
            ip("addr", "add", f"{NODES[0]}/30", "dev", f"{space}a")
            ip("link", "set", f"{space}a", "up")
            ip("-n", space, "addr", "add", f"{NODES[1]}/30", "dev", f"{space}b")
            ip("-n", space, "link", "set", f"{space}b", "up")
            ip("-n", space, "link", "set", "lo", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            raise unittest.SkipTest(f"no second network here: {error}") from error
        # A mount namespace of its own, as "ip netns exec" makes it, would have no control groups.
        return [Dockerd(cls.folder / "one"), Dockerd(cls.folder / "two", ["nsenter", f"--net=/run/netns/{space}"])]

    def on(self, node):
        """Containers of the service there."""
        return set(self.daemons[node].docker("ps", "--quiet", *OURS).stdout.split())

    def tasks(self):
        return self.on(0) | self.on(1)

    def setUp(self):
        self.addCleanup(self.end)
        begun = self.docker("swarm", "init", "--advertise-addr", NODES[0], "--listen-addr", f"{NODES[0]}:2377")
        if begun.returncode != 0:
            self.skipTest(f"no swarm here: {begun.stderr.strip()[-200:]}")
        token = self.docker("swarm", "join-token", "--quiet", "worker").stdout.strip()
        joined = self.daemons[1].docker("swarm", "join", "--token", token, "--advertise-addr", NODES[1], f"{NODES[0]}:2377")
        self.assertEqual(joined.returncode, 0, joined)
        made = self.docker("service", "create", "--detach", "--no-resolve-image", "--network", "host", "--replicas", "4",
                           "--restart-delay", "0s", "--update-parallelism", "2", "--name", "keeps", "--entrypoint",
                           "/sleep.wasm", "localhost/guests:1")
        self.assertEqual(made.returncode, 0, made)
        self.assertTrue(wait_until(lambda: len(self.on(0)) == len(self.on(1)) == 2, 60),
                        self.docker("service", "ps", "keeps").stdout)

    def end(self):
        self.docker("service", "rm", "keeps")
        wait_until(lambda: not self.tasks(), 30)
        for daemon in reversed(self.daemons):
            daemon.docker("swarm", "leave", "--force")
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("link", "del", "docker_gwbridge")

    def test_one_is_killed_all_are_replaced_and_a_node_is_drained(self):
        first = self.tasks()
        gone = sorted(self.on(1))[0]
        self.assertEqual(self.daemons[1].docker("kill", gone).returncode, 0)
        self.assertTrue(wait_until(lambda: len(self.tasks()) == 4 and gone not in self.tasks(), 60), self.tasks())
        self.assertEqual(len(self.tasks() & first), 3)

        before, fewest = self.tasks(), 4
        self.assertEqual(self.docker("service", "update", "--detach", "--no-resolve-image", "--env-add", "NEW=1",
                                     "keeps").returncode, 0)

        def are_new():
            nonlocal fewest
            now = self.tasks()
            fewest = min(fewest, len(now))
            return len(now) == 4 and not now & before
        self.assertTrue(wait_until(are_new, 60), self.docker("service", "ps", "keeps").stdout)
        self.assertGreaterEqual(fewest, 2)

        worker = next(line.split()[0] for line in self.docker("node", "ls", "--format", "{{.ID}} {{.ManagerStatus}}")
                      .stdout.splitlines() if "Leader" not in line)
        leaving = self.daemons[1].docker("ps", "--quiet", "--no-trunc", *OURS).stdout.split()
        self.assertEqual(len(leaving), 2)
        self.assertEqual(self.docker("node", "update", "--availability", "drain", worker).returncode, 0)
        self.assertTrue(wait_until(lambda: len(self.on(0)) == 4 and not self.on(1), 60), self.tasks())
        self.assertTrue(wait_until(lambda: not any(group_folders(each) for each in leaving)), leaving)
        self.assertEqual(self.docker("node", "ls", "--format", "{{.Status}}").stdout.split(), ["Ready", "Ready"])


if __name__ == "__main__":
    main()
