#!/usr/bin/env python3
"""Signals reach the workload, and its end by one is told."""

import os
import signal
import subprocess
import time
import unittest
from pathlib import Path

from support import MERLON, EndToEnd, main, printing

LOOP = printing("ready\n", "(loop (br 0))")


class Signals(EndToEnd):
    def start(self):
        child = subprocess.Popen([MERLON, "run", str(self.wasm(LOOP))], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        self.assertEqual(child.stdout.readline(), "ready\n")
        return child

    def keeps_of(self, parent):
        result = subprocess.run(["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True,
                                text=True, check=False)
        return [int(word) for word in result.stdout.split()]

    def test_a_signal_ends_the_keep_and_merlon_tells(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(number.name):
                child = self.start()
                child.send_signal(number)
                _, errors = child.communicate(timeout=20)
                self.assertEqual(child.returncode, 128 + number)
                self.assertEqual(errors, f"merlon: the keep was ended by {number.name} "
                                         f"(signal {int(number)})\n")

    def test_a_killed_merlon_leaves_no_keep_behind(self):
        child = self.start()
        keeps = self.keeps_of(child.pid)
        self.assertEqual(len(keeps), 1)
        child.kill()
        child.communicate(timeout=20)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.runs(keeps[0]):
            time.sleep(0.02)
        self.assertFalse(self.runs(keeps[0]))

    @staticmethod
    def runs(process):
        """Whether there is such a process, and not only its exit status."""
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return "State:\tZ" not in status

    def test_a_crash_of_the_keep_is_one_line(self):
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGFPE):
            with self.subTest(number.name):
                child = self.start()
                os.kill(self.keeps_of(child.pid)[0], number)
                _, errors = child.communicate(timeout=20)
                self.assertEqual(child.returncode, 134)
                self.assertRegex(errors, r"\Amerlon: the keep crashed \(SIG[A-Z]+\)\n\Z")

    def test_a_killed_keep_is_told(self):
        child = self.start()
        os.kill(self.keeps_of(child.pid)[0], signal.SIGKILL)
        _, errors = child.communicate(timeout=20)
        self.assertEqual(child.returncode, 137)
        self.assertIn("SIGKILL", errors)


if __name__ == "__main__":
    main()
