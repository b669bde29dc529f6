#!/usr/bin/env python3
"""Measures merlon beside native code, node (Liftoff and default) and wasmtime, in one table.

Every engine must print what the native program prints. With --check the exit status is 1 if a bar
is missed.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True

from engines import HERE, LIFTOFF_FLAGS, Engine, RunFailed, engines, run_once  # noqa: E402
from report import HEADER, bars_text, summarise, workload_table  # noqa: E402
from startup import compile_table, hello_table, yosys_table  # noqa: E402

ROOT = HERE.parent.parent


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help="only these workloads")
    parser.add_argument("--merlon", metavar="PATH",
                        help="the merlon command to measure (default: build/release/bin/merlon)")
    parser.add_argument("--no-merlon", action="store_true", help="measure only the peers")
    parser.add_argument("--node", default="node", help="the node command (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs per workload (default: 5)")
    parser.add_argument("--filter", default="", help="only workloads whose name contains this")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all figures")
    parser.add_argument("--check", action="store_true", help="exit status 1 if a bar is missed")
    parser.add_argument("--no-startup", action="store_true", help="only the workloads")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "bench",
                        help="where workloads are built (default: build/bench)")
    parser.add_argument("--npm", type=pathlib.Path, default=ROOT / "build" / "npm",
                        help="where npm packages are installed (default: build/npm)")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    return options


def prepare(options: argparse.Namespace) -> bool:
    environment = {**os.environ, "MERLON_NPM": str(options.npm)}
    fetched = subprocess.run([str(HERE.parent / "real" / "fetch.sh")], env=environment, check=False)
    if fetched.returncode != 0:
        print("bench: npm packages are missing: no SQLite, yosys or wasmtime", file=sys.stderr)
    for command in ([HERE / "build.sh", options.build],
                    [ROOT / "examples" / "build.sh", options.build]):
        result = subprocess.run([str(word) for word in command], env=environment, check=False,
                                stdout=sys.stderr)
        if result.returncode != 0:
            return False
    return True


def workloads(options: argparse.Namespace) -> list[pathlib.Path]:
    """Every module that was built beside a native program of the same name, except hello."""
    found = [native.with_suffix(".wasm") for native in sorted(options.build.glob("*.native"))]
    return [module for module in found
            if module.is_file() and module.stem != "hello" and options.filter in module.stem
            and (not options.workloads or module.stem in options.workloads)]


def measure_workload(module: pathlib.Path, found: list[Engine], options: argparse.Namespace,
                     problems: list[str]) -> dict[str, list]:
    """Engines take turns, so that a slow minute of the machine hits all of them."""
    runs: dict[str, list] = {engine.name: [] for engine in found}
    excluded: set[str] = set()
    expected = None
    for _ in range(options.runs):
        for engine in found:
            if engine.name in excluded:
                continue
            try:
                run = run_once(engine, module, [], options.build / "measure")
            except RunFailed as failure:
                problems.append(f"{module.stem} under {engine.name}: {failure}")
                excluded.add(engine.name)
                continue
            expected = run.stdout if expected is None else expected
            if run.stdout != expected:
                problems.append(f"{module.stem} under {engine.name}: wrong output "
                                f"{run.stdout[:80]!r}")
                excluded.add(engine.name)
                continue
            runs[engine.name].append(run)
    for name in excluded:
        runs[name] = []
    return runs


def node_version(node: str) -> str:
    return subprocess.run([node, "--version"], capture_output=True, text=True,
                          check=False).stdout.strip()


def print_startup(options: argparse.Namespace, found: list[Engine], merlon: pathlib.Path | None,
                  node: str | None, results: dict) -> None:
    measure = options.build / "measure"
    print("\n" + hello_table(found, options.build, measure, results))
    yosys = options.npm / "node_modules/@yowasp/yosys/gen/yosys.core.wasm"
    if not yosys.is_file():
        print("\nyosys is not installed: no figures for it")
        return
    print("\n" + yosys_table(found, yosys, measure, results))
    print("\n" + compile_table(merlon, node, [yosys], measure, results))


def main() -> int:
    options = parse_arguments()
    merlon = None
    if not options.no_merlon:
        located = shutil.which(options.merlon or ROOT / "build" / "release" / "bin" / "merlon")
        if located is None:
            print("bench: there is no merlon: build it, name it with --merlon, or give --no-merlon",
                  file=sys.stderr)
            return 2
        merlon = pathlib.Path(located).resolve()
    node = shutil.which(options.node)
    if not prepare(options):
        return 2
    modules = workloads(options)
    unknown = set(options.workloads) - {module.stem for module in modules}
    if unknown:
        print(f"bench: no such workload: {' '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    found = engines(merlon, node, options.npm)
    names = [engine.name for engine in found]
    problems: list[str] = []
    summaries: dict[str, dict] = {}
    for module in modules:
        print(f"bench: {module.stem}", file=sys.stderr, flush=True)
        summaries[module.stem] = summarise(measure_workload(module, found, options, problems))
    results: dict[str, dict] = {"workloads": summaries}
    print(HEADER.format(runs=options.runs, liftoff=" ".join(LIFTOFF_FLAGS),
                        version=f"node {node_version(node)}" if node else "no node"))
    text, held = workload_table(summaries, names)
    print(text + "\n" + bars_text())
    if not options.no_startup:
        print_startup(options, found, merlon, node, results)
    for problem in problems:
        print(f"WRONG {problem}")
    if options.json:
        options.json.write_text(json.dumps({**results, "problems": problems}, indent=1) + "\n")
    return 1 if problems or (options.check and held is False) else 0


if __name__ == "__main__":
    sys.exit(main())
