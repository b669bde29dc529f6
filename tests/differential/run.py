#!/usr/bin/env python3
"""Runs random modules in node and in merlon-diff and compares what they did, line by line.

Without --merlon-diff V8's Liftoff and TurboFan are compared with each other. A module that
overflows the stack on either side counts as skipped. Ends with `N passed, N failed, N skipped`.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from generate import (DEFAULT_SIZE, GENERATORS, CannotGenerate, make_module,  # noqa: E402
                      twin_of)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BATCH = 200
NODE_TIMEOUT_SECONDS = 120
MODULE_TIMEOUT_SECONDS = 30
SHOWN_FAILURES = 20


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merlon-diff", metavar="PATH", help="the program to test")
    parser.add_argument("--checks", action="store_true", help="compiled code compares, nothing is reserved behind memories")
    parser.add_argument("--node", default="node", help="the node command (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--count", type=int, default=2000,
                        help="modules per generator (default: %(default)s)")
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE,
                        help="most random bytes per module (default: %(default)s)")
    parser.add_argument("--generator", choices=[*sorted(GENERATORS), "all"], default="all")
    parser.add_argument("--keep", type=pathlib.Path, default=ROOT / "build" / "differential",
                        help="where differing modules are kept (default: build/differential)")
    return parser.parse_args()


def known_flags(node: str) -> list[str]:
    """What is no flag of a later V8 it has always. It fails on guards of memories of 64 bits."""
    listed = subprocess.run([node, "--v8-options"], capture_output=True, check=False, text=True)
    wanted = ["--experimental-wasm-memory64", "--experimental-wasm-typed-funcref",
              "--wasm-enforce-bounds-checks"]
    return [flag for flag in wanted if flag + " " in listed.stdout]


class NodeSide:
    """Runs a whole batch in one process, as the start of node costs more than a module."""

    def __init__(self, name: str, node: str, flags: list[str], quiet: bool = False,
                 timeout_seconds: float = NODE_TIMEOUT_SECONDS):
        self.name = name
        self.stderr = subprocess.DEVNULL if quiet else None
        self.timeout_seconds = timeout_seconds
        self.command = [node, *known_flags(node), *flags, str(HERE / "harness.mjs")]

    def run(self, modules: list[pathlib.Path]) -> list[str]:
        listing = modules[0].with_suffix(".list")
        listing.write_text("".join(f"{module}\n" for module in modules))
        suffix = f".{self.name}"
        try:
            subprocess.run([*self.command, str(listing), suffix], check=False,
                           stderr=self.stderr, timeout=self.timeout_seconds)
        except subprocess.TimeoutExpired:
            pass
        outputs = [module.with_name(module.name + suffix) for module in modules]
        return [path.read_text() if path.exists() else "" for path in outputs]


class MerlonSide:
    """Runs each module in a process of its own, so that a crash is known by its module."""

    name = "merlon"

    def __init__(self, program: str, checks: bool = False, timeout_seconds: float = MODULE_TIMEOUT_SECONDS):
        self.command = [program, *(["--checks"] if checks else [])]
        self.timeout_seconds = timeout_seconds

    def run(self, modules: list[pathlib.Path]) -> list[str]:
        return [self.run_one(module) for module in modules]

    def run_one(self, module: pathlib.Path) -> str:
        twin = twin_of(module)
        given = twin if twin.exists() else module
        try:
            result = subprocess.run([*self.command, str(given)], capture_output=True, check=False,
                                    timeout=self.timeout_seconds)
        except subprocess.TimeoutExpired:
            return f"(ran for more than {self.timeout_seconds} s)\n"
        text = result.stdout.decode("ascii", "backslashreplace")
        if result.returncode != 0:
            words = result.stderr.decode("utf-8", "replace").strip()[-300:]
            text += f"(exit status {result.returncode}: {words})\n"
        return text


def first_difference(want: str, got: str) -> str:
    want_lines, got_lines = want.splitlines(), got.splitlines()
    for number, (left, right) in enumerate(zip(want_lines, got_lines), 1):
        if left != right:
            return f"line {number}: {right!r}, not {left!r}"
    return f"{len(got_lines)} lines, not {len(want_lines)}; last: {(got_lines or [''])[-1]!r}"


def verdict(want: str, got: str) -> tuple[str, str]:
    """passed, failed or skipped, and why."""
    if not want.endswith("\nend\n"):
        return "skipped", "node did not finish the module"
    if "\nrefused\n" in want:
        return "skipped", "node refuses the module"
    if want == got:
        # Equal up to an overflow says nothing about what came after it, yet is no difference.
        return "passed", ""
    if " trap stack-overflow\n" in want or " trap stack-overflow\n" in got:
        return "skipped", "stack overflow"
    return "failed", first_difference(want, got)


def keep_failure(keep: pathlib.Path, module: pathlib.Path, sides, outputs: tuple[str, str]) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    shutil.copy(module, keep / module.name)
    if twin_of(module).exists():
        twin_of(keep / module.name).parent.mkdir(exist_ok=True)
        shutil.copy(twin_of(module), twin_of(keep / module.name))
    for side, output in zip(sides, outputs):
        (keep / f"{module.name}.{side.name}").write_text(output)


def run_batch(options, generator: str, indices: range, sides, counts: dict, reasons: dict) -> None:
    with tempfile.TemporaryDirectory(prefix="merlon-differential-") as scratch:
        modules = []
        for index in indices:
            module = pathlib.Path(scratch) / f"{generator}-{options.seed}-{index}.wasm"
            make_module(generator, options.seed, index, options.size, module)
            modules.append(module)
        outputs = [side.run(modules) for side in sides]
        for module, want, got in zip(modules, *outputs):
            result, reason = verdict(want, got)
            counts[result] += 1
            if result == "skipped":
                reasons[reason] = reasons.get(reason, 0) + 1
            if result == "failed":
                keep_failure(options.keep, module, sides, (want, got))
                if counts["failed"] <= SHOWN_FAILURES:
                    print(f"FAIL {module.stem}: {reason}", flush=True)


def main() -> int:
    options = parse_arguments()
    if shutil.which(options.node) is None:
        print("tests/differential: node is missing: apt-get install nodejs", file=sys.stderr)
        return 2
    if options.merlon_diff and shutil.which(options.merlon_diff) is None:
        print(f"tests/differential: {options.merlon_diff} is no program: build it first",
              file=sys.stderr)
        return 2
    if options.merlon_diff:
        sides = [NodeSide("node", options.node, []), MerlonSide(options.merlon_diff, options.checks)]
    else:
        sides = [NodeSide("liftoff", options.node, ["--liftoff-only"]),
                 NodeSide("turbofan", options.node, ["--no-liftoff"])]
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    reasons: dict[str, int] = {}
    chosen = sorted(GENERATORS) if options.generator == "all" else [options.generator]
    for generator in chosen:
        started = time.monotonic()
        try:
            for first in range(0, options.count, BATCH):
                indices = range(first, min(first + BATCH, options.count))
                run_batch(options, generator, indices, sides, counts, reasons)
        except CannotGenerate as error:
            print(f"tests/differential: {error}", file=sys.stderr)
            return 2
        print(f"{generator}: {options.count} modules of seed {options.seed}, "
              f"{sides[0].name} against {sides[1].name}, {time.monotonic() - started:.0f} s",
              flush=True)
    for reason, count in sorted(reasons.items()):
        print(f"skipped {count}: {reason}")
    if counts["failed"]:
        print(f"modules that differ are in {options.keep}")
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
