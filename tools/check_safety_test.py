#!/usr/bin/env python3
"""Tests check_safety.py on small good and bad trees."""

import tempfile
import unittest
from pathlib import Path

import check_safety


class CheckSafety(unittest.TestCase):
    def errors(self, text, path="merlon/wasm/a.cc"):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            return list(check_safety.check(Path(folder)))

    def assert_one(self, text, part, path="merlon/wasm/a.cc"):
        errors = self.errors(text, path)
        self.assertEqual(len(errors), 1, errors)
        self.assertIn(part, errors[0])

    def test_a_cast_without_a_reason_is_told_with_its_place(self):
        self.assert_one("\nauto* p = reinterpret_cast<T*>(q);\n", "merlon/wasm/a.cc:2: a cast")
        self.assert_one("auto* p = const_cast<T*>(q);\n", "a cast")
        self.assert_one('asm volatile("nop");\n', "a cast or asm")

    def test_a_reason_stands_on_the_line_or_above_it(self):
        self.assertEqual(self.errors("f(const_cast<T*>(q));  // SAFETY: ours\n"), [])
        self.assertEqual(self.errors("// SAFETY: ours\nf(const_cast<T*>(q));\n"), [])
        self.assertEqual(self.errors("// SAFETY: a\n// long one\nf(\n  const_cast<T*>(q));\n"), [])

    def test_a_reason_ends_at_an_empty_line_and_does_not_reach_up(self):
        self.assert_one("// SAFETY: ours\n\nf(const_cast<T*>(q));\n", "a cast")
        self.assert_one("f(const_cast<T*>(q));\n// SAFETY: ours\n", "a cast")

    def test_words_in_comments_texts_and_includes_are_no_code(self):
        self.assertEqual(self.errors('// an asm block\n#include <asm/x.h>\nf("asm errno");\n'), [])

    def test_only_os_reads_errno(self):
        self.assert_one("return refused(errno);\n", "only os reads errno")
        self.assertEqual(self.errors("return refused(errno);\n", "merlon/os/a.cc"), [])
        self.assertEqual(self.errors('#include "merlon/os/errno.h"\n'), [])

    def test_only_codec_calls_toml(self):
        self.assert_one("auto parsed = toml::parse(text);\n", "codec::parse_toml")
        self.assertEqual(self.errors("return toml::parse(text);\n", "merlon/codec/toml.h"), [])

    def test_rooms_do_not_print(self):
        self.assert_one('std::fprintf(stderr, "x");\n', "prints")
        self.assert_one("std::cout << x;\n", "prints")
        self.assertEqual(self.errors('std::puts("x");\n', "merlon/cli/a.cc"), [])
        self.assertEqual(self.errors('std::puts("x");\n', "merlon/endorse/main.cc"), [])

    def test_a_function_of_more_than_sixty_lines_is_told_with_its_name(self):
        def function(lines):
            return "int Room::f(int a) {\n" + "  a();\n" * (lines - 2) + "}\n"
        self.assertEqual(self.errors(function(60) + function(60)), [])
        self.assert_one(function(60) + function(61), "a.cc:61: Room::f has 61 lines")

    def test_a_loop_over_a_directory_that_throws_is_told(self):
        self.assert_one("for (const auto& each : std::filesystem::directory_iterator(path, error)) {\n", "that throws")
        self.assert_one("for (auto each : fs::recursive_directory_iterator(path)) {\n", "that throws")
        self.assertEqual(self.errors("for (; !error && at != directory_iterator(); at.increment(error)) {\n"), [])

    def test_a_table_that_lands_in_writable_memory_is_told(self):
        self.assert_one("constexpr std::array rows{Row{1}, Row{2}};\n", "a table that can be written")
        self.assert_one("inline constexpr array rows = {\n", "a table that can be written")
        self.assertEqual(self.errors("constexpr auto rows = std::array{Row{1}};\n"), [])
        self.assertEqual(self.errors("constexpr std::array<int, 2> pair{1, 2};\n"), [])

    def test_tests_may_do_all_of_it(self):
        self.assertEqual(self.errors("f(const_cast<T*>(q), errno);\n", "merlon/wasm/a_test.cc"), [])


if __name__ == "__main__":
    unittest.main()
