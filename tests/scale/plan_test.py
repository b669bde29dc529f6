#!/usr/bin/env python3
"""The tables of docs/scale.md are those that plan.py makes of what was measured."""

import json
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
import plan  # noqa: E402
from support import main  # noqa: E402


class Tables(unittest.TestCase):
    def setUp(self):
        self.measured = json.loads((HERE / "measured.json").read_text())

    def test_the_document_says_what_was_measured(self):
        text = plan.DOCUMENT.read_text()
        self.assertEqual(plan.filled(text, plan.Plan(self.measured).tables()), text, "tests/scale/plan.py --write")
        self.assertIn(self.measured["machine"], text)

    def test_what_was_measured_was_as_it_must_be(self):
        self.assertEqual((self.measured["wrong"], self.measured["keeps"], self.measured["hosts"]), ([], 200, 4))

    def test_numbers_are_rounded_as_they_are_read(self):
        said = [plan.significant(each) for each in (0, 0.0123, 1, 1.26, 9.96, 12.4, 1234.5)]
        self.assertEqual(said, ["0", "0.012", "1.0", "1.3", "10", "12", "1,200"])


if __name__ == "__main__":
    main()
