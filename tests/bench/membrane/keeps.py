"""The keeps and their peers that take turns, and how a program is started in one of them."""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent), str(HERE.parent.parent / "real")]

from engines import NODE_RUNNER, Engine, NativeEngine, RunFailed  # noqa: E402
from runners import STANDARD_STREAMS  # noqa: E402

TIMEOUT_SECONDS = 60
# Whoever kills `measure`, which starts keeps too, does not reach the keep behind it: each has a
# limit of its own.
KEEP_LIMIT = f"{2 * TIMEOUT_SECONDS}s"


def keeps(merlon: pathlib.Path, node: str | None) -> list[Engine]:
    """In the order of the columns. All times are those of whole processes, or taken within."""
    found = [Engine(backend, [str(merlon), "run", "--backend", backend, "--timeout", KEEP_LIMIT])
             for backend in ("nil", "kvm")]
    if node:
        # The names of descriptors, which a keep gives by itself.
        names = ["--env", "FD_COUNT=3", "--env", f"FD_NAMES={':'.join(STANDARD_STREAMS)}"]
        found.append(Engine("node", [node, "--no-warnings", str(NODE_RUNNER), *names]))
    found.append(NativeEngine("native", []))
    return found


def for_growth(engine: Engine) -> Engine:
    """Calls that node 20 compiles into the program do not hold its WASI object, which a collection
    after memory.grow then destroys under them: abort. Of no use to who does not measure calls."""
    if engine.name != "node":
        return engine
    return Engine(engine.name, [engine.words[0], "--no-turbo-fast-api-calls", *engine.words[1:]])


def end(process: subprocess.Popen) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def running(engine: Engine, module: pathlib.Path, *arguments: str, options=(), **streams):
    """A started program. It and all that it started are ended when it takes too long or when an
    error passes by here; its standard error is a pipe, for figures."""
    command = engine.command(module, list(arguments), None)
    at = command.index(str(module))
    process = subprocess.Popen([*command[:at], *options, *command[at:]],
                               **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                                  **streams},
                               stderr=subprocess.PIPE, start_new_session=True)
    limit = threading.Timer(TIMEOUT_SECONDS, end, [process])
    limit.start()
    try:
        yield process
    except OSError as broken:  # a stream or a socket: its other side knows better why
        end(process)
        words = process.stderr.read().decode("utf-8", "replace").strip()[-200:]
        raise RunFailed(f"{broken}; exit status {process.wait()}: {words}") from broken
    finally:
        limit.cancel()
        if process.poll() is None:
            end(process)
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def last_words(process: subprocess.Popen, status: int = 0) -> str:
    """Standard error of a program that has ended as it should."""
    text = process.stderr.read().decode("utf-8", "replace")
    if process.wait() != status:
        raise RunFailed(f"exit status {process.returncode}: {text.strip()[-200:]}")
    return text


def figures(process: subprocess.Popen) -> dict[str, tuple[int, int]]:
    """What a program measured: how many calls or bytes, in how many nanoseconds."""
    found = {}
    for line in last_words(process).splitlines():
        name, amount, nanoseconds = line.rsplit(" ", 2)
        found[name] = (int(amount), int(nanoseconds))
    return found


def wall_seconds(engine: Engine, module: pathlib.Path, *arguments: str, status: int) -> float:
    started = time.perf_counter()
    with running(engine, module, *arguments) as process:
        last_words(process, status)
        return time.perf_counter() - started
