#!/usr/bin/env python3
"""How long a judgement takes, beside the bare signatures and beside a peer.

    run.py BENCH CASES VECTORS PEER_FOLDER

BENCH is merlon-bench-verify. PEER_FOLDER has @phala/dcap-qvl in node_modules, or is empty; the peer
knows no SEV-SNP. Prints one table; times are medians of one thread, in milliseconds. "2 threads" is
what two do beside one, "of" what two get from this machine for work that shares nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

BARS = {"virtee-milan": (1.5, 0.8), "phala-sgx": (1.0, 0.5), "phala-tdx": (1.2, 0.5)}


def peer_times(folder, vectors):
    if not (Path(folder) / "node_modules/@phala/dcap-qvl").is_dir():
        return {}
    script = Path(__file__).with_name("peer.mjs").resolve()
    result = subprocess.run(["node", script, Path(vectors).resolve()], cwd=folder, text=True,
                            capture_output=True, check=True)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["case"]: line["ms"] for line in lines if "status" in line}


def main():
    bench, cases, vectors, peer_folder = sys.argv[1:]
    result = subprocess.run([bench, cases, vectors], capture_output=True, text=True, check=True)
    peer = peer_times(peer_folder, vectors)
    head = ("", "all", "bar", "prepared", "bar", "signatures", "peer", "per second", "2 threads",
            "of")
    rows = [head]
    held = True
    for row in json.loads(result.stdout):
        bars = BARS[row["case"]]
        held = held and row["all_ms"] <= bars[0] and row["prepared_ms"] <= bars[1]
        of_peer = peer.get(row["case"])
        rows.append((row["technology"], f"{row['all_ms']:.2f}", f"{bars[0]:.1f}",
                     f"{row['prepared_ms']:.2f}", f"{bars[1]:.1f}", f"{row['signatures_ms']:.2f}",
                     f"{of_peer:.1f}" if of_peer else "-", f"{row['per_second']:.0f}",
                     f"{row['two_threads']:.2f}", f"{row['machine']:.2f}"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
