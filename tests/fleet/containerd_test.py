#!/usr/bin/env python3
"""Keeps as containerd's tasks, by ctr; containerd is private to this test."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import bundles
from bundles import BACKEND, main, wait_until
from engines import WithContainerd
from images import ended_by_id
from platforms import EveryPlatform


class Containerd(EveryPlatform, WithContainerd):
    ENGINE = "ctr"

    def pull_and_run(self, image):
        # By itself ctr looks for this machine's platform in an index alone, and takes an image as it is.
        pulled = self.ctr("images", "pull", "--plain-http", "--snapshotter", "native", image)
        if pulled.returncode != 0:
            return pulled.returncode, pulled.stderr
        type(self).count += 1
        ended = self.ctr("run", "--rm", "--snapshotter", "native", "--runc-binary", bundles.OCI, "--annotation",
                         f"{BACKEND}=nil", image, f"platform-{self.count}")
        return ended.returncode, ended.stderr

    def run_guest(self, guest, *options, words=()):
        type(self).count += 1
        name = f"fleet-{os.getpid()}-{self.count}"
        program = guest if guest.startswith("/") else f"/{guest}.wasm"
        return name, self.ctr("run", "--snapshotter", "native", "--runc-binary", bundles.OCI, "--annotation",
                              f"{BACKEND}=nil", *options, self.image, name, program, *words)

    def detached(self, guest, *options):
        name, made = self.run_guest(guest, "-d", *options)
        self.assertEqual(made.returncode, 0, made)
        self.addCleanup(self.ctr, "containers", "rm", name)
        self.addCleanup(self.ctr, "tasks", "rm", "--force", name)
        return name

    def state(self, name):
        for line in self.ctr("tasks", "ls").stdout.splitlines():
            if line.startswith(name + " "):
                return line.split()[-1]
        return ""

    def test_run(self):
        for guest, status in (("hello", 0), ("exit42", 42), ("trap", 134)):
            _, ended = self.run_guest(guest, "--rm")
            self.assertEqual(ended.returncode, status, ended)
        _, missing = self.run_guest("/nothing", "--rm")
        self.assertIn("no such file or directory", missing.stderr)
        _, told = self.run_guest("words", "--rm", "--env", "A=b", words=["x", "y z"])
        self.assertEqual(told.stdout.split("\0")[:3], ["/words.wasm", "x", "y z"])
        self.assertIn("A=b", told.stdout.split("\0"))

    def test_native_programs_by_the_same_runtime(self):
        if not (shutil.which("runc") and Path("/bin/busybox").exists()):
            self.skipTest("runc or busybox is not here")
        _, ended = self.run_guest("/bin/busybox", "--rm", words=["echo", "native"])
        self.assertEqual((ended.returncode, ended.stdout), (0, "native\n"), ended)

    def test_kill_metrics_and_exec(self):
        name = self.detached("spin")
        self.assertEqual(self.state(name), "RUNNING")
        metrics = {}

        def counted():
            told = self.ctr("tasks", "metrics", "--format", "json", name).stdout
            metrics.update(json.loads(told) if told else {})
            text = json.dumps(metrics)
            return "usage" in text and '"total": 0' not in text and metrics
        self.assertTrue(wait_until(counted), metrics)
        self.assertIn("keep", self.ctr("tasks", "exec", "--exec-id", "x", name, "/bin/sh").stderr)
        self.assertEqual(self.ctr("tasks", "kill", "-s", "SIGTERM", name).returncode, 0)
        self.assertTrue(wait_until(lambda: self.state(name) == "STOPPED"))
        name = self.detached("sleep")
        self.assertEqual(self.ctr("tasks", "kill", "-s", "SIGKILL", name).returncode, 0)
        self.assertTrue(wait_until(lambda: self.state(name) == "STOPPED"))

    def test_the_memory_limit_is_told_as_such(self):
        with (self.folder / "events").open("w+") as events:
            listener = subprocess.Popen(["ctr", "-a", self.socket, "events"], stdout=events, text=True,
                                        stdin=subprocess.DEVNULL)
            self.addCleanup(ended_by_id, listener)
            name = self.detached("sleep")
            self.assertTrue(wait_until(lambda: name in (self.folder / "events").read_text()))
            name = self.detached("hog", "--memory-limit", str(64 << 20))
            self.assertTrue(wait_until(lambda: self.state(name) == "STOPPED"))
            told = wait_until(lambda: [line for line in (self.folder / "events").read_text().splitlines()
                                       if name in line and "/tasks/oom" in line], 5)
        if (Path("/sys/fs/cgroup/memory/memory.oom_control").exists()):
            self.assertTrue(told)

    def test_in_a_machine(self):
        if not os.access("/dev/kvm", os.W_OK):
            self.skipTest("no /dev/kvm here")
        _, ended = self.run_guest("exit42", "--rm", "--annotation", f"{BACKEND}=kvm")
        self.assertEqual(ended.returncode, 42, ended)


if __name__ == "__main__":
    main()
