#!/usr/bin/env python3
"""The packages in a podman container of each release, with stores of its own.

    containers_test.py DEBS EXAMPLES [RELEASE…]
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machines
from machines import Trouble
from packages_test import BASE, HERE, Sums, dependencies

# Where the limits of a process may not be raised, podman's own default is refused.
CONFIGURATION = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


class Podman:
    def __init__(self, folder):
        (folder / "containers.conf").write_text(CONFIGURATION)
        self.environment = {**os.environ, "CONTAINERS_CONF": str(folder / "containers.conf")}
        self.words = ["podman", "--root", folder / "root", "--runroot", folder / "run", "--tmpdir", folder / "tmp",
                      "--storage-driver", "overlay"]

    def run(self, *words, **options):
        return subprocess.run([str(word) for word in (*self.words, *words)], check=False, text=True, errors="replace",
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, env=self.environment, **options)


def try_release(sums, podman, release, debs, examples, folder):
    first = machines.copy_of(release, machines.bare(release), "resolving")
    for deb in debs:
        first.put(deb, f"new/{deb.name}")
    needed = dependencies(first, debs)
    first.remove()
    base = machines.with_packages(release, sorted({*BASE, *needed}))
    with subprocess.Popen(["tar", "-C", base, "-c", "."], stdout=subprocess.PIPE) as tar:
        said = podman.run("import", "-", f"localhost/{release}", stdin=tar.stdout)
    if said.returncode != 0:
        sums.skipped += 1
        print(f"SKIP container of {release}: podman imports nothing here: {said.stdout.strip().splitlines()[-1]}")
        return
    given = folder / f"{release}-examples"
    given.mkdir()
    for path in (examples / "trap.wasm", examples / "files.wasm", HERE / "session.sh", HERE / "container.sh"):
        shutil.copy(path, given)
    new = folder / f"{release}-new"
    new.mkdir()
    for deb in debs:
        shutil.copy(deb, new)
    for path in (folder, given, new):
        path.chmod(0o755)
    devices = ["--device", "/dev/kvm"] if Path("/dev/kvm").exists() else []
    said = podman.run("run", "--rm", "--network", "none", *devices, "--volume", f"{new}:/new:ro", "--volume",
                      f"{given}:/examples:ro", f"localhost/{release}", "/bin/bash", "/examples/container.sh")
    sums.read(f"container of {release}", said.stdout)
    if said.returncode != 0 and "FAILED" not in said.stdout:
        raise Trouble(f"podman: {said.returncode}: {said.stdout[-2000:]}")


def main():
    debs, examples = (Path(each) for each in sys.argv[1:3])
    debs = sorted(debs.glob("*.deb"))
    sums = Sums()
    reason = machines.why_not() or (None if shutil.which("podman") else "podman is not here")
    for release in sys.argv[3:] or ["bookworm", "trixie"]:
        if reason is not None:
            sums.skipped += 1
            print(f"SKIP container of {release}: {reason}")
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="merlon-podman-") as name:
            podman = Podman(Path(name))
            try:
                sums.attempt(f"container of {release}",
                             lambda on=release, to=podman, at=Path(name): try_release(sums, to, on, debs, examples, at))
            finally:
                podman.run("system", "reset", "--force")
                subprocess.run(["umount", Path(name) / "root/overlay"], check=False, capture_output=True)
        print(f"container of {release}: {time.monotonic() - started:.0f} s", flush=True)
    print(f"{sums.passed} passed, {sums.failed} failed, {sums.skipped} skipped")
    return 1 if sums.failed else 0


if __name__ == "__main__":
    sys.exit(main())
