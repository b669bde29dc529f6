#!/usr/bin/env python3
"""Makes a module that run.py has kept smaller while node and merlon-diff still differ on it.

    reduce.py --merlon-diff PATH MODULE -o SMALLER [--seconds 120]

Takes instructions out, or puts constants in their place, in many candidates at once; node says
which of them are valid. binaryen's own reducer cannot read block parameters.
"""

import argparse
import pathlib
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from code_section import Module  # noqa: E402
from opcodes import simd  # noqa: E402
from run import MerlonSide, NodeSide, verdict  # noqa: E402

BATCH = 96
DROP = b"\x1a"
CONSTANTS = [b"", b"\x41\x01", b"\x42\x01", b"\x43\x00\x00\x80\x3f",
             b"\x44" + b"\0" * 6 + b"\xf0\x3f", simd(12) + b"\1" * 16, b"\xd0\x70", b"\xd0\x6f"]
UNREACHABLE = [b"\x00"]


def with_nan_guards(instructions: list[bytes]) -> list[bytes]:
    """Joins each instruction with the code that makes its NaN into 0, so that both go or stay.

    Without the guard the two sides may rightly differ, and the search would end at that.
    """
    joined: list[bytes] = []
    at = 0
    while at < len(instructions):
        length = guard_length(instructions[at:at + 7])
        if length and joined:
            joined[-1] += b"".join(instructions[at:at + length])
        else:
            joined.append(instructions[at])
        at += length or 1
    return joined


def guard_length(following: list[bytes]) -> int:
    """See Body.remove_nan in typed_function.py for the two forms."""
    save = following[0]
    if len(following) < 6 or save[0] != 0x22:
        return 0
    again = b"\x20" + save[1:]
    if following[1:3] == [again, again] and following[4:6] == [simd(78), save]:
        return 6
    if following[2:4] == [again, again] and following[5:7] == [b"\x1b", save]:
        return 7
    return 0


def candidates(module: Module):
    """(function, body) in the order of how much each would save."""
    largest = sorted(range(len(module.bodies)), key=lambda i: -len(module.bodies[i]))
    for function in largest:
        if module.bodies[function] != UNREACHABLE:
            yield function, UNREACHABLE
            yield function, []
    width = max((len(body) for body in module.bodies), default=0)
    while width >= 1:
        for function in largest:
            body = module.bodies[function]
            for start in range(0, len(body) - width + 1, max(1, width // 2)):
                for drops in (0, 1, 2) if width > 4 else (0, 1, 2, 3):
                    for value in CONSTANTS:
                        put = [DROP] * drops + ([value] if value else [])
                        if len(put) < width or (width == 1 and smaller(put, body[start])):
                            yield function, body[:start] + put + body[start + width:]
        width //= 2


def smaller(put: list[bytes], old: bytes) -> bool:
    """One for one only towards constants and nothing, so that the search comes to an end."""
    return len(put) == 1 and put[0] != old and old not in CONSTANTS and old != DROP


def differing(modules: list[bytes], node: NodeSide, merlon: MerlonSide) -> int | None:
    """The first of the modules on which the two sides differ."""
    with tempfile.TemporaryDirectory(prefix="merlon-reduce-") as scratch:
        paths = []
        for index, data in enumerate(modules):
            paths.append(pathlib.Path(scratch) / f"m{index}.wasm")
            paths[-1].write_bytes(data)
        for index, (path, want) in enumerate(zip(paths, node.run(paths))):
            if "\nrefused\n" in want or not want.endswith("\nend\n"):
                continue
            if verdict(want, merlon.run_one(path))[0] == "failed":
                return index
    return None


def reduce(module: Module, node: NodeSide, merlon: MerlonSide, deadline: float) -> None:
    progress = True
    while progress and time.monotonic() < deadline:
        progress = False
        batch: list[tuple[int, list[bytes]]] = []
        for candidate in [*candidates(module), None]:
            if candidate is not None:
                batch.append(candidate)
                if len(batch) < BATCH:
                    continue
            found = differing([module.encode(*one) for one in batch], node, merlon)
            if found is not None:
                module.bodies[batch[found][0]] = list(batch[found][1])
                progress = True
                print(f"{module.size()} instructions", file=sys.stderr, flush=True)
                break
            if time.monotonic() > deadline:
                return
            batch = []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", type=pathlib.Path)
    parser.add_argument("--merlon-diff", metavar="PATH", required=True)
    parser.add_argument("--node", default="node")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=float, default=120, help="default: %(default)s")
    options = parser.parse_args()
    if shutil.which(options.merlon_diff) is None or shutil.which(options.node) is None:
        print("reduce.py: merlon-diff or node is no program", file=sys.stderr)
        return 2
    # Short: a candidate may have lost what ended its loops, and then it counts as no candidate.
    node = NodeSide("node", options.node, [], quiet=True, timeout_seconds=4)
    merlon = MerlonSide(options.merlon_diff, timeout_seconds=4)
    module = Module(options.module.read_bytes())
    module.bodies = [with_nan_guards(body) for body in module.bodies]
    if differing([module.encode()], node, merlon) is None:
        print("reduce.py: node and merlon-diff do not differ on this module", file=sys.stderr)
        return 1
    reduce(module, node, merlon, time.monotonic() + options.seconds)
    options.output.write_bytes(module.encode())
    print(f"{options.output}: {module.size()} instructions")
    return 0


if __name__ == "__main__":
    sys.exit(main())
