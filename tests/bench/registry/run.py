#!/usr/bin/env python3
"""merlon-drawbridge beside nginx, in one run: GET of 4 KiB and of 10 MiB over TLS, the same bytes; and PUT of 100 MiB.

    run.py [--bin DIR] [--rounds N] [--seconds N]

Requests by wrk, 16 connections that stay open, one thread. Medians of the rounds; the ratio is merlon-drawbridge's rate to
nginx'. "cpu" is what the server's processes used for a request, so that it counts on a busy machine as well.
"""

import argparse
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "drawbridge"))
import registry  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
SIZES = {"4 KiB": 4096, "10 MiB": 10 << 20}


def certificate(folder):
    key, made = folder / "tls.key", folder / "tls.crt"
    registry.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", "/CN=localhost", "-keyout", key, "-out", made)
    return key, made


class Quiet(registry.Drawbridge):
    """Whose log nobody reads: nginx writes none."""

    def start(self, port=0):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [registry.PROGRAM, "serve", "--store", self.store, "--listen", f"127.0.0.1:{self.port}", "--key", self.tls[0],
             "--cert", self.tls[1]], stderr=subprocess.DEVNULL)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(registry.PATIENCE)


class Nginx:
    def __init__(self, folder, tls, port):
        self.port = port
        (folder / "logs").mkdir()
        (folder / "nginx.conf").write_text(f"""
user root; daemon off; pid {folder}/pid; error_log {folder}/logs/error.log; worker_processes 2;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {tls[1]}; ssl_certificate_key {tls[0]}; ssl_protocols TLSv1.3;
    root {folder}/files;
  }}
}}""")
        self.process = subprocess.Popen(["nginx", "-c", folder / "nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def cpu(root):
    """Seconds that a process and its children that live have used."""
    total, family = 0, {root}
    numbers = [int(each) for each in os.listdir("/proc") if each.isdigit()]
    for number in sorted(numbers):
        try:
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if number == root or int(fields[1]) in family:
            family.add(number)
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def load(url, seconds, process):
    before = cpu(process.pid)
    said = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise SystemExit(f"{url}: {said}")
    requests = int(re.search(r"(\d+) requests in", said)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return rate, (cpu(process.pid) - before) / max(requests, 1)


def highest(process, name="VmHWM"):
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(text.split(f"{name}:")[1].split()[0]) / 1024


def put(service, token, content):
    """Seconds, and MiB above what it had."""
    package = registry.Package({"large": content})
    service.ask("PUT", "/bob/app/_tag/9.0.0", token, package.entry, registry.ENTRY)
    service.ask("PUT", "/bob/app/_tag/9.0.0/tree", token, *package.nodes[""])
    idle, began = highest(service.process, "VmRSS"), time.monotonic()
    status = service.ask("PUT", "/bob/app/_tag/9.0.0/tree/large", token, *package.nodes["large"])[0]
    if status != 201:
        raise SystemExit(f"PUT: {status}")
    return time.monotonic() - began, highest(service.process) - idle


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    options = parser.parse_args()
    registry.PROGRAM = str(Path(options.bin).absolute() / "merlon-drawbridge")
    with tempfile.TemporaryDirectory(prefix="merlon-bench-") as scratch:
        folder = Path(scratch)
        files = {name.replace(" ", ""): os.urandom(size) for name, size in SIZES.items()}
        issuer = registry.Issuer(folder)
        token = issuer.token("s|bob")
        service = registry.Drawbridge(folder / "store", issuer)
        service.register("bob", "app", token)
        service.push("bob/app", "1.0.0", registry.Package(files), token)
        seconds, memory = put(service, token, os.urandom(100 << 20))
        service.stop()
        issuer.stop()
        tls = certificate(folder)
        (folder / "nginx" / "files").mkdir(parents=True)
        for name, content in files.items():
            (folder / "nginx" / "files" / name).write_bytes(content)
        service = Quiet(folder / "store", issuer, tls=tls)
        nginx = Nginx(folder / "nginx", tls, service.port + 1)
        time.sleep(1)
        try:
            print("| GET over TLS | merlon-drawbridge /s | nginx /s | ratio | cpu/request | nginx |\n|---|---|---|---|---|---|")
            for name in SIZES:
                file = name.replace(" ", "")
                ours, theirs = [], []
                for _ in range(options.rounds):
                    ours.append(load(f"https://127.0.0.1:{service.port}{registry.API}/bob/app/_tag/1.0.0/tree/{file}",
                                     options.seconds, service.process))
                    theirs.append(load(f"https://127.0.0.1:{nginx.port}/{file}", options.seconds, nginx.process))
                rate, other = (statistics.median(each[0] for each in side) for side in (ours, theirs))
                used, spent = (statistics.median(each[1] for each in side) * 1e6 for side in (ours, theirs))
                print(f"| {name} | {rate:.0f} | {other:.0f} | {rate / other:.2f} | {used:.0f} µs | {spent:.0f} µs |")
            print(f"\nPUT of 100 MiB, without TLS: {100 / seconds:.0f} MiB/s, {memory:.1f} MiB of memory above idle")
        finally:
            nginx.stop()
            service.stop()


if __name__ == "__main__":
    main()
