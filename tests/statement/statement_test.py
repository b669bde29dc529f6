#!/usr/bin/env python3
"""Workloads make claims about numbers that stay secret, in C, C++ and Rust; what is not so is not proven, and what is
proven holds for nothing else.

    statement_test.py BACKEND
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from statements import MERLON, WARNINGS, WASM, Bank, Verifier, example

BACKEND = "sgx-sim"
RUST_SAYS = """at least 50000: Ok(())
in another context: Err(Proof)
of the rent: Err(False)
equal: Ok(())
wage and rent: Err(Proof)
sum: Ok(())
another sum: Err(Proof)
"""


class Statements(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-statement-")
        cls.addClassCleanup(scratch.cleanup)
        cls.bank = Bank(scratch.name, BACKEND)

    def module(self, name, content):
        path = self.bank.folder / name
        path.write_bytes(content)
        return path

    def test_a_balance_reaches_a_threshold_and_nothing_else_is_said(self):
        ledger, verifier = self.bank.ledger(questions=4), Verifier(self.bank)
        ledger.tell("balance 5000")
        context = verifier.context()
        said = ledger.ask(1000, 32, context)
        self.assertEqual(verifier.judge(said, 1000, 32, context), "holds")
        self.assertEqual(verifier.judge(said, 1001, 32, context), "statement.proof")
        self.assertEqual(verifier.judge(said, 1000, 32, verifier.context()), "binding.report-data")
        self.assertEqual(ledger.ask(5001, 32, context), "statement.false")
        self.assertEqual(ledger.ask(1000, 8, context), "statement.false")
        self.assertEqual(ledger.ask(1000, 64, context), "statement.form")
        self.assertEqual(ledger.ask(1, 32, context), "asked-too-often")
        self.assertEqual(ledger.stop(), 0)

    def test_the_layer_for_cpp_does_all_of_it(self):
        wasm = self.bank.folder / "layer.wasm"
        subprocess.run(["clang++-22", *WASM, *WARNINGS, "-std=c++20", "-fno-exceptions",
                        Path(__file__).with_name("guest_layer.cc"), "-o", wasm], check=True)
        said = self.bank.run(wasm, check=False)
        self.assertEqual((said.returncode, said.stdout), (0, "all as it has to be\n"), said.stderr)

    def test_the_rust_example_does_all_of_it(self):
        try:
            module = self.module("statements.wasm", example("statements"))
        except subprocess.CalledProcessError:
            self.skipTest("no rustc for wasm32-wasi here")
        self.assertEqual(self.bank.run(module).stdout, RUST_SAYS)

    def test_where_there_is_no_keep_directory_there_are_no_statements(self):
        module = self.module("threshold.wasm", example("threshold"))
        said = subprocess.run([MERLON, "run", "--backend", "nil", module, "--", "1"], text=True, capture_output=True,
                              check=False, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(said.returncode, 2)
        self.assertIn("/keep/statement", said.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BACKEND = sys.argv.pop(1)
    if BACKEND == "snp-sim" and not Path("/dev/kvm").exists():
        print("skipped: attested keeps need /dev/kvm")
        sys.exit(77)
    unittest.main(argv=sys.argv)
