"""What the end-to-end tests share: the programs under test and small modules made from text."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

MERLON = str(Path(os.environ.get("MERLON_PROGRAM", "build/dev/bin/merlon")).absolute())
# Tests of both backends are run once in each; without a word, in the one that is everywhere.
os.environ.setdefault("MERLON_BACKEND", "nil")
SANITIZED = os.environ.get("MERLON_SANITIZED") == "1"

WASI = "wasi_snapshot_preview1"


def module(body, imports=""):
    """A module with a memory, fd_write and proc_exit; `body` is the rest in the text format."""
    return f"""(module
      (import "{WASI}" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "proc_exit" (func $proc_exit (param i32)))
      {imports}
      (memory (export "memory") 1)
      {body})"""


def printing(text, then=""):
    """A module that writes `text` to descriptor 1 and then does `then`."""
    data = "".join(f"\\{byte:02x}" for byte in text.encode())
    return module(f"""
      (data (i32.const 16) "{data}")
      (func (export "_start")
        (i32.store (i32.const 0) (i32.const 16))
        (i32.store (i32.const 4) (i32.const {len(text.encode())}))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        {then})""")


HELLO = printing("hello\n")
ENDLESS = module('(func (export "_start") (loop (br 0)))')


class EndToEnd(unittest.TestCase):
    """One scratch directory for each test, `self.folder`."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-e2e-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def wasm(self, text, name="app.wasm"):
        """Writes a module given as text and returns its path."""
        source = self.folder / (name + ".wat")
        source.write_text(text)
        target = self.folder / name
        subprocess.run(["wat2wasm", "--enable-all", source, "-o", target], check=True)
        return target

    def package(self, text, config=None):
        """A package directory."""
        (self.folder / "package").mkdir()
        self.wasm(text, "package/main.wasm")
        if config is not None:
            (self.folder / "package" / "Enarx.toml").write_text(config)
        return self.folder / "package"

    def merlon(self, *arguments, **options):
        options.setdefault("timeout", 60)
        options.setdefault("stdin", subprocess.DEVNULL)
        if "stdout" not in options and "stderr" not in options:
            options["capture_output"] = True
        return subprocess.run([MERLON, *map(str, arguments)], text=True, check=False, **options)

    def run_module(self, text, *arguments, **options):
        return self.merlon("run", *arguments, self.wasm(text), **options)

    def assert_refused(self, result, status, *words):
        """Exactly one line on standard error, with all of `words` in it."""
        self.assertEqual(result.returncode, status, result)
        lines = (result.stderr or "").splitlines()
        self.assertEqual(len(lines), 1, result)
        self.assertTrue(lines[0].startswith("merlon: "), lines)
        for word in words:
            self.assertIn(word, lines[0])


def main():
    """Runs the tests of the calling file and ends with the sums that tools/run_tests.py adds up."""
    program = unittest.main(verbosity=1, exit=False)
    result = program.result
    broken = {str(getattr(test, "test_case", test)) for test, _ in result.failures + result.errors}
    for test, reason in result.skipped:
        print(f"SKIP {test.id().removeprefix('__main__.')}: {reason}")
    passed = result.testsRun - len(result.skipped) - len(broken)
    print(f"{passed} passed, {len(broken)} failed, {len(result.skipped)} skipped")
    sys.exit(0 if result.wasSuccessful() else 1)
