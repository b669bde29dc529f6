#!/usr/bin/env python3
"""Asks the model of docs/protocol.md for attacks, with Maude.

Nearly each test is one exhaustive search. Of the protocol as it is no goal may be broken; without a row of the
document's table one must be. Prints what each search found and how many states it looked at, and ends with `N passed, N failed, N skipped`.
"""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent.parent / "docs/protocol.md"
SECONDS = 60  # for one search; the longest takes about one

SECRECY = ["workloadKnown", "inputKnown", "outputKnown"]
AGREEMENT = ["wrongRun", "ranTwice", "wrongEnd", "wrongInput"]

# What must be there, or every other search would be idle.
WORKS = [("single", [], "wellDone"), ("pair", [], "wellDone"), ("strangers", [], "wellDone"),
         ("single", ["pin"], "wellDone"), ("withPeer", [], "wellDone"), ("withPeer", [], "answerGiven")]

# World, what is taken out of it, goals that hold even so.
HOLDS = [("single", [], SECRECY + AGREEMENT),
         ("pair", [], SECRECY + AGREEMENT),
         ("strangers", [], SECRECY + AGREEMENT),
         ("withPeer", [], SECRECY + AGREEMENT + ["answerKnown"]),
         # A tenant who is led to the broken machine loses what he sends there; the genuine keeps are still not deceived.
         ("single", ["pin"], ["outputKnown", "wrongRun", "ranTwice", "wrongInput"]),
         # A second lock: the signature holds the evidence too.
         ("single", ["pin", "evidenceInInfo"], ["wrongRun", "ranTwice"]),
         # A thief of the tenant's key can pose as him, and does not read what he sends.
         ("robbed", [], ["workloadKnown", "inputKnown", "wrongEnd"])]

# World, what is taken out of it, goals that an attack must break then.
FALLS = [("single", ["nonceInEvidence"], ["workloadKnown"]),
         ("single", ["hpkeKeyInEvidence"], ["workloadKnown"]),
         ("single", ["purposeInEvidence"], ["workloadKnown"]),
         ("single", ["pin", "evidenceInSignature"], ["wrongRun"]),
         ("single", ["pin", "evidenceInInfo", "evidenceInSignature"], ["wrongRun", "outputKnown"]),
         ("single", ["tenantInNonce"], ["wrongRun"]),
         ("single", ["signature"], ["wrongRun"]),
         ("single", ["oneDelivery"], ["ranTwice"]),
         ("single", ["recordNumbers"], ["wrongEnd", "wrongInput"]),
         ("single", ["recordDirections"], ["inputKnown", "outputKnown"]),
         ("single", ["lastRecord"], ["wrongEnd"]),
         ("single", ["genuine"], ["workloadKnown"]),
         ("single", ["measurement"], ["workloadKnown"]),
         # The second machine, whose owner has broken it: diversion.
         ("single", ["pin"], ["workloadKnown", "inputKnown", "wrongEnd"]),
         ("withPeer", ["pin"], ["answerKnown"]),
         ("withPeer", ["launchFactsInEvidence"], ["answerKnown"]),
         ("withPeer", ["nonceInSaid"], ["answerKnown"]),
         ("robbed", [], ["wrongRun"])]


def searched(world, bindings, goal):
    """Whether there is a state in which `goal` is so, and how many were looked at."""
    command = (f"load {HERE / 'protocol'}\n"
               f"search [1] in WORLDS : {world}({bindings}) =>* S:State such that {goal}(S:State) .\nquit\n")
    ran = subprocess.run(["maude", "-no-banner", "-no-ansi-color", "-batch"], input=command, text=True,
                         capture_output=True, check=False, timeout=SECONDS)
    said = ran.stdout + ran.stderr
    # A statement that Maude does not understand is left out with a warning: the model would be another one.
    if ran.returncode != 0 or "Warning" in said or "Advisory" in said or "Error" in said:
        raise AssertionError(f"maude complains:\n{said[:2000]}")
    states = re.search(r"^states: (\d+)", ran.stdout, re.M)
    found = "Solution 1 " in ran.stdout
    if not states or found == ("No solution." in ran.stdout):
        raise AssertionError(f"maude gave no answer:\n{said[:2000]}")
    return found, int(states.group(1))


def bindings_of(left_out, faults=()):
    text = "all"
    for each in left_out:
        text = f"without({text}, {each})"
    return " ".join([text, *faults])


class Model(unittest.TestCase):
    def ask(self, world, bindings, goal, wanted):
        found, states = searched(world, bindings, goal)
        print(f"{world}({bindings}): {goal} {'found' if found else 'not found'}, {states} states", flush=True)
        self.assertEqual(found, wanted)

    def test_a_key_that_leaks_later_opens_what_was_recorded(self):
        """No goal of the protocol; docs/protocol.md says so."""
        self.ask("single", bindings_of([], ["lateLeak"]), "workloadKnown", True)

    def test_each_binding_of_the_model_is_taken_out_once(self):
        model = (HERE / "terms.maude").read_text(encoding="utf-8")
        bindings = set(re.search(r"eq all = ([^.]*) \.", model).group(1).split())
        tried = {each for _, left_out, _ in FALLS for each in left_out}
        self.assertEqual(bindings, tried)

    def test_the_document_names_the_bindings_of_the_model(self):
        model = (HERE / "terms.maude").read_text(encoding="utf-8")
        bindings = set(re.search(r"eq all = ([^.]*) \.", model).group(1).split())
        table = DOCUMENT.read_text(encoding="utf-8").split("## What each binding is for")[1].split("\n## ")[0]
        named = {name for row in re.findall(r"^\|.*\| ([^|]*) \|$", table, re.M)
                 for name in re.findall(r"`(\w+)`", row)}
        self.assertEqual(named, bindings)


def add_test(kind, world, left_out, goal, wanted):
    name = "_".join(["test", kind, world, *[f"without_{each}" for each in left_out], goal])
    setattr(Model, name, lambda self: self.ask(world, bindings_of(left_out), goal, wanted))


def add_tests():
    for world, left_out, goal in WORKS:
        add_test("works", world, left_out, goal, True)
    for world, left_out, goals in HOLDS:
        for goal in goals:
            add_test("holds", world, left_out, goal, False)
    for world, left_out, goals in FALLS:
        for goal in goals:
            add_test("falls", world, left_out, goal, True)


def main():
    if shutil.which("maude") is None:
        print("SKIP protocol: maude is not installed")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    add_tests()
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=0).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(Model))
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
