#!/usr/bin/env python3
"""Which lines of rooms their unit tests run. usage: tools/coverage.py ROOM…

Builds the tests of each room in build/coverage, runs them, and prints a line for each source: how many of its
lines were run, and the numbers of those that were not. Lines of headers count where they are compiled in a source
of the room. Ends with 1 if a room is below LEAST of a hundred.
"""

import collections
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "coverage"
LEAST = 90


def measured(room):
    """For each source of the room, how often each of its lines was run."""
    objects = BUILD / "merlon" / room / "CMakeFiles" / f"merlon_{room}.dir"
    for old in objects.rglob("*.gcda"):
        old.unlink()
    subprocess.run([BUILD / "tests" / f"merlon_{room}_test", "--gtest_brief=1"], check=True, cwd=ROOT,
                   stdout=subprocess.DEVNULL, env={**os.environ, "MERLON_SHARED": os.environ.get("MERLON_SHARED", "")
                                                   or str(ROOT.parent / "shared")})
    lines = collections.defaultdict(dict)
    for notes in sorted(objects.rglob("*.gcno")):  # those that no test touched too
        said = subprocess.run(["gcov", "--json-format", "--stdout", notes], check=True, cwd=objects,
                              capture_output=True, text=True).stdout
        for text in filter(None, said.splitlines()):
            for file in json.loads(text)["files"]:
                path = os.path.relpath((BUILD / file["file"]).resolve(), ROOT)
                if not path.startswith(f"merlon/{room}/"):
                    continue
                for line in file["lines"]:
                    counts = lines[path]
                    counts[line["line_number"]] = max(counts.get(line["line_number"], 0), line["count"])
    return lines


def main(rooms):
    if not rooms:
        sys.exit(__doc__)
    subprocess.run(["cmake", "--preset", "coverage"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", BUILD, *(f"tests/merlon_{room}_test" for room in rooms)], check=True,
                   stdout=subprocess.DEVNULL)
    good = True
    for room in rooms:
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
    main(sys.argv[1:])
