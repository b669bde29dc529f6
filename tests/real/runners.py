"""The two engines that run each program: merlon, and node's WASI as the reference."""

import os
import pathlib
import subprocess
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
# What `merlon run` gives a workload without a config file: the three standard streams.
STANDARD_STREAMS = ["stdin", "stdout", "stderr"]
TIMEOUT_SECONDS = 120


@dataclass
class Program:
    """One start of one WebAssembly program."""

    wasm: pathlib.Path
    arguments: list[str] = field(default_factory=list)
    directories: list[tuple[pathlib.Path, str]] = field(default_factory=list)  # host, guest
    environment: dict[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    listen: tuple[str, int] | None = None  # name, port


@dataclass
class Outcome:
    stdout: bytes
    stderr: bytes
    status: int


def free_text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()


class Runner:
    name = ""

    def command(self, program: Program, scratch: pathlib.Path) -> list[str]:
        raise NotImplementedError

    def start(self, program: Program, scratch: pathlib.Path) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(program, scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, program: Program, scratch: pathlib.Path) -> Outcome:
        process = self.start(program, scratch)
        return finish(process, program.stdin)


def finish(process: subprocess.Popen, stdin: bytes = b"") -> Outcome:
    """Waits for the end; a program that outlives TIMEOUT_SECONDS is killed and has status -9."""
    try:
        stdout, stderr = process.communicate(stdin, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        stderr += f"\nkilled after {TIMEOUT_SECONDS} s".encode()
    return Outcome(stdout, stderr, process.returncode)


class NodeRunner(Runner):
    name = "node"

    def __init__(self, node: str):
        self.node = node

    def command(self, program, scratch):
        words = [self.node, "--no-warnings", str(HERE / "node_wasi.mjs")]
        names = list(STANDARD_STREAMS)
        if program.listen:
            names.append(program.listen[0])
            words += ["--listen", f"{program.listen[0]}={program.listen[1]}"]
        environment = {"FD_COUNT": str(len(names)), "FD_NAMES": ":".join(names)}
        environment.update(program.environment)
        for key, value in environment.items():
            words += ["--env", f"{key}={value}"]
        for host, guest in program.directories:
            words += ["--dir", f"{host}::{guest}"]
        return words + [str(program.wasm), "--", *program.arguments]


class MerlonRunner(Runner):
    name = "merlon"

    def __init__(self, merlon: pathlib.Path, backend: str):
        self.merlon = merlon
        self.backend = backend

    def command(self, program, scratch):
        words = [str(self.merlon), "run", "--backend", self.backend]
        if program.listen:
            config = scratch / "Enarx.toml"
            config.write_text(listen_config(*program.listen))
            words += ["--config", str(config)]
        for key, value in program.environment.items():
            words += ["--env", f"{key}={value}"]
        for host, guest in program.directories:
            words += ["--dir", f"{host}::{guest}"]
        return words + [str(program.wasm), "--", *program.arguments]


def listen_config(name: str, port: int) -> str:
    entries = [f'[[files]]\nkind = "{stream}"\n' for stream in STANDARD_STREAMS]
    entries.append(
        f'[[files]]\nkind = "listen"\nprot = "tcp"\nname = "{name}"\n'
        f'addr = "127.0.0.1"\nport = {port}\n'
    )
    return "\n".join(entries)


def executable(path: str) -> pathlib.Path | None:
    candidate = pathlib.Path(path)
    return candidate.resolve() if candidate.is_file() and os.access(candidate, os.X_OK) else None
