"""Start-up: hello as a whole process, a 30 MB module's first output, and compile speed."""

import json
import pathlib
import shutil
import subprocess
import tempfile
from dataclasses import replace

from engines import Engine, LIFTOFF_FLAGS, NODE_RUNNER, NativeEngine, RunFailed, run_once
from installed import installed
from report import figure, median, table

HYPERFINE_RUNS = 30
YOSYS_RUNS = 3
COMPILE_RUNS = 5
HELLO_BAR_NATIVE, HELLO_BAR_MIB, YOSYS_BAR_NODE, COMPILE_BAR_LIFTOFF = 3.0, 8.0, 1.2, 1.0


def hyperfine_ms(command: list[str]) -> float | None:
    if shutil.which("hyperfine") is None:
        return None
    with tempfile.NamedTemporaryFile(suffix=".json") as export:
        quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in command)
        result = subprocess.run(
            ["hyperfine", "-N", "--warmup", "5", "--runs", str(HYPERFINE_RUNS), "--style", "none",
             "--export-json", export.name, quoted],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if result.returncode != 0:
            return None
        return json.load(open(export.name, encoding="utf-8"))["results"][0]["median"] * 1000


def mark(value: float | None, bar: float, at_least: bool = False) -> str:
    if value is None:
        return "-"
    return "PASS" if (value >= bar if at_least else value <= bar) else "MISS"


def hello_table(found: list[Engine], out: pathlib.Path, measure: pathlib.Path,
                results: dict) -> str:
    with tempfile.TemporaryDirectory(prefix="merlon-bench-hello-") as folder:
        return hello_of([as_installed(engine, pathlib.Path(folder)) for engine in found], pathlib.Path(folder), out,
                        measure, results)


def as_installed(engine: Engine, folder: pathlib.Path) -> Engine:
    if engine.name != "merlon":
        return engine
    program = pathlib.Path(engine.words[0])
    return replace(engine, words=[str(installed(folder / "bin", program.parent) / program.name), *engine.words[1:]])


def hello_of(found: list[Engine], folder: pathlib.Path, out: pathlib.Path, measure: pathlib.Path, results: dict) -> str:
    rows = [["hello, whole process", "median ms", "peak MiB", "bar"]]
    native = None  # comes first
    module = folder / "hello.wasm"
    for each in ("hello.wasm", "hello.native"):
        shutil.copy(out / each, folder)
    for engine in found:
        try:
            peak = run_once(engine, module, [], measure).peak_mib
        except RunFailed as failure:
            rows.append([f"{engine.name}: {failure}"[:60], "-", "-", "-"])
            continue
        time = hyperfine_ms(engine.command(module, [], None))
        verdict = "-"
        if engine.name == "native":
            native = time
        if engine.name == "merlon":
            ratio = time / native if time and native else None
            both = {mark(ratio, HELLO_BAR_NATIVE), mark(peak, HELLO_BAR_MIB)}
            verdict = "MISS" if "MISS" in both else "PASS"
        results[f"hello/{engine.name}"] = {"milliseconds": time, "peak_mib": peak}
        rows.append([engine.name, figure(time), figure(peak, 1), verdict])
    return table(rows) + f"\nBar: <= {HELLO_BAR_NATIVE:.0f} x native and <= {HELLO_BAR_MIB:.0f} MiB."


def yosys_table(found: list[Engine], yosys: pathlib.Path, measure: pathlib.Path,
                results: dict) -> str:
    rows, times = [["yosys --version, whole process", "median s", "peak MiB", "bar"]], {}
    for engine in found:
        # wasmtime in wizer takes no arguments; there is no native yosys here.
        if isinstance(engine, NativeEngine) or engine.name == "wasmtime":
            continue
        try:
            runs = [run_once(engine, yosys, ["--version"], measure) for _ in range(YOSYS_RUNS)]
        except RunFailed as failure:
            rows.append([f"{engine.name}: {failure}"[:60], "-", "-", "-"])
            continue
        seconds, peak = median([run.wall for run in runs]), median([run.peak_mib for run in runs])
        times[engine.name] = seconds
        results[f"yosys/{engine.name}"] = {"seconds": seconds, "peak_mib": peak}
        rows.append([engine.name, figure(seconds, 3), figure(peak, 1), "-"])
    for row in rows:
        if row[0] == "merlon" and "node" in times:
            row[3] = mark(times["merlon"] / times["node"], YOSYS_BAR_NODE)
    return table(rows) + f"\nBar: <= {YOSYS_BAR_NODE} x node, nothing cached between runs."


def compile_table(merlon: pathlib.Path | None, node: str | None, modules: list[pathlib.Path],
                  measure: pathlib.Path, results: dict) -> str:
    """`merlon-bench-compile FILE` beside merlon prints MB/s of one thread as its first word."""
    rows = [["compile MB/s", "merlon", "liftoff, 1 thread", "bar"]]
    program = merlon.with_name("merlon-bench-compile") if merlon else None
    for module in modules:
        megabytes = module.stat().st_size / 1e6
        ours, theirs = [], []
        for _ in range(COMPILE_RUNS):  # in turn
            if program and program.is_file():
                output = subprocess.run([str(program), str(module)], capture_output=True, text=True,
                                        check=False).stdout.split()
                ours += [float(output[0])] if output else []
            if node:
                flags = [*LIFTOFF_FLAGS, "--wasm-num-compilation-tasks=1"]
                single = Engine("liftoff", [node, *flags, "--no-warnings", str(NODE_RUNNER)], True)
                try:
                    run = run_once(single, module, ["--version"], measure)
                    theirs.append(megabytes / run.compile_seconds)
                except RunFailed:
                    pass  # the module needs other arguments: no figure, not a wrong one
        ours, theirs = (median(speeds) if speeds else None for speeds in (ours, theirs))
        results[f"compile/{module.stem}"] = {"merlon": ours, "liftoff": theirs}
        verdict = mark(ours / theirs if ours and theirs else None, COMPILE_BAR_LIFTOFF, at_least=True)
        rows.append([f"{module.name} ({megabytes:.1f} MB)", figure(ours, 1), figure(theirs, 1),
                     verdict])
    return table(rows) + f"\nBar: >= {COMPILE_BAR_LIFTOFF:.0f} x Liftoff on one thread."
