#!/usr/bin/env python3
"""Which lines of rooms their tests run. usage: tools/coverage.py [--also COMMAND] ROOM…

Builds the tests of each room in build/coverage, runs them, and prints a line for each source: how many of its
lines were run, and the numbers of those that were not. Lines of headers count where they are compiled in a source
of the room. A part of a room is named as its folder is, shim/sgx; its tests are those of the folder that it is built in.
With --also, a shell's COMMAND is run beside them, which may test the programs of build/coverage/bin that are not
confined (a keep cannot write what was counted). Ends with 1 if a room is below LEAST of a hundred.
"""

import argparse
import collections
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "coverage"
LEAST = 90


def objects_of(room):
    """Of all programs and libraries that are made of the room's folder, or of the one around it."""
    folder = Path("merlon", room)
    while not (ROOT / folder / "CMakeLists.txt").exists():
        folder = folder.parent
    return BUILD / folder / "CMakeFiles"


def tests_of(room):
    return sorted(folder.stem for folder in objects_of(room).glob("merlon_*_test.dir"))


def run_unit_tests(room):
    for old in objects_of(room).rglob("*.gcda"):
        old.unlink()
    for test in tests_of(room):
        subprocess.run([BUILD / "tests" / test, "--gtest_brief=1"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL,
                       env={**os.environ,
                            "MERLON_SHARED": os.environ.get("MERLON_SHARED", "") or str(ROOT.parent / "shared")})


def is_counted(path, room):
    of_tests = path.endswith("_test.cc") or "testing" in path.split("/")
    return path.startswith(f"merlon/{room}/") and not of_tests and not path.endswith("/main.cc")


def measured(room):
    """For each source of the room, how often each of its lines was run."""
    objects = objects_of(room)
    lines = collections.defaultdict(dict)
    for notes in sorted(objects.rglob("*.gcno")):  # those that no test touched too
        said = subprocess.run(["gcov", "--json-format", "--stdout", notes], check=True, cwd=objects,
                              capture_output=True, text=True).stdout
        for text in filter(None, said.splitlines()):
            for file in json.loads(text)["files"]:
                path = os.path.relpath((BUILD / file["file"]).resolve(), ROOT)
                if not is_counted(path, room):
                    continue
                for line in file["lines"]:
                    counts = lines[path]
                    counts[line["line_number"]] = max(counts.get(line["line_number"], 0), line["count"])
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--also", metavar="COMMAND")
    parser.add_argument("rooms", nargs="+", metavar="ROOM")
    options = parser.parse_args()
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    tests = [f"tests/{test}" for room in options.rooms for test in tests_of(room)]
    subprocess.run(["ninja", "-C", BUILD, *tests], check=True, stdout=subprocess.DEVNULL)
    for room in options.rooms:
        run_unit_tests(room)
    if options.also:
        subprocess.run(options.also, shell=True, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    good = True
    for room in options.rooms:
        run = every = 0
        for path, counts in sorted(measured(room).items()):
            missed = sorted(number for number, count in counts.items() if count == 0)
            run += len(counts) - len(missed)
            every += len(counts)
            rest = f"  not: {' '.join(map(str, missed))}" if missed else ""
            print(f"{len(counts) - len(missed):5} of {len(counts):5}  {path}{rest}")
        share = 100 * run / every if every else 0
        print(f"{room}: {run} of {every} lines, {share:.1f} %")
        good = good and share >= LEAST
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
