#!/usr/bin/env python3
"""What work costs in a simulated enclave beside the same keep without one: processor time less that of a start, medians of
some runs in turn. enclave.py BIN WORKLOADS HELLO.wasm [RUNS]"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from report import geometric_mean, median, table

BIN, WORKLOADS, HELLO = (Path(word).absolute() for word in sys.argv[1:4])
RUNS = int(sys.argv[4]) if len(sys.argv) > 4 else 7
BAR = 1.05


def once(environment, folder, backend, module):
    """(processor seconds of all its processes, wall seconds, output)"""
    report = folder / "report"
    ran = subprocess.run([WORKLOADS / "measure", report, BIN / "merlon", "run", "--backend", backend, module],
                         stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment)
    wall, processor, _, status = report.read_text().split()
    if ran.returncode != 0 or status != "0":
        raise SystemExit(f"{module.stem} in {backend}: {ran.stderr.decode(errors='replace')}")
    return float(processor), float(wall), ran.stdout


def medians(environment, folder, module):
    """Of each backend, in turn; the outputs are the same or there are no figures."""
    runs = {backend: [] for backend in ("nil", "sgx-sim")}
    for _ in range(RUNS):
        for backend, times in runs.items():
            times.append(once(environment, folder, backend, module))
    if len({output for times in runs.values() for _, _, output in times}) != 1:
        raise SystemExit(f"{module.stem}: an enclave's output is another")
    return [tuple(median(each[i] for each in times) for i in (0, 1)) for times in runs.values()]


def main():
    modules = [one.with_suffix(".wasm") for one in sorted(WORKLOADS.glob("*.native")) if one.stem != "hello"]
    rows, ratios = [["workload", "nil s", "enclave s", "x nil", "with starts", "bar"]], []
    with tempfile.TemporaryDirectory(prefix="merlon-bench-enclave-") as name:
        folder = Path(name)
        environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
        subprocess.run([BIN / "merlon", "platform", "simulate", "init", "--kind", "sgx"], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
        starts = medians(environment, folder, HELLO)
        for module in modules:
            nil, enclave = medians(environment, folder, module)
            work = [nil[0] - starts[0][0], enclave[0] - starts[1][0]]
            ratios.append(work[1] / work[0])
            rows.append([module.stem, f"{work[0]:.3f}", f"{work[1]:.3f}", f"{ratios[-1]:.2f}", f"{enclave[1] / nil[1]:.2f}",
                         "holds" if ratios[-1] <= BAR else f"missed (<= {BAR})"])
    rows.append(["geometric mean", "", "", f"{geometric_mean(ratios):.2f}", "", ""])
    print(table(rows))
    print(f"A start takes {1000 * starts[0][1]:.1f} ms in nil and {1000 * starts[1][1]:.1f} ms in the enclave.")


if __name__ == "__main__":
    main()
