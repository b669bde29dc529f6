"""The rows of the table, their bars, and what samples make of them."""

from dataclasses import dataclass

from report import figure, median, table
from startup import HELLO_BAR_MIB, mark

# samples[row][engine]: one figure of each run
Table = dict[str, dict[str, list[float]]]

HEADER = """\
{processor}

Medians over {runs} rounds, the keeps taking turns; kvm/nil is the median of the ratios of
neighbouring runs, best/best is of each one's best run, which noise touches least. Times of calls and
memory are by the keep's own clock; the row "its clock / ours" says what that is worth. Streams and
sockets have this Python at their other end.
"""


@dataclass(frozen=True)
class Bar:
    """On one engine's median, or on a ratio of two."""

    subject: str
    limit: float
    at_least: bool = False

    def verdict(self, row: "Row", taken: dict[str, list[float]]) -> str:
        if "/" in self.subject:
            value = typical_ratio(row, taken, *self.subject.split("/"))
        else:
            value = median(taken[self.subject]) if taken.get(self.subject) else None
        return mark(value, self.limit, self.at_least)

    def text(self, verdict: str) -> str:
        return f"{self.subject} {'>=' if self.at_least else '<='} {self.limit:g} {verdict}"


@dataclass(frozen=True)
class Row:
    key: str
    text: str
    unit: str
    digits: int = 2
    bars: tuple[Bar, ...] = ()
    more_is_better: bool = False
    is_difference: bool = False  # then the least is no best run, only the noisiest


HALF_OF_NIL = (Bar("kvm/nil", 0.5, at_least=True),)
WITHIN_3_PERCENT = (Bar("kvm/nil", 1.03),)
NO_SLOWER = (Bar("kvm/nil", 1.00),)
WORKLOAD_BARS = {"integer": WITHIN_3_PERCENT, "nbody": WITHIN_3_PERCENT, "memory": NO_SLOWER}

ROWS = [
    Row("clock", "clock_time_get", "ns", 0),
    Row("yield", "sched_yield", "ns", 0),
    Row("random", "random_get, 16 bytes", "ns", 0),
    Row("agreement", "its clock / ours", "", 3),
    Row("null 1", "fd_write, 1 byte to /dev/null", "µs"),
    Row("null 64", "fd_write, 64 bytes to /dev/null", "µs"),
    Row("pipe 1", "fd_write, 1 byte to a pipe", "µs"),
    Row("pipe 64", "fd_write, 64 bytes to a pipe", "µs"),
    Row("loaded 1", "fd_write, 1 byte to /dev/null, all processors busy", "µs"),
    Row("trap", "out-of-bounds access, to the end", "ms", is_difference=True),
    Row("grow page", "memory.grow by 64 KiB", "µs"),
    Row("grow 16 MiB", "memory.grow by 16 MiB", "µs"),
    Row("first touch", "256 MiB, first touch", "ms"),
    Row("second touch", "256 MiB, second touch", "ms"),
    Row("tcp 64 B", "TCP echo, 64 bytes", "round trips/s", 0, more_is_better=True),
    Row("tcp 64 KiB", "TCP echo, 64 KiB pieces, each way", "MB/s", 0, HALF_OF_NIL, True),
    Row("stdout", "stdout, 64 KiB pieces to a pipe", "MB/s", 0, HALF_OF_NIL, True),
    Row("stdin", "stdin, 64 KiB pieces from a pipe", "MB/s", 0, HALF_OF_NIL, True),
    Row("hello", "hello, whole process", "ms", 2, (Bar("nil/native", 3.0), Bar("kvm/native", 10.0))),
    Row("hello peak", "hello, peak resident", "MiB", 1,
        (Bar("nil", HELLO_BAR_MIB), Bar("kvm", 24.0))),
    *(row for name, bars in WORKLOAD_BARS.items() for row in (
        Row(name, f"{name}, whole process", "s", 3),
        Row(f"{name} alone", f"{name}, less the time of hello", "s", 3, bars))),
]


def typical_ratio(row: Row, taken: dict[str, list[float]], one: str = "kvm",
                  other: str = "nil") -> float | None:
    """Pair by pair: what slows the machine down for a while slows both of a pair."""
    pairs = list(zip(taken.get(one, []), taken.get(other, [])))
    if row.is_difference or not pairs or any(below <= 0 for _, below in pairs):
        return None
    return median([above / below for above, below in pairs])


def best_ratio(row: Row, taken: dict[str, list[float]]) -> float | None:
    choose = max if row.more_is_better else min
    if row.is_difference or not taken.get("kvm") or choose(taken.get("nil", [0])) <= 0:
        return None
    return choose(taken["kvm"]) / choose(taken["nil"])


def without_start(samples: Table) -> None:
    """Adds the rows of workloads less a start: that has a bar of its own."""
    for name in WORKLOAD_BARS:
        samples[f"{name} alone"] = {
            engine: [one - median(samples["hello"][engine]) / 1e3 for one in taken]
            for engine, taken in samples.get(name, {}).items()
            if engine in samples.get("hello", {})
        }


def summary_table(samples: Table, names: list[str]) -> tuple[str, bool]:
    """The table, and whether no bar is missed."""
    lines = [["", "unit", *names, "kvm/nil", "best/best"]]
    bars = []
    held = True
    for row in ROWS:
        taken = samples.get(row.key)
        if not taken:
            continue
        medians = {engine: median(values) for engine, values in taken.items()}
        ratio = typical_ratio(row, taken)
        verdicts = [(bar, bar.verdict(row, taken)) for bar in row.bars]
        held = held and all(verdict != "MISS" for _, verdict in verdicts)
        values = [figure(medians.get(name), row.digits) for name in names]
        lines.append([row.text, row.unit, *values, figure(ratio), figure(best_ratio(row, taken))])
        bars.append(", ".join(bar.text(verdict) for bar, verdict in verdicts))
    return with_bars(table(lines), bars), held


def with_bars(text: str, bars: list[str]) -> str:
    """A last column that reads as words: aligned to the left, unlike figures."""
    width = max([3, *map(len, bars)])
    cells = [" bar".ljust(width + 2), "-" * (width + 2), *(f" {bar.ljust(width)} " for bar in bars)]
    return "\n".join(f"{line}{cell}|" for line, cell in zip(text.splitlines(), cells))
