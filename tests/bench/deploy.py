#!/usr/bin/env python3
"""What proof and delivery cost beyond a keep's own start: its certificate from a Steward, and a workload that reaches it
sealed, on this machine and by a gatehouse over TLS. deploy.py [snp-sim|sgx-sim] [RUNS]"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("attest", "e2e", "steward", "deploy"):
    sys.path.insert(0, str(HERE.parent / each))
from gatehouse import Gatehouse  # noqa: E402
from report import median, table  # noqa: E402
from service import Steward, make_ca, make_server_certificate, openssl  # noqa: E402
from story import MACHINES, Stage  # noqa: E402

BACKEND = next((word for word in sys.argv[1:] if word in MACHINES), "snp-sim")
RUNS = next((int(word) for word in sys.argv[1:] if word.isdigit()), 60)
# Milliseconds above the keep's own start.
BARS = {"with a Steward's certificate": 60, "delivered by a gatehouse": 150}
HELLO = '''(module (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\08\\00\\00\\00\\06\\00\\00\\00Hello\\0a")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))'''


def once(words, environment):
    started = time.perf_counter()
    ran = subprocess.run([*map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, check=False, env=environment)
    taken = (time.perf_counter() - started) * 1000
    if (ran.returncode, ran.stdout) != (0, b"Hello\n"):
        raise SystemExit(f"{' '.join(map(str, words))}: {ran.stderr.decode(errors='replace')}")
    return taken, ran.stderr.decode()


class Bench:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.stage = Stage(folder, MACHINES[BACKEND])
        self.stage.make_usual()
        self.policy = self.stage.policy("policy.toml", self.stage.measured())
        (self.folder / "hello.wat").write_text(HELLO)
        subprocess.run(["wat2wasm", self.folder / "hello.wat", "-o", self.folder / "hello.wasm"], check=True)
        key, root = make_ca(self.folder)
        tls_key, self.tls = make_server_certificate(self.folder)
        self.steward = Steward("--policy", self.policy, "--endorsements", self.stage.platform, "--development", "--key", key,
                               "--crt", root, "--san", "keep.example", "--tls-key", tls_key, "--tls-crt", self.tls,
                               "--listen", "127.0.0.1:0")
        self.house = Gatehouse(self.folder / "house", self.stage.platform, (BACKEND,))
        self.tenant = self.folder / "tenant.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.tenant)

    def package(self):
        """Hello, whose keep gets a certificate first."""
        made = self.folder / "package"
        made.mkdir()
        (made / "main.wasm").write_bytes((self.folder / "hello.wasm").read_bytes())
        (made / "tls.pem").write_bytes(self.tls.read_bytes())
        (made / "Enarx.toml").write_text(f"steward = 'https://localhost:{self.steward.port}/'\nsteward_trust = ['tls.pem']\n"
                                         "files = [{kind = 'stdin'}, {kind = 'stdout'}, {kind = 'stderr'}]\n")
        return made

    def run(self):
        merlon, hello = self.stage.programs / "merlon", self.folder / "hello.wasm"
        run = [merlon, "run", "--backend", BACKEND]
        deploy = [merlon, "deploy", "--backend", BACKEND, "--policy", self.policy, "--no-memory", "--endorsements",
                  self.stage.platform, "--key", self.tenant]
        ways = {"the keep's own start": [*run, hello], "with a Steward's certificate": [*run, self.package()],
                "delivered on this machine": [*deploy, hello],
                "delivered by a gatehouse": [*deploy, *self.house.access("alice"), hello]}
        environment = self.stage.environment()
        times = {name: [] for name in ways}
        for number in range(RUNS + 3):
            for name, words in ways.items():  # in turn: what else the machine does hits all alike
                taken, _ = once(words, environment)
                if number >= 3:
                    times[name].append(taken)
        given = sum('"serial"' in line for line in self.steward.lines)
        if given != RUNS + 3:
            raise SystemExit(f"the Steward gave {given} certificates to {RUNS + 3} keeps: {self.steward.lines[-1:]}")
        own = median(times["the keep's own start"])
        rows = [["hello, as a whole process", "median ms", "slowest", "above its start", "bar"]]
        for name, values in times.items():
            above = median(values) - own
            bar = f"{BARS[name]} {'PASS' if above <= BARS[name] else 'MISS'}" if name in BARS else "-"
            rows.append([name, f"{median(values):.1f}", f"{max(values):.1f}", f"{above:.1f}", bar])
        print(f"{BACKEND}, {RUNS} runs each\n\n{table(rows)}\n")
        print("One delivery by the gatehouse, as --stats tells it:")
        print(once([*ways["delivered by a gatehouse"][:-1], "--stats", hello], environment)[1].strip())

    def stop(self):
        self.house.end_keeps()
        self.house.stop()
        self.steward.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="merlon-bench-deploy-") as folder:
        bench = Bench(folder)
        try:
            bench.run()
        finally:
            bench.stop()


main()
