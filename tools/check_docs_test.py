#!/usr/bin/env python3
"""Tests check_docs.py on small good and bad rooms."""

import tempfile
import unittest
from pathlib import Path

import check_docs


class Rows(unittest.TestCase):
    def errors(self, row, files=("launch_context.h", "page/table.cc")):
        with tempfile.TemporaryDirectory() as folder:
            room = Path(folder) / "merlon/room"
            for file in files:
                (room / file).parent.mkdir(parents=True, exist_ok=True)
                (room / file).touch()
            (room / "README.md").write_text(f"# room (L1)\n\n| type | what |\n|---|---|\n{row}\n")
            return list(check_docs.check_rows(Path(folder)))

    def test_a_type_lies_in_the_file_of_its_name(self):
        self.assertEqual(self.errors("| `LaunchContext` | a launch |"), [])
        self.assertEqual(self.errors("| `Other`, `LaunchContext::Form` | a launch |"), [])
        self.assertEqual(self.errors("| `launch_context()` | a launch |"), [])

    def test_another_row_says_in_which(self):
        self.assertEqual(self.errors("| `measure` in `launch_context` | a launch |"), [])
        self.assertEqual(self.errors("| `measure` | what `page/` says |"), [])
        self.assertEqual(self.errors("| `measure` | what `page/table` says |"), [])

    def test_a_row_without_a_file_is_told_with_its_place(self):
        self.assertEqual(self.errors("| `Measure` | a launch |"), ["merlon/room/README.md:5: no file for `Measure`"])
        self.assertEqual(len(self.errors("| `Launch` | a launch |")), 1)

    def test_names_of_files_have_small_letters(self):
        self.assertEqual(check_docs.snake_case("SevSnpReport"), "sev_snp_report")
        self.assertEqual(check_docs.snake_case("parse_elf"), "parse_elf")


if __name__ == "__main__":
    unittest.main()
