#!/usr/bin/env python3
"""How long hello takes as a whole process: native, in a keep, and in keeps that were made ahead; and how long a machine
takes to be made, and to be restored. pool.py BIN HELLO.wasm [RUNS]"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from installed import installed
from report import median, table

BIN, HELLO = Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()
RUNS = int(sys.argv[3]) if len(sys.argv) > 3 else 100
NATIVE = '#include <unistd.h>\nint main(void) { return write(1, "Hello\\n", 6) == 6 ? 0 : 1; }\n'
PAUSE = 0.05  # a pool makes the next one meanwhile
BAR = 2.0


def once(command):
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, {}, file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise SystemExit(f"{command}: status {status}")
    return (time.perf_counter() - start) * 1000


def pooled(folder, backend, when):
    path = folder / f"{backend}-{when}"
    command = [BIN / "merlon-pool", "--socket", path, "--backend", backend, "--ready", "4", "--snapshots", when,
               "--prepare", HELLO]
    pool = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not path.exists():
        time.sleep(0.01)
    time.sleep(1)
    return pool, [str(BIN / "merlon"), "run", "--backend", backend, "--pool", str(path), str(HELLO)]


def said(channel):
    head = channel.recv(2, socket.MSG_WAITALL)
    text = channel.recv(head[1], socket.MSG_WAITALL) if len(head) == 2 else b""
    if head[:1] != b"\1":
        raise SystemExit(f"a machine says: {text.decode(errors='replace') or 'nothing'}")


def machine(*options, snapshot=None, prepare=False, waits=False):
    """Milliseconds until merlon-vmm is ready, or prepared; it is gone afterwards. One that waits is there already, and begins
    when it is told to."""
    ours, its = socket.socketpair()
    with ours, its, open(HELLO, "rb") as module:
        actions = [(os.POSIX_SPAWN_DUP2, its.fileno(), 3)]
        if snapshot is not None:
            actions.append((os.POSIX_SPAWN_DUP2, snapshot, 4))
        start = time.perf_counter()
        child = os.posix_spawn(BIN / "merlon-vmm", ["merlon-vmm", *options], {}, file_actions=actions)
        its.close()
        if waits:
            time.sleep(PAUSE)
            start = time.perf_counter()
        if "--restore" in options:
            ours.sendall(b"\1")
        said(ours)
        if prepare:
            socket.send_fds(ours, [b"MRLNPREP\1\0\0\0\1\1\0\0"], [module.fileno()])
            said(ours)
        taken = (time.perf_counter() - start) * 1000
        if "--save" not in options:
            os.kill(child, 9)
        _, status = os.waitpid(child, 0)
        if "--save" in options and status != 0:
            raise SystemExit("no snapshot can be made here")
    return taken


def machines():
    snapshot = os.memfd_create("snapshot", os.MFD_CLOEXEC)
    high = os.dup2(snapshot, 40, inheritable=False)
    machine("--save", snapshot=high, prepare=True)
    kinds = {"machine, ready": lambda: machine(), "machine, ready and prepared": lambda: machine(prepare=True),
             "machine, restored, with its process": lambda: machine("--restore", snapshot=high),
             "machine, restored": lambda: machine("--restore", snapshot=high, waits=True)}
    times = {name: [] for name in kinds}
    for _ in range(RUNS):
        for name, make in kinds.items():
            times[name].append(make())
    return [[name, f"{median(each):.2f}", f"{min(each):.2f}", "-", "-"] for name, each in times.items()]


def main():
    global BIN  # pylint: disable=global-statement
    rows = [["whole process", "median ms", "best", "x native", "bar"]]
    with tempfile.TemporaryDirectory(prefix="merlon-bench-pool-") as name:
        folder = Path(name)
        BIN = installed(folder / "bin", BIN)
        (folder / "native.c").write_text(NATIVE)
        subprocess.run(["gcc", "-O2", "-static", "-o", folder / "native", folder / "native.c"], check=True)
        commands = {"native": [str(folder / "native")]}
        pools = []
        backends = ["nil", "kvm"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else ["nil"]
        for backend in backends:
            commands[f"{backend}"] = [str(BIN / "merlon"), "run", "--backend", backend, str(HELLO)]
            for when in ("never", "always") if backend == "kvm" else ("never",):
                pool, command = pooled(folder, backend, when)
                pools.append(pool)
                commands[f"{backend}, {'prepared' if when == 'never' else 'copy of a snapshot'}"] = command
        times = {each: [] for each in commands}
        try:
            for _ in range(RUNS):  # side by side: what else the machine does hits all alike
                for each, command in commands.items():
                    times[each].append(once(command))
                    time.sleep(PAUSE)
        finally:
            for pool in pools:
                pool.terminate()
                pool.wait()
        native = median(times["native"])
        for each, values in times.items():
            ratio = median(values) / native
            bar = ("PASS" if ratio <= BAR else "MISS") if "," in each else "-"
            rows.append([each, f"{median(values):.2f}", f"{min(values):.2f}", f"{ratio:.2f}", bar])
        print(table(rows) + f"\nBar: {BAR:.0f} x native, of keeps that were made ahead.")
        if "kvm" in backends:
            print("\n" + table([["until it is ready", "median ms", "best", "", ""], *machines()]))

main()
