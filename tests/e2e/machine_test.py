#!/usr/bin/env python3
"""Keeps that are machines: backend kvm, in each world that this host's KVM gives to a shim."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

from support import HELLO, MERLON, EndToEnd, main, module, printing

CLOCKS = module("""
  (func (export "_start") (local $i i32)
    (loop $again
      (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 0)))
      (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 0)))
      (drop (call $random (i32.const 64) (i32.const 256)))
      (drop (call $sizes (i32.const 0) (i32.const 4)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 1000)))))""", imports="""
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $sizes (param i32 i32) (result i32)))""")

# Writes "tick\n" a hundred times, with work between the writes.
BUSY = module("""
  (data (i32.const 16) "tick\\n")
  (func (export "_start") (local $i i32) (local $j i32)
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 5))
    (loop $lines
      (local.set $j (i32.const 0))
      (loop $work
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $work (i32.lt_u (local.get $j) (i32.const 1000000))))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $lines (i32.lt_u (local.get $i) (i32.const 100)))))""")

# Grows to 3 GiB and touches each page; ends with 3 if it could.
LARGE = module("""
  (func (export "_start") (local $p i32) (local $n i32)
    (loop $grow
      (if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1))
        (then (call $proc_exit (i32.const 9))))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $grow (i32.lt_u (local.get $n) (i32.const 47))))
    (loop $touch
      (i32.store (local.get $p) (i32.const 1))
      (local.set $p (i32.add (local.get $p) (i32.const 4096)))
      (br_if $touch (i32.lt_u (local.get $p) (i32.const 0xbc000000))))
    (call $proc_exit (i32.const 3)))""")


def free_memory():
    with open("/proc/meminfo", encoding="ascii") as lines:
        values = dict(line.split(":") for line in lines)
    return int(values["MemAvailable"].split()[0]) * 1024


class Machines(EndToEnd):
    def keep(self, text, *arguments, **options):
        return self.run_module(text, "--backend", "kvm", *arguments, **options)

    def test_clocks_randomness_and_environment_cost_no_call_of_the_host(self):
        result = self.keep(CLOCKS, "--stats")
        self.assertEqual(result.returncode, 0, result)
        words = result.stderr.split(":", 2)[2].split()
        counts = dict(zip(words[::2], map(int, words[1::2])))
        self.assertNotIn("Clock", counts)
        self.assertLess(sum(counts.values()), 100, counts)

    def test_what_a_stream_is_takes_one_call(self):
        result = self.keep(HELLO, "--stats")
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"), result)
        self.assertIn(" Status ", result.stderr)
        self.assertNotIn("GetFlags", result.stderr)
        self.assertNotIn("IsTerminal", result.stderr)

    def test_each_world_runs_the_same_keep(self):
        expected = self.run_module(HELLO, "--backend", "nil")
        worlds = ["isolated", "collapsed"] if self.emulated_ring0() else ["ring0"]
        for world in worlds:
            with self.subTest(world):
                result = self.keep(HELLO, env=os.environ | {"MERLON_KVM_WORLD": world})
                self.assertEqual((result.returncode, result.stdout, result.stderr),
                                 (0, expected.stdout, expected.stderr))

    def emulated_ring0(self):
        """Whether this host's ring 0 is emulated: then a shim for a real one cannot run."""
        result = self.keep(HELLO, env=os.environ | {"MERLON_KVM_WORLD": "ring0"})
        return result.returncode != 0

    def test_eight_at_once_all_finish(self):
        wasm = self.wasm(BUSY)
        keeps = [subprocess.Popen([MERLON, "run", "--backend", "kvm", wasm], text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) for _ in range(8)]
        for keep in keeps:
            output, errors = keep.communicate(timeout=120)
            self.assertEqual((keep.returncode, output, errors), (0, "tick\n" * 100, ""))

    def test_three_gibibytes_can_be_used(self):
        if free_memory() < 5 << 30:
            self.skipTest("less than 5 GiB of memory are free")
        self.assertEqual(self.keep(LARGE, "--max-memory", "4G").returncode, 3)

    def test_a_time_limit_ends_it(self):
        result = self.keep(module('(func (export "_start") (loop (br 0)))'), "--timeout", "300ms")
        self.assert_refused(result, 124, "time limit")

    def test_it_is_the_default_and_says_what_it_is(self):
        result = self.merlon("run", self.wasm(HELLO), env={})
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"))
        self.assertEqual(result.stderr, "merlon: running in a micro-VM (kvm): "
                                        "the owner of this machine can read it\n")

    def test_who_may_not_use_kvm_gets_a_process_that_says_so(self):
        if os.geteuid() != 0 or os.stat("/dev/kvm").st_mode & 0o006:
            self.skipTest("wants to be root where /dev/kvm is not for everyone")
        wasm = self.wasm(HELLO)
        self.folder.chmod(0o755)
        program = self.folder / "merlon"
        for name in ("merlon", "merlon-keep", "merlon-vmm", "merlon-shim-kvm"):
            shutil.copy(Path(MERLON).with_name(name), self.folder / name)
        result = subprocess.run([program, "run", wasm], capture_output=True, text=True, env={},
                                user="nobody", group="nogroup", extra_groups=[], timeout=60,
                                check=False)
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"), result)
        self.assertEqual(result.stderr,
                         "merlon: running in a confined process (nil): the owner of this machine "
                         "can read it; no micro-VM: cannot open /dev/kvm: Permission denied: add "
                         "yourself to the group that owns it\n")

    def test_an_unknown_backend_is_refused(self):
        result = self.merlon("run", self.wasm(HELLO), env=os.environ | {"MERLON_BACKEND": "tdx"})
        self.assert_refused(result, 2, "tdx", "nil", "kvm")

    def test_its_process_has_given_up_what_it_does_not_need(self):
        child = subprocess.Popen(
            [MERLON, "run", "--backend", "kvm", self.wasm(printing("ready\n", "(loop (br 0))"))],
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), "ready\n")
        found = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True,
                               check=True).stdout.split()
        self.assertEqual(len(found), 1)
        status = dict(line.split(":\t", 1) for line in
                      Path(f"/proc/{found[0]}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))
        for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            if os.geteuid() == 0 or name != "CapBnd":
                self.assertEqual(int(status[name], 16), 0, name)

    def test_a_killed_machine_is_told(self):
        child = subprocess.Popen(
            [MERLON, "run", "--backend", "kvm", self.wasm(printing("ready\n", "(loop (br 0))"))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), "ready\n")
        subprocess.run(["pkill", "-KILL", "-P", str(child.pid)], check=True)
        _, errors = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 137)
        self.assertIn("SIGKILL", errors)


if __name__ == "__main__":
    main()
