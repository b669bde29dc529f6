"""Makes a module that throws: try, catch, catch_all, delegate and rethrow in all nestings.

Statements leave the operand stack as it was; what they compute goes to locals, to the log and to a
digest. Exceptions come from throws, from calls and from clauses; fuel bounds calls and turns.
"""

import random

from opcodes import F64, I32, I64, V128, leb, signed_leb

END, ELSE, EMPTY = b"\x0b", b"\x05", b"\x40"
FUEL = 300
MAX_DEPTH = 7
KINDS = [I32, I64, F64]
# Numbers of the functions and globals that every module has.
LOG, FUEL_GLOBAL, DIGEST = 0, 0, 1


def vector(items) -> bytes:
    items = list(items)
    return leb(len(items)) + b"".join(items)


def section(number: int, content: bytes) -> bytes:
    return bytes([number]) + leb(len(content)) + content


def name(text: str) -> bytes:
    return leb(len(text)) + text.encode()


def i32(value: int) -> bytes:
    return b"\x41" + signed_leb(value)


def if_zero_fuel(code: bytes) -> bytes:
    """Burns one unit, or runs `code` where none is left."""
    left = b"\x23" + leb(FUEL_GLOBAL)
    return (left + b"\x45\x04\x40" + code + END +
            left + i32(1) + b"\x6b\x24" + leb(FUEL_GLOBAL))


