#!/usr/bin/env python3
"""What a workload finds in /keep, and what others make of it."""

import hashlib
import json
import os
import tempfile
import unittest

from story import Stage
from support import main
from workload import reader

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")


class OwnDirectory(unittest.TestCase):
    """What a workload finds in /keep, and what others make of it."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-own-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINE)
        cls.stage.make_usual()

    def read(self, name, **more):
        run = self.stage.run_text(reader(name), **more)
        self.assertEqual(run.returncode, 0, run)
        return run.stdout

    def assert_fails(self, status, name, said=None, **more):
        run = self.stage.run_text(reader(name, said), **more)
        self.assertEqual((run.returncode, run.stdout), (status, b""), run)

    def test_facts_report_and_measurement_are_of_this_keep(self):
        facts = json.loads(self.read("launch.json", words=["--", "one", "two"],
                                     options=["--env", "KEY=value", "--max-memory", "64M"]))
        wasm = (self.stage.folder / "module.wasm").read_bytes()
        self.assertEqual(facts["workload"]["sha256"], hashlib.sha256(wasm).hexdigest())
        self.assertEqual(facts["workload"]["arguments"][1:], ["one", "two"])
        self.assertIn("KEY=value", facts["workload"]["environment"])
        self.assertEqual([file["kind"] for file in facts["workload"]["files"]],
                         ["stdin", "stdout", "stderr"])
        self.assertEqual((facts["version"], facts["workload"]["from"],
                          facts["host"]["max_memory_bytes"]), (1, "host", 64 << 20))
        report = self.read("report")
        self.assertEqual(len(report), 1184)
        self.assertEqual(self.read("measurement").decode(), report[0x90:0xc0].hex() + "\n")
        self.assertTrue(self.read("certificates"))
        request = self.stage.folder / "own.der"
        request.write_bytes(self.read("request"))
        policy = self.stage.policy("own.toml", report[0x90:0xc0].hex(),
                                   "[report_data]\nrequest = true\n")
        self.assertEqual(self.stage.verify(request, policy), ("accepted", {}))

    def test_what_a_workload_says_is_in_evidence_that_holds(self):
        said = b"nonce 4711"
        report, facts = self.stage.words_of_a_workload(said)
        self.assertEqual(json.loads(facts)["version"], 1)
        self.assertEqual(self.stage.judge_words(report, facts, said), ("accepted", {}))
        for others in ((facts, b"nonce 4712"), (facts[:-1], said)):
            verdict, failed = self.stage.judge_words(report, *others)
            self.assertEqual((verdict, list(failed)), ("refused", ["binding.report-data"]))

    def test_a_workload_does_not_choose_the_report_data(self):
        said = bytes(range(64))
        report, _ = self.stage.words_of_a_workload(said)
        self.assertNotEqual(report[0x50:0x90], said)

    def test_nothing_in_it_is_changed_and_nothing_else_is_there(self):
        rofs, noent, notdir = 69, 44, 54
        self.assert_fails(rofs, "launch.json", b"x")
        self.assert_fails(noent, "certificate.pem")
        self.assert_fails(notdir, "fresh/x")
        self.assertEqual(self.read("fresh"), b"")

    def test_a_host_cannot_put_another_in_its_place(self):
        for name in ("/keep", "keep", "/keep/deeper"):
            self.assert_fails(1, "launch.json", options=["--dir", f"{self.stage.folder}::{name}"])

    def test_other_keeps_have_none(self):
        badf = 8
        self.assert_fails(badf, "launch.json", backend="kvm")


if __name__ == "__main__":
    main()
