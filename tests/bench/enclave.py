#!/usr/bin/env python3
"""What work costs in a simulated enclave beside the same keep without one: processor time less that of a start. Both run one
behind the other, now this one first, now that one, and the median of what each such pair differs counts: so it matters little
that a machine is slower in one minute than in another. enclave.py BIN WORKLOADS HELLO.wasm [PAIRS]"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from report import geometric_mean, median, table

BIN, WORKLOADS, HELLO = (Path(word).absolute() for word in sys.argv[1:4])
PAIRS = int(sys.argv[4]) if len(sys.argv) > 4 else 15
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


def pairs(environment, folder, module):
    """(processor seconds, wall seconds) in nil and in an enclave, of each pair; the outputs are the same or there are no figures."""
    found, outputs = [], set()
    for number in range(PAIRS):
        pair = {}
        for backend in ("nil", "sgx-sim") if number % 2 == 0 else ("sgx-sim", "nil"):
            *pair[backend], output = once(environment, folder, backend, module)
            outputs.add(output)
        found.append((pair["nil"], pair["sgx-sim"]))
    if len(outputs) != 1:
        raise SystemExit(f"{module.stem}: an enclave's output is another")
    return found


def main():
    modules = [one.with_suffix(".wasm") for one in sorted(WORKLOADS.glob("*.native")) if one.stem != "hello"]
    rows, ratios = [["workload", "nil s", "enclave s", "x nil", "bar"]], []
    with tempfile.TemporaryDirectory(prefix="merlon-bench-enclave-") as name:
        folder = Path(name)
        environment = {**os.environ, "XDG_STATE_HOME": str(folder / "state")}
        subprocess.run([BIN / "merlon", "platform", "simulate", "init", "--kind", "sgx"], check=True, env=environment,
                       stdout=subprocess.DEVNULL)
        starts = pairs(environment, folder, HELLO)
        start_nil, start_enclave = (median(pair[i][0] for pair in starts) for i in (0, 1))
        for module in modules:
            work = [(nil[0] - start_nil, enclave[0] - start_enclave) for nil, enclave in pairs(environment, folder, module)]
            ratios.append(median(enclave / nil for nil, enclave in work))
            rows.append([module.stem, f"{median(nil for nil, _ in work):.3f}", f"{median(enclave for _, enclave in work):.3f}",
                         f"{ratios[-1]:.2f}", "holds" if ratios[-1] <= BAR else f"missed (<= {BAR})"])
    rows.append(["geometric mean", "", "", f"{geometric_mean(ratios):.2f}", ""])
    print(table(rows))
    wall = [1000 * median(pair[i][1] for pair in starts) for i in (0, 1)]
    print(f"A start takes {wall[0]:.1f} ms in nil and {wall[1]:.1f} ms in the enclave.")


if __name__ == "__main__":
    main()
