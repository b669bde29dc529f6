#!/usr/bin/env python3
"""Runs small C programs that make WASI calls and print what they gave.

    run.py --merlon PROGRAM --work FOLDER [--mounted] [--update] [CASE...]

Each output must equal expected/CASE.txt, under merlon. Under node's WASI, where a case asks for it,
the lines that do not start with "~" must be the same. A secret lies beside the directory that a
program is given; no case may touch it. With --mounted the directory is a mount in the keep and not the
host's. Exit 77 if the C compiler for wasm32-wasi is missing.
"""

import argparse
import difflib
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
COMPILER = "clang-22"
FLAGS = ["--target=wasm32-wasi", "-Wno-deprecated", "-O1", "-Wall", "-Wextra", "-Werror",
         "-std=gnu17", "-Wl,--strip-debug"]
TIMEOUT_SECONDS = 60
SKIPPED = 77


@dataclass
class Case:
    program: str
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    stdin: str = ""
    status: int = 0
    directory: str | None = "work"  # as the guest knows it, with :ro if so
    node: bool = False
    listens: bool = False


CASES = {
    "arguments": Case("arguments", ["x", "two words", ""], {"B": "2", "A": "1=1"}, node=True),
    "clock_random": Case("clock_random", node=True),
    "directories": Case("directories", node=True),
    "files": Case("files", node=True),
    "libc": Case("libc", node=True),
    "paths": Case("paths", node=True),
    # Not under node: its poll_oneoff does not come back from a plain sleep (node 20.20).
    "polling": Case("polling", stdin="typed\n"),
    "readonly": Case("readonly", directory="work:ro"),
    # Not under node: a program cannot use both snapshots there.
    "snapshot0": Case("snapshot0"),
    "sockets": Case("sockets", directory=None, listens=True),
    # Not under node: it may crash when its standard streams are renumbered (node 20.20).
    "streams": Case("streams", stdin="one\ntwo\n"),
    "telldir": Case("telldir"),
    "exit_7": Case("ending", ["exit", "7"], status=7, node=True),
    "exit_255": Case("ending", ["exit", "255"], status=255, node=True),
    "return_0": Case("ending", ["return", "0"], node=True),
    "return_3": Case("ending", ["return", "3"], status=3, node=True),
    "abort": Case("ending", ["abort"], status=134),
    "trap": Case("ending", ["trap"], status=134),
    "raise_term": Case("ending", ["raise", "15"], status=143),
    "raise_chld": Case("ending", ["raise", "16"]),
    "raise_stop": Case("ending", ["raise", "18"]),
}


def compile_program(name, work):
    source, wasm = HERE / "programs" / f"{name}.c", work / f"{name}.wasm"
    newest = max(source.stat().st_mtime, (HERE / "programs/say.h").stat().st_mtime)
    if wasm.exists() and wasm.stat().st_mtime > newest:
        return wasm
    part = work / f"{name}.{threading.get_native_id()}.part"
    subprocess.run([COMPILER, *FLAGS, str(source), "-o", str(part)], check=True)
    part.replace(wasm)  # whole or not at all: cases run side by side
    return wasm


def make_tree(root):
    shutil.rmtree(root, ignore_errors=True)
    (root / "work/dir").mkdir(parents=True)
    (root / "secret").write_text("secret")
    (root / "work/file").write_text("content")
    (root / "work/dir/inner").write_text("inner")
    (root / "work/up").symlink_to("..")
    (root / "work/to-secret").symlink_to("../secret")
    (root / "work/absolute").symlink_to("/etc/passwd")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listen_config(path, port):
    streams = "".join(f'[[files]]\nkind = "{name}"\n' for name in ("stdin", "stdout", "stderr"))
    path.write_text(streams + '[[files]]\nkind = "listen"\nprot = "tcp"\nname = "test"\n'
                              f'addr = "127.0.0.1"\nport = {port}\n')
    return path


