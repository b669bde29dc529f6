#!/usr/bin/env python3
"""A keep ends when it is told to, however it is told, and leaves nothing behind."""

import ctypes
import os
import random
import shutil
import signal
import statistics
import subprocess
import threading
import time
from pathlib import Path

from support import HELLO, MERLON, SANITIZED, WASI, EndToEnd, main, module, printing

STARTS = 100 if SANITIZED else 1000
PARALLEL = 2
ROUNDS = 3 if SANITIZED else 11
PROMISED_SECONDS = 0.1

PR_SET_CHILD_SUBREAPER = 36

LOOP = printing("ready\n", "(loop (br 0))")
READER = printing("ready\n", """
  (i32.store (i32.const 0) (i32.const 1024))
  (i32.store (i32.const 4) (i32.const 1))
  (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
  (loop (br 0))""").replace("(memory", f"""
  (import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory""")
# Waits an hour by poll_oneoff.
SLEEPER = printing("ready\n", """
  (i32.store8 (i32.const 72) (i32.const 0))
  (i32.store (i32.const 80) (i32.const 1))
  (i64.store (i32.const 88) (i64.const 3600000000000))
  (drop (call $poll_oneoff (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 200)))
  """).replace("(memory", f"""
  (import "{WASI}" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory""")


