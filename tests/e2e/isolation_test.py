#!/usr/bin/env python3
"""merlon-keep needs no file of the host, and opens none."""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from support import HELLO, MERLON, SANITIZED, EndToEnd, main

KEEP = Path(MERLON).resolve().parent / "merlon-keep"
# What opens or reads a file of the host by its path.
BY_PATH = {"open", "openat", "openat2", "creat", "stat", "lstat", "access", "faccessat",
           "faccessat2", "newfstatat", "statx", "name_to_handle_at", "execveat", "uselib"}


class Isolation(EndToEnd):
    @unittest.skipIf(SANITIZED, "a sanitizer's runtime opens files")
    def test_the_keep_opens_no_file(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        log = self.folder / "log"
        path = self.wasm(HELLO)
        result = subprocess.run(["strace", "-ff", "-o", log, "-e", "trace=%file,%process,openat2",
                                 MERLON, "run", path], capture_output=True, text=True, check=False)
        if "ptrace" in result.stderr.lower() and result.returncode != 0:
            self.skipTest("this machine does not let processes be traced")
        self.assertEqual(result.returncode, 0, result.stderr)
        calls = self.calls_of_keep(log.parent.glob("log.*"))
        self.assertTrue(calls)
        # With an empty path it is a question about a descriptor.
        by_path = [call for call in calls if re.match(r"\w+", call)[0] in BY_PATH
                   and not re.search(r'^\w+\(\d+, "",.*AT_EMPTY_PATH', call)]
        self.assertEqual(by_path, [])

    @staticmethod
    def calls_of_keep(logs):
        """Everything behind the execve that made the process a keep."""
        for log in logs:
            lines = log.read_text().splitlines()
            for number, line in enumerate(lines):
                if line.startswith("execve(") and "merlon-keep" in line and line.endswith("= 0"):
                    return [each for each in lines[number + 1:] if re.match(r"\w", each)]
        return []

    @unittest.skipIf(SANITIZED, "a sanitizer's runtime is a shared library")
    def test_the_keep_runs_where_there_are_no_files(self):
        if os.geteuid() != 0:
            self.skipTest("only root may change its root directory")
        root = self.folder / "root"
        root.mkdir()
        shutil.copy(KEEP, root / "merlon-keep")
        # By hand it has no channel: that it says so is all that is asked.
        result = subprocess.run(["/merlon-keep"], capture_output=True, text=True, check=False,
                                preexec_fn=lambda: os.chroot(root) or os.chdir("/"))
        self.assertEqual(result.returncode, 125)
        self.assertIn("started by merlon", result.stderr)


if __name__ == "__main__":
    main()
