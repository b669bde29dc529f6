"""Makes a module that throws: try, catch, catch_all, delegate and rethrow in all nestings.

Statements leave the operand stack as it was; what they compute goes to locals, to the log and to a
digest. Exceptions come from throws, from calls and from clauses; fuel bounds calls and turns.

The same module can be written in today's form, by try_table and throw_ref, for an engine that is to
do what another one does that only knows the earlier form. It has no delegate then, in neither form.
"""

import random
from dataclasses import dataclass

from opcodes import F64, I32, I64, V128, leb, signed_leb

END, ELSE, EMPTY = b"\x0b", b"\x05", b"\x40"
FUEL = 300
MAX_DEPTH = 7
KINDS = [I32, I64, F64]
EXNREF = 0x69
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


@dataclass
class Label:
    kind: str
    types: tuple[int, ...] = ()  # that a branch carries
    within: int = 0  # blocks directly inside of it that only today's form has
    exception: bytes = b""  # of a clause in today's form: the local that has what was caught


class Function:
    def __init__(self, rng: random.Random, module, parameters, results, budget: int):
        self.rng = rng
        self.module = module
        self.results = results
        self.parameters = list(parameters)
        self.locals = [rng.choice(KINDS) for _ in range(rng.randint(3, 8))] + KINDS
        self.budget = budget
        self.labels = [Label("function", results)]  # the innermost is the last

    def local(self, kind: int) -> bytes:
        kinds = self.parameters + self.locals
        return leb(self.rng.choice([i for i, other in enumerate(kinds) if other == kind]))

    def fresh(self, kind: int = 0) -> bytes:
        self.locals.append(kind)
        return leb(len(self.parameters) + len(self.locals) - 1)

    def depth(self, of: int) -> bytes:
        """What a branch writes that leads to the label `of` others away."""
        return leb(of + sum(label.within for label in self.labels[len(self.labels) - 1 - of:]))

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
        self.labels.append(Label(kind, tuple(types)))
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
        self.labels.append(Label("block"))
        body = if_zero_fuel(b"\x0c\x02") + self.inside("loop")
        self.labels.pop()
        again = b"\x20" + turns + i32(1) + b"\x6b\x22" + turns + b"\x0d\x00"
        return code + body + again + END + END

    def branch(self) -> bytes:
        """To an outer block, never back to a loop's head."""
        depths = [i for i, one in enumerate(reversed(self.labels)) if one.kind != "loop"]
        depth = self.rng.choice(depths)
        types = self.labels[-1 - depth].types
        values = b"".join(self.value(kind) for kind in types)
        if self.rng.random() < 0.2:
            return values + b"\x0c" + self.depth(depth)
        return values + self.condition() + b"\x0d" + self.depth(depth) + b"\x1a" * len(types)

    def rethrow(self) -> bytes:
        depths = [i for i, one in enumerate(reversed(self.labels)) if one.kind == "catch"]
        if not depths:
            return self.throw_if()
        depth = self.rng.choice(depths)
        caught = self.labels[-1 - depth].exception
        again = b"\x20" + caught + b"\x0a"
        if self.rng.random() < 0.3:
            return again if self.module.today else b"\x09" + leb(depth)
        code = again if self.module.today else b"\x09" + leb(depth + 1)
        return self.condition() + b"\x04\x40" + code + END

    def block_type(self, parameters, results) -> bytes:
        if parameters or len(results) > 1:
            return signed_leb(self.module.type_index(tuple(parameters), tuple(results)))
        return bytes(results) or EMPTY

    def try_statement(self) -> bytes:
        rng = self.rng
        results = [rng.choice(KINDS) for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 40]))]
        parameters = [rng.choice(KINDS) for _ in range(rng.choice([0, 0, 0, 1, 2]))]
        code = b"".join(self.value(kind) for kind in parameters)
        delegates = rng.random() < 0.2 and not self.module.both
        tags = [rng.randrange(len(self.module.tags)) for _ in range(rng.choice([0, 1, 1, 2, 3]))]
        tags += [None] if rng.random() < 0.5 else []  # catch_all
        today = self.module.today
        if today:  # blocks without parameters are enough then
            code += b"".join(b"\x21" + self.local(kind) for kind in reversed(parameters))
            code += self.caught_outside(tags, results)
        else:
            code += b"\x06" + self.block_type(parameters, results)
            code += b"".join(b"\x21" + self.local(kind) for kind in reversed(parameters))
            code += self.body(results)
            code += self.delegate() if delegates else self.clauses(tags, results)
        return code + b"".join(b"\x21" + self.local(kind) for kind in reversed(results))

    def body(self, results, within: int = 0) -> bytes:
        self.labels.append(Label("try", tuple(results), within))
        code = self.statements(5) + b"".join(self.value(kind) for kind in results)
        self.labels.pop()
        return code

    def delegate(self) -> bytes:
        return b"\x18" + leb(self.rng.randrange(len(self.labels)))

    def clause(self, tag, results, within: int = 0, exception: bytes = b"") -> bytes:
        """What is done with the values of an exception; None: with one of any tag."""
        rng = self.rng
        self.labels.append(Label("catch", tuple(results), within, exception))
        code = b""
        if tag is not None:
            if rng.random() < 0.3:  # the values wait on the stack meanwhile
                code += self.statements(2)
            for kind in reversed(self.module.tags[tag]):
                code += b"\x1a" if kind == V128 else b"\x21" + self.local(kind)
        code += self.statements(3) + b"".join(self.value(kind) for kind in results)
        self.labels.pop()
        return code

    def clauses(self, tags, results) -> bytes:
        code = b""
        for tag in tags:
            code += b"\x19" if tag is None else b"\x07" + leb(tag)
            code += self.clause(tag, results)
        return code + END

    def caught_outside(self, tags, results) -> bytes:
        """Today's form: a block around all, one for each clause, and the try_table within."""
        count = len(tags)
        exceptions = [self.fresh(EXNREF) for _ in tags]
        code = b"\x02" + self.block_type([], results)
        for tag in reversed(tags):
            kinds = () if tag is None else self.module.tags[tag]
            code += b"\x02" + self.block_type([], (*kinds, EXNREF))
        catches = [b"\x03" + leb(i) if tag is None else b"\x01" + leb(tag) + leb(i)
                   for i, tag in enumerate(tags)]
        code += b"\x1f" + self.block_type([], results) + vector(catches)
        code += self.body(results, count + 1) + END + b"\x0c" + leb(count)
        for i, tag in enumerate(tags):
            code += END + b"\x21" + exceptions[i]
            code += self.clause(tag, results, count - 1 - i, exceptions[i])
            code += b"\x0c" + leb(count - 1 - i)
        return code + END

    def make(self) -> bytes:
        default = b"".join(b"\x44" + bytes(8) if kind == F64 else
                           (b"\x41\x00" if kind == I32 else b"\x42\x00") for kind in self.results)
        code = if_zero_fuel(default + b"\x0f") + self.statements(8) + self.fold()
        code += b"".join(self.value(kind) for kind in self.results) + END
        declared = vector(leb(1) + bytes([kind or I32]) for kind in self.locals)
        return leb(len(declared + code)) + declared + code


class Module:
    def __init__(self, rng: random.Random, size: int, both: bool, today: bool):
        self.both = both  # both forms of it are made
        self.today = today
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


def exceptions_module(rng: random.Random, size: int, both: bool = False,
                      today: bool = False) -> bytes:
    return Module(rng, size, both, today).encode()
