"""A pool for a while."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

POOL = str(Path(os.environ.get("MERLON_POOL_PROGRAM", "build/dev/bin/merlon-pool")).absolute())


def no_machine(backend):
    return backend == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK)


class Pool:
    """merlon-pool at `socket`, from __enter__ to __exit__. `lines` are those that it has said."""

    def __init__(self, socket, backend, *options):
        self.socket = Path(socket)
        self.command = [POOL, "--socket", str(socket), "--backend", backend, *map(str, options)]
        self.lines = []
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.until(lambda: any("keeps wait at" in line for line in self.lines))
        return self

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def until(self, true, seconds=30, pause=0.01):
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"it did not happen: {self.lines[-10:]}")
            time.sleep(pause)

    def prepared_with(self):
        return sum("prepares keeps" in line for line in self.lines)

    def children(self):
        """The processes of keeps, by their numbers: command lines."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                # Behind the name, which may hold anything, come state and parent.
                parent = (entry / "stat").read_text().rsplit(")", 1)[1].split()[1]
                if int(parent) == self.process.pid:
                    found[int(entry.name)] = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
            except (OSError, IndexError):
                continue
        return found

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGTERM)  # the second ends the keeps as well
                self.process.wait(10)
        self.reader.join(5)
        self.process.stderr.close()