def children_of(process):
    try:
        return [int(word) for word in
                Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


class Starts(EndToEnd):
    """Whatever loses its parent becomes a child of this process, so nothing can hide."""

    def setUp(self):
        super().setUp()
        if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            self.skipTest("this kernel has no subreapers")
        self.addCleanup(ctypes.CDLL(None).prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        self.empty = self.folder / "empty"
        self.empty.mkdir()
        self.modules = [self.wasm(text, f"{name}.wasm") for name, text in
                        (("hello", HELLO), ("loop", LOOP), ("reader", READER),
                         ("sleeper", SLEEPER))]
        self.wrong = []

    def one(self, choice):
        """Starts a keep, ends it in a random way at a random time, and looks at how it ended."""
        way = choice.choice(("wait", "kill merlon", "kill keep", signal.SIGTERM, signal.SIGINT))
        path = self.modules[0] if way == "wait" else choice.choice(self.modules)
        child = subprocess.Popen([MERLON, "run", str(path)], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                 cwd=self.empty, env={
                                     "TMPDIR": str(self.empty),
                                     "MERLON_BACKEND": os.environ["MERLON_BACKEND"],
                                     "XDG_STATE_HOME": os.environ.get("XDG_STATE_HOME", "")})
        try:
            if way != "wait":
                time.sleep(choice.random() * 0.008)
                self.end(child, way)
            _, errors = child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
            return f"{way}: {path.name} did not end"
        number = {"wait": 0, "kill merlon": 9, "kill keep": 9}.get(way, way)
        # The program may have ended before; the signal may have come before merlon took it over.
        expected = {"wait": {0}, "kill merlon": {0, -9}}.get(way, {0, -number, 128 + number})
        told = all(line.startswith("merlon: the keep was ended by SIG")
                   for line in errors.splitlines())
        if child.returncode in expected and told:
            return None
        return f"{way}: {path.name} gave {child.returncode}: {errors}"

    @staticmethod
    def end(child, way):
        if way == "kill merlon":
            child.kill()
        elif way == "kill keep":
            deadline = time.monotonic() + 10
            while child.poll() is None and time.monotonic() < deadline:
                keeps = children_of(child.pid)
                if keeps:
                    try:
                        os.kill(keeps[0], signal.SIGKILL)
                    except ProcessLookupError:
                        pass
                    return
        else:
            child.send_signal(way)

    def many(self, seed, count):
        choice = random.Random(seed)
        for _ in range(count):
            wrong = self.one(choice)
            if wrong:
                self.wrong.append(wrong)

    def orphans_left(self):
        """Waits for the end of all that was left to us; what does not end is counted and killed."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.01)
            except ChildProcessError:
                return 0
        left = children_of(os.getpid())
        for process in left:
            os.kill(process, signal.SIGKILL)
        return len(left)

    def test_a_thousand_starts_and_stops_leave_nothing_behind(self):
        descriptors = sorted(os.listdir("/proc/self/fd"))
        started = time.monotonic()
        threads = [threading.Thread(target=self.many, args=(seed, STARTS // PARALLEL))
                   for seed in range(PARALLEL)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{STARTS} starts and stops in {time.monotonic() - started:.1f} s")
        self.assertEqual(self.orphans_left(), 0)
        self.assertEqual(self.wrong, [])
        self.assertEqual(sorted(os.listdir("/proc/self/fd")), descriptors)
        self.assertEqual(list(self.empty.iterdir()), [])


class Ends(EndToEnd):
    def start(self, path, *arguments, words=("ready\n",)):
        child = subprocess.Popen([MERLON, "run", *arguments, str(path)],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(child.communicate)
        self.addCleanup(child.kill)
        self.assertIn(child.stdout.readline(), words)
        return child

    def tell(self, what, seconds):
        """A machine that has other work may be late: the time is told, and that it ends is tested."""
        median = statistics.median(seconds)
        print(f"{what}: {median * 1000:.1f} ms (promised {PROMISED_SECONDS * 1000:.0f} ms)")

    def test_a_signal_ends_any_keep_promptly(self):
        for name, text in (("looping", LOOP), ("reading", READER), ("waiting", SLEEPER)):
            path = self.wasm(text)
            for number in (signal.SIGTERM, signal.SIGINT):
                seconds = []
                for _ in range(ROUNDS):
                    child = self.start(path)
                    began = time.monotonic()
                    child.send_signal(number)
                    child.communicate(timeout=30)
                    seconds.append(time.monotonic() - began)
                    self.assertEqual(child.returncode, 128 + number)
                self.tell(f"{number.name} to a {name} keep", seconds)

    def test_ctrl_c_ends_any_keep_promptly(self):
        # The terminal signals the whole group; merlon must not pass it on once more.
        for name, text in (("looping", LOOP), ("reading", READER), ("waiting", SLEEPER)):
            path, seconds = self.wasm(text), []
            for _ in range(ROUNDS):
                child = self.start(path)
                began = time.monotonic()
                os.killpg(child.pid, signal.SIGINT)
                child.communicate(timeout=30)
                seconds.append(time.monotonic() - began)
                self.assertEqual(child.returncode, 130)
            self.tell(f"Ctrl-C to a {name} keep", seconds)

    def test_a_time_limit_ends_any_keep_promptly(self):
        limit = 0.1
        for name, text in (("looping", LOOP), ("reading", READER), ("waiting", SLEEPER)):
            path, seconds = self.wasm(text), []
            for _ in range(ROUNDS):
                began = time.monotonic()
                # Its start included: on a busy machine it may be over before the program says a word.
                child = self.start(path, "--timeout", f"{limit * 1000:.0f}ms", words=("ready\n", ""))
                child.communicate(timeout=30)
                seconds.append(time.monotonic() - began - limit)
                self.assertEqual(child.returncode, 124)
            self.tell(f"--timeout of a {name} keep, its start included", seconds)


class Overdue(EndToEnd):
    def test_a_keep_that_ignores_its_time_limit_is_killed(self):
        """Here a script that takes the place of the keep's process and its own time."""
        programs = {"nil": "merlon-keep", "kvm": "merlon-vmm", "snp-sim": "merlon-vmm", "sgx-sim": "merlon-vmm-sgx"}
        program = programs[os.environ["MERLON_BACKEND"]]
        merlon = Path(shutil.copy(MERLON, self.folder / "merlon"))
        (self.folder / program).write_text("#!/bin/sh\nexec sleep 1000\n")
        (self.folder / program).chmod(0o755)
        began = time.monotonic()
        result = subprocess.run([merlon, "run", "--timeout", "100ms", self.wasm(HELLO)],
                                capture_output=True, text=True, timeout=60, check=False)
        self.assert_refused(result, 124, "time limit is over", "killed")
        self.assertGreater(time.monotonic() - began, 0.1)


if __name__ == "__main__":
    main()
