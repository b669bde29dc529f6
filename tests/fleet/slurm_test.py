#!/usr/bin/env python3
"""Keeps as Slurm's jobs, on two nodes of this machine; every daemon is private to this test."""

import contextlib
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

import bundles
from bundles import BACKEND, group_folders, main, wait_until
from images import ended_by_id

PROGRAMS = ("munged", "slurmctld", "slurmd", "srun", "sinfo", "sbatch", "scancel")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        missing = [each for each in PROGRAMS if not shutil.which(each)]
        reason = bundles.why_not() or (f"{missing[0]} is not here" if missing else None)
        if reason:
            raise unittest.SkipTest(reason)
        cls.folder = Path(tempfile.mkdtemp(prefix="merlon-slurm-"))
        cls.folder.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.start_munge()
        cls.write_configuration()
        cls.environment = os.environ | {"SLURM_CONF": str(cls.folder / "slurm.conf")}
        cls.start("slurmctld", ["slurmctld", "-D", "-i"])
        for node in ("n1", "n2"):
            (cls.folder / node).mkdir()
            cls.start(node, ["slurmd", "-D", "-N", node])
        idle = wait_until(lambda: cls.told("sinfo", "-h", "-N", "-o", "%t").stdout.split() == ["idle", "idle"], 30)
        if not idle:
            raise unittest.SkipTest(f"slurm does not start here: {cls.told('sinfo', '-R').stdout}"
                                    + (cls.folder / "n1.log").read_text(errors="replace")[-300:])

    @classmethod
    def start(cls, name, words, **options):
        with (cls.folder / f"{name}.log").open("wb") as log:
            daemon = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      env=getattr(cls, "environment", os.environ), **options)
        cls.addClassCleanup(ended_by_id, daemon)

    @classmethod
    def start_munge(cls):
        munge = cls.folder / "munge"
        munge.mkdir(mode=0o755)
        (munge / "key").write_bytes(os.urandom(128))
        (munge / "key").chmod(0o400)
        owner = pwd.getpwnam("munge")
        for path in (munge, munge / "key"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
        cls.start("munged", ["munged", "--foreground", "--key-file", munge / "key", "--socket", munge / "socket",
                             "--pid-file", munge / "pid", "--log-file", munge / "log", "--seed-file", munge / "seed"],
                  user="munge", group="munge")
        if not wait_until((munge / "socket").exists):
            raise unittest.SkipTest("munged does not start here")

    @classmethod
    def write_configuration(cls):
        controller, first, second = free_port(), free_port(), free_port()
        host = socket.gethostname().split(".")[0]
        (cls.folder / "spool").mkdir()
        (cls.folder / "slurm.conf").write_text(f"""
ClusterName=fleet
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={cls.folder}/munge/socket
StateSaveLocation={cls.folder}/spool
SlurmdSpoolDir={cls.folder}/%n
SlurmctldPidFile={cls.folder}/ctld.pid
SlurmdPidFile={cls.folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=2
SelectType=select/cons_tres
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=2 State=UNKNOWN
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=2 State=UNKNOWN
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
""")
        own = f"{bundles.OCI} --root={cls.folder}/root"
        name = "%n.%u.%j.%s.%t"
        (cls.folder / "oci.conf").write_text(f"""
RunTimeRun="{own} run {name} -b %b"
RunTimeQuery="{own} state {name}"
RunTimeKill="{own} kill {name} KILL"
RunTimeDelete="{own} delete --force {name}"
""")

    @classmethod
    def told(cls, *words, timeout=60):
        return subprocess.run([str(each) for each in words], env=cls.environment, text=True, check=False,
                              capture_output=True, timeout=timeout, stdin=subprocess.DEVNULL, errors="replace",
                              cwd=cls.folder)

    def bundle(self, name, text, **changes):
        bundle = self.folder / name
        (bundle / "rootfs").mkdir(parents=True)
        bundles.compiled(text, bundle / "rootfs/app.wasm")
        (bundle / "config.json").write_text(json.dumps(bundles.config_of(["/app.wasm"], annotations={BACKEND: "nil"},
                                                                                 **changes)))
        return bundle

    def left(self):
        root = self.folder / "root"
        return (list(root.iterdir()) if root.exists() else []) + group_folders("merlon-n1.") + group_folders("merlon-n2.")

    def test_on_two_nodes(self):
        ended = self.told("srun", "-N2", "-n2", "--container", self.bundle("hello", bundles.HELLO), "/app.wasm")
        self.assertEqual((ended.returncode, ended.stdout), (0, "hello\nhello\n"), ended)
        ended = self.told("srun", "-N1", "--container", self.bundle("exit", bundles.EXIT_42), "/app.wasm")
        self.assertEqual(ended.returncode, 42, ended)
        self.assertTrue(wait_until(lambda: not self.left()), self.left())

    def test_an_array_and_a_cancelled_job(self):
        bundle = self.bundle("spin", bundles.SPIN)
        script = self.folder / "job.sh"
        script.write_text(f"#!/bin/sh\nsrun --container {bundle} /app.wasm\n")
        made = self.told("sbatch", "--parsable", "--array=0-1", "--exclusive", script)
        self.assertEqual(made.returncode, 0, made)
        self.assertTrue(wait_until(lambda: group_folders("merlon-n1.") and group_folders("merlon-n2."), 40),
                        self.told("squeue").stdout)
        self.assertEqual(self.told("scancel", made.stdout.strip()).returncode, 0)
        self.nothing_is_left()

    def nothing_is_left(self):
        """No process, control group or state, and no node drains."""
        self.assertTrue(wait_until(lambda: not self.left(), 40), self.left())
        self.assertTrue(wait_until(lambda: self.told("sinfo", "-h", "-N", "-o", "%t").stdout.split() == ["idle"] * 2, 30),
                        self.told("sinfo").stdout)
        self.assertTrue(wait_until(lambda: not self.keeps(), 5), self.keeps())

    def keeps(self):
        """Processes that name this test's folder and are no daemon of it."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and f"--root={self.folder}/root".encode() in (entry / "cmdline").read_bytes():
                    found.append(entry.name)
        return found

    def test_a_memory_limit(self):
        bundle = self.bundle("hog", bundles.HOG, linux={"resources": {"memory": {"limit": 64 << 20}}})
        ended = self.told("srun", "-N1", "--container", bundle, "/app.wasm")
        self.assertEqual(ended.returncode, 137, ended)
        self.nothing_is_left()

    def test_a_time_limit(self):
        """Slurm counts in minutes."""
        if "MERLON_FLEET_LONG" not in os.environ:
            self.skipTest("takes a minute; MERLON_FLEET_LONG")
        started = time.monotonic()
        ended = self.told("srun", "-N2", "-n2", "--time=1", "--container", self.bundle("long", bundles.SPIN), "/app.wasm",
                          timeout=300)
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("TIME LIMIT", ended.stderr)
        self.assertGreater(time.monotonic() - started, 50)
        self.nothing_is_left()


if __name__ == "__main__":
    main()
