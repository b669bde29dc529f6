#!/usr/bin/env python3
"""What tools/mutate.py changes, and what it leaves alone."""

import unittest

import mutate


def changes(line):
    return [changed for _, changed, _ in mutate.mutants_of("a.cc", line)]


class Mutants(unittest.TestCase):
    def test_one_place_at_a_time(self):
        self.assertEqual(changes("  return a < b && c;"),
                         ["  return a <= b && c;", "  return a < b || c;", "  return !(a < b && c);"])
        self.assertIn("  if (false && x == 0) return;", changes("  if (x == 0) return;"))
        self.assertIn("  if (x != 0) return;", changes("  if (x == 0) return;"))
        self.assertIn("  ;", changes("  judge(x);"))
        self.assertIn("  int a = 4;", changes("  int a = 3;"))

    def test_texts_and_comments_stay(self):
        self.assertEqual(changes('  // a == b'), [])
        self.assertEqual(changes('  text = "a == b";'), ["  ;"])
        self.assertEqual(changes('  const char c = \'=\';  // true'), [])

    def test_what_only_declares_stays(self):
        for line in ("#include <a>", "  case A == B:", "  static_assert(a == b);", "  return x;"):
            self.assertEqual(changes(line), [], line)

    def test_a_line_is_as_long_when_blanked(self):
        for line in ('a("x\\"y", \'z\') // b', "1'000'000 + 2", ""):
            self.assertEqual(len(mutate.blanked(line)), len(line), line)


if __name__ == "__main__":
    unittest.main()
