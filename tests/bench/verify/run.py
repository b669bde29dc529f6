#!/usr/bin/env python3
"""How long a judgement takes, beside the bare signatures and beside a peer.

    run.py BENCH CASES VECTORS PEER_FOLDER

BENCH is merlon-bench-verify. PEER_FOLDER has @phala/dcap-qvl in node_modules, or is empty; the peer
knows no SEV-SNP. Prints one table; times are medians of one thread, in milliseconds, and the bars are
ratios to the bare signatures of the same run: a machine may be slower, the verifier may not. "2 threads"
is what two do beside one, "of" what two get from this machine for work that shares nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

ALL_CHECKS, PREPARED = 1.25, 0.75  # of the bare signatures


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
    head = ("", "signatures", "all", "ratio", "bar", "prepared", "ratio", "bar", "peer", "per second",
            "2 threads", "of")
    rows = [head]
    held = True
    for row in json.loads(result.stdout):
        whole, prepared = (row[name] / row["signatures_ms"] for name in ("all_ms", "prepared_ms"))
        held = held and whole <= ALL_CHECKS and prepared <= PREPARED
        of_peer = peer.get(row["case"])
        rows.append((row["technology"], f"{row['signatures_ms']:.2f}", f"{row['all_ms']:.2f}",
                     f"{whole:.2f}", f"{ALL_CHECKS}", f"{row['prepared_ms']:.2f}", f"{prepared:.2f}",
                     f"{PREPARED}",
                     f"{of_peer:.1f}" if of_peer else "-", f"{row['per_second']:.0f}",
                     f"{row['two_threads']:.2f}", f"{row['machine']:.2f}"))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.rjust(width) for cell, width in zip(row, widths)))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
