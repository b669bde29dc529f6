#!/usr/bin/env python3
"""Keeps as Docker's containers and Swarm's tasks; dockerd and containerd are private to this test."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import bundles
from bundles import main, wait_until
from images import archive_of, ended_by_id
from platforms import EveryPlatform


class Docker(EveryPlatform, unittest.TestCase):
    ENGINE = "docker"

    def pull_and_run(self, image):
        ended = self.docker("run", "--rm", "--network", "none", image)
        return ended.returncode, ended.stderr

    @classmethod
    def setUpClass(cls):
        missing = [each for each in ("dockerd", "docker", "containerd") if not shutil.which(each)]
        reason = bundles.why_not() or (f"{missing[0]} is not here" if missing else None)
        if reason:
            raise unittest.SkipTest(reason)
        cls.folder = Path(tempfile.mkdtemp(prefix="merlon-dkr-"))
        cls.addClassCleanup(cls.clean)
        cls.socket = cls.folder / "docker.sock"
        (cls.folder / "oci.toml").write_text(f'backend = "nil"\nnative-runtime = "{shutil.which("runc") or "runc"}"\n')
        (cls.folder / "daemon.json").write_text(json.dumps({
            "data-root": str(cls.folder / "data"), "exec-root": str(cls.folder / "exec"),
            "pidfile": str(cls.folder / "pid"), "hosts": [f"unix://{cls.socket}"], "storage-driver": "vfs",
            "bridge": "none", "iptables": False, "ip6tables": False,
            "runtimes": {"merlon": {"path": bundles.OCI, "runtimeArgs": [f"--config={cls.folder}/oci.toml"]}},
            "default-runtime": "merlon",
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}}))
        with (cls.folder / "log").open("wb") as log:
            cls.daemon = subprocess.Popen(["dockerd", "--config-file", cls.folder / "daemon.json"], stdout=log,
                                          stderr=log, stdin=subprocess.DEVNULL)
        cls.addClassCleanup(ended_by_id, cls.daemon)
        if not wait_until(lambda: cls.daemon.poll() is not None or cls.docker("version").returncode == 0, 30) or \
                cls.daemon.poll() is not None:
            text = (cls.folder / "log").read_text(errors="replace").strip().splitlines()
            raise unittest.SkipTest(f"dockerd does not start here: {text[-1][-200:] if text else ''}")
        loaded = cls.docker("load", "-i", archive_of(cls.folder))
        if loaded.returncode != 0:
            raise AssertionError(loaded.stderr)

    @classmethod
    def clean(cls):
        for mount in reversed(Path("/proc/mounts").read_text().split()):
            if mount.startswith(str(cls.folder)):
                subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def docker(cls, *words):
        return subprocess.run(["docker", "-H", f"unix://{cls.socket}", *map(str, words)], text=True, check=False,
                              capture_output=True, timeout=120, stdin=subprocess.DEVNULL, errors="replace",
                              env=os.environ | {"DOCKER_CONFIG": str(cls.folder)})

    def run_guest(self, guest, *words, options=()):
        return self.docker("run", "--rm", "--network", "none", *options, "--entrypoint", f"/{guest}",
                           "localhost/guests:1", *words)

    def detached(self, guest, *options):
        made = self.docker("run", "-d", "--network", "none", *options, "--entrypoint", f"/{guest}.wasm",
                           "localhost/guests:1")
        self.assertEqual(made.returncode, 0, made)
        self.addCleanup(self.docker, "rm", "-f", made.stdout.strip())
        return made.stdout.strip()

    def inspected(self, name):
        return json.loads(self.docker("inspect", name).stdout)[0]["State"]

    def test_run_with_each_end(self):
        for guest, status in (("hello.wasm", 0), ("exit42.wasm", 42), ("trap.wasm", 134), ("nothing", 127)):
            ended = self.run_guest(guest)
            self.assertEqual(ended.returncode, status, ended)
        native = self.run_guest("bin/busybox", "echo", "native")
        self.assertEqual((native.returncode, native.stdout), (0, "native\n"), native)

    def test_arguments_environment_and_directories(self):
        told = self.run_guest("words.wasm", "a b", options=["--env", "MINE=here"]).stdout.split("\0")
        self.assertEqual(told[:2], ["/words.wasm", "a b"])
        self.assertLessEqual({"MINE=here", "FROM=image"}, set(told))
        (self.folder / "mounted").mkdir()
        mount = f"{self.folder}/mounted:/data"
        self.assertNotEqual(self.run_guest("writes.wasm", options=["-v", mount + ":ro"]).returncode, 0)
        self.assertEqual(self.run_guest("writes.wasm", options=["-v", mount]).returncode, 0)
        self.assertTrue((self.folder / "mounted/made").exists())
        self.assertIn("linux.devices", self.run_guest("hello.wasm", options=["--privileged"]).stderr)

    def test_logs_stats_and_stop(self):
        name = self.detached("spin")
        self.assertTrue(wait_until(lambda: "ready" in self.docker("logs", name).stdout))
        told = self.docker("stats", "--no-stream", "--format", "{{.CPUPerc}} {{.MemUsage}} {{.PIDs}}", name).stdout.split()
        self.assertGreater(float(told[0].rstrip("%")), 20, told)
        self.assertNotEqual(told[1], "0B")
        self.assertGreater(int(told[-1]), 1)
        self.assertNotEqual(self.docker("exec", name, "/bin/sh").returncode, 0)
        started = time.monotonic()
        self.assertEqual(self.docker("stop", "--time", "10", name).returncode, 0)
        self.assertLess(time.monotonic() - started, 8)
        self.assertEqual(self.inspected(name)["ExitCode"], 143)

    def test_the_memory_limit_is_told_as_such(self):
        name = self.detached("hog", "--memory", "64m")
        self.assertTrue(wait_until(lambda: self.inspected(name)["Status"] == "exited"))
        state = self.inspected(name)
        self.assertEqual(state["ExitCode"], 137)
        if Path("/sys/fs/cgroup/memory/memory.oom_control").exists():
            self.assertTrue(wait_until(lambda: self.inspected(name)["OOMKilled"], 5), state)

    def test_a_service_of_swarm(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        begun = self.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", f"127.0.0.1:{port}")
        if begun.returncode != 0:
            self.skipTest(f"no swarm here: {begun.stderr.strip()[-200:]}")
        self.addCleanup(self.end_swarm)
        made = self.docker("service", "create", "--detach", "--no-resolve-image", "--network", "host", "--replicas", "3",
                           "--restart-delay", "0s", "--name", "keeps", "--entrypoint", "/sleep.wasm", "localhost/guests:1")
        self.assertEqual(made.returncode, 0, made)
        self.assertTrue(wait_until(lambda: len(self.tasks()) == 3, 60), self.docker("service", "ps", "keeps").stdout)
        first = self.tasks()
        self.assertEqual(self.docker("kill", sorted(first)[0]).returncode, 0)
        self.assertTrue(wait_until(lambda: len(self.tasks()) == 3 and self.tasks() != first, 60), self.tasks())

    def tasks(self):
        """Containers that run a keep of the service."""
        return set(self.docker("ps", "--quiet", "--filter", "label=com.docker.swarm.service.name=keeps").stdout.split())

    def end_swarm(self):
        self.docker("service", "rm", "keeps")
        wait_until(lambda: not self.tasks(), 30)
        self.docker("swarm", "leave", "--force")
        subprocess.run(["ip", "link", "del", "docker_gwbridge"], check=False, capture_output=True)


if __name__ == "__main__":
    main()
