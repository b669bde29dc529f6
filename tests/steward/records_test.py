#!/usr/bin/env python3
"""What merlon-steward remembers: its log of certificates and what it has seen, through ends of all kinds."""

import json
import os
import random
import signal
import threading
import time
import unittest
from pathlib import Path

from evidence_test import parts_of
from keeps import PlatformTest
from service import PKCS10, run
from support import main

ROUNDS = int(os.environ.get("MERLON_KILLS", "25"))


def serial_of(answer):
    """Of the leaf in an answer, in the log's spelling."""
    leaf = parts_of(answer)[1]
    body = parts_of(parts_of(leaf)[0])
    number = next(each for each in body if each[0] == 2)
    return number[2:].lstrip(b"\0").hex()


class Records(PlatformTest):
    def steward(self, **options):
        return self.start("--policy", self.policy, "--endorsements", self.stage.platform, "--development", "--state",
                          self.folder / "state", **options)

    def logged(self):
        lines = (self.folder / "state" / "issued.log").read_text().split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def assert_whole(self):
        said = run("log", "verify", self.folder / "state")
        self.assertEqual(said.returncode, 0, said.stderr)
        return said.stdout

    def test_each_certificate_is_in_the_log(self):
        steward = self.steward()
        answers = [steward.post(self.request) for _ in range(5)]
        steward.post(b"nonsense")
        self.assertEqual([each["serial"] for each in self.logged()], [serial_of(each.body) for each in answers])
        self.assertEqual(steward.metric("log_records_total"), 5)
        steward.stop()
        self.assertIn("5 records hold together", self.assert_whole())
        again = self.steward()
        self.assertEqual(again.wait_for("log")["records"], "5")
        again.post(self.request)
        again.stop()
        self.assertIn("6 records", self.assert_whole())

    def test_a_record_that_was_changed_is_found_and_ends_the_start(self):
        steward = self.steward()
        for _ in range(3):
            steward.post(self.request)
        steward.stop()
        path = self.folder / "state" / "issued.log"
        lines = path.read_text().split("\n")
        path.write_text("\n".join(lines[:1] + lines[2:]))
        for said in (run("log", "verify", path), run("--host", "h", "--state", self.folder / "state")):
            self.assertEqual(said.returncode, 1)
            self.assertIn("line 2", said.stderr)

    def test_two_do_not_write_one_log(self):
        steward = self.steward()
        said = run("--host", "h", "--listen", "127.0.0.1:0", "--state", self.folder / "state")
        self.assertEqual(said.returncode, 1)
        self.assertEqual(steward.post(self.request).status, 200)

    def test_after_kills_under_load_no_certificate_is_outside_that_is_not_in_the_log(self):
        """MERLON_KILLS says how many."""
        chance, outside = random.Random(16), []
        for _ in range(ROUNDS):
            steward = self.steward()
            ending = threading.Event()
            threads = [threading.Thread(target=self.collect, args=(steward, outside, ending)) for _ in range(4)]
            for each in threads:
                each.start()
            time.sleep(chance.uniform(0.0, 0.15))
            steward.process.send_signal(signal.SIGKILL)
            ending.set()
            for each in threads:
                each.join()
            steward.stop()
            self.assert_whole_or_torn()
        self.steward().stop()
        self.assert_whole()
        inside = {each["serial"] for each in self.logged()}
        self.assertEqual({serial_of(each) for each in outside} - inside, set())
        self.assertGreater(len(outside), ROUNDS)
        print(f"{ROUNDS} kills, {len(outside)} certificates outside, {len(inside)} in the log")

    def assert_whole_or_torn(self):
        if (self.folder / "state" / "issued.log").exists():
            self.assert_whole()

    def collect(self, steward, outside, ending):
        while not ending.is_set():
            try:
                answer = steward.ask("POST", "/", self.request, {"Content-Type": PKCS10})
            except (OSError, ValueError, EOFError):
                return
            except Exception as error:  # http.client has a class for each way of being cut off
                if type(error).__module__ != "http.client":
                    raise
                return
            if answer.status == 200:
                outside.append(answer.body)


if __name__ == "__main__":
    main()
