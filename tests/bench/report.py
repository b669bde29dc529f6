"""Turns measurements into the tables that people read."""

import math
import statistics

GEOMEAN_BAR = 0.55  # merlon / liftoff, over all workloads
WORKLOAD_BAR = 1.0  # merlon / liftoff, each workload
PEERS = ["native", "liftoff", "node", "wasmtime"]

HEADER = """\
Seconds are medians of {runs} runs, engines taking turns. native and merlon: wall time of the whole
process. liftoff ({liftoff}) and node (default flags, {version}): from before
instantiation to the end, measured inside the process, so without node's start and its compilation,
which is kinder to node. wasmtime: whole process of wizer, compilation with Cranelift included.
Peak memory (MiB): the largest single process.
"""


def table(rows: list[list[str]]) -> str:
    """Aligns columns: the first to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            lines.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def median(values: list[float]) -> float:
    return statistics.median(values)


def geometric_mean(values: list[float]) -> float | None:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def figure(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def summarise(runs: dict) -> dict:
    """{engine: {"seconds", "peak_mib"}} of one workload, medians over its runs."""
    return {
        engine: {
            "seconds": median([run.seconds for run in taken]),
            "peak_mib": median([run.peak_mib for run in taken]),
        }
        for engine, taken in runs.items()
        if taken
    }


def ratio(summary: dict, engine: str, peer: str) -> float | None:
    if engine not in summary or peer not in summary:
        return None
    return summary[engine]["seconds"] / summary[peer]["seconds"]


def workload_table(summaries: dict, names: list[str]) -> tuple[str, bool | None]:
    """The table, and whether both bars hold (None if merlon or liftoff was not measured)."""
    peers = [name for name in PEERS if name in names]
    subject = "merlon" if "merlon" in names else "liftoff"
    peers = [peer for peer in peers if peer != subject]
    head = ["workload", *[f"{name} s" for name in names]]
    head += [f"{subject}/{peer}" for peer in peers]
    head += [f"{name} MiB" for name in names] + ["bar"]
    rows = [head]
    held: list[bool] = []
    for workload, summary in summaries.items():
        against = ratio(summary, "merlon", "liftoff")
        judged = {"merlon", "liftoff"} <= set(names)
        if judged:  # a workload that merlon could not run is a miss as well
            held.append(against is not None and against <= WORKLOAD_BAR)
        row = [workload]
        row += [figure(summary.get(name, {}).get("seconds"), 3) for name in names]
        row += [figure(ratio(summary, subject, peer)) for peer in peers]
        row += [figure(summary.get(name, {}).get("peak_mib"), 1) for name in names]
        row.append("-" if not judged else "PASS" if held[-1] else "MISS")
        rows.append(row)
    means = [
        geometric_mean([r for s in summaries.values() if (r := ratio(s, subject, peer))])
        for peer in peers
    ]
    overall = dict(zip(peers, means)).get("liftoff") if subject == "merlon" else None
    if overall is not None:
        held.append(overall <= GEOMEAN_BAR)
    verdict = "-" if overall is None else "PASS" if held[-1] else "MISS"
    blank = [""] * len(names)
    rows.append(["geometric mean", *blank, *[figure(mean) for mean in means], *blank, verdict])
    return table(rows), all(held) if held else None


def bars_text() -> str:
    return (f"Bars: each workload merlon/liftoff <= {WORKLOAD_BAR:.2f};"
            f" geometric mean <= {GEOMEAN_BAR:.2f}.")
