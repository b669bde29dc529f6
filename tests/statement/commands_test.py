#!/usr/bin/env python3
"""merlon statement, for who commits, proves and verifies outside of keeps; and the guest library as compilers see it."""

import subprocess
import tempfile
import unittest
from pathlib import Path

from statements import MERLON, WARNINGS, WASM


class Headers(unittest.TestCase):
    def test_are_clean_for_each_compiler(self):
        text = "#include <merlon/guest/statement.h>\nint main(void) { return merlon_statement_open() < 0; }\n"
        plus = text.replace(".h>", ".hpp>").replace("(void)", "()")
        for source, language, command in ((text, "c", ["gcc", "-std=c99"]), (text, "c", ["clang-22", "-std=c99"]),
                                          (text, "c", ["clang-22", *WASM[:1], "-Wno-deprecated", "-std=c99"]), (text, "c", ["gcc", "-std=c17"]),
                                          (plus, "c++", ["g++", "-std=c++20"]), (text, "c++", ["g++", "-std=c++17"])):
            done = subprocess.run([*command, *WARNINGS, "-O2", "-fsyntax-only", "-x", language, "-"], input=source, text=True,
                                  capture_output=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)


class Commands(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-statement-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def merlon(self, *words, given=""):
        return subprocess.run([MERLON, "statement", *map(str, words)], input=given, text=True, capture_output=True, check=False,
                              cwd=self.folder, timeout=60)

    def commit(self, name, number):
        return self.merlon("commit", name, given=f"{number}\n").stdout.strip()

    def verdict(self, *words):
        return self.merlon("verify", "proof", "--context", "a 1", *words).returncode

    def test_commit_prove_and_verify_each_claim(self):
        one, other, same = self.commit("one", 5000), self.commit("other", 2000), self.commit("same", 5000)
        prove = lambda *words: self.merlon("prove", "proof", "--context", "a 1", *words).returncode  # noqa: E731
        self.assertEqual(prove("--opening", "one", "--at-least", 1000), 0)
        self.assertEqual(self.verdict("--commitment", one, "--at-least", 1000), 0)
        self.assertEqual(self.verdict("--commitment", one, "--at-least", 1001), 3)
        self.assertEqual(self.verdict("--commitment", other, "--at-least", 1000), 3)
        self.assertEqual(prove("--opening", "other", "--at-least", 2001), 3)
        self.assertEqual(prove("--opening", "one", "--opening", "same", "--equal"), 0)
        self.assertEqual(self.verdict("--commitment", one, "--commitment", same, "--equal"), 0)
        self.assertEqual(self.verdict("--commitment", one, "--commitment", other, "--equal"), 3)
        self.assertEqual(prove("--opening", "one", "--opening=-2*other", "--sum", 1000), 0)
        self.assertEqual(self.verdict("--commitment", one, f"--commitment=-2*{other}", "--sum", 1000), 0)
        self.assertEqual(self.verdict("--commitment", one, f"--commitment=2*{other}", "--sum", 1000), 3)

    def test_openings_are_for_their_owner_alone_and_not_replaced(self):
        self.commit("one", 5000)
        self.assertEqual((self.folder / "one").stat().st_mode & 0o777, 0o600)
        again = self.merlon("commit", "one", given="6000\n")
        self.assertEqual((again.returncode, again.stdout), (1, ""))
        self.assertIn("--force", again.stderr)
        self.assertEqual(self.merlon("commit", "one", "--force", given="6000\n").returncode, 0)

    def test_what_is_asked_wrongly_is_told_in_a_line(self):
        one = self.commit("one", 5000)
        (self.folder / "proof").write_bytes(b"")
        for words, line in ((("--commitment", one), "one of --at-least, --equal and --sum"),
                            (("--commitment", one, "--at-least", "1", "--equal"), "one of --at-least"),
                            (("--commitment", one, "--equal"), "two numbers"), (("--at-least", "1"), "one number"),
                            (("--commitment", "03" * 33, "--at-least", "1"), "no commitment"),
                            (("--commitment", one, "--at-least", "-1"), "--at-least: no number"),
                            (("--commitment", one, "--at-least", "1", "--bits", "64"), "1 to 63"),
                            (("--commitment", one, "--sum", "1", "--bits", "8"), "--bits belongs"),
                            (("--commitment", f"0*{one}", "--sum", "1"), "not a number of times"),
                            (("--commitment", one, "--sum", str(2**63)), "--sum: no number"),
                            (("--commitment", one, "--at-least", "1", "--context-hex", "00"), "are two")):
            said = self.merlon("verify", "proof", "--context", "a 1", *words)
            self.assertEqual(said.returncode, 2, words)
            self.assertIn(line, said.stderr)
            self.assertEqual(said.stderr.count("\n"), 1)
        self.assertEqual(self.merlon("verify", "proof", "--commitment", one, "--at-least", "1").returncode, 2)
        self.assertEqual(self.merlon("verify", "nothing", "--commitment", one, "--at-least", "1", "--context", "x").returncode, 1)
        self.assertEqual(self.merlon("prove", "p", "--opening", "proof", "--at-least", "1", "--context", "x").returncode, 1)
        for number in ("", "-1", "1.5", str(2**64), "5 6"):
            self.assertEqual(self.merlon("commit", "new", given=number).returncode, 2, number)
        self.assertFalse((self.folder / "new").exists())


if __name__ == "__main__":
    unittest.main()
