"""Takes a binary module's code section apart into instructions and puts it together again.

Only for modules that the generators made: valid, features of WebAssembly 2.0 and tail calls.
"""

from opcodes import leb


class Code:
    """A cursor over bytes of the binary format."""

    def __init__(self, data: bytes, at: int = 0):
        self.data = data
        self.at = at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def leb(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def skip(self, size: int) -> None:
        self.at += size

    def skip_lebs(self, count: int) -> None:
        for _ in range(count):
            self.leb()

    def instruction(self) -> bytes:
        start = self.at
        opcode = self.byte()
        if opcode == 0x0E:
            self.skip_lebs(self.leb() + 1)
        elif opcode == 0x1C:
            self.skip(self.leb())
        elif opcode in (0x43, 0x44):
            self.at += 4 if opcode == 0x43 else 8
        elif opcode == 0xFC:
            number = self.leb()
            self.skip_lebs(0 if number < 8 else 2 if number in (8, 10, 12, 14) else 1)
        elif opcode == 0xFD:
            self.vector_immediates(self.leb())
        elif opcode in (0x11, 0x13) or 0x28 <= opcode <= 0x3E:
            self.skip_lebs(2)
        elif opcode in (2, 3, 4, 0x0C, 0x0D, 0x10, 0x12, 0x14, 0x15, 0x3F, 0x40, 0x41, 0x42, 0xD0, 0xD2):
            self.leb()
        elif 0x20 <= opcode <= 0x26:
            self.leb()
        return self.data[start:self.at]

    def vector_immediates(self, number: int) -> None:
        if number <= 11 or number in (92, 93) or 84 <= number <= 91:
            self.skip_lebs(2)
        if number in (12, 13):
            self.at += 16
        elif 21 <= number <= 34 or 84 <= number <= 91:
            self.at += 1


class Module:
    """All sections as bytes, but the code section as lists of instructions."""

    def __init__(self, data: bytes):
        self.before, self.after = data[:8], b""
        self.parameter_counts: list[int] = []  # of each type
        self.types: list[int] = []  # of each own function
        self.locals: list[list[tuple[int, int]]] = []  # count, type
        self.bodies: list[list[bytes]] = []
        code = Code(data, 8)
        while code.at < len(data):
            start = code.at
            number, size = code.byte(), code.leb()
            section = Code(data[code.at:code.at + size])
            if number == 1:
                self.read_types(section)
            if number == 3:
                self.types = [section.leb() for _ in range(section.leb())]
            if number == 10:
                self.read_bodies(section)
            elif self.bodies:
                self.after += data[start:code.at + size]
            else:
                self.before += data[start:code.at + size]
            code.at += size

    def read_types(self, code: Code) -> None:
        for _ in range(code.leb()):
            code.byte()
            self.parameter_counts.append(code.leb())
            code.skip(self.parameter_counts[-1])
            code.skip(code.leb())

    def read_bodies(self, code: Code) -> None:
        for _ in range(code.leb()):
            size = code.leb()
            end = code.at + size
            self.locals.append([(code.leb(), code.byte()) for _ in range(code.leb())])
            instructions = []
            while code.at < end:
                instructions.append(code.instruction())
            self.bodies.append(instructions[:-1])

    def encode(self, function: int = -1, replacement: list[bytes] | None = None) -> bytes:
        content = leb(len(self.bodies))
        for index, body in enumerate(self.bodies):
            used = replacement if index == function and replacement is not None else body
            declared = [leb(count) + bytes([kind]) for count, kind in self.locals[index]]
            whole = leb(len(declared)) + b"".join(declared + used) + b"\x0b"
            content += leb(len(whole)) + whole
        return self.before + b"\x0a" + leb(len(content)) + content + self.after

    def add_local(self, function: int, kind: int) -> int:
        """The index of a new local of the function."""
        index = self.parameter_counts[self.types[function]]
        index += sum(count for count, _ in self.locals[function])
        self.locals[function].append((1, kind))
        return index

    def size(self) -> int:
        return sum(map(len, self.bodies))
