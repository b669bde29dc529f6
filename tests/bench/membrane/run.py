#!/usr/bin/env python3
"""Measures what the membrane of a keep costs: nil, kvm and node's WASI side by side, in one table.

Every keep runs the same programs, in turns. With --check the exit status is 1 if a bar is missed or
a program did not run as it should.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from keeps import HERE, keeps  # noqa: E402
from engines import Engine, RunFailed  # noqa: E402
from installed import installed  # noqa: E402
from probes import PROBES, Bench, Probe, hello  # noqa: E402
from rows import HEADER, Table, summary_table, without_start  # noqa: E402

ROOT = HERE.parent.parent.parent
# What a program that breaks off leads to: a failed run, or figures that lack or are none.
FAILURES = (RunFailed, OSError, KeyError, ValueError)


def parse_arguments() -> argparse.Namespace:
    names = [probe.name for probe in PROBES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("probes", nargs="*", metavar="PROBE", help=f"only these: {' '.join(names)}")
    parser.add_argument("--merlon", metavar="PATH",
                        default=ROOT / "build" / "release" / "bin" / "merlon",
                        help="the merlon command to measure (default: build/release/bin/merlon)")
    parser.add_argument("--node", default="node", help="the node command (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="rounds (default: %(default)s)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all samples")
    parser.add_argument("--check", action="store_true", help="exit status 1 if a bar is missed")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "bench",
                        help="where programs are built (default: build/bench)")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    unknown = set(options.probes) - set(names)
    if unknown:
        parser.error(f"no such probe: {' '.join(sorted(unknown))}")
    return options


def processor() -> str:
    """Its name and kind: figures of different ones do not compare."""
    words = dict(line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text(
        encoding="utf-8").split("\n\n")[0].replace("\t", "").splitlines() if ":" in line)
    found = {name.strip(): value.strip() for name, value in words.items()}
    return (f"{found.get('model name', 'unknown')} (family {found.get('cpu family', '?')}, "
            f"model {found.get('model', '?')}), {len(os.sched_getaffinity(0))} processors")


def prepare(build: pathlib.Path) -> bool:
    commands = ([HERE / "build.sh", build / "membrane"], [HERE.parent / "build.sh", build],
                [ROOT / "examples" / "build.sh", build, "hello"])
    return all(subprocess.run([str(word) for word in command], check=False,
                              stdout=sys.stderr).returncode == 0 for command in commands)


def present(found: list[Engine], bench: Bench) -> tuple[list[Engine], list[str]]:
    """Those that can say hello here, and why the others cannot."""
    able, absent = [], []
    for engine in found:
        try:
            hello(engine, bench)
            able.append(engine)
        except FAILURES as failure:
            absent.append(f"{engine.name} is not measured: {failure}")
    return able, absent


def measure(probes: list[Probe], found: list[Engine], bench: Bench, rounds: int,
            problems: list[str]) -> Table:
    """Keeps take turns, so that a slow minute of the machine hits all of them. What fails once is
    not asked again; figures that it gave before stand."""
    samples: Table = {}
    failed: set[tuple[str, str]] = set()

    def take(probe: Probe, engine: Engine) -> None:
        if (probe.name, engine.name) in failed or not probe.is_for(engine):
            return
        try:
            for row, value in probe.take(engine, bench).items():
                samples.setdefault(row, {}).setdefault(engine.name, []).append(value)
        except FAILURES as failure:
            failed.add((probe.name, engine.name))
            problems.append(f"{probe.name} under {engine.name}: {failure!r}")

    for number in range(rounds):
        for probe in probes:
            print(f"bench: round {number + 1} of {rounds}: {probe.name}", file=sys.stderr)
            for _ in range(probe.repeats):
                for engine in found:
                    take(probe, engine)
    return samples


def main() -> int:
    options = parse_arguments()
    merlon = shutil.which(options.merlon)
    if merlon is None:
        print("bench: there is no merlon: build it, or name it with --merlon", file=sys.stderr)
        return 2
    if not prepare(options.build):
        return 2
    with tempfile.TemporaryDirectory(prefix="merlon-bench-membrane-") as name:
        program = pathlib.Path(merlon).resolve()
        return compare(installed(pathlib.Path(name) / "bin", program.parent) / program.name, options)


def compare(merlon: pathlib.Path, options: argparse.Namespace) -> int:
    bench = Bench(options.build)
    wanted = keeps(merlon, shutil.which(options.node))
    found, absent = present(wanted, bench)
    probes = [probe for probe in PROBES if not options.probes or probe.name in options.probes]
    problems: list[str] = []
    samples = measure(probes, found, bench, options.runs, problems)
    without_start(samples)
    text, held = summary_table(samples, [engine.name for engine in found])
    print(HEADER.format(runs=options.runs, processor=processor()) + "\n" + text)
    for line in absent + [f"WRONG {problem}" for problem in problems]:
        print(line)
    if options.json:
        options.json.write_text(json.dumps({"samples": samples, "absent": absent,
                                            "problems": problems}, indent=1) + "\n")
    return 1 if options.check and (problems or not held) else 0


if __name__ == "__main__":
    sys.exit(main())
