#!/usr/bin/env python3
"""Checks a program that runs inside a keep: a static-PIE ELF that loads nothing of the host.

    check_binary.py FILE          merlon-keep
    check_binary.py --shim FILE   a shim: fixed, nothing dynamic, no instruction that ring 0 may not use

No interpreter, no needed libraries, no segment both writable and executable, no text relocations,
relocations made read-only, a stack that is not executable.
"""

import re
import struct
import subprocess
import sys

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_GNU_STACK, PT_GNU_RELRO = 1, 2, 3, 0x6474E551, 0x6474E552
DT_NEEDED, DT_TEXTREL, DT_FLAGS = 1, 22, 30
DF_TEXTREL = 4
EXECUTABLE, WRITABLE = 1, 2


def segments_of(image):
    """(type, flags, offset, file size) of each program header."""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, flags, offset, _, _, file_size = struct.unpack_from("<IIQQQQ", image, table + i * size)
        yield kind, flags, offset, file_size


def dynamic_entries(image, segments):
    for kind, _, offset, size in segments:
        if kind == PT_DYNAMIC:
            for at in range(offset, offset + size, 16):
                yield struct.unpack_from("<QQ", image, at)


# A name in the tables of OpenSSL's default provider; merlon/crypto/keep_provider.cc takes its place.
ALL_OF_OPENSSL = b"ARIA-256-GCM:1.2"


def check(image):
    if image[:4] != b"\x7fELF" or image[4:6] != b"\2\1":
        return ["no 64-bit little-endian ELF file"]
    errors = []
    if struct.unpack_from("<H", image, 16)[0] != 3:
        errors.append("not position-independent")
    segments = list(segments_of(image))
    kinds = {kind for kind, *_ in segments}
    if PT_INTERP in kinds:
        errors.append("wants an interpreter (a dynamic linker)")
    if PT_GNU_RELRO not in kinds:
        errors.append("relocated data stays writable")
    if PT_GNU_STACK not in kinds:
        errors.append("does not say that its stack is not executable")
    for kind, flags, offset, _ in segments:
        if kind in (PT_LOAD, PT_GNU_STACK) and flags & EXECUTABLE and flags & WRITABLE:
            errors.append(f"segment at {offset:#x} is writable and executable")
    for tag, value in dynamic_entries(image, segments):
        if tag == DT_NEEDED:
            errors.append("needs a shared library")
        if tag == DT_TEXTREL or (tag == DT_FLAGS and value & DF_TEXTREL):
            errors.append("has text relocations")
    if ALL_OF_OPENSSL in image:
        errors.append("has all algorithms of OpenSSL's default provider, not only a keep's")
    return errors


# Vector and x87 registers belong to the keep; the rest fails or differs where ring 0 is emulated.
FORBIDDEN = re.compile(
    r"%[xyz]?mm\d|%st\b|\b(?:popcnt|lzcnt|tzcnt|andn|bextr|bls\w+|bzhi|pdep|pext|mulx|rorx|sarx|shlx|shrx|"
    r"movbe|crc32|xsave\w*|xrstor\w*|xgetbv|rdtscp|cmpxchg16b|stac|clac|vmcall|vmmcall|f(?:ld|st|add|mul|init)\w*)\b")


def check_shim(path, image):
    """What a shim must not have; its instructions as objdump reads them."""
    errors = []
    if struct.unpack_from("<H", image, 16)[0] != 2:
        errors.append("is not fixed to an address")
    for kind, flags, offset, _ in segments_of(image):
        if kind in (PT_DYNAMIC, PT_INTERP):
            errors.append("has something dynamic in it")
        if kind in (PT_LOAD, PT_GNU_STACK) and flags & EXECUTABLE and flags & WRITABLE:
            errors.append(f"segment at {offset:#x} is writable and executable")
    undefined = subprocess.run(["nm", "--undefined-only", path], capture_output=True, text=True, check=True)
    errors += [f"undefined symbol {line.split()[-1]}" for line in undefined.stdout.splitlines()]
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True,
                          check=True).stdout
    instructions = [line.split("\t", 1)[1] for line in code.splitlines() if "\t" in line]
    if not instructions:
        errors.append("has no code")
    errors += [f"instruction: {each}" for each in instructions if FORBIDDEN.search(each)]
    return errors


def main():
    path = sys.argv[-1]
    with open(path, "rb") as file:
        image = file.read()
    errors = check_shim(path, image) if sys.argv[1] == "--shim" else check(image)
    for error in errors:
        print(f"{path}: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
