#!/usr/bin/env python3
"""Starts of containers: merlon-oci with keeps beside runc and crun with a native program, in one run.

    bench.py MERLON-OCI [COUNT]

Each start is `run` of a program that ends at once, one after the other, the runtimes in turn. Prints medians, the slowest, and
what init process and keep of a container hold in memory (PSS).
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bundles

OCI = str(Path(sys.argv[1]).absolute()) if len(sys.argv) > 1 else bundles.OCI
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 100
IN_OWN_MOUNTS = ["unshare", "-m", "sh", "-c", 'umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "sh"]


def native_bundle(folder):
    bundle = folder / "native"
    (bundle / "rootfs/bin").mkdir(parents=True)
    shutil.copy("/bin/busybox", bundle / "rootfs/bin/true")
    subprocess.run(["runc", "spec"], cwd=bundle, check=True)
    config = json.loads((bundle / "config.json").read_text())
    config["process"] |= {"args": ["/bin/true"], "terminal": False, "rlimits": []}
    (bundle / "config.json").write_text(json.dumps(config))
    return bundle


def keep_bundle(folder, backend, text):
    bundle = folder / f"{backend}-{len(list(folder.iterdir()))}"
    (bundle / "rootfs").mkdir(parents=True)
    bundles.compiled(text, bundle / "rootfs/app.wasm")
    (bundle / "config.json").write_text(json.dumps(bundles.config_of(["/app.wasm"],
                                                                     annotations={bundles.BACKEND: backend})))
    return bundle


def proportional_size(process):
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1])


def memory_of(folder, backend):
    """KiB of all processes of a container that waits."""
    bundle = keep_bundle(folder, backend, bundles.SLEEP)
    words = [OCI, "--root", folder / "root"]
    name = f"size-{os.getpid()}"
    subprocess.run([*words, "run", "--detach", "--bundle", bundle, name], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    told = subprocess.run([*words, "ps", "--format", "json", name], check=True, capture_output=True).stdout
    sizes = [proportional_size(each) for each in json.loads(told)]
    subprocess.run([*words, "delete", "--force", name], check=True)
    return sum(sizes)


def main():
    folder = Path(tempfile.mkdtemp(prefix="merlon-bench-"))
    native = native_bundle(folder)
    hello = bundles.HELLO
    runs = {"runc, native true": ["runc", "--root", folder / "runc", "run", "--bundle", native],
            "crun, native true": [*IN_OWN_MOUNTS, "crun", "--root", folder / "crun", "run", "--bundle", native],
            "merlon-oci, keep nil": [OCI, "--root", folder / "root", "run", "--bundle", keep_bundle(folder, "nil", hello)]}
    if os.access("/dev/kvm", os.W_OK):
        runs["merlon-oci, keep kvm"] = [OCI, "--root", folder / "root", "run", "--bundle",
                                        keep_bundle(folder, "kvm", hello)]
    runs["sh in own mounts (part of crun's)"] = [*IN_OWN_MOUNTS, "/bin/true"]
    times = {name: [] for name in runs}
    for number in range(COUNT + 3):
        for name, words in runs.items():
            started = time.perf_counter()
            ended = subprocess.run([*words, f"bench-{os.getpid()}-{number}"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            taken = (time.perf_counter() - started) * 1000
            if ended.returncode != 0:
                sys.exit(f"{name}: {ended.stderr.decode(errors='replace')}")
            if number >= 3:
                times[name].append(taken)
    processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    print(f"{COUNT} starts each, in turn; {processor.split(':')[1].strip()}; load {os.getloadavg()[0]:.1f}")
    print(f"{'':36}{'median ms':>10}{'slowest':>10}{'of medians':>12}")
    for name, all_times in times.items():
        median = statistics.median(all_times)
        print(f"{name:36}{median:10.1f}{max(all_times):10.1f}{max(all_times) / median:12.1f}")
    for backend in ("nil", "kvm") if "merlon-oci, keep kvm" in runs else ("nil",):
        print(f"memory of a container with a keep {backend} that waits: {memory_of(folder, backend)} KiB (PSS)")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
