"""Runs a program in namespaces of its own, so that whatever it starts ends with it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("fleet", "drawbridge"):
    sys.path.insert(0, str(HERE.parent / each))
import bundles  # noqa: E402
import stores  # noqa: E402

FOLDER = "MERLON_FLEET_FOLDER"
NEEDED = ("unshare", "nsenter", "catatonit", "ip", "dockerd", "docker", "containerd", "haproxy", "node", "npm", "openssl", "wat2wasm")
# All ends with who started it, and the first process there takes in orphans.
WORDS = ("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--pid", "--mount", "--fork", "--kill-child", "--mount-proc", "catatonit", "--")


def why_not():
    """Why no fleet can be here, or None."""
    if reason := bundles.why_not():
        return reason
    if missing := [each for each in NEEDED if not shutil.which(each)]:
        return f"{missing[0]} is not here"
    if not os.access("/dev/kvm", os.W_OK):
        return "no /dev/kvm here"
    tried = subprocess.run([*WORDS, "ip", "link", "add", "one", "type", "veth", "peer", "name", "two"], capture_output=True, text=True,
                           check=False)
    if tried.returncode != 0:
        return f"no namespaces here: {tried.stderr.strip()[-200:]}"
    # Behind this there is no way to a registry.
    return stores.why_no_postgres() or stores.why_no_s3()


def remove_groups(name):
    """What engines have left of control groups of that name when they were killed."""
    def is_gone():
        for root in [*Path("/sys/fs/cgroup").glob(f"*/{name}"), *Path("/sys/fs/cgroup").glob(name)]:
            for folder, _, _ in os.walk(root, topdown=False):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
            if root.exists():
                return False
        return True
    # Processes that were killed take their moment.
    bundles.wait_until(is_gone)


def run(program, *words, **options):
    """This program of ours there, with a folder that is removed afterwards."""
    def end(*_):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, end)
    folder = tempfile.mkdtemp(prefix="merlon-scale-")
    os.chmod(folder, 0o711)
    try:
        process = subprocess.Popen([*WORDS, sys.executable, HERE / program, *map(str, words)], env={**os.environ, FOLDER: folder},
                                   stdin=subprocess.DEVNULL, text=True, **options)
        try:
            output, _ = process.communicate()
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process.returncode, output
    finally:
        # Mounts of there are gone with their namespace.
        shutil.rmtree(folder, ignore_errors=True)
        remove_groups(Path(folder).name)
