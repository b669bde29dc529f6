#!/usr/bin/env python3
"""Keeps as Docker's containers; dockerd and containerd are private to this test."""

import json
import time
from pathlib import Path

import bundles
from bundles import main, wait_until
from engines import WithDocker
from platforms import EveryPlatform


class Docker(EveryPlatform, WithDocker):
    ENGINE = "docker"

    def pull_and_run(self, image):
        ended = self.docker("run", "--rm", "--network", "none", image)
        return ended.returncode, ended.stderr

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
        self.assertGreater(float(told[0].rstrip("%")), 0, told)
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


if __name__ == "__main__":
    main()
