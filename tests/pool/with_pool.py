#!/usr/bin/env python3
"""Runs a file of tests with a pool: with_pool.py FILE. Each launch gets a keep that was prepared with its module."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pools import Pool, no_machine

if __name__ == "__main__":
    backend = os.environ["MERLON_BACKEND"]
    if no_machine(backend):
        print(f"0 passed, 0 failed, 1 skipped\nSKIP pool.{Path(sys.argv[1]).stem}: no /dev/kvm here")
        sys.exit(0)
    with tempfile.TemporaryDirectory(prefix="merlon-pool-") as folder:
        with Pool(Path(folder) / "pool", backend, "--wait", "--snapshots", "always", "--ready", "1", "--modules",
                  "4") as pool:
            environment = dict(os.environ, MERLON_POOL=str(pool.socket))
            status = subprocess.run([sys.executable, *sys.argv[1:]], env=environment, check=False).returncode
            print(f"keeps that were taken: {pool.prepared_with()} modules", file=sys.stderr)
    sys.exit(status)
