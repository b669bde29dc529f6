#!/usr/bin/env python3
"""Doubles modules of shapes that could cost more than their size, and counts what that costs.

    run.py --compiler build/dev/bin/merlon-bench-compile [--size BYTES] [SHAPE…]

Twice the module may take at most 2.5 times the instructions (valgrind counts them: times would
depend on the machine) to validate and to compile, and 2.5 times the memory. What grows evenly but
for each byte takes ever so long, as declared locals once did, is caught by a bar of its own. Ends
with `N passed, N failed, N skipped`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from binary import body, module
from shapes import SHAPES

MOST = 2.5
# A byte may stand for a thousand values; ordinary code takes less than a thousand instructions.
MOST_FOR_A_BYTE = 300_000
# What the allocator takes at once is not the module's doing.
NOISE_KIB = 2048


class Refused(Exception):
    pass


def run(command):
    result = subprocess.run([str(word) for word in command], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        said = [line for line in result.stdout.splitlines() if not line.startswith("==")]
        raise Refused(" ".join(said) or f"exit status {result.returncode}")
    return result.stdout


class Meter:
    def __init__(self, compiler, folder):
        self.compiler = compiler
        self.folder = Path(folder)
        nothing = module([body(b"")])
        self.least = self.instructions("nothing", nothing)
        self.least_memory = self.memory("nothing", nothing)

    def write(self, name, data):
        path = self.folder / f"{name}-{len(data)}.wasm"
        path.write_bytes(data)
        return path

    def instructions(self, name, data):
        path = self.write(name, data)
        output = run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                      self.compiler, path, 1])
        return int(re.search(r"Collected : (\d+)", output)[1])

    def memory(self, name, data):
        """The peak in KiB, in an uninstrumented run."""
        return int(re.search(r"peak (\d+) KiB", run([self.compiler, self.write(name, data), 1]))[1])

    def growth(self, name, size):
        """(ratio of instructions, instructions for each byte, ratio of memory)"""
        make = SHAPES[name]
        one, two = make(size), make(2 * size)
        works = [self.instructions(name, data) - self.least for data in (one, two)]
        peaks = [self.memory(name, make(factor * size)) for factor in (16, 32)]
        memory = ((peaks[1] - self.least_memory + NOISE_KIB) /
                  (peaks[0] - self.least_memory + NOISE_KIB))
        return works[1] / works[0], works[1] / len(two), memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--compiler", default="build/dev/bin/merlon-bench-compile")
    parser.add_argument("--size", type=int, default=8000)
    parser.add_argument("--write", metavar="FOLDER", help="only write the modules there")
    parser.add_argument("shapes", nargs="*")
    options = parser.parse_args()
    names = options.shapes or list(SHAPES)
    if options.write:
        for name in names:
            (Path(options.write) / f"{name}.wasm").write_bytes(SHAPES[name](options.size))
        return 0
    if shutil.which("valgrind") is None:
        print("SKIP growth: valgrind, which counts instructions, is not here")
        print(f"0 passed, 0 failed, {len(names)} skipped")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        meter = Meter(options.compiler, folder)

        def measure(name):
            try:
                return meter.growth(name, options.size)
            except Refused as error:
                return str(error)

        for name, found in zip(names, pool.map(measure, names)):
            if isinstance(found, str):
                failed += 1
                print(f"FAIL {name}: {found}")
                continue
            work, each, memory = found
            good = work <= MOST and memory <= MOST and each <= MOST_FOR_A_BYTE
            failed += not good
            print(f"{'ok  ' if good else 'FAIL'} {name}: work x {work:.2f}, {each:.0f} instructions "
                  f"a byte, memory x {memory:.2f}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
