#!/usr/bin/env python3
"""Makes one random valid module, determined by seed, index and size alone."""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from code_section import Module  # noqa: E402
from exceptions_module import exceptions_module  # noqa: E402
from opcodes import SIMD_FLOAT_BINARY, SIMD_FLOAT_UNARY, V128, leb, simd  # noqa: E402
from other_memories import with_other_memories  # noqa: E402
from typed_module import typed_module  # noqa: E402

DEFAULT_SIZE = 12_000

# Debian's binaryen 108 writes reference types by an old draft (externref above funcref), so they
# are off here. NaNs become 0 at once: their bits are the engine's choice and could reach results.
TTF_FLAGS = [
    "-ttf",
    "--mvp-features",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-simd",
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-tail-call",
    "--denan",
]


class CannotGenerate(Exception):
    """A tool is missing or failed."""


def make_ttf(randomness: random.Random, size: int, output: pathlib.Path) -> None:
    """binaryen's fuzzer: reads the module out of random bytes."""
    length = randomness.randint(max(1, size // 10), size)
    with tempfile.NamedTemporaryFile(suffix=".bytes") as source:
        source.write(randomness.randbytes(length))
        source.flush()
        command = ["wasm-opt", source.name, *TTF_FLAGS, "-o", str(output)]
        try:
            result = subprocess.run(command, capture_output=True, check=False)
        except FileNotFoundError as error:
            raise CannotGenerate("wasm-opt is missing: apt-get install binaryen") from error
    if result.returncode != 0:
        raise CannotGenerate("wasm-opt failed: " + result.stderr.decode("utf-8", "replace")[-200:])
    output.write_bytes(without_vector_nans(output.read_bytes()))


VECTOR_FLOATS = {simd(number): equal for equal, number in SIMD_FLOAT_UNARY + SIMD_FLOAT_BINARY}


def without_vector_nans(data: bytes) -> bytes:
    """Makes NaN lanes of vector arithmetic into 0, which --denan of binaryen 108 leaves out."""
    module = Module(data)
    for function, body in enumerate(module.bodies):
        if not any(instruction in VECTOR_FLOATS for instruction in body):
            continue
        saved = leb(module.add_local(function, V128))
        guarded: list[bytes] = []
        for instruction in body:
            guarded.append(instruction)
            if instruction in VECTOR_FLOATS:
                equal = simd(VECTOR_FLOATS[instruction])
                guarded += [b"\x22" + saved, b"\x20" + saved, b"\x20" + saved, equal, simd(78),
                            b"\x22" + saved]
        module.bodies[function] = guarded
    return module.encode()


def make_typed(randomness: random.Random, size: int, output: pathlib.Path) -> None:
    """Our own: instructions on a tracked stack, reference types, tables, block parameters."""
    output.write_bytes(typed_module(randomness, size))


def make_exceptions(randomness: random.Random, size: int, output: pathlib.Path) -> None:
    """Ours too: the earlier form of exceptions, which the other two do not write."""
    output.write_bytes(exceptions_module(randomness, size))


def twin_of(module: pathlib.Path) -> pathlib.Path:
    """Where the form of a module lies that only our engine is given, of generators that make two."""
    return module.parent / "ours" / module.name


def write_both(output: pathlib.Path, module: bytes, ours: bytes) -> None:
    output.write_bytes(module)
    twin_of(output).parent.mkdir(exist_ok=True)
    twin_of(output).write_bytes(ours)


def make_try_table(randomness: random.Random, size: int, output: pathlib.Path) -> None:
    """Both forms of exceptions: V8 of node 20 has the earlier one only."""
    state = randomness.getstate()
    earlier = exceptions_module(randomness, size, both=True)
    randomness.setstate(state)
    write_both(output, earlier, exceptions_module(randomness, size, both=True, today=True))


def make_memories(randomness: random.Random, size: int, output: pathlib.Path) -> None:
    """The typed one, in ours with other memories before its own: node 20 knows one only."""
    module = typed_module(randomness, size)
    write_both(output, module, with_other_memories(module, randomness))


def make_module(generator: str, seed: int, index: int, size: int, output: pathlib.Path) -> None:
    randomness = random.Random(f"{generator}:{seed}:{index}")
    GENERATORS[generator](randomness, size, output)


GENERATORS = {"ttf": make_ttf, "typed": make_typed, "exceptions": make_exceptions,
              "try_table": make_try_table, "memories": make_memories}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generator", choices=sorted(GENERATORS), default="ttf")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--index", type=int, required=True)
    parser.add_argument("--size", type=int, default=DEFAULT_SIZE, help="default: %(default)s")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    options = parser.parse_args()
    try:
        make_module(options.generator, options.seed, options.index, options.size, options.output)
    except CannotGenerate as error:
        print(f"generate.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
