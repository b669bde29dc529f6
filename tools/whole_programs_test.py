#!/usr/bin/env python3
"""Tests whole_programs.py on a stand-in for a GoogleTest program."""

import json
import stat
import tempfile
import unittest
from pathlib import Path

from whole_programs import Case, batches_of, cases_of, run_batch

# Does with each test what its name says, and says it as GoogleTest does.
STAND_IN = '''#!/usr/bin/env python3
import os, sys, time
words = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
report, status, leaks = [], 0, False
for test in words["gtest_filter"].split(":"):
    print(f"[ RUN      ] {test}", flush=True)
    suite, name = test.split(".")
    inner = ""
    if name == "crashes":
        os.abort()
    if name == "leaves":
        os._exit(0)
    if name == "hangs":
        time.sleep(60)
    if name == "leaks":
        leaks = True
    if name == "fails":
        print("what it wanted")
        inner, status = "<failure/>", 1
    if name == "skips":
        print("file:3: Skipped\\\\nno such thing here\\\\n")
        inner = '<skipped message="file:3&#x0A;no such thing here"/>'
    words_of = {"fails": "[  FAILED  ]", "skips": "[  SKIPPED ]"}
    print(words_of.get(name, "[       OK ]"), test, "(0 ms)", flush=True)
    report.append(f'<testcase classname="{suite}" name="{name}" status="run">{inner}</testcase>')
with open(words["gtest_output"].removeprefix("xml:"), "w") as file:
    file.write("<testsuites>" + "".join(report) + "</testsuites>")
sys.exit(23 if leaks else status)
'''


class WholePrograms(unittest.TestCase):
    def told(self, *tests, test_time=20):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            program.write_text(STAND_IN)
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
            batch = [Case("room." + test, str(program), test) for test in tests]
            return {each.name: each for each in run_batch(batch, folder, test_time)}

    def states(self, *tests, **options):
        return {name: each.state for name, each in self.told(*tests, **options).items()}

    def test_each_is_told_by_its_name(self):
        self.assertEqual(self.states("S.passes", "S.fails", "S.skips", "T.passes"),
                         {"room.S.passes": "passed", "room.S.fails": "failed", "room.S.skips": "skipped",
                          "room.T.passes": "passed"})

    def test_reasons_are_told(self):
        told = self.told("S.fails", "S.skips")
        self.assertIn("what it wanted", told["room.S.fails"].text)
        self.assertEqual(told["room.S.skips"].text, "no such thing here")

    def test_who_ends_the_process_fails_and_the_rest_goes_on(self):
        for how in ("S.crashes", "S.leaves"):
            self.assertEqual(self.states("S.passes", "R.skips", how, "T.passes"),
                             {"room.S.passes": "passed", "room.R.skips": "skipped", "room." + how: "failed",
                              "room.T.passes": "passed"})

    def test_who_does_not_end_fails_and_the_rest_goes_on(self):
        self.assertEqual(self.states("S.passes", "S.hangs", "T.passes", test_time=3),
                         {"room.S.passes": "passed", "room.S.hangs": "failed", "room.T.passes": "passed"})

    def test_who_makes_the_process_fail_behind_its_last_test_is_found(self):
        self.assertEqual(self.states("S.passes", "S.leaks", "T.passes"),
                         {"room.S.passes": "passed", "room.S.leaks": "failed", "room.T.passes": "passed"})

    def test_a_program_that_cannot_start_fails_each_of_its_tests(self):
        told = run_batch([Case("a", "/bin/false", "S.a"), Case("b", "/bin/false", "S.b")], "/", 5)
        self.assertEqual([each.state for each in told], ["failed", "failed"])

    def test_batches_hold_each_once_and_leave_alone_who_wants_it(self):
        cases = [Case(f"room.S.{number}", "one", f"S.{number}") for number in range(100)]
        cases += [Case("room.T.0", "two", "T.0"), Case("room.Alone.0", "two", "Alone.0")]
        batches = batches_of(cases, lambda name: name.startswith("room.Alone."))
        self.assertEqual(sorted(each.name for batch in batches for each in batch), sorted(each.name for each in cases))
        self.assertIn([cases[-1]], batches)
        for batch in batches:
            self.assertEqual(len({each.program for each in batch}), 1)

    def test_what_is_no_googletest_is_left_to_ctest(self):
        listed = {"tests": [{"name": "room.S.a", "command": ["p", "--gtest_filter=S.a", "--x"]},
                            {"name": "tools.check", "command": ["python3", "check.py"]},
                            {"name": "room.S.b", "command": ["p", "--gtest_filter=S.b"],
                             "properties": [{"name": "DISABLED", "value": True}]},
                            {"name": "not.built"}]}
        cases, others = cases_of(json.dumps(listed))
        self.assertEqual(cases, [Case("room.S.a", "p", "S.a")])
        self.assertEqual(others, ["tools.check", "room.S.b", "not.built"])


if __name__ == "__main__":
    unittest.main()
