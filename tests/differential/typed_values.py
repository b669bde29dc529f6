"""Constants at which arithmetic goes wrong: limits, signs, NaN, and anything between."""

import random
import struct

from opcodes import F32, F64, I32, I64, V128, signed_leb, simd

INTERESTING_32 = [0, 1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF,
                  0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFF8000, 0xFFFFFF80]
INTERESTING_64 = INTERESTING_32 + [0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
                                   0xFFFFFFFFFFFFFFFF, 0xFFFFFFFF80000000, 0xFFFFFFFF00000000]
INTERESTING_FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1e10, -1e10, 2147483647.0,
                      2147483648.0, -2147483648.0, -2147483649.0, 4294967295.0, 4294967296.0,
                      9223372036854775807.0, -9223372036854775808.0, 18446744073709551615.0, 1e38,
                      1e-38, 1e-45, 0.9999999403953552, float("inf"), float("-inf"), float("nan")]


def constant(rng: random.Random, kind: int) -> bytes:
    """The instruction that pushes some value of the type; references are null."""
    if kind == I32:
        value = integer(rng, INTERESTING_32, 32)
        return b"\x41" + signed_leb(value - (1 << 32) if value >> 31 else value)
    if kind == I64:
        value = integer(rng, INTERESTING_64, 64)
        return b"\x42" + signed_leb(value - (1 << 64) if value >> 63 else value)
    if kind == F32:
        return b"\x43" + float_bits(rng, "<f", 32)
    if kind == F64:
        return b"\x44" + float_bits(rng, "<d", 64)
    if kind == V128:
        lane = rng.choice([constant(rng, F32)[1:], constant(rng, F64)[1:], rng.randbytes(1)])
        return simd(12) + (rng.randbytes(16) if rng.random() < 0.5 else (lane * 16)[:16])
    return b"\xd0" + bytes([kind])


def integer(rng: random.Random, interesting: list[int], bits: int) -> int:
    if rng.random() < 0.6:
        return rng.choice(interesting)
    return rng.getrandbits(rng.randint(1, bits))


def float_bits(rng: random.Random, layout: str, bits: int) -> bytes:
    if rng.random() < 0.15:
        return rng.randbytes(bits // 8)
    value = rng.choice(INTERESTING_FLOATS) if rng.random() < 0.6 else rng.uniform(-1000, 1000)
    return struct.pack(layout, value)


def constant_float(kind: int, value: float) -> bytes:
    return b"\x43" + struct.pack("<f", value) if kind == F32 else b"\x44" + struct.pack("<d", value)
