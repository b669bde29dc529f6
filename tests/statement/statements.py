"""A bank's ledger in a keep, and somebody who asks it whether a balance reaches a threshold: what the tests and the demo
share."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / each) for each in ("e2e", "attest")]

from story import MACHINES, Stage  # noqa: E402

MERLON = Path(os.environ.get("MERLON_PROGRAM", "build/dev/bin/merlon")).absolute()
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wconversion", "-Wshadow", f"-I{ROOT / 'guest'}"]
WASM = ["--target=wasm32-wasi", "--no-wasm-opt", "-Wno-deprecated", "-O1"]


def example(name, modules={}):  # noqa: B006: kept on purpose
    """An example's module, built once."""
    if name not in modules:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([ROOT / "examples/build.sh", folder, name], check=True, stdout=subprocess.DEVNULL)
            modules[name] = (Path(folder) / f"{name}.wasm").read_bytes()
    return modules[name]


class Bank:
    """A simulated platform of one kind, and keeps of the bank's on it."""

    def __init__(self, folder, backend):
        self.folder, self.backend = Path(folder), backend
        (self.folder / "stage").mkdir()
        self.stage = Stage(self.folder / "stage", MACHINES[backend])
        self.stage.make_usual()
        self.measured = self.stage.measured()
        self.module = self.folder / "threshold.wasm"
        self.module.write_bytes(example("threshold"))

    def run(self, module, *words, check=True):
        """What a program says in a keep."""
        said = subprocess.run([self.stage.programs / "merlon", "run", "--backend", self.backend, "--timeout", "60s", module,
                               "--", *map(str, words)], text=True, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=90, env=self.stage.environment())
        if check and said.returncode != 0:
            raise AssertionError(f"{said.returncode}: {said.stderr}")
        return said

    def ledger(self, questions=100, module=None):
        return Ledger(self, questions, module or self.module)


class Ledger:
    """The bank's program in a keep, for as long as this is there."""

    def __init__(self, bank, questions, module):
        self.keep = bank.stage.started("run", "--backend", bank.backend, "--timeout", "120s", module, "--", questions)
        self.left = []  # all lines that left the keep

    def tell(self, line):
        self.keep.stdin.write(line + "\n")
        self.keep.stdin.flush()

    def ask(self, least, bits, context):
        """What it says, by name; or its refusal."""
        self.tell(f"ask {least} {bits} {context}")
        said = {}
        while (line := self.keep.stdout.readline()) not in ("", "end\n"):
            self.left.append(line)
            name, _, rest = line.strip().partition(" ")
            if name == "refused":
                return rest
            said[name] = rest if name == "commitment" else bytes.fromhex(rest)
        return said

    def stop(self):
        self.keep.stdin.close()
        self.keep.stdout.read()
        self.keep.stdout.close()
        return self.keep.wait(60)


class Verifier:
    """Who wants to know whether a balance reaches a threshold, and believes nothing but the processor's root and a program
    that he has read."""

    def __init__(self, bank, module=None):
        self.bank = bank
        self.program = hashlib.sha256((module or bank.module).read_bytes()).hexdigest()

    def context(self):
        """For one question: who asks, and what nobody has used before."""
        return b"landlord of Mill Lane 4".hex() + os.urandom(16).hex()

    def judge(self, said, least, bits, context):
        """"holds", or the name of what is not as it has to be."""
        words = f"the balance is committed to in {said['commitment']} for {context}".encode()
        facts = said["launch"]
        policy = self.bank.stage.policy("asked.toml", self.bank.measured, "[report_data]\n"
                                        f'launch_sha256 = "{hashlib.sha256(facts).hexdigest()}"\n'
                                        f'said_sha256 = "{hashlib.sha256(words).hexdigest()}"\n')
        evidence = self.bank.folder / "evidence.bin"
        evidence.write_bytes(said["evidence"])
        verdict, failed = self.bank.stage.verify(evidence, policy)
        if verdict == "contraindicated" or failed:
            return next(iter(failed))
        if json.loads(facts)["workload"]["sha256"] != self.program:
            return "another program"
        return self.judge_proof(said, least, bits, context)

    def judge_proof(self, said, least, bits, context):
        """By the proof alone."""
        done = subprocess.run([MERLON, "statement", "verify", "--json", "--commitment", said["commitment"], "--at-least",
                               str(least), "--bits", str(bits), "--context-hex", context, "-"], input=said["proof"],
                              capture_output=True, check=False, timeout=60)
        if done.returncode not in (0, 3):
            raise AssertionError(f"{done.returncode}: {done.stderr}")
        return "holds" if done.returncode == 0 else json.loads(done.stdout)["code"]
