"""A tenant of containers that wait for their workload: a simulated platform, a policy, and merlon deploy."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import bundles

sys.path.insert(0, str(Path(bundles.__file__).resolve().parents[1] / "attest"))
os.environ.setdefault("MERLON_PROGRAM", str(Path(bundles.OCI).with_name("merlon")))
from story import MACHINES, Stage  # noqa: E402

STREAMS = "".join(f'[[files]]\nkind = "{kind}"\n' for kind in ("stdin", "stdout", "stderr"))


# The simulations that this machine can run, the usual one first.
BACKENDS = ("snp-sim", "sgx-sim") if os.access("/dev/kvm", os.W_OK) else ("sgx-sim",)
USUAL = BACKENDS[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listening(port):
    """An Enarx.toml with one socket."""
    return f'{STREAMS}[[files]]\nkind = "listen"\nname = "http"\nprot = "tcp"\naddr = "127.0.0.1"\nport = {port}\n'


class Tenant:
    def __init__(self, backend=USUAL):
        self.backend = backend
        # Not below a test's own folder: a test that fails must not leave it.
        self.scratch = tempfile.TemporaryDirectory(prefix="merlon-tenant-")
        self.folder = Path(self.scratch.name)
        self.stage = Stage(self.folder, MACHINES[backend])
        self.policy = self.stage.policy("policy.toml", self.stage.measured())

    def settings(self):
        """Of oci.toml, for containers on this tenant's platform."""
        key = "simulator-sgx" if self.backend == "sgx-sim" else "simulator"
        return f'{key} = "{self.stage.platform}"\n'

    def guest(self, text, name="app"):
        return bundles.compiled(text, self.folder / f"{name}.wasm")

    def package(self, text, toml, name="package"):
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        bundles.compiled(text, folder / "main.wasm")
        (folder / "Enarx.toml").write_text(toml)
        return folder

    def words(self, port, *words, policy=None):
        return [self.stage.programs / "merlon", "deploy", "--backend", self.backend, "--to", f"keep://127.0.0.1:{port}",
                "--policy", policy or self.policy, "--no-memory", "--endorsements", self.stage.platform, *map(str, words)]

    def deploy(self, port, *words, stdin=b"", policy=None):
        return subprocess.run(self.words(port, *words, policy=policy), input=stdin, capture_output=True, check=False,
                              timeout=60, env=self.stage.environment())
