#!/usr/bin/env python3
"""Runs the examples and real programs under merlon and under node's WASI and compares them.

Equal must be: stdout, every exit status, and every file in the directory the program was given,
byte for byte. Without --merlon each case runs twice under node, which tests the cases themselves.
Ends with the line `N passed, N failed, N skipped`; the exit status is 0 if none failed.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from cases import Case, Observation, Places, all_cases  # noqa: E402
from runners import HERE, MerlonRunner, NodeRunner, Runner, executable, free_text  # noqa: E402

ROOT = HERE.parent.parent


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merlon", metavar="PATH", help="the merlon command to test")
    parser.add_argument("--backend", default="nil", help="merlon's backend (default: %(default)s)")
    parser.add_argument("--node", default="node", help="the node command (default: %(default)s)")
    parser.add_argument("--filter", default="", help="only cases whose name contains this")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build",
                        help="programs are built in its examples/ and sqlite/ (default: build)")
    parser.add_argument("--npm", type=pathlib.Path, default=ROOT / "build" / "npm",
                        help="where npm packages are installed (default: build/npm)")
    return parser.parse_args()


def prepare(options: argparse.Namespace) -> tuple[Places, dict[pathlib.Path, tuple[str, str]]]:
    """Builds and fetches what is missing; says for each folder why its programs are absent.

    What cannot be fetched is skipped; what cannot be built from our own sources has failed.
    """
    places = Places(options.build / "examples", options.build / "sqlite", options.npm)
    absent: dict[pathlib.Path, tuple[str, str]] = {}
    steps = [
        ("FAIL", [ROOT / "examples" / "build.sh", places.examples], [places.examples]),
        ("SKIP", [HERE / "fetch.sh"], [places.npm, places.sqlite]),
        ("FAIL", [HERE / "sqlite" / "build.sh", places.sqlite, "wasm"], [places.sqlite]),
    ]
    for verdict, command, folders in steps:
        result = subprocess.run([str(word) for word in command], capture_output=True, check=False,
                                env=step_environment(options))
        if result.returncode != 0:
            lines = free_text(result.stderr).splitlines() or ["failed without a word"]
            for folder in folders:
                absent.setdefault(folder, (verdict, lines[-1]))
    return places, absent


def step_environment(options: argparse.Namespace) -> dict[str, str]:
    return {**os.environ, "MERLON_NPM": str(options.npm)}


def difference(want: Observation, got: Observation) -> str | None:
    """The first thing that is not equal, in words, or None."""
    if want.statuses != got.statuses:
        return f"exit status {got.statuses}, not {want.statuses}"
    if want.stdout != got.stdout:
        return "stdout differs: " + first_difference(want.stdout, got.stdout)
    for name in sorted(want.files.keys() | got.files.keys()):
        if name not in got.files:
            return f"file {name} is missing"
        if name not in want.files:
            return f"file {name} should not be there"
        if want.files[name] != got.files[name]:
            return f"file {name} differs: " + first_difference(want.files[name], got.files[name])
    return None


def first_difference(want: bytes, got: bytes) -> str:
    shared = min(len(want), len(got))
    at = next((i for i in range(shared) if want[i] != got[i]), shared)
    return (f"{len(got)} bytes, not {len(want)}; at byte {at} {got[at:at + 40]!r}, "
            f"not {want[at:at + 40]!r}")


def observe(case: Case, runner: Runner) -> tuple[Observation, float]:
    with tempfile.TemporaryDirectory(prefix="merlon-real-") as scratch:
        started = time.monotonic()
        seen = case.run(runner, pathlib.Path(scratch))
        return seen, time.monotonic() - started


def judge(case: Case, reference: Runner, subject: Runner) -> tuple[str | None, str]:
    """The complaint or None, and the times taken."""
    if case.node_fails:
        got, seconds = observe(case, subject)
        return case.expect(got), f"{subject.name} {seconds:.2f} s"
    want, reference_seconds = observe(case, reference)
    got, subject_seconds = observe(case, subject)
    times = f"{subject.name} {subject_seconds:.2f} s, {reference.name} {reference_seconds:.2f} s"
    complaint = case.expect(want)
    if complaint:
        return f"the reference itself is wrong: {complaint}", times
    complaint = difference(want, got)
    if complaint:
        words = free_text(got.stderr).splitlines()[-3:]
        return complaint + (f"; stderr: {' / '.join(words)}" if words else ""), times
    return None, times


def cannot_run(case: Case, subject: Runner,
               absent: dict[pathlib.Path, tuple[str, str]]) -> tuple[str, str] | None:
    """SKIP or FAIL and why, for a case that cannot be run at all."""
    if case.node_fails and subject.name == "node":
        return "SKIP", f"{case.node_fails}, and no --merlon was given"
    for folder, verdict in absent.items():
        if folder in case.wasm.parents:
            return verdict
    return None if case.wasm.is_file() else ("FAIL", f"{case.wasm} does not exist")


def main() -> int:
    options = parse_arguments()
    if shutil.which(options.node) is None:
        print("tests/real: node is missing: apt-get install nodejs", file=sys.stderr)
        print("0 passed, 1 failed, 0 skipped")
        return 1
    reference = NodeRunner(options.node)
    subject: Runner = reference
    if options.merlon:
        merlon = executable(options.merlon)
        if merlon is None:
            print(f"tests/real: {options.merlon} is no program: build merlon first",
                  file=sys.stderr)
            return 2
        subject = MerlonRunner(merlon, options.backend)
    places, absent = prepare(options)
    passed = failed = skipped = 0
    for case in all_cases(places):
        if options.filter not in case.name:
            continue
        hindrance = cannot_run(case, subject, absent)
        if hindrance:
            skipped += hindrance[0] == "SKIP"
            failed += hindrance[0] == "FAIL"
            print(f"{hindrance[0]} {case.name}: {hindrance[1]}", flush=True)
            continue
        complaint, times = judge(case, reference, subject)
        passed += complaint is None
        failed += complaint is not None
        verdict = f"FAIL {case.name}: {complaint}" if complaint else f"PASS {case.name}"
        print(f"{verdict} ({times})", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed + skipped == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
