"""Puts other memories before the one of a module of typed_module.py, which then has another number.

It must do what it did. Engines that know one memory only cannot be asked for that.
"""

import random

from code_section import Code, Module
from opcodes import leb

# Of the least and the most pages: of 32 and of 64 bits, with and without any.
OTHERS = [b"\x01\x01\x02", b"\x00\x00", b"\x05\x01\x03", b"\x04\x02"]
HAS_INDEX = 0x40  # beside an access's alignment
MEMORIES, EXPORTS, CODE, DATA = 5, 7, 10, 11


def with_index(instruction: bytes, at: int, index: int) -> bytes:
    """An access whose alignment stands at `at`."""
    code = Code(instruction, at)
    align = code.leb()
    return instruction[:at] + leb(align | HAS_INDEX) + leb(index) + instruction[code.at:]


def moved(instruction: bytes, index: int) -> bytes:
    opcode = instruction[0]
    if 0x28 <= opcode <= 0x3E:
        return with_index(instruction, 1, index)
    if opcode in (0x3F, 0x40):
        return instruction[:1] + leb(index)
    code = Code(instruction, 1)
    number = code.leb() if opcode in (0xFC, 0xFD) else -1
    if opcode == 0xFC and number == 8:
        code.leb()
        return instruction[:code.at] + leb(index)
    if opcode == 0xFC and number in (10, 11):
        return instruction[:code.at] + leb(index) * (2 if number == 10 else 1)
    if opcode == 0xFD and (number <= 11 or number in (92, 93) or 84 <= number <= 91):
        return with_index(instruction, code.at, index)
    return instruction


def moved_exports(section: bytes, index: int) -> bytes:
    code = Code(section)
    count = code.leb()
    made = leb(count)
    for _ in range(count):
        start = code.at
        code.skip(code.leb())
        kind = code.byte()
        made += section[start:code.at]
        number = code.leb()
        made += leb(index if kind == 2 else number)
    return made


def moved_data(section: bytes, index: int) -> bytes:
    code = Code(section)
    count = code.leb()
    made = leb(count)
    for _ in range(count):
        is_passive = code.leb() == 1
        start = code.at
        if not is_passive:
            code.instruction()
            code.byte()  # the expression's end
        code.skip(code.leb())
        made += (b"\x01" if is_passive else b"\x02" + leb(index)) + section[start:code.at]
    return made


def moved_code(module: Module, index: int) -> bytes:
    module.bodies = [[moved(each, index) for each in body] for body in module.bodies]
    module.before = module.after = b""
    whole = Code(module.encode(), 1)
    whole.leb()
    return whole.data[whole.at:]


def with_other_memories(data: bytes, rng: random.Random) -> bytes:
    index = rng.choice([1, 1, 2, 3])
    code = Code(data, 8)
    made = data[:8]
    while code.at < len(data):
        number = code.byte()
        size = code.leb()
        section = data[code.at:code.at + size]
        code.skip(size)
        if number == MEMORIES:
            others = b"".join(rng.choice(OTHERS) for _ in range(index))
            section = leb(1 + index) + others + section[1:]
        elif number == EXPORTS:
            section = moved_exports(section, index)
        elif number == CODE:
            section = moved_code(Module(data), index)
        elif number == DATA:
            section = moved_data(section, index)
        made += bytes([number]) + leb(len(section)) + section
    return made
