#!/usr/bin/env python3
"""Compares whole random C programs: native code, node and merlon must print the same checksum.

csmith writes the programs; clang-22 builds each natively and for wasm32-wasi at a random level of
optimisation. Slower per module than run.py (about 2 s), but the code is what compilers emit, and
native code is an oracle that shares nothing with V8. Ends with `N passed, N failed, N skipped`.
"""

import argparse
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NODE_RUNNER = HERE.parent / "real" / "node_wasi.mjs"
NATIVE_SECONDS, WASM_SECONDS, BUILD_SECONDS = 2, 30, 120
WASM_TARGETS = [[], ["-msimd128"], ["-mtail-call"]]


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merlon", metavar="PATH", help="the merlon command to test")
    parser.add_argument("--node", default="node", help="the node command (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="first seed (default: %(default)s)")
    parser.add_argument("--count", type=int, default=100, help="default: %(default)s")
    parser.add_argument("--keep", type=pathlib.Path, default=ROOT / "build" / "differential",
                        help="where differing programs are kept (default: build/differential)")
    return parser.parse_args()


def build(seed: int, scratch: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path] | str:
    """The native program and the module, or why there are none."""
    rng = random.Random(f"csmith:{seed}")
    source, native, module = (scratch / f"c{seed}{end}" for end in (".c", "", ".wasm"))
    level = rng.choice(["-O0", "-O1", "-O2", "-O3", "-Oz"])
    common = ["-w", level, "-I/usr/include/csmith", str(source)]
    wasm = ["--target=wasm32-wasi", "-Wno-deprecated", *rng.choice(WASM_TARGETS)]
    commands = [
        ["csmith", "--seed", str(seed), "--no-argc", "-o", str(source)],
        ["clang-22", *common, "-o", str(native)],
        ["clang-22", *wasm, *common, "-o", str(module)],
    ]
    for command in commands:
        try:
            # csmith leaves a file in the working directory
            result = subprocess.run(command, capture_output=True, check=False, cwd=scratch,
                                    timeout=BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            return f"{command[0]} took too long"
        if result.returncode != 0:
            return f"{command[0]} failed"
    return native, module


def output_of(command: list[str], seconds: int) -> tuple[int | None, bytes]:
    try:
        result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL,
                                check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None, b""
    return result.returncode, result.stdout


def judge(options, native: pathlib.Path, module: pathlib.Path) -> tuple[str, str]:
    want = output_of([str(native)], NATIVE_SECONDS)
    if want[0] is None:
        return "skipped", "native program runs too long"
    runners = {"node": [options.node, "--no-warnings", str(NODE_RUNNER), str(module)]}
    if options.merlon:
        runners["merlon"] = [options.merlon, "run", "--backend", "nil", str(module)]
    seen = {name: output_of(command, WASM_SECONDS) for name, command in runners.items()}
    subject = seen.get("merlon", seen["node"])
    if options.merlon and seen["node"] != want:
        # The C program itself means different things on the two targets: node is the judge.
        want = seen["node"]
    if subject == want:
        return "passed", ""
    return "failed", f"{subject}, not {want}"


def main() -> int:
    options = parse_arguments()
    for tool, package in (("csmith", "csmith libcsmith-dev"), ("clang-22", "clang-22"),
                          (options.node, "nodejs")):
        if shutil.which(tool) is None:
            print(f"programs.py: {tool} is missing: apt-get install {package}", file=sys.stderr)
            return 2
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for seed in range(options.seed, options.seed + options.count):
        with tempfile.TemporaryDirectory(prefix="merlon-csmith-") as scratch:
            built = build(seed, pathlib.Path(scratch))
            if isinstance(built, str):
                result, reason = "skipped", built
            else:
                result, reason = judge(options, *built)
            counts[result] += 1
            if result == "failed":
                options.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(built[1], options.keep)
            if reason:
                print(f"{result} c{seed}: {reason}", flush=True)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
