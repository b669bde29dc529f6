#!/usr/bin/env python3
"""Sealed storage: files that outlive their keep, which only the same keep for the same tenant opens."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from deploy_test import ATTESTED, Deploy as DeployTests
from support import SANITIZED, WASI, module

STREAMS = "".join(f'[[files]]\nkind = "{name}"\n' for name in ("stdin", "stdout", "stderr"))
IMPORTS = "".join(f'(import "{WASI}" {text})' for text in (
    '"path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32))',
    '"fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32))',
    '"fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32))',
    '"fd_sync" (func $fd_sync (param i32) (result i32))'))


def counting(sync="", version=0, word="x"):
    """Writes one more "x" to /sealed/n, and prints all of them."""
    return module(f"""
      (data (i32.const 1024) "n") (data (i32.const 1028) "{word}") (data (i32.const 2000) "{version}")
      (func $check (param i32) (if (local.get 0) (then (call $proc_exit (local.get 0)))))
      (func (export "_start") (local $fd i32)
        (call $check (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 1)
          (i32.const 1) (i64.const 86) (i64.const 0) (i32.const 1) (i32.const 16)))
        (local.set $fd (i32.load (i32.const 16)))
        (i32.store (i32.const 0) (i32.const 1028)) (i32.store (i32.const 4) (i32.const {len(word)}))
        (call $check (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        {sync}
        (call $check (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 24)))
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 1000))
        (call $check (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""", IMPORTS)


SYNC = "(call $check (call $fd_sync (local.get $fd)))"
FOREVER = SYNC + """
  (i32.store (i32.const 0) (i32.const 1028)) (i32.store (i32.const 4) (i32.const 1))
  (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
  (loop (br 0))"""


KILLS = int(os.environ.get("MERLON_SEALED_KILLS", "4"))


class Sealed(DeployTests):
    """The tests of deploy.Deploy are not run again."""

    def setUp(self):
        super().setUp()
        self.state = self.folder / "state"
        self.use_platform(self.stage.platform)
        self.key = self.new_key("tenant.pem")
        self.package = self.make_package(counting())

    def use_platform(self, platform):
        self.stage.make_usual(platform, self.state)

    def new_key(self, name):
        path = self.folder / name
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-out", path], check=True, stderr=subprocess.DEVNULL)
        return path

    def make_package(self, wasm, name="package", mount=""):
        folder = self.folder / name
        folder.mkdir()
        (folder / "main.wasm").write_bytes(Path(self.wasm(wasm)).read_bytes())
        (folder / "Enarx.toml").write_text(STREAMS + f'[[mounts]]\npath = "/sealed"\nsource = "sealed"\n{mount}')
        return folder

    def run_it(self, *words, package=None, key=None):
        ran = self.deploy("--key", key or self.key, *words, package or self.package,
                          environment={"XDG_STATE_HOME": str(self.state)})
        return ran

    def count(self, *words, **more):
        ran = self.run_it(*words, **more)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return len(ran.stdout)

    def refused(self, reason, *words, **more):
        ran = self.run_it(*words, **more)
        self.assertEqual(ran.returncode, 1, (ran.stdout, ran.stderr))
        self.assertIn(reason, ran.stderr.decode())

    @property
    def volume(self):
        return self.state / "merlon/volumes/data"

    def test_files_outlive_their_keep(self):
        self.assertEqual([self.count() for _ in range(3)], [1, 2, 3])
        self.assertEqual(self.count(package=self.make_package(counting(version=1), "next")), 4)
        for file in self.volume.iterdir():
            self.assertNotIn(b"xxx", file.read_bytes())

    def test_who_has_no_key_of_his_own_is_told(self):
        ran = self.deploy(self.package, environment={"XDG_STATE_HOME": str(self.state)})
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertIn(b"needs --key", ran.stderr)

    def test_an_old_copy_is_noticed(self):
        self.assertEqual(self.count(), 1)
        old = self.folder / "old"
        shutil.copytree(self.volume, old)
        self.assertEqual(self.count(), 2)
        shutil.rmtree(self.volume)
        self.refused("the volume is gone, and the tenant has seen it")
        shutil.rmtree(self.volume)
        shutil.copytree(old, self.volume)
        self.refused("older than what the tenant has seen")
        self.assertEqual(self.count("--volume-any-state"), 2)

    def test_another_volume_of_the_same_name_is_noticed(self):
        self.assertEqual(self.count(), 1)
        own = self.folder / "own"
        self.volume.rename(own)
        self.assertEqual([self.count("--volume-any-state") for _ in range(2)], [1, 2])
        # It was written more often than the first one, and is what the tenant knows now.
        twin = self.folder / "twin"
        self.volume.rename(twin)
        own.rename(self.volume)
        self.refused("not the one that the tenant has seen under this name")
        self.assertEqual(self.count("--volume-any-state"), 2)
        self.volume.rename(own)
        twin.rename(self.volume)
        self.refused("not the one that the tenant has seen under this name")

    def test_changed_bytes_are_noticed(self):
        self.assertEqual(self.count(), 1)
        for file in sorted(self.volume.iterdir()):
            before = file.read_bytes()
            for at in (0, len(before) // 2, len(before) - 1):
                file.write_bytes(before[:at] + bytes([before[at] ^ 1]) + before[at + 1:])
                ran = self.run_it("--volume-any-state")
                self.assertEqual(ran.returncode, 1, (file.name, at, ran.stderr))
                self.assertIn(b"volume 'data': ", ran.stderr)
            file.write_bytes(before)
        self.assertEqual(self.count(), 2)

    def test_another_tenant_does_not_open_it(self):
        self.assertEqual(self.count(), 1)
        self.refused("another tenant", key=self.new_key("other.pem"))
        self.assertEqual(self.count(), 2)

    def test_one_workload_alone_if_it_is_bound_so(self):
        bound = 'bound_to = "workload"\nvolume = "own"\n'
        one = self.make_package(counting(), "one", bound)
        self.assertEqual([self.count(package=one), self.count(package=one)], [1, 2])
        self.refused("another workload's", package=self.make_package(counting(version=1), "two", bound))
        self.assertEqual(self.count(package=one), 3)

    def test_what_was_synchronised_is_there_after_a_kill(self):
        package = self.make_package(counting(FOREVER), "forever")
        process = subprocess.Popen(
            [self.stage.programs / "merlon", *map(str, self.words("--key", self.key, package))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**self.stage.environment(), "XDG_STATE_HOME": str(self.state)})
        self.assertEqual(process.stdout.read(1), b"x")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self.assertEqual(self.count(), 2)

    def test_a_volume_belongs_to_one_keep_at_a_time(self):
        package = self.make_package(counting(FOREVER), "forever")
        process = subprocess.Popen(
            [self.stage.programs / "merlon", *map(str, self.words("--key", self.key, package))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**self.stage.environment(), "XDG_STATE_HOME": str(self.state)})
        self.assertEqual(process.stdout.read(1), b"x")
        self.refused("another keep has the volume")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def test_kills_lose_nothing_that_was_synchronised(self):
        more = "(loop $more " + SYNC + """
          (i32.store (i32.const 0) (i32.const 1028)) (i32.store (i32.const 4) (i32.const 1))
          (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (call $check (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
          (br $more))"""
        package = self.make_package(counting(more), "more")
        written, seed = 0, random.Random(5)
        for _ in range(KILLS):
            process = subprocess.Popen(
                [self.stage.programs / "merlon", *map(str, self.words("--key", self.key, package))],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                env={**self.stage.environment(), "XDG_STATE_HOME": str(self.state)})
            said = process.stdout.read(1)
            if seed.random() < 0.5:
                time.sleep(seed.random() / 20)
            try:
                os.kill(self.store(), signal.SIGKILL) if seed.random() < 0.3 else None
            except (AssertionError, ProcessLookupError):
                pass
            os.killpg(process.pid, signal.SIGKILL)
            rest, errors = process.communicate()
            self.assertEqual(said, b"x", errors)
            # What was acknowledged is there, and at most the one write that was under way more.
            now = self.count()
            self.assertGreaterEqual(now - 1, written + 1 + len(rest), errors)
            written = now

    def test_a_store_that_dies_is_told(self):
        waits = SYNC + """
          (i32.store (i32.const 0) (i32.const 1028)) (i32.store (i32.const 4) (i32.const 1))
          (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
          (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
          (call $check (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))""" + SYNC
        package = self.make_package(counting(waits), "waits")
        process = subprocess.Popen(
            [self.stage.programs / "merlon", *map(str, self.words("--key", self.key, package))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**self.stage.environment(), "XDG_STATE_HOME": str(self.state)})
        self.assertEqual(process.stdout.read(1), b"x")
        os.kill(self.store(), signal.SIGKILL)
        _, said = process.communicate(b"y", timeout=60)
        self.assertEqual(process.returncode, 29, said)  # EIO of WASI's, as fd_sync gave it
        self.assertIn(b"cannot be written", said)
        self.assertEqual(self.count(), 2)

    def store(self):
        """The process that keeps the volume."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"merlon-store") and words[1] == os.fsencode(self.volume):
                return int(process.name)
        raise AssertionError("nobody keeps the volume")

    @unittest.skipIf(SANITIZED, "a sanitized program is not confined")
    def test_its_store_is_confined(self):
        package = self.make_package(counting(FOREVER), "forever")
        process = subprocess.Popen(
            [self.stage.programs / "merlon", *map(str, self.words("--key", self.key, package))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**self.stage.environment(), "XDG_STATE_HOME": str(self.state)})
        self.assertEqual(process.stdout.read(1), b"x")
        lines = Path(f"/proc/{self.store()}/status").read_text().splitlines()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        for line in ("NoNewPrivs:\t1", "CapEff:\t0000000000000000", "Seccomp:\t2"):
            self.assertIn(line, lines)

    def volumes(self, *words):
        return subprocess.run([self.stage.programs / "merlon", "volumes", *words], capture_output=True, check=False,
                              env={**self.stage.environment(), "XDG_STATE_HOME": str(self.state)})

    def test_volumes_are_listed_and_removed(self):
        self.assertEqual(self.volumes("list").stdout, b"")
        self.assertEqual(self.count(), 1)
        listed = json.loads(self.volumes("list", "--json").stdout)
        self.assertEqual([(each["name"], each["objects"], each["in_use"]) for each in listed], [("data", 1, False)])
        self.assertEqual(listed[0]["bytes"], sum(file.stat().st_size for file in self.volume.iterdir()))
        self.assertIn(listed[0]["changed"], self.volumes("list").stdout.decode())
        self.assertEqual(self.volumes("remove", "../data").returncode, 2)
        self.assertEqual(self.volumes("remove", "other").returncode, 1)
        self.assertEqual(self.volumes("remove", "data").returncode, 0)
        self.assertFalse(self.volume.exists())
        self.refused("the volume is gone")
        self.assertEqual(self.count("--volume-any-state"), 1)

    def test_what_an_older_keep_sealed_is_refused_at_will(self):
        self.assertEqual(self.count("--volume-oldest-svn", "0"), 1)
        self.refused("versions that the tenant does not accept", "--volume-oldest-svn", "1")
        self.assertEqual(self.count(), 2)

    def test_a_host_without_room_loses_nothing(self):
        self.assertEqual(self.count(), 1)
        before = {file.name: file.read_bytes() for file in self.volume.iterdir()}
        os.chmod(self.volume, 0o700)
        # A folder in the place of the file that a new index is first written to.
        (self.volume / "index.new").mkdir()
        ran = self.run_it()
        self.assertIn(b"cannot be written", ran.stderr)
        self.assertNotEqual(ran.returncode, 0)
        (self.volume / "index.new").rmdir()
        self.assertEqual(before["index"], (self.volume / "index").read_bytes())
        self.assertEqual(self.count(), 2)

    @unittest.skipUnless(not ATTESTED, "the keep is attested")
    def test_who_can_read_it_is_told(self):
        ran = self.run_it()
        self.assertIn(b"nothing attests this keep, so the owner of its machine can read", ran.stderr)

    def raise_tcb(self, tcb):
        self.stage.merlon("platform", "simulate", "update", *self.stage.kind, "--tcb", tcb, "--dir", self.stage.platform)

    @unittest.skipUnless(ATTESTED, "there is no platform")
    def test_sealed_data_lives_on_when_the_platform_is_updated(self):
        before, after = ("3", "4") if self.stage.of_sgx else ("3.0.20.200", "3.0.21.200")
        self.raise_tcb(before)
        self.assertEqual(self.count(), 1)
        self.raise_tcb(after)
        ran = self.run_it()
        self.assertEqual((ran.returncode, len(ran.stdout)), (0, 2), ran.stderr)
        self.assertIn(b"sealed anew", ran.stderr)
        # Microcode, SNP, 4 reserved bytes, TEE, boot loader; or CPUSVN, which has no order.
        own, other = ("04" * 16, "03" * 16) if self.stage.of_sgx else ("0xC815000000000003", "0xC816000000000003")
        self.assertEqual(self.count("--volume-oldest-tcb", own), 3)
        self.refused("versions that the tenant does not accept", "--volume-oldest-tcb", other)
        self.raise_tcb(before)
        self.refused("sealed by newer versions")

    @unittest.skipUnless(ATTESTED, "there is no platform")
    def test_a_key_of_the_tenants_opens_it_on_another_machine(self):
        own = self.folder / "volume.key"
        own.write_text(os.urandom(32).hex() + "\n")
        self.assertEqual(self.count("--volume-key", own), 1)
        self.addCleanup(setattr, self.stage, "platform", self.stage.platform)
        self.stage.platform = self.stage.new_platform("other-machine")
        self.use_platform(self.stage.platform)
        policy = self.stage.policy("other.toml", self.stage.measured())
        ran = self.deploy("--key", self.key, self.package, policy=policy,
                          environment={"XDG_STATE_HOME": str(self.state)})
        self.assertIn(b"another machine", ran.stderr)
        ran = self.deploy("--key", self.key, "--volume-key", own, self.package, policy=policy,
                          environment={"XDG_STATE_HOME": str(self.state)})
        self.assertEqual((ran.returncode, len(ran.stdout)), (0, 2), ran.stderr)
        self.assertIn(b"opened by its recovery key", ran.stderr)


def load_tests(_loader, _tests, _pattern):
    names = [name for name in vars(Sealed) if name.startswith("test_")]
    return unittest.TestSuite(Sealed(name) for name in sorted(names))


if __name__ == "__main__":
    unittest.main()
