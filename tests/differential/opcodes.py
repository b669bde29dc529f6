"""The instructions that typed_module.py may use: WebAssembly 2.0 [WASM-CORE 2.0 §5.4], by type."""

from dataclasses import dataclass

I32, I64, F32, F64, V128, FUNCREF, EXTERNREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70, 0x6F
NUMBERS = [I32, I64, F32, F64, V128]
REFERENCES = [FUNCREF, EXTERNREF]


@dataclass(frozen=True)
class Operation:
    """`lanes` > 0: a lane index below it follows. `nan`: bits of a NaN result are open."""

    code: bytes
    operands: tuple[int, ...]
    result: int | None
    nan: int | None = None  # the comparison opcode that finds NaN lanes, or the scalar type
    lanes: int = 0
    guard: str = ""  # "divisor", "float": what must be done to the last operand to avoid a trap


@dataclass(frozen=True)
class Access:
    """A load (result) or a store (operand); `lanes` > 0: a lane of the given vector."""

    code: bytes
    type: int
    width: int
    is_store: bool = False
    lanes: int = 0


def leb(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed_leb(value: int) -> bytes:
    out = bytearray()
    while True:
        low = value & 0x7F
        value >>= 7
        if (value == 0 and not low & 0x40) or (value == -1 and low & 0x40):
            out.append(low)
            return bytes(out)
        out.append(low | 0x80)


def simd(number: int) -> bytes:
    return b"\xfd" + leb(number)


def scalar_operations() -> list[Operation]:
    found: list[Operation] = []

    def add(first: int, last: int, operands, result, **more) -> None:
        for code in range(first, last + 1):
            found.append(Operation(bytes([code]), tuple(operands), result, **more))

    for first, kind in ((0x45, I32), (0x50, I64)):
        add(first, first, [kind], I32)
        add(first + 1, first + 10, [kind, kind], I32)
    add(0x5B, 0x60, [F32, F32], I32)
    add(0x61, 0x66, [F64, F64], I32)
    for first, kind in ((0x67, I32), (0x79, I64)):
        add(first, first + 2, [kind], kind)
        add(first + 3, first + 5, [kind, kind], kind)
        add(first + 6, first + 9, [kind, kind], kind, guard="divisor")
        add(first + 10, first + 17, [kind, kind], kind)
    for first, kind in ((0x8B, F32), (0x99, F64)):
        add(first, first + 1, [kind], kind)
        add(first + 2, first + 6, [kind], kind, nan=kind)
        add(first + 7, first + 12, [kind, kind], kind, nan=kind)
        add(first + 13, first + 13, [kind, kind], kind)
    add(0xA7, 0xA7, [I64], I32)
    for first, kind in ((0xA8, I32), (0xAE, I64)):
        add(first, first + 1, [F32], kind, guard="float")
        add(first + 2, first + 3, [F64], kind, guard="float")
    add(0xAC, 0xAD, [I32], I64)
    for first, kind in ((0xB2, F32), (0xB7, F64)):
        add(first, first + 1, [I32], kind)
        add(first + 2, first + 3, [I64], kind)
    add(0xB6, 0xB6, [F64], F32, nan=F32)
    add(0xBB, 0xBB, [F32], F64, nan=F64)
    reinterpretations = ((0xBC, F32, I32), (0xBD, F64, I64), (0xBE, I32, F32), (0xBF, I64, F64))
    for code, source, target in reinterpretations:
        add(code, code, [source], target)
    add(0xC0, 0xC1, [I32], I32)
    add(0xC2, 0xC4, [I64], I64)
    for code in range(8):
        source = F32 if code % 4 < 2 else F64
        found.append(Operation(bytes([0xFC, code]), (source,), I32 if code < 4 else I64))
    return found


# Numbers of the SIMD instructions by shape, as the binary format lists them.
SIMD_UNARY = [77, 96, 97, 98, 124, 125, 126, 127, 128, 129, *range(135, 139), 160, 161,
              *range(167, 171), 192, 193, *range(199, 203), 224, 225, 236, 237, *range(248, 256)]
SIMD_BINARY = [14, *range(35, 77), *range(78, 82), 101, 102, *range(110, 116), *range(118, 122),
               123, 130, 133, 134, *range(142, 148), *range(149, 154), *range(155, 160), 174, 177,
               *range(181, 187), *range(188, 192), 206, 209, *range(213, 224), 234, 235, 246, 247]
SIMD_SHIFTS = [107, 108, 109, 139, 140, 141, 171, 172, 173, 203, 204, 205]
SIMD_TESTS = [83, 99, 100, 131, 132, 163, 164, 195, 196]
F32X4_EQUAL, F64X2_EQUAL = 65, 71
SIMD_FLOAT_UNARY = [(F32X4_EQUAL, n) for n in (94, 103, 104, 105, 106, 227)]
SIMD_FLOAT_UNARY += [(F64X2_EQUAL, n) for n in (95, 116, 117, 122, 148, 239)]
SIMD_FLOAT_BINARY = [(F32X4_EQUAL, n) for n in range(228, 234)]
SIMD_FLOAT_BINARY += [(F64X2_EQUAL, n) for n in range(240, 246)]
# number, element type, lanes
SIMD_EXTRACT = [(21, I32, 16), (22, I32, 16), (24, I32, 8), (25, I32, 8), (27, I32, 4),
                (29, I64, 2), (31, F32, 4), (33, F64, 2)]
SIMD_REPLACE = [(23, I32, 16), (26, I32, 8), (28, I32, 4), (30, I64, 2), (32, F32, 4), (34, F64, 2)]
SIMD_SPLAT = [(15, I32), (16, I32), (17, I32), (18, I64), (19, F32), (20, F64)]


def vector_operations() -> list[Operation]:
    found = [Operation(simd(n), (V128,), V128) for n in SIMD_UNARY]
    found += [Operation(simd(n), (V128, V128), V128) for n in SIMD_BINARY]
    found += [Operation(simd(n), (V128, I32), V128) for n in SIMD_SHIFTS]
    found += [Operation(simd(n), (V128,), I32) for n in SIMD_TESTS]
    found += [Operation(simd(n), (V128,), V128, nan=equal) for equal, n in SIMD_FLOAT_UNARY]
    found += [Operation(simd(n), (V128, V128), V128, nan=equal) for equal, n in SIMD_FLOAT_BINARY]
    found += [Operation(simd(n), (V128,), kind, lanes=lanes) for n, kind, lanes in SIMD_EXTRACT]
    found += [Operation(simd(n), (V128, kind), V128, lanes=lanes)
              for n, kind, lanes in SIMD_REPLACE]
    found += [Operation(simd(n), (kind,), V128) for n, kind in SIMD_SPLAT]
    found.append(Operation(simd(82), (V128, V128, V128), V128))
    return found


def memory_accesses() -> list[Access]:
    widths = [(0x28, I32, 4), (0x29, I64, 8), (0x2A, F32, 4), (0x2B, F64, 8), (0x2C, I32, 1),
              (0x2D, I32, 1), (0x2E, I32, 2), (0x2F, I32, 2), (0x30, I64, 1), (0x31, I64, 1),
              (0x32, I64, 2), (0x33, I64, 2), (0x34, I64, 4), (0x35, I64, 4)]
    found = [Access(bytes([code]), kind, width) for code, kind, width in widths]
    widths = [(0x36, I32, 4), (0x37, I64, 8), (0x38, F32, 4), (0x39, F64, 8), (0x3A, I32, 1),
              (0x3B, I32, 2), (0x3C, I64, 1), (0x3D, I64, 2), (0x3E, I64, 4)]
    found += [Access(bytes([code]), kind, width, True) for code, kind, width in widths]
    loads = [(0, 16), *((n, 8) for n in range(1, 7)), (7, 1), (8, 2), (9, 4), (10, 8)]
    loads += [(92, 4), (93, 8)]
    found += [Access(simd(n), V128, width) for n, width in loads]
    found.append(Access(simd(11), V128, 16, True))
    for step in range(4):
        found.append(Access(simd(84 + step), V128, 1 << step, False, 16 >> step))
        found.append(Access(simd(88 + step), V128, 1 << step, True, 16 >> step))
    return found


OPERATIONS = scalar_operations() + vector_operations()
ACCESSES = memory_accesses()
BY_RESULT = {
    kind: [one for one in OPERATIONS if one.result == kind] for kind in (I32, I64, F32, F64, V128)
}