def talk(port):
    """What the peer of the sockets case does."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as peer:
        greeting = peer.recv(6)
        if greeting != b"hello\n":
            raise SystemExit(f"the program sent {greeting!r}")
        peer.sendall(b"0123456")
        threading.Event().wait(0.05)
        peer.sendall(b"789")
        peer.shutdown(socket.SHUT_WR)
        peer.recv(1)


def mount_config(path, directory):
    name, _, suffix = directory.partition(":")
    streams = "".join(f'[[files]]\nkind = "{name}"\n' for name in ("stdin", "stdout", "stderr"))
    path.write_text(streams + f'[[mounts]]\npath = "/{name}"\nsource = "work"\n'
                              f'write = {"false" if suffix == "ro" else "true"}\n')
    return path


def merlon_command(options, case, tree, wasm, port):
    words = [options.merlon, "run"]
    for name, value in case.environment.items():
        words += ["--env", f"{name}={value}"]
    if case.directory and options.mounted:
        words += ["--config", str(mount_config(tree / "Enarx.toml", case.directory))]
    elif case.directory:
        words += ["--dir", f"{tree}/work::{case.directory}"]
    if case.listens:
        words += ["--config", str(listen_config(tree / "Enarx.toml", port))]
    return words + [str(wasm), "--", *case.arguments]


def node_command(node, case, tree, wasm):
    environment = {"FD_COUNT": "3", "FD_NAMES": "stdin:stdout:stderr", **case.environment}
    words = [node, "--no-warnings", str(HERE.parent / "real/node_wasi.mjs"),
             "--dir", f"{tree}/work::work"]
    for name, value in environment.items():
        words += ["--env", f"{name}={value}"]
    return words + [str(wasm), "--", *case.arguments]


def run(command, case, port=None):
    """Output and status; the peer of a listening program comes when that says it is ready."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    output = ""
    if port:
        for line in process.stdout:
            output += line
            if line == "ready\n":
                talk(port)
                break
    rest, errors = process.communicate(case.stdin, timeout=TIMEOUT_SECONDS)
    return output + rest, process.returncode, errors


def complain(name, engine, what, got, wanted):
    print(f"{name} under {engine}: {what}")
    if got.splitlines() != wanted.splitlines():
        sys.stdout.writelines(line + "\n" for line in difflib.unified_diff(
            wanted.splitlines(), got.splitlines(), "wanted", "got", lineterm=""))
    return False


def common(text):
    return "".join(line for line in text.splitlines(True) if not line.startswith("~"))


def run_under_merlon(name, case, options, wasm, tree):
    make_tree(tree)
    port = free_port() if case.listens else None
    output, status, errors = run(merlon_command(options, case, tree, wasm, port), case, port)
    expected = HERE / "expected" / f"{name}.txt"
    if options.update:
        expected.write_text(output)
    wanted = expected.read_text()
    if (tree / "secret").read_text() != "secret" or (tree / "made").exists():
        return complain(name, "merlon", "touched what lies outside", output, wanted)
    if status != case.status or output != wanted:
        return complain(name, "merlon", f"exit status {status}, wanted {case.status}; {errors}",
                        output, wanted)
    return True


def run_under_node(name, case, node, wasm, tree):
    make_tree(tree)
    output, status, errors = run(node_command(node, case, tree, wasm), case)
    wanted = common((HERE / "expected" / f"{name}.txt").read_text())
    if status != case.status or common(output) != wanted:
        return complain(name, "node", f"exit status {status}, wanted {case.status}; {errors}",
                        common(output), wanted)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merlon", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--mounted", action="store_true", help="the files lie in the keep")
    parser.add_argument("--update", action="store_true", help="take merlon's output as expected")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    if shutil.which(COMPILER) is None:
        print(f"SKIPPED: {COMPILER} with wasi-libc is not installed")
        return SKIPPED
    node = shutil.which("node")
    good = True
    for name in options.cases or CASES:
        case = CASES[name]
        options.work.mkdir(parents=True, exist_ok=True)
        wasm = compile_program(case.program, options.work)
        tree = options.work / f"{name}.tree"
        passed = run_under_merlon(name, case, options, wasm, tree)
        compared = case.node and node is not None
        if compared:
            passed = run_under_node(name, case, node, wasm, tree) and passed
        shutil.rmtree(tree, ignore_errors=True)
        print(f"{name}: {'passed' if passed else 'FAILED'}{', as under node' if compared else ''}")
        good = good and passed
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
