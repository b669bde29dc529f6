#!/usr/bin/env python3
"""Shows how a workload reaches a keep of a machine that nobody needs to trust: by its gatehouse, sealed, after the
keep has proved itself; and that the machine's owner learns nothing of it.

    demo.py [ECHO.wasm] [snp-sim|sgx-sim]

The security processor is a simulation, which protects nothing: on such a machine its owner can read the keep's own
memory. Everything else of the machine, and all that passes it, is looked through here.
"""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("attest", "e2e", "steward"):
    sys.path.insert(0, str(HERE.parent / each))
from deploy_test import CAT  # noqa: E402
from gatehouse import Gatehouse  # noqa: E402
from keeps import free_port  # noqa: E402
from sealed_test import counting  # noqa: E402
from processes import cores_can_be_made, core_of, descendants, memory_of, own_memory  # noqa: E402
from service import Steward, make_ca, make_server_certificate, openssl  # noqa: E402
from story import MACHINES, Failed, Stage  # noqa: E402
from tls_test import echo_server  # noqa: E402

RED, GREEN, DIM, PLAIN = ("\033[31m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() \
    else ("", "", "", "")
NAME = "keep.example"
PATIENCE = 60


def step(text):
    print(f"\n{text}", flush=True)


def detail(name, value):
    print(f"  {DIM}{name:<12}{PLAIN} {value}", flush=True)


def private_half(key):
    """The secret number of a key of P-256: 32 bytes behind the first 7 of [RFC 5915 §3]."""
    der = openssl("ec", "-in", key, "-outform", "DER").stdout
    return der[7:39]


class Capture:
    """All packets of this machine's own network, while it runs."""

    def __init__(self, file):
        self.file = Path(file)
        tool = shutil.which("tshark") or shutil.which("dumpcap")
        self.process = tool and subprocess.Popen(
            [tool, "-q", "-i", "lo", "-w", str(self.file)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 10
        while self.process and not self.file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5 if self.process else 0)

    def stop(self):
        if self.process:
            time.sleep(1)
            self.process.terminate()
            self.process.wait(PATIENCE)
        return self.file.read_bytes() if self.file.exists() else b""


class Demo:
    def __init__(self, folder, echo, backend="snp-sim"):
        self.wrong = 0
        self.folder = Path(folder)
        self.backend = backend
        self.stage = Stage(folder, MACHINES[backend])
        self.stage.make_usual()
        source = self.folder / "echo.wat"
        source.write_text(echo_server(3))
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        self.echo = Path(echo).read_bytes() if echo else source.with_suffix(".wasm").read_bytes()
        self.secrets = {}
        self.binary = {}

    def secret(self, name):
        """Something that nobody but tenant and keep may see."""
        self.secrets[name] = f"{name}-{os.urandom(12).hex()}"
        return self.secrets[name]

    def check(self, good, what, found=""):
        self.wrong += not good
        print(f"  {GREEN if good else RED}{'✔' if good else '✘'}{PLAIN} {what}", flush=True)
        if found:
            print(f"      {DIM}{found}{PLAIN}", flush=True)

    def prepare(self):
        maker = "Intel" if self.stage.of_sgx else "AMD"
        step(f"1. A simulated machine of {maker}'s with a gatehouse, and a Steward somewhere else.")
        self.measurement = self.stage.measured()
        self.policy = self.stage.policy("policy.toml", self.measurement)
        key, self.root = make_ca(self.folder)
        tls_key, self.tls = make_server_certificate(self.folder)
        self.steward = Steward("--policy", self.policy, "--endorsements", self.stage.platform, "--development",
                               "--key", key, "--crt", self.root, "--san", NAME, "--tls-key", tls_key,
                               "--tls-crt", self.tls, "--listen", "127.0.0.1:0")
        self.house = Gatehouse(self.folder / "house", self.stage.platform, (self.backend,))
        detail("gatehouse", f"https://localhost:{self.house.port}, for tenants with a certificate")
        detail("policy", f"measurement {self.measurement[:32]}… of the simulator, and nothing else")

    def deploy(self, *words, stdin=b"", policy=None):
        return subprocess.run(
            [self.stage.programs / "merlon", "deploy", "--backend", self.backend, "--policy", policy or self.policy,
             "--no-memory", "--endorsements", self.stage.platform, *map(str, self.house.access("alice")), *map(str, words)],
            input=stdin, capture_output=True, check=False, timeout=120, env=self.stage.environment())

    def keeps(self, command, keep):
        return subprocess.run([self.stage.programs / "merlon", "keeps", command, keep], capture_output=True,
                              check=False, timeout=120, env=self.stage.environment())

    def private(self):
        step("2. A workload with private arguments, variables and streams.")
        cat = self.folder / "cat.wat"
        mark = self.secret("workload")
        cat.write_text(CAT.rstrip()[:-1] + f'(data (i32.const 60000) "{mark}"))')
        subprocess.run(["wat2wasm", cat, "-o", cat.with_suffix(".wasm")], check=True)
        sent = (self.secret("input") + "\n").encode() * 50
        ran = self.deploy("--env", f"KEY={self.secret('variable')}", cat.with_suffix(".wasm"), "--",
                          self.secret("argument"), stdin=sent)
        self.check((ran.returncode, ran.stdout) == (7, sent), "it gives back what it gets, and its exit status is its own",
                   ran.stderr.decode().strip())

    def remember(self):
        step("3. A workload whose files outlive its keep, sealed in a folder of the gatehouse's.")
        self.word = self.secret("file")
        package = self.folder / "remembering"
        package.mkdir()
        source = self.folder / "remembering.wat"
        source.write_text(counting(word=self.word))
        subprocess.run(["wat2wasm", source, "-o", package / "main.wasm"], check=True)
        (package / "Enarx.toml").write_text(
            "files = [{kind = 'stdin'}, {kind = 'stdout'}, {kind = 'stderr'}]\n"
            "[[mounts]]\npath = '/sealed'\nsource = 'sealed'\n")
        self.tenant = self.folder / "tenant.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.tenant)
        self.binary["tenant's key"] = private_half(self.tenant)
        self.check([self.remembered() for _ in range(2)] == [1, 2], "what one keep wrote the next one reads")
        volume, = (self.house.folder / "state").rglob("volumes/*/data")
        held = b"".join(file.read_bytes() for file in volume.iterdir())
        self.check(held and self.word.encode() not in held, f"the gatehouse holds {len(held)} bytes of it, all sealed")

    def remembered(self):
        """How often the workload has written its word, by what it reads."""
        ran = self.deploy("--key", self.tenant, self.folder / "remembering")
        if ran.returncode != 0:
            print(f"      {DIM}{ran.stderr.decode().strip()}{PLAIN}")
        return ran.stdout.decode().count(self.word)

    def serve(self):
        step("4. An echo server by TLS that ends in the keep, with the Steward's certificate.")
        self.port = free_port()
        package = self.folder / "package"
        package.mkdir()
        (package / "main.wasm").write_bytes(self.echo)
        (package / "steward-tls.pem").write_bytes(self.tls.read_bytes())
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{self.steward.port}/'\nsteward_trust = ['steward-tls.pem']\n"
            f"files = [{{kind = 'stderr'}}, {{kind = 'listen', name = 'echo', addr = '127.0.0.1', port = {self.port}}}]\n")
        ran = self.deploy("--detach", "--env", f"TOKEN={self.secret('token')}", package)
        self.keep = ran.stdout.decode().strip()
        self.check(ran.returncode == 0 and len(self.keep) == 32, "it is left running at the gatehouse",
                   self.keep or ran.stderr.decode())
        said = self.secret("connection").encode()
        got, der = self.talk(said)
        self.check(got == said, "Python's ssl, which trusts the Steward's root alone, talks to it")
        certificate = self.folder / "keep.crt"
        certificate.write_bytes(openssl("x509", "-inform", "DER", input=der).stdout)
        claims = self.stage.merlon("evidence", "inspect", certificate).stdout
        import hashlib
        digest = hashlib.sha256(self.echo).hexdigest()
        self.check(digest in claims, "its certificate names the workload that was delivered", f"sha256 {digest}")
        self.check(self.measurement in claims, "and the keep that runs it", f"measurement {self.measurement[:32]}…")

    def talk(self, said):
        context = ssl.create_default_context(cafile=self.root)
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                raw = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
                break
            except ConnectionRefusedError:
                if time.monotonic() > deadline:
                    raise AssertionError("nobody listens") from None
                time.sleep(0.05)
        with context.wrap_socket(raw, server_hostname=NAME) as connection:
            connection.sendall(said)
            got = b""
            while len(got) < len(said) and (part := connection.recv(65536)):
                got += part
            certificate = connection.getpeercert(binary_form=True)
            connection.unwrap()
        return got, certificate

    def wanted(self):
        """What nobody but tenant and keep may see, by name."""
        return {name: value.encode() for name, value in self.secrets.items()} | {"modules": self.echo[:64]} | self.binary

    def host_processes(self):
        processes = {self.house.process.pid: "merlon-gatehouse"}
        for warden in self.house.wardens():
            processes |= descendants(warden)
        return processes

    def look_through(self, processes, parts_of=memory_of):
        """What was found in them and where; what the keep's own memory has; how many bytes there were."""
        found, inside, scanned = [], set(), 0
        for process, name in processes.items():
            try:
                parts = parts_of(process)
            except (FileNotFoundError, ProcessLookupError):
                continue
            own = own_memory(parts)
            for start, content in parts:
                scanned += len(content)
                for what, value in self.wanted().items():
                    at = content.find(value)
                    while at >= 0:
                        if own is not None and own.start <= start + at < own.stop:
                            inside.add(what)
                        else:
                            found.append(f"{what} in {name}")
                        at = content.find(value, at + 1)
        return sorted(set(found)), inside, scanned

    def look_into(self, files):
        """The same of files."""
        found, size = [], 0
        for file in files:
            if file.is_file():
                content = file.read_bytes()
                size += len(content)
                found += [f"{what} in {file}" for what, value in self.wanted().items() if value in content]
        return found, size

    def look_around(self):
        step("5. What the machine's owner has: its processes, files and packets, but for the keep's own memory.")
        processes = self.host_processes()
        found, inside, scanned = self.look_through(processes)
        # Or the scan would prove nothing: the simulated machine's owner can read the keep's own.
        self.check(inside, "the keep's own memory, which a real processor hides, has " + ", ".join(sorted(inside)))
        self.check(not found, f"the memory of {len(processes)} processes of the host, {scanned >> 20} MiB", ", ".join(found))
        found, size = self.look_into(self.house.folder.rglob("*"))
        self.check(size > 0 and not found, f"all files and logs of the gatehouse, {size >> 10} KiB", ", ".join(found))

        self.look_into_cores("its core images, as a crash may leave them", self.host_processes(),
                             has_keep=not self.stage.of_sgx)

    def look_into_cores(self, what, processes, has_keep=False):
        if not cores_can_be_made():
            print("  (gcore is not here: no core images)")
            return
        found, inside, size = self.look_through(processes, lambda process: core_of(process, self.folder))
        # A scan that does not find what the keep's own memory has proves nothing.
        self.check(size > 0 and not found and bool(inside) == has_keep, f"{what}, {size >> 20} MiB", ", ".join(found))

    def another_keep(self):
        """A policy that wants one."""
        return self.stage.policy("other.toml", "ab" * self.stage.digest_size)

    def cheat(self):
        step("7. A keep that is not what the policy wants gets nothing.")
        other = self.another_keep()
        ran = self.deploy(self.folder / "cat.wasm", policy=other)
        self.check(ran.returncode == 3, "another measurement: " + ran.stderr.decode().splitlines()[-1])
        self.stage.change_one_byte("merlon-keep", b"cannot be compiled")
        self.stage.merlon("platform", "simulate", "revoke", *self.stage.kind, "--dir", self.stage.platform)
        ran = self.deploy(self.folder / "cat.wasm")
        self.check(ran.returncode == 3, "a machine whose certificate was revoked: " + ran.stderr.decode().splitlines()[0])

    def stop(self):
        step("6. The gatehouse is killed and starts again; the keep is still there, and is stopped.")
        self.house.kill()
        self.house.start()
        said = b"still here"
        self.check(self.talk(said)[0] == said, "it answers")
        self.check(self.remembered() == 3, "and the sealed files are there as well")
        self.check(self.keeps("stop", self.keep).returncode == 0, "merlon keeps stop")

    def run(self):
        try:
            self.prepare()
            capture = Capture(self.folder / "packets")
            self.private()
            self.remember()
            self.serve()
            self.look_around()
            packets = capture.stop()
            if packets:
                self.check(not any(value in packets for value in self.wanted().values()), f"{len(packets) >> 10} KiB of packets")
            else:
                print("  (tshark may not capture packets here)")
            self.stop()
            self.cheat()
        finally:
            if hasattr(self, "house"):
                self.house.end_keeps()
                self.house.stop()
            if hasattr(self, "steward"):
                self.steward.stop()
        return self.verdict()

    def verdict(self):
        print(f"\n{RED}{self.wrong} of these are not as they should be{PLAIN}" if self.wrong
              else f"\n{GREEN}All as it should be.{PLAIN} The processor was simulated: on such a "
                   "machine its owner can read the keep.")
        return 1 if self.wrong else 0


def main():
    words = sys.argv[1:]
    backend = words.pop() if words and words[-1] in MACHINES else "snp-sim"
    with tempfile.TemporaryDirectory(prefix="merlon-demo-") as folder:
        try:
            return Demo(folder, words[0] if words else None, backend).run()
        except (Failed, AssertionError, subprocess.CalledProcessError) as failure:
            print(f"demo: {failure}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
