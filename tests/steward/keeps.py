"""Keeps that ask a Steward for their certificates and speak TLS: what the tests and the demo share."""

import os
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from service import PATIENCE, StewardTest, make_server_certificate, openssl
from story import MACHINES, Stage
from tls_test import CLIENT, echo_server

# The simulation that this machine can run.
BACKEND = "snp-sim" if os.access("/dev/kvm", os.R_OK | os.W_OK) else "sgx-sim"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class PlatformTest(StewardTest):
    """One simulated platform for all tests of a class, the request of a keep on it, and a policy that accepts it."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-steward-platform-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINES[BACKEND])
        cls.keep = cls.stage.evidence("keep")
        cls.request = openssl("req", "-in", cls.stage.folder / "keep" / "request.csr", "-outform", "DER").stdout
        cls.measurement = cls.stage.predicted(cls.stage.world(cls.keep["measurement"]) or "ring0")
        cls.policy = cls.stage.policy("policy.toml", cls.measurement, "")


class Keep:
    """An echo server in a keep, on descriptor 1 of its workload."""

    def __init__(self, stage, package, module, steward, backend=BACKEND, keys="", trust="steward-tls.pem"):
        self.port = free_port()
        self.package = Path(package)
        self.package.mkdir(exist_ok=True)
        (self.package / "main.wasm").write_bytes(module)
        (self.package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{steward}/'\nsteward_trust = ['{trust}']\n"
            "files = [{kind = 'stderr'}, "
            f"{{kind = 'listen', name = 'echo', addr = '127.0.0.1', port = {self.port}{keys}}}]\n")
        stage.make_usual()
        self.process = subprocess.Popen(
            [stage.programs / "merlon", "run", "--backend", backend, "--timeout", "120s", self.package],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=stage.environment())
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(PATIENCE)
        self.process.stderr.close()

    def ended(self):
        """Its exit status, and what it said."""
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        return status, "".join(self.lines)

    def reach(self):
        """A TCP connection, as soon as it listens."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
            except ConnectionRefusedError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"nobody listens: {''.join(self.lines)}") from None
                time.sleep(0.02)

    def connect(self, root, name="keep.example", certificate=None):
        context = ssl.create_default_context(cafile=root)
        if certificate:
            context.load_cert_chain(*certificate)
        return context.wrap_socket(self.reach(), server_hostname=name)

    def echo(self, root, said=b"hello", **options):
        """What comes back, and the keep's certificate in DER."""
        with self.connect(root, **options) as connection:
            # Of a connection that was cut off meanwhile Python tells none any more.
            certificate = connection.getpeercert(binary_form=True)
            connection.sendall(said)
            got = b""
            while len(got) < len(said) and (part := connection.recv(65536)):
                got += part
            connection.unwrap()  # the server takes a connection that is cut off for an error
            return got, certificate


class KeepsTest(PlatformTest):
    """Stewards for keeps, and keeps that ask them."""

    modules = {}

    def module(self, connections):
        if connections not in self.modules:
            source = self.folder / "echo.wat"
            source.write_text(echo_server(connections))
            subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
            self.modules[connections] = source.with_suffix(".wasm").read_bytes()
        return self.modules[connections]

    def steward(self, *words, policy=None, san="keep.example", listen="127.0.0.1:0", **options):
        self.key, self.crt = self.ca() if not hasattr(self, "crt") else (self.key, self.crt)
        if not hasattr(self, "tls"):
            self.tls = make_server_certificate(self.folder)
        return self.start("--policy", policy or self.policy, "--endorsements", self.stage.platform,
                          "--development", "--key", self.key, "--crt", self.crt, "--san", san, "--tls-key",
                          self.tls[0], "--tls-crt", self.tls[1], *words, listen=listen, **options)

    def serving(self, steward, connections=1, name="package", trust=None, **options):
        package = self.folder / name
        package.mkdir()
        (package / "steward-tls.pem").write_bytes(Path(trust or self.tls[1]).read_bytes())
        keep = Keep(self.stage, package, self.module(connections), steward.port if steward else options.pop("port"),
                    **options)
        self.addCleanup(keep.stop)
        return keep

    def client(self):
        source = self.folder / "client.wat"
        source.write_text(CLIENT)
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        return source.with_suffix(".wasm").read_bytes()
