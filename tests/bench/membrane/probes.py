"""What is measured. A probe runs a program once in one keep and gives samples of some rows."""

import os
import pathlib
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from keeps import end, figures, for_growth, last_words, running, wall_seconds
from engines import Engine, RunFailed, run_once
from runners import listen_config
from streams import Drain, both_ways, connect, feed, free_port, round_trips

TRAPPED = 134  # of merlon and of node_wasi.mjs alike
Samples = dict[str, float]
# In a virtual machine, memory that nobody has used for a while is fetched from outside at its first
# touch, large pages more often than small ones. That is not the keep's cost: the second run counts.
warmed = range(2)


@dataclass
class Bench:
    """Where things lie, and what was seen before."""

    build: pathlib.Path
    outputs: dict[str, bytes] = field(default_factory=dict)

    def program(self, name: str) -> pathlib.Path:
        return self.build / "membrane" / f"{name}.wasm"


@dataclass
class Probe:
    name: str
    take: Callable[[Engine, Bench], Samples]
    repeats: int = 1  # in each round; what is short and varies wants many
    for_node: bool = True
    for_native: bool = False

    def is_for(self, engine: Engine) -> bool:
        return {"node": self.for_node, "native": self.for_native}.get(engine.name, True)


def per_call(found: tuple[int, int]) -> float:
    calls, nanoseconds = found
    return nanoseconds / calls


def megabytes_a_second(found: tuple[int, int]) -> float:
    size, nanoseconds = found
    return size / nanoseconds * 1e3


def calls(engine: Engine, bench: Bench) -> Samples:
    with running(engine, bench.program("calls"), stdout=subprocess.PIPE, bufsize=0) as process:
        process.stdout.read(1)
        began = time.perf_counter()
        process.stdout.read(1)
        ours = time.perf_counter() - began
        found = figures(process)
    return {"clock": per_call(found["clock"]), "yield": per_call(found["yield"]),
            "random": per_call(found["random"]), "agreement": found["clock"][1] / 1e9 / ours}


def writes(engine: Engine, bench: Bench) -> Samples:
    with running(engine, bench.program("writes")) as process:  # standard output is /dev/null
        null = figures(process)
    with running(engine, bench.program("writes"), stdout=subprocess.PIPE) as process:
        drain = Drain(process.stdout.fileno())
        pipe = figures(process)
        drain.join()
    return {f"{where} {size}": per_call(found[size]) / 1e3
            for where, found in (("null", null), ("pipe", pipe)) for size in ("1", "64")}


def loaded(engine: Engine, bench: Bench) -> Samples:
    """Beside one busy process for each processor that this one may use."""
    busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"], start_new_session=True)
            for _ in os.sched_getaffinity(0)]
    try:
        with running(engine, bench.program("writes")) as process:
            found = figures(process)
    finally:
        for process in busy:
            end(process)
            process.wait()
    return {"loaded 1": per_call(found["1"]) / 1e3}


def trap(engine: Engine, bench: Bench) -> Samples:
    """How much longer a program takes that traps. In the order A B B A, after a run that does not
    count: neither drift nor what another keep has left behind favours one of the two."""
    program = bench.program("trap")
    plain = partial(wall_seconds, engine, program, status=0)
    trapped = partial(wall_seconds, engine, program, "trap", status=TRAPPED)
    plain()
    before, first, second, after = plain(), trapped(), trapped(), plain()
    return {"trap": (first + second - before - after) / 2 * 1e3}


def pages(engine: Engine, bench: Bench) -> Samples:
    engine = for_growth(engine)
    with running(engine, bench.program("grow")) as process:
        grown = figures(process)
    for _ in warmed:
        with running(engine, bench.program("touch")) as process:
            touched = figures(process)
    return {"grow page": per_call(grown["64 KiB"]) / 1e3,
            "grow 16 MiB": per_call(grown["16 MiB"]) / 1e3,
            "first touch": touched["first"][1] / 1e6, "second touch": touched["second"][1] / 1e6}


def tcp(engine: Engine, bench: Bench) -> Samples:
    port = free_port()
    config = bench.build / "membrane" / "Enarx.toml"
    config.write_text(listen_config("echo", port), encoding="utf-8")
    with running(engine, bench.program("echo"), options=["--config", str(config)]) as process:
        with connect(port, lambda: process.poll() is None) as peer:
            samples = {"tcp 64 B": round_trips(peer, 64), "tcp 64 KiB": both_ways(peer) / 1e6}
        last_words(process)
    return samples


def stdout(engine: Engine, bench: Bench) -> Samples:
    with running(engine, bench.program("stream"), "out", stdout=subprocess.PIPE) as process:
        drain = Drain(process.stdout.fileno())
        sent = figures(process)["out"]
        drain.join()
    if drain.total != sent[0]:
        raise RunFailed(f"wrote {sent[0]} bytes, of which {drain.total} came")
    return {"stdout": megabytes_a_second(sent)}


def stdin(engine: Engine, bench: Bench) -> Samples:
    with running(engine, bench.program("stream"), "in", stdin=subprocess.PIPE) as process:
        sent = feed(process.stdin.fileno())
        process.stdin.close()
        taken = figures(process)["in"]
    if taken[0] != sent:
        raise RunFailed(f"read {taken[0]} bytes of {sent}")
    return {"stdin": megabytes_a_second(taken)}


def whole(engine: Engine, bench: Bench, name: str):
    """A program from start to end; all engines must write the same."""
    run = run_once(engine, bench.build / f"{name}.wasm", [], bench.build / "measure")
    expected = "native" if engine.name == "native" else name  # it says another thing
    if bench.outputs.setdefault(expected, run.stdout) != run.stdout:
        raise RunFailed(f"wrong output {run.stdout[:80]!r}")
    return run


def hello(engine: Engine, bench: Bench) -> Samples:
    run = whole(engine, bench, "hello")
    return {"hello": run.wall * 1e3, "hello peak": run.peak_mib}


def workload(name: str, runs: range, repeats: int) -> Probe:
    """The last of some runs. A bar of 3 % wants many repeats: a single run wavers by 15."""
    def take(engine: Engine, bench: Bench) -> Samples:
        return {name: [whole(engine, bench, name).wall for _ in runs][-1]}
    return Probe(name, take, repeats)


PROBES = [
    Probe("calls", calls),
    Probe("writes", writes),
    Probe("load", loaded, repeats=3),
    Probe("trap", trap, repeats=10),
    Probe("pages", pages),
    Probe("tcp", tcp, repeats=3, for_node=False),
    Probe("stdout", stdout, repeats=3),
    Probe("stdin", stdin, repeats=3),
    Probe("hello", hello, repeats=20, for_native=True),
    workload("integer", range(1), repeats=8),
    workload("nbody", range(1), repeats=8),
    workload("memory", warmed, repeats=4),
]
