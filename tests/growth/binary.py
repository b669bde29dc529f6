"""The binary format of WebAssembly, as far as shapes.py writes it."""

I32, I64, F64, V128, EXNREF = 0x7F, 0x7E, 0x7C, 0x7B, 0x69
EMPTY = 0x40


def leb(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def sleb(value):
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if value == (-1 if byte & 0x40 else 0):
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def vector(items):
    return leb(len(items)) + b"".join(items)


def types(*kinds):
    return vector([bytes([kind]) for kind in kinds])


def function_type(params=(), results=()):
    return b"\x60" + types(*params) + types(*results)


def section(number, items):
    content = vector(items)
    return bytes([number]) + leb(len(content)) + content


def body(code, *groups):
    """A function's code, and its locals as (count, type)."""
    content = vector([leb(count) + bytes([kind]) for count, kind in groups]) + code + b"\x0b"
    return leb(len(content)) + content


def module(bodies, function_types=(), of=None, parts=()):
    """`bodies` are of type `of[i]`, or 0, which is [] -> []; `parts` are (number, items) besides."""
    of = of or [0] * len(bodies)
    sections = dict(parts)
    sections[1] = [function_type(), *function_types]
    sections[3] = [leb(index) for index in of]
    sections[10] = list(bodies)
    order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]
    found = [section(number, sections[number]) for number in order if number in sections]
    return b"\0asm\1\0\0\0" + b"".join(found)


def const(value):
    return b"\x41" + sleb(value)


def get(local):
    return b"\x20" + leb(local)


def put(local):
    return b"\x21" + leb(local)


def call(function):
    return b"\x10" + leb(function)


def block(code, kind=EMPTY):
    """`kind` is a byte, or the index of a function type as bytes."""
    return b"\x02" + (kind if isinstance(kind, bytes) else bytes([kind])) + code + b"\x0b"


def branch_table(labels):
    return b"\x0e" + leb(len(labels) - 1) + b"".join(leb(label) for label in labels)


UNREACHABLE, LOOP, END, DROP, BR, BR_IF = b"\x00", b"\x03\x40", b"\x0b", b"\x1a", b"\x0c", b"\x0d"
