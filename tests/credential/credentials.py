"""Keeps that get credentials of a Steward and show them: what the tests and the demo share."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / each) for each in ("e2e", "attest", "steward")]

from service import Steward, make_ca, make_server_certificate  # noqa: E402
from story import MACHINES, Stage  # noqa: E402

MERLON = Path(os.environ.get("MERLON_PROGRAM", "build/dev/bin/merlon")).absolute()
AUDIENCE = "https://bank.example"
ISSUER = "https://steward.example"


class World:
    """A simulated platform of one kind, a Steward that gives credentials to its keeps, and a site that admits them."""

    def __init__(self, folder, backend, limit=100, epoch="7d"):
        self.folder = Path(folder)
        self.backend = backend
        (self.folder / "stage").mkdir()
        self.stage = Stage(self.folder / "stage", MACHINES[backend])
        self.stage.make_usual()
        measured = self.stage.measured()
        self.policy = self.stage.policy("policy.toml", measured)
        self.ca = make_ca(self.folder)
        self.tls = make_server_certificate(self.folder)
        self.keys = self.folder / "keys"
        self.limit, self.epoch = limit, epoch
        self.steward = self.start(self.keys)

    def start(self, keys, policy=None):
        return Steward("--policy", policy or self.policy, "--endorsements", self.stage.platform, "--development",
                       "--key", self.ca[0], "--crt", self.ca[1], "--san", "keep.example", "--tls-key", self.tls[0],
                       "--tls-crt", self.tls[1], "--listen", "127.0.0.1:0", "--credentials", keys,
                       "--credential-issuer", ISSUER, "--credential-limit", self.limit, "--credential-epoch", self.epoch)

    def package(self, name="package", steward=None):
        """The example as a package that asks the Steward."""
        package = self.folder / name
        package.mkdir(exist_ok=True)
        (package / "main.wasm").write_bytes(example())
        (package / "steward-tls.pem").write_bytes(self.tls[1].read_bytes())
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{(steward or self.steward).port}'\nsteward_trust = ['steward-tls.pem']\n"
            "files = [{kind = 'null'}, {kind = 'stdout'}, {kind = 'stderr'}]\n")
        return package

    def keep(self, *words, package=None, steward=None, check=True):
        """What the example says in a new keep."""
        said = subprocess.run([self.stage.programs / "merlon", "run", "--backend", self.backend, "--timeout", "120s",
                               package or self.package(steward=steward), "--", *map(str, words)], text=True,
                              capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=150,
                              env=self.stage.environment())
        if check and said.returncode != 0:
            raise AssertionError(f"{said.returncode}: {said.stderr}")
        return said

    def started(self, package, *words):
        """A keep that runs meanwhile."""
        return subprocess.Popen([self.stage.programs / "merlon", "run", "--backend", self.backend, "--timeout", "120s", package,
                                 "--", *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env=self.stage.environment())

    def tokens(self, count, audience=AUDIENCE, bound_to=None):
        return self.keep(audience, count, *([bound_to] if bound_to else [])).stdout.split()

    def tokens_by(self, carrier, count):
        """The same, of a keep that reaches its Steward by way of a carrier."""
        return self.keep(AUDIENCE, count, package=self.package("carried", carrier)).stdout.split()

    def verify(self, token, *words, audience=AUDIENCE, keys=None, store="shown.db", development=True):
        """The code of the refusal, or "admitted"."""
        said = subprocess.run([MERLON, "credential", "verify", "--key", keys or self.keys, "--audience", audience,
                               "--store", self.folder / store, "--json", *(["--development"] if development else []),
                               *words, "-"], input=token + "\n", text=True, capture_output=True, check=False, timeout=60)
        if said.returncode not in (0, 3):
            raise AssertionError(f"{said.returncode}: {said.stderr}")
        return "admitted" if said.returncode == 0 else json.loads(said.stdout)["code"]


def example(modules={}):  # noqa: B006: kept on purpose
    if "credential" not in modules:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / "examples/build.sh", folder, "credential"], check=True, stdout=subprocess.DEVNULL)
            modules["credential"] = (Path(folder) / "credential.wasm").read_bytes()
    return modules["credential"]
