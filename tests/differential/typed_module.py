"""Makes a module around bodies of typed_function.py: types, tables, memory, globals, segments."""

import random

from opcodes import (EXTERNREF, F32, F64, FUNCREF, I32, I64, NUMBERS, REFERENCES, V128, leb,
                     signed_leb)
from typed_function import END, Body, Context
from typed_values import constant

LOG_NAMES = {I32: "log-i32", I64: "log-i64", F32: "log-f32", F64: "log-f64", V128: "log-v128"}
FUEL, TICKS = 40, 2000
PAGE = 65536


def vector(items) -> bytes:
    items = list(items)
    return leb(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    return bytes([number]) + leb(len(content)) + content


def name(text: str) -> bytes:
    return leb(len(text.encode())) + text.encode()


class Module:
    def __init__(self, rng: random.Random, instructions: int):
        self.rng = rng
        self.instructions = instructions
        self.types: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.functions = [((kind,), ()) for kind in NUMBERS]
        self.imported = len(self.functions)
        self.functions += [self.signature() for _ in range(rng.randint(2, 10))]
        self.functions.append(((), ()))  # hangLimitInitializer
        self.globals = self.make_globals()
        self.table_sizes = self.make_tables()
        self.address = rng.choice([I32, I32, I64])
        self.pages = rng.choice([1, 1, 2])
        self.most_pages = self.pages + rng.randint(0, 2)
        self.data = [rng.randbytes(rng.choice([0, 1, 16, 40, 300]))
                     for _ in range(rng.randint(1, 4))]
        self.passive = [(rng.choice(REFERENCES), rng.randint(0, 6))
                        for _ in range(rng.randint(0, 3))]

    def signature(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        rng = self.rng
        kinds = NUMBERS if rng.random() < 0.85 else NUMBERS + REFERENCES
        parameters = tuple(rng.choice(kinds) for _ in range(rng.choice([0, 1, 2, 3, 5, 9, 18])))
        if rng.random() < 0.04:  # so many that the engine does not move them one by one
            parameters = tuple(rng.choice(kinds) for _ in range(rng.randint(33, 60)))
        count = rng.choice([0, 1, 1, 1, 2, 4]) if rng.random() < 0.96 else rng.randint(33, 60)
        return parameters, tuple(rng.choice(kinds) for _ in range(count))

    def make_globals(self) -> list[tuple[int, bool]]:
        """0: fuel, 1: ticks, 2: digest of all functions' locals; then one of each type, more."""
        count = self.rng.randint(3, 12)
        kinds = NUMBERS * 3 + REFERENCES
        made = [(I32, True), (I32, True), (I64, True)] + [(kind, True) for kind in NUMBERS]
        return made + [(self.rng.choice(kinds), self.rng.random() < 0.8) for _ in range(count)]

    def make_tables(self) -> list[tuple[int, int, int]]:
        """Type, least size, most. The first holds every own function, in order."""
        own = len(self.functions) - self.imported
        made = [(FUNCREF, own + self.rng.randint(0, 4), own + 8)]
        for _ in range(self.rng.randint(0, 2)):
            made.append((self.rng.choice(REFERENCES), self.rng.randint(0, 8) + own, own + 16))
        return made

    def type_index(self, parameters, results) -> int:
        key = (tuple(parameters), tuple(results))
        if key not in self.types:
            self.types.append(key)
        return self.types.index(key)

    def element_segments(self) -> tuple[bytes, list[tuple[int, int]]]:
        """Passive ones first, then the filling of function tables, then one that declares all."""
        rng = self.rng
        own = range(self.imported, len(self.functions))
        made = []
        for kind, length in self.passive:
            items = [constant(rng, kind) if kind == EXTERNREF or rng.random() < 0.3
                     else b"\xd2" + leb(rng.choice(own)) for _ in range(length)]
            made.append(b"\x05" + bytes([kind]) + vector(item + END for item in items))
        for index, (kind, _, _) in enumerate(self.table_sizes):
            if kind == FUNCREF:
                start = b"\x41\x00" + END
                made.append(b"\x02" + leb(index) + start + b"\x00" + vector(map(leb, own)))
        made.append(b"\x03\x00" + vector(map(leb, own)))
        # Those that tables may be filled from: the active ones count as dropped after start.
        usable = list(self.passive)
        usable += [(FUNCREF, 0) for kind, _, _ in self.table_sizes if kind == FUNCREF]
        return vector(made), usable + [(FUNCREF, 0)]

    def data_segments(self) -> bytes:
        made = []
        for index, content in enumerate(self.data):
            if index % 2 == 0:
                start = self.rng.randint(0, PAGE - 400)
                start = (b"\x41" if self.address == I32 else b"\x42") + signed_leb(start)
                made.append(b"\x00" + start + END + leb(len(content)) + content)
            else:
                made.append(b"\x01" + leb(len(content)) + content)
        return vector(made)

    def context(self, usable) -> Context:
        return Context(
            functions=self.functions[:-1],
            own_functions=self.imported,
            # Shown as immutable, so that bodies touch the first three in their own way only.
            globals=[(kind, mutable and i > 2) for i, (kind, mutable) in enumerate(self.globals)],
            fuel=0,
            ticks=1,
            digest=2,
            tables=[(kind, least) for kind, least, _ in self.table_sizes],
            segments=usable,
            # An active segment counts as dropped, so as empty, after the start.
            data=[len(content) * (i % 2) for i, content in enumerate(self.data)],
            type_index=self.type_index,
            memory_bytes=self.pages * PAGE,
            address=self.address,
            loggers={kind: i for i, kind in enumerate(NUMBERS)},
        )

    def bodies(self, context: Context) -> list[bytes]:
        own = self.functions[self.imported:-1]
        shares = [self.rng.random() ** 2 + 0.05 for _ in own]
        made = []
        for share, (parameters, results) in zip(shares, own):
            budget = int(self.instructions * share / sum(shares)) + 5
            made.append(Body(self.rng, context, parameters, results, budget).make())
        reset = b"\x00" + constant_i32(FUEL) + b"\x24\x00" + constant_i32(TICKS) + b"\x24\x01" + END
        return made + [leb(len(reset)) + reset]

    def exports(self) -> bytes:
        made = [name("memory") + b"\x02\x00"]
        last = len(self.functions) - 1
        for index in range(self.imported, last):
            made.append(name(f"f{index}") + b"\x00" + leb(index))
        made.append(name("hangLimitInitializer") + b"\x00" + leb(last))
        made += [name(f"g{i}") + b"\x03" + leb(i) for i in range(2, len(self.globals))]
        return vector(made)

    def encode(self) -> bytes:
        elements, usable = self.element_segments()
        bodies = self.bodies(self.context(usable))
        indices = [self.type_index(*signature) for signature in self.functions]
        imports = [name("fuzzing-support") + name(LOG_NAMES[kind]) + b"\x00" + leb(indices[i])
                   for i, kind in enumerate(NUMBERS)]
        types = [b"\x60" + vector(bytes([k]) for k in p) + vector(bytes([k]) for k in r)
                 for p, r in self.types]
        tables = [bytes([kind, 1]) + leb(least) + leb(most)
                  for kind, least, most in self.table_sizes]
        values = [bytes([kind, mutable]) + constant(self.rng, kind) + END
                  for kind, mutable in self.globals]
        limits = b"\x01" if self.address == I32 else b"\x05"
        return b"\x00asm\x01\x00\x00\x00" + b"".join([
            section(1, vector(types)),
            section(2, vector(imports)),
            section(3, vector(map(leb, indices[self.imported:]))),
            section(4, vector(tables)),
            section(5, vector([limits + leb(self.pages) + leb(self.most_pages)])),
            section(6, vector(values)),
            section(7, self.exports()),
            section(9, elements),
            section(12, leb(len(self.data))),
            section(10, vector(bodies)),
            section(11, self.data_segments()),
        ])


def constant_i32(value: int) -> bytes:
    return b"\x41" + signed_leb(value)


def typed_module(rng: random.Random, size: int) -> bytes:
    """A module of at most about `size` / 4 instructions."""
    return Module(rng, rng.randint(max(10, size // 80), max(10, size // 4))).encode()