class Function:
    def __init__(self, rng: random.Random, module, parameters, results, budget: int):
        self.rng = rng
        self.module = module
        self.results = results
        self.parameters = list(parameters)
        self.locals = [rng.choice(KINDS) for _ in range(rng.randint(3, 8))] + KINDS
        self.budget = budget
        # Labels from the outermost to the innermost: (kind, types that a branch carries).
        self.labels: list[tuple[str, tuple[int, ...]]] = [("function", results)]

    def local(self, kind: int) -> bytes:
        kinds = self.parameters + self.locals
        return leb(self.rng.choice([i for i, other in enumerate(kinds) if other == kind]))

    def fresh(self) -> bytes:
        self.locals.append(0)
        return leb(len(self.parameters) + len(self.locals) - 1)

    def value(self, kind: int, depth: int = 0) -> bytes:
        rng = self.rng
        choice = rng.random()
        if kind == V128:
            return b"\xfd\x0c" + rng.randbytes(16)
        if choice < 0.25 or depth > 3:
            number = rng.choice([0, 1, 2, 3, 7, -1, rng.randint(-(2**31), 2**31 - 1)])
            if kind == F64:
                return i32(number) + b"\xb7"
            return (b"\x41" if kind == I32 else b"\x42") + signed_leb(number)
        if choice < 0.7:
            return b"\x20" + self.local(kind)
        if choice < 0.8 and kind == I32 and self.module.giving(I32):
            return self.call(rng.choice(self.module.giving(I32)), depth)
        operation = {I32: [b"\x6a", b"\x6b", b"\x73"], I64: [b"\x7c", b"\x7d", b"\x85"],
                     F64: [b"\xa0", b"\xa1"]}[kind]
        return (self.value(kind, depth + 1) + self.value(kind, depth + 1) + rng.choice(operation))

    def call(self, function: int, depth: int = 0) -> bytes:
        parameters, _ = self.module.signatures[function]
        code = b"".join(self.value(kind, depth + 1) for kind in parameters)
        if self.rng.random() < 0.3:
            return (code + i32(function - 1) + b"\x11" +
                    leb(self.module.type_index(*self.module.signatures[function])) + b"\x00")
        return code + b"\x10" + leb(function)

    def condition(self) -> bytes:
        return self.value(I32) + i32(self.rng.choice([1, 3])) + b"\x71"

    def statements(self, most: int = 4) -> bytes:
        return b"".join(self.statement() for _ in range(self.rng.randint(0, most)))

    def inside(self, kind: str, types=(), most: int = 4) -> bytes:
        self.labels.append((kind, tuple(types)))
        code = self.statements(most)
        self.labels.pop()
        return code

    def statement(self) -> bytes:
        self.budget -= 1
        deep = len(self.labels) > MAX_DEPTH or self.budget < 0
        simple = [self.log, self.set_local, self.fold, self.call_statement, self.throw_if]
        nested = [self.try_statement] * 5 + [self.under, self.block, self.loop, self.if_statement,
                                             self.branch, self.rethrow, self.throw]
        return self.rng.choice(simple if deep else simple + nested)()

    def log(self) -> bytes:
        return self.value(I32) + b"\x10" + leb(LOG)

    def set_local(self) -> bytes:
        kind = self.rng.choice(KINDS)
        return self.value(kind) + b"\x21" + self.local(kind)

    def fold(self) -> bytes:
        """Locals into the digest."""
        digest = b"\x23" + leb(DIGEST)
        return (digest + b"\x42\x1f\x7e" + self.value(I64) + b"\x7c" + self.value(I32) + b"\xac\x7c" +
                b"\x24" + leb(DIGEST))

    def call_statement(self) -> bytes:
        function = self.rng.randrange(1, len(self.module.signatures))
        return self.call(function) + b"\x1a" * len(self.module.signatures[function][1])

    def throw(self) -> bytes:
        tag = self.rng.randrange(len(self.module.tags))
        return b"".join(self.value(kind) for kind in self.module.tags[tag]) + b"\x08" + leb(tag)

    def throw_if(self) -> bytes:
        return self.condition() + b"\x04\x40" + self.throw() + END

    def under(self) -> bytes:
        """Statements above operands that must be there afterwards."""
        kinds = [self.rng.choice(KINDS) for _ in range(self.rng.randint(1, 4))]
        code = b"".join(self.value(kind) for kind in kinds) + self.statements(3)
        return code + b"".join(b"\x21" + self.local(kind) for kind in reversed(kinds))

    def block(self) -> bytes:
        return b"\x02\x40" + self.inside("block") + END

    def if_statement(self) -> bytes:
        code = self.condition() + b"\x04\x40" + self.inside("block")
        return code + ELSE + self.inside("block") + END

    def loop(self) -> bytes:
        turns = self.fresh()
        code = i32(self.rng.randint(1, 4)) + b"\x21" + turns + b"\x02\x40\x03\x40"
        self.labels.append(("block", ()))
        body = if_zero_fuel(b"\x0c\x02") + self.inside("loop")
        self.labels.pop()
        again = b"\x20" + turns + i32(1) + b"\x6b\x22" + turns + b"\x0d\x00"
        return code + body + again + END + END

    def branch(self) -> bytes:
        """To an outer block, never back to a loop's head."""
        depths = [i for i, (kind, _) in enumerate(reversed(self.labels)) if kind != "loop"]
        depth = self.rng.choice(depths)
        types = self.labels[-1 - depth][1]
        values = b"".join(self.value(kind) for kind in types)
        if self.rng.random() < 0.2:
            return values + b"\x0c" + leb(depth)
        return values + self.condition() + b"\x0d" + leb(depth) + b"\x1a" * len(types)

    def rethrow(self) -> bytes:
        depths = [i for i, (kind, _) in enumerate(reversed(self.labels)) if kind == "catch"]
        if not depths:
            return self.throw_if()
        depth = self.rng.choice(depths)
        if self.rng.random() < 0.3:
            return b"\x09" + leb(depth)
        return self.condition() + b"\x04\x40\x09" + leb(depth + 1) + END

    def block_type(self, parameters, results) -> bytes:
        if parameters or len(results) > 1:
            return signed_leb(self.module.type_index(tuple(parameters), tuple(results)))
        return bytes(results) or EMPTY

    def try_statement(self) -> bytes:
        rng = self.rng
        results = [rng.choice(KINDS) for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 40]))]
        parameters = [rng.choice(KINDS) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
        code = b"".join(self.value(kind) for kind in parameters)
        code += b"\x06" + self.block_type(parameters, results)
        self.labels.append(("try", tuple(results)))
        code += b"".join(b"\x21" + self.local(kind) for kind in reversed(parameters))
        code += self.statements(5) + b"".join(self.value(kind) for kind in results)
        self.labels.pop()
        code += self.clauses(results)
        return code + b"".join(b"\x21" + self.local(kind) for kind in reversed(results))

    def clauses(self, results) -> bytes:
        rng = self.rng
        if rng.random() < 0.2:
            return b"\x18" + leb(rng.randrange(len(self.labels)))
        code = b""
        self.labels.append(("catch", tuple(results)))
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            tag = rng.randrange(len(self.module.tags))
            code += b"\x07" + leb(tag)
            if rng.random() < 0.3:  # the values wait on the stack meanwhile
                code += self.statements(2)
            for kind in reversed(self.module.tags[tag]):
                code += b"\x1a" if kind == V128 else b"\x21" + self.local(kind)
            code += self.statements(3) + b"".join(self.value(kind) for kind in results)
        if rng.random() < 0.5:
            code += b"\x19" + self.statements(3) + b"".join(self.value(kind) for kind in results)
        self.labels.pop()
        return code + END

    def make(self) -> bytes:
        default = b"".join(b"\x44" + bytes(8) if kind == F64 else
                           (b"\x41\x00" if kind == I32 else b"\x42\x00") for kind in self.results)
        code = if_zero_fuel(default + b"\x0f") + self.statements(8) + self.fold()
        code += b"".join(self.value(kind) for kind in self.results) + END
        declared = vector(leb(1) + bytes([kind or I32]) for kind in self.locals)
        return leb(len(declared + code)) + declared + code


class Module:
    def __init__(self, rng: random.Random, size: int):
        self.types: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.tags = [(), (I32,), (I64, F64, V128, I32)]
        self.tags += [tuple(rng.choice([*KINDS, V128]) for _ in range(rng.choice([1, 2, 3, 40])))
                      for _ in range(rng.randint(0, 3))]
        self.signatures = [((I32,), ())]
        for _ in range(rng.randint(2, 7)):
            parameters = tuple(rng.choice(KINDS) for _ in range(rng.choice([0, 1, 2, 9])))
            self.signatures.append((parameters, tuple(rng.choice(KINDS) for _ in range(
                rng.choice([0, 1, 1, 3])))))
        own = self.signatures[1:]
        self.bodies = [Function(rng, self, *signature, max(10, size // 100 // len(own))).make()
                       for signature in own]

    def giving(self, kind: int) -> list[int]:
        return [i for i, (_, results) in enumerate(self.signatures) if results == (kind,)]

    def type_index(self, parameters, results) -> int:
        key = (tuple(parameters), tuple(results))
        if key not in self.types:
            self.types.append(key)
        return self.types.index(key)

    def encode(self) -> bytes:
        own = len(self.signatures) - 1
        reset = b"\x00" + i32(FUEL) + b"\x24" + leb(FUEL_GLOBAL) + END
        indices = [self.type_index(*signature) for signature in [*self.signatures, ((), ())]]
        tags = [b"\x00" + leb(self.type_index(tag, ())) for tag in self.tags]
        exports = [name(f"f{i}") + b"\x00" + leb(i) for i in range(1, own + 1)]
        exports.append(name("hangLimitInitializer") + b"\x00" + leb(own + 1))
        exports.append(name("digest") + b"\x03" + leb(DIGEST))
        types = [b"\x60" + vector(bytes([k]) for k in p) + vector(bytes([k]) for k in r)
                 for p, r in self.types]
        elements = b"\x00" + i32(0) + END + vector(leb(i) for i in range(1, own + 1))
        return b"\x00asm\x01\x00\x00\x00" + b"".join([
            section(1, vector(types)),
            section(2, vector([name("fuzzing-support") + name("log-i32") + b"\x00" +
                               leb(indices[0])])),
            section(3, vector(map(leb, indices[1:]))),
            section(4, vector([b"\x70\x00" + leb(own)])),
            section(13, vector(tags)),
            section(6, vector([bytes([I32, 1]) + i32(0) + END, bytes([I64, 1]) + b"\x42\x00" + END])),
            section(7, vector(exports)),
            section(9, vector([elements])),
            section(10, vector([*self.bodies, leb(len(reset)) + reset])),
        ])


def exceptions_module(rng: random.Random, size: int) -> bytes:
    return Module(rng, size).encode()
