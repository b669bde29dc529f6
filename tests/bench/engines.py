"""How each engine is started on one module, and what one run of it is: time, memory, output."""

import json
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
NODE_RUNNER = HERE.parent / "real" / "node_wasi.mjs"
TIMEOUT_SECONDS = 300
# --no-wasm-tier-up does not keep node 20 in Liftoff (functions still tier up); --liftoff-only does.
# Compiling everything first is kinder to node, as its compile time is then outside what we count.
LIFTOFF_FLAGS = ["--liftoff-only", "--no-wasm-lazy-compilation"]


@dataclass
class Run:
    seconds: float  # what the table shows
    wall: float  # the whole process
    peak_mib: float
    stdout: bytes
    compile_seconds: float = 0.0


class RunFailed(Exception):
    """The program could not be run or did not end with status 0."""


@dataclass
class Engine:
    """One column. `words` is the command up to the module; node also reports times from inside."""

    name: str
    words: list[str]
    times_itself: bool = False
    after: list[str] = field(default_factory=list)

    def command(self, module: pathlib.Path, arguments: list[str], timing: pathlib.Path | None):
        words = list(self.words)
        if self.times_itself and timing:
            words += ["--timing", str(timing)]
        words += [str(module), *self.after]
        return words + (["--", *arguments] if arguments else [])


class NativeEngine(Engine):
    def command(self, module, arguments, timing):
        return [str(module.with_suffix(".native")), *arguments]


def run_once(engine: Engine, module: pathlib.Path, arguments: list[str],
             measure: pathlib.Path) -> Run:
    with tempfile.TemporaryDirectory(prefix="merlon-bench-") as scratch:
        report = pathlib.Path(scratch) / "report"
        timing = pathlib.Path(scratch) / "timing"
        command = engine.command(module, arguments, timing)
        try:
            result = subprocess.run([str(measure), str(report), *command], capture_output=True,
                                    stdin=subprocess.DEVNULL, check=False, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise RunFailed(f"more than {TIMEOUT_SECONDS} s") from error
        words = result.stderr.decode("utf-8", "replace").strip()[-200:]
        if result.returncode != 0:
            raise RunFailed(words or f"measure failed with {result.returncode}")
        wall, _, peak_kib, status = report.read_text().split()
        if status != "0":
            raise RunFailed(f"exit status {status}: {words}")
        run = Run(float(wall), float(wall), int(peak_kib) / 1024, result.stdout)
        if engine.times_itself:
            times = json.loads(timing.read_text())
            run.seconds = times["run_ms"] / 1000
            run.compile_seconds = times["compile_ms"] / 1000
        return run


def engines(merlon: pathlib.Path | None, node: str | None, npm: pathlib.Path) -> list[Engine]:
    """Those that are here, in the order of the columns."""
    found: list[Engine] = [NativeEngine("native", [])]
    if merlon:
        found.append(Engine("merlon", [str(merlon), "run", "--backend", "nil"]))
    if node:
        runner = ["--no-warnings", str(NODE_RUNNER)]
        found.append(Engine("liftoff", [node, *LIFTOFF_FLAGS, *runner], times_itself=True))
        found.append(Engine("node", [node, *runner], times_itself=True))
    wizer = npm / "node_modules/@bytecodealliance/wizer-linux-x64/wizer"
    if wizer.is_file():
        words = [str(wizer), "--allow-wasi", "--inherit-stdio", "true", "-f", "_start"]
        found.append(Engine("wasmtime", words, after=["-o", "/dev/null"]))
    return found
