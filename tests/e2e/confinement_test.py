#!/usr/bin/env python3
"""The merlon-keep that is shipped confines itself, as root and as an ordinary user.

What each layer refuses is tried in keep's unit tests; here is that the program puts them on, and
that workloads do not feel them.
"""

import os
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from support import HELLO, MERLON, SANITIZED, WASI, EndToEnd, main, module, printing

LOOP = printing("ready\n", "(loop (br 0))")
NOBODY = 65534

# Waits 300 ms by poll_oneoff, then writes.
SLEEPER = module(f"""
  (data (i32.const 16) "slept\\0a")
  (func (export "_start")
    (i32.store8 (i32.const 72) (i32.const 0))
    (i32.store (i32.const 80) (i32.const 1))
    (i64.store (i32.const 88) (i64.const 300000000))
    (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 200)))
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""",
                 f'(import "{WASI}" "poll_oneoff" '
                 '(func $poll_oneoff (param i32 i32 i32 i32) (result i32)))')


def keep_of(parent):
    result = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True,
                            text=True, check=False)
    return int(result.stdout.split()[0])


def status_of(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return {line.split(":")[0]: line.split(":", 1)[1].strip() for line in lines}


@unittest.skipIf(SANITIZED, "a sanitized keep is not confined")
class Confinement(EndToEnd):
    def start(self, *arguments, text=LOOP, **options):
        child = subprocess.Popen([options.pop("program", MERLON), "run", *map(str, arguments),
                                  str(self.wasm(text))], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        return child

    def assert_confined(self, process):
        status = status_of(process)
        self.assertEqual(status["NoNewPrivs"], "1")
        self.assertEqual(status["Seccomp"], "2")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(int(status[name], 16), 0, name)

    def test_a_keep_of_this_user_is_confined(self):
        child = self.start()
        self.assertEqual(child.stdout.readline(), "ready\n")
        keep = keep_of(child.pid)
        self.assert_confined(keep)
        if os.geteuid() == 0:
            self.assertEqual(int(status_of(keep)["CapBnd"], 16), 0)
        limits = Path(f"/proc/{keep}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        self.assertRegex(limits, r"Max processes +0 +0 ")

    def test_a_keep_of_an_ordinary_user_is_confined(self):
        if os.geteuid() != 0:
            self.skipTest("only root may become another user")
        self.folder.chmod(0o755)
        for name in ("merlon", "merlon-keep"):
            shutil.copy(Path(MERLON).parent / name, self.folder / name)
        child = self.start(program=self.folder / "merlon", user=NOBODY, group=NOBODY,
                           extra_groups=[])
        self.assertEqual(child.stdout.readline(), "ready\n")
        keep = keep_of(child.pid)
        self.assert_confined(keep)
        self.assertEqual(status_of(keep)["Uid"].split(), [str(NOBODY)] * 4)

    def test_verbose_names_the_layers_in_one_line(self):
        result = self.run_module(HELLO, "--verbose")
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"))
        self.assertRegex(result.stderr, r"\Amerlon: confined by no new privileges, .*seccomp "
                                        r"\(\d+ calls\).*\n\Z")
        self.assertEqual(self.run_module(HELLO).stderr, "")

    def test_a_workload_without_directories_has_fewer_calls(self):
        def count(*arguments):
            text = self.run_module(HELLO, "--verbose", *arguments).stderr
            return int(text.split("seccomp (")[1].split()[0])
        self.assertLess(count(), count("--dir", f"{self.folder}::/:ro"))
        self.assertLess(count("--dir", f"{self.folder}::/:ro"), count("--dir", self.folder))
        self.assertLess(count(), count("--timeout", "10s"))

    def test_a_keep_that_is_stopped_and_continued_goes_on_waiting(self):
        child = self.start(text=SLEEPER)
        time.sleep(0.15)
        keep = keep_of(child.pid)
        os.kill(keep, signal.SIGSTOP)
        time.sleep(0.05)
        os.kill(keep, signal.SIGCONT)
        output, errors = child.communicate(timeout=20)
        self.assertEqual((child.returncode, output, errors), (0, "slept\n", ""))


if __name__ == "__main__":
    main()
