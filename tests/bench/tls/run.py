#!/usr/bin/env python3
"""TLS that ends in a keep beside OpenSSL's own server, in one run: handshakes, bytes, idle connections.

    run.py [--bin DIR] [--rounds N] [--seconds N] [--megabytes N] [--connections N]

Full handshakes of TLS 1.3 with a P-256 certificate, one client at a time (openssl s_time); bytes that one client
sends and the server reads and drops (openssl s_client). Medians of the rounds; ratios are to s_server. "cpu" is what
the server's processes used, so that it counts on a busy machine as well.
"""

import argparse
import os
import re
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WASI = "wasi_snapshot_preview1"
TICKS = os.sysconf("SC_CLK_TCK")


def module(connection):
    """A server on descriptor 1 that does `connection` with each connection, $fd, one after the other."""
    return f"""(module
      (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "fd_close" (func $close (param i32) (result i32)))
      (import "{WASI}" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
      (import "{WASI}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
      (memory (export "memory") 4)
      (func (export "_start") (local $fd i32)
        (drop (call $flags (i32.const 1) (i32.const 0)))
        (loop $next
          (br_if $next (call $accept (i32.const 1) (i32.const 0) (i32.const 16)))
          (local.set $fd (i32.load (i32.const 16)))
          {connection}
          (br $next))))"""


SINK = module("""(block $over
            (loop $again
              (i32.store (i32.const 0) (i32.const 4096))
              (i32.store (i32.const 4) (i32.const 131072))
              (br_if $over (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
              (br_if $again (i32.load (i32.const 8)))))
          (drop (call $close (local.get $fd)))""")
HOLD = module("")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def reach(port):
    for _ in range(500):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.02)
    raise SystemExit("the server does not listen")


class Server:
    """s_server, or a keep of a backend that runs `text`."""

    def __init__(self, folder, kind, text, binaries):
        self.port = free_port()
        if kind == "s_server":
            command = ["openssl", "s_server", "-accept", str(self.port), "-cert", folder / "own.crt", "-key",
                       folder / "own.key", "-tls1_3", "-quiet", "-num_tickets", "0"]
        else:
            package = Path(tempfile.mkdtemp(dir=folder))
            (package / "main.wat").write_text(text)
            subprocess.run(["wat2wasm", package / "main.wat", "-o", package / "main.wasm"], check=True)
            (package / "Enarx.toml").write_text("files = [{kind = 'stderr'}, {kind = 'listen', name = 'tls', "
                                                f"addr = '127.0.0.1', port = {self.port}}}]")
            command = [binaries / "merlon", "run", "--backend", kind, package]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        reach(self.port).close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def processes(self):
        """It and its children."""
        found = [self.process.pid]
        for each in filter(str.isdigit, os.listdir("/proc")):
            try:
                stat = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(stat[1]) == self.process.pid:
                found.append(int(each))
        return found

    def cpu(self):
        """Seconds."""
        ticks = 0
        for each in self.processes():
            stat = Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(stat[11]) + int(stat[12])
        return ticks / TICKS

    def resident(self):
        """KiB."""
        return sum(int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{each}/status").read_text())[1])
                   for each in self.processes())


def handshakes(server, seconds):
    before = server.cpu()
    said = subprocess.run(["openssl", "s_time", "-new", "-connect", f"127.0.0.1:{server.port}", "-time", str(seconds),
                           "-tls1_3"], capture_output=True, text=True, check=False).stdout
    count = int(re.search(r"(\d+) connections in", said)[1])
    return count / seconds, (server.cpu() - before) / count * 1e3


def megabytes(server, count):
    before, start = server.cpu(), time.perf_counter()
    subprocess.run(f"head -c {count}M /dev/zero | openssl s_client -connect 127.0.0.1:{server.port} -quiet "
                   "-no_ign_eof >/dev/null 2>&1", shell=True, check=False)
    return count / (time.perf_counter() - start), (server.cpu() - before) / count * 1e3


def idle(server, count):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.wrap_socket(reach(server.port)).close()
    before = server.resident()
    held = [context.wrap_socket(reach(server.port)) for _ in range(count)]
    time.sleep(0.5)
    grown = server.resident() - before
    for each in held:
        each.close()
    return grown / count


def processor():
    return re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=Path("build/release/bin"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--megabytes", type=int, default=800)
    parser.add_argument("--connections", type=int, default=1000)
    options = parser.parse_args()
    kinds = ["s_server", "nil"] + (["kvm"] if os.access("/dev/kvm", os.R_OK | os.W_OK) else [])
    with tempfile.TemporaryDirectory(prefix="merlon-bench-tls-") as scratch:
        folder = Path(scratch)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", folder / "own.key", "-out", folder / "own.crt", "-subj", "/CN=localhost", "-days",
                        "2"], check=True, capture_output=True)
        found = {kind: ([], []) for kind in kinds}
        for number in range(options.rounds):
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
            for kind in kinds:
                with Server(folder, kind, SINK, options.bin) as server:
                    found[kind][0].append(handshakes(server, options.seconds))
                with Server(folder, kind, SINK, options.bin) as server:
                    found[kind][1].append(megabytes(server, options.megabytes))
        print(f"{processor()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
        print("| server | handshakes/s | cpu ms each | MB/s | cpu ms per MB | idle connection |\n|---|---|---|---|---|---|")

        def median(kind, which, part):
            return statistics.median(each[part] for each in found[kind][which])

        for kind in kinds:
            cells = []
            for which, part, digits in ((0, 0, 0), (0, 1, 3), (1, 0, 0), (1, 1, 3)):
                value, peer = median(kind, which, part), median("s_server", which, part)
                ratio = value / peer if part == 0 else peer / value if value else 0
                cells.append(f"{value:.{digits}f} ({ratio:.2f})")
            memory = "-"
            if kind != "s_server":  # which serves one connection at a time
                with Server(folder, kind, HOLD, options.bin) as server:
                    memory = f"{idle(server, options.connections):.1f} KiB"
            print(f"| {kind} | {' | '.join(cells)} | {memory} |")


if __name__ == "__main__":
    main()
