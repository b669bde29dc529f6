"""Makes the body of one function: instructions chosen at random on a tracked operand stack.

Every value type of the stack is known while writing, so any instruction can be chosen whose
operands are there or can be made. That reaches what expression trees do not: many live values,
values that cross blocks and branches, block parameters, code after a branch.
"""

import random
from dataclasses import dataclass, field
from typing import Callable

from opcodes import (ACCESSES, BY_RESULT, F32, F64, FUNCREF, I32, I64, NUMBERS, OPERATIONS,
                     REFERENCES, V128, Access, Operation, leb, signed_leb, simd)
from typed_values import constant, constant_float

END, ELSE = b"\x0b", b"\x05"
MAX_DEPTH = 9
COUNTER = 0  # the type of a local that only its loop may touch
PAGE = 65536
MAX_STACK = 24
MAX_TURNS = 6
TO_I64 = {I32: b"\xad", I64: b"", F32: b"\xbc\xad", F64: b"\xbd", V128: simd(29) + b"\x00"}
COMPARISON = {F32: b"\x5b", F64: b"\x61"}

@dataclass
class Frame:
    labels: list[int]  # types that a branch to it carries
    results: list[int]
    height: int
    unreachable: bool = False


@dataclass
class Context:
    """What a body may refer to."""

    functions: list[tuple[tuple[int, ...], tuple[int, ...]]]  # every function index's type
    own_functions: int  # index of the first that is not imported
    globals: list[tuple[int, bool]]  # type, mutable
    fuel: int  # index of the i32 global that bounds calls
    ticks: int  # index of the i32 global that bounds turns of loops
    digest: int  # index of the i64 global into which every function folds its locals
    tables: list[tuple[int, int]]  # reference type, least size
    segments: list[tuple[int, int]]  # passive element segments: reference type, length
    data: list[int]  # lengths of data segments; all may be named
    type_index: Callable  # (parameters, results) -> index
    memory_bytes: int
    address: int  # the type of the memory's addresses: I32 or I64
    loggers: dict[int, int] = field(default_factory=dict)  # number type -> function index


class Body:
    def __init__(self, rng, context: Context, parameters, results, budget: int):
        self.rng = rng
        self.context = context
        self.results = list(results)
        self.locals = list(parameters)
        self.parameter_count = len(self.locals)
        few, many = rng.choice([(0, 3), (2, 8), (8, 20), (20, 40)])
        kinds = rng.choice([NUMBERS, [I32, I64], [I32], [F32, F64], [V128], NUMBERS + REFERENCES])
        self.locals += [rng.choice(kinds) for _ in range(rng.randint(few, many))]
        # One of each kind for saving a value twice while NaNs are taken out.
        self.scratch = {kind: len(self.locals) + i for i, kind in enumerate((F32, F64, V128, I32))}
        self.locals += [F32, F64, V128, I32]
        self.budget = budget
        self.out = bytearray()
        self.stack: list[int] = []
        self.frames: list[Frame] = []

    def make(self) -> bytes:
        self.spend_fuel()
        self.fill_locals()
        self.out += b"\x02" + self.block_type([], self.results)
        self.inside(self.results, self.results, [])
        self.out += END
        self.fold_locals()
        kinds = [I32 if kind == COUNTER else kind for kind in self.locals[self.parameter_count:]]
        declared = [leb(1) + bytes([kind]) for kind in kinds]
        code = leb(len(declared)) + b"".join(declared) + bytes(self.out) + END
        return leb(len(code)) + code

    # ---- writing ------------------------------------------------------------------------------

    def emit(self, code: bytes, popped=(), pushed=()) -> None:
        """Pops what is there of `popped`: in unreachable code the rest comes from nowhere."""
        self.out += code
        available = len(self.stack) - self.frames[-1].height
        for _ in range(min(len(popped), available)):
            self.stack.pop()
        self.stack.extend(pushed)
        self.budget -= 1

    def need(self, kinds) -> None:
        """Makes the top of the stack be of these types, using what lies there or making more."""
        kinds = list(kinds)
        frame = self.frames[-1]
        available = len(self.stack) - frame.height
        if frame.unreachable and available == 0 and self.rng.random() < 0.3:
            return
        present = 0
        if self.rng.random() < 0.8:
            for count in range(min(len(kinds), available), 0, -1):
                if self.stack[-count:] == kinds[:count]:
                    present = count
                    break
        for kind in kinds[present:]:
            self.produce(kind, 0)

    def produce(self, kind: int, depth: int) -> None:
        rng = self.rng
        choice = rng.random()
        holders = [i for i, one in enumerate(self.locals) if one == kind]
        sources = [i for i, one in enumerate(self.context.globals) if one[0] == kind]
        if holders and choice < 0.55:
            self.emit(b"\x20" + leb(rng.choice(holders)), (), [kind])
        elif kind in BY_RESULT and depth < 3 and choice < 0.8 and self.budget > 0:
            operation = rng.choice(BY_RESULT[kind])
            for operand in operation.operands:
                self.produce(operand, depth + 1)
            self.apply(operation)
        elif choice < 0.9 and sources:
            self.emit(b"\x23" + leb(rng.choice(sources)), (), [kind])
        elif kind == FUNCREF and choice < 0.97:
            index = rng.randrange(self.context.own_functions, len(self.context.functions))
            self.emit(b"\xd2" + leb(index), (), [kind])
        else:
            self.emit(constant(rng, kind), (), [kind])

    def apply(self, operation: Operation) -> None:
        """Writes an operation whose operands are on the stack."""
        rng = self.rng
        if operation.guard == "divisor" and rng.random() < 0.99:
            kind = operation.operands[0]
            self.out += (b"\x41\x01\x72" if kind == I32 else b"\x42\x01\x84")  # or 1
            if kind == I32 and rng.random() < 0.7:
                self.out += b"\x41" + signed_leb(0x7FFFFFFF) + b"\x71"  # never -1
        if operation.guard == "float" and rng.random() < 0.99:
            kind = operation.operands[0]
            bound = constant_float(kind, 1e4) if rng.random() < 0.5 else constant_float(kind, 2e9)
            smallest, absolute = (b"\x96", b"\x8b") if kind == F32 else (b"\xa4", b"\x99")
            self.out += absolute + bound + smallest
            self.remove_nan(kind)
        code = operation.code
        if operation.lanes:
            code += bytes([rng.randrange(operation.lanes)])
        self.emit(code, operation.operands, [] if operation.result is None else [operation.result])
        if operation.nan is not None:
            self.remove_nan(operation.nan)

    def remove_nan(self, how: int) -> None:
        """Turns NaN into 0: which NaN an operation gives is the engine's choice."""
        if how in COMPARISON:
            saved = leb(self.scratch[how])
            again = b"\x20" + saved
            self.out += b"\x22" + saved + constant_float(how, 0.0) + again + again
            self.out += COMPARISON[how] + b"\x1b"
            # The local is one that other code may read: it must not keep the NaN.
            self.out += b"\x22" + saved
        else:
            saved = leb(self.scratch[V128])
            self.out += b"\x22" + saved + b"\x20" + saved + b"\x20" + saved + simd(how) + simd(78)
            self.out += b"\x22" + saved

    def spend_fuel(self) -> None:
        """Without fuel the function returns zeros at once, so that every recursion ends."""
        self.out += spend(self.context.fuel)
        self.zeros(self.results)
        self.out += b"\x0f" + END

    def fill_locals(self) -> None:
        """Locals start as 0, and computing with 0 hides mistakes."""
        for index in range(self.parameter_count, self.scratch[F32]):
            if self.rng.random() < 0.8:
                self.out += constant(self.rng, self.locals[index]) + b"\x21" + leb(index)

    def spend_tick(self, counter: int, results) -> None:
        """At a loop's head: leaves the block around the loop after a few turns.

        It must not leave the function: one endless loop would hide all the code behind it.
        """
        saved = leb(counter)
        self.out += b"\x20" + saved + b"\x41\x01\x6a\x22" + saved
        self.out += b"\x41" + signed_leb(MAX_TURNS) + b"\x4b\x04\x40"
        self.zeros(results)
        self.out += b"\x0c\x02" + END + spend(self.context.ticks)
        self.zeros(results)
        self.out += b"\x0c\x02" + END

    def zeros(self, kinds) -> None:
        for kind in kinds:
            self.out += constant(random.Random(kind), kind)

    def fold_locals(self) -> None:
        """Makes every local count: a wrong value that nothing used would go unseen."""
        digest = leb(self.context.digest)
        for index, kind in enumerate(self.locals):
            if kind not in TO_I64 or index in self.scratch.values():
                continue
            self.out += b"\x20" + leb(index) + TO_I64[kind]
            if kind == V128:
                self.out += b"\x20" + leb(index) + simd(29) + b"\x01\x7c"  # add the upper half
            self.out += b"\x23" + digest + b"\x42\x05\x89\x85\x24" + digest  # rotl 5, xor

    # ---- statements ---------------------------------------------------------------------------

    def statements(self) -> None:
        """Writes instructions until the block has had its share of the budget."""
        share = max(4, self.budget // self.rng.randint(1, 5))
        stop = self.budget - share
        while self.budget > stop and self.budget > 0:
            frame = self.frames[-1]
            if frame.unreachable and self.rng.random() < 0.4:
                return
            if len(self.stack) - frame.height > MAX_STACK:
                self.consume()
            self.rng.choices(STATEMENTS, STATEMENT_WEIGHTS)[0](self)

    def operate(self) -> None:
        operation = self.rng.choice(OPERATIONS)
        self.need(operation.operands)
        self.apply(operation)

    def push_some(self) -> None:
        for _ in range(self.rng.randint(1, 4)):
            kinds = NUMBERS if self.rng.random() < 0.95 else REFERENCES
            self.produce(self.rng.choice(kinds), 1)

    def consume(self) -> None:
        """Takes the top value where it still has an effect: a local, a global, the log."""
        if len(self.stack) == self.frames[-1].height:
            return
        kind = self.stack[-1]
        rng = self.rng
        choice = rng.random()
        holders = [i for i, one in enumerate(self.locals) if one == kind]
        targets = [i for i, one in enumerate(self.context.globals) if one == (kind, True)]
        if holders and choice < 0.6:
            self.emit(b"\x21" + leb(rng.choice(holders)), [kind])
        elif targets and choice < 0.85:
            self.emit(b"\x24" + leb(rng.choice(targets)), [kind])
        elif kind in self.context.loggers and choice < 0.95:
            self.emit(b"\x10" + leb(self.context.loggers[kind]), [kind])
        elif kind in REFERENCES and choice < 0.95:
            self.emit(b"\xd1", [kind], [I32])
        else:
            self.emit(b"\x1a", [kind])

    def set_local(self) -> None:
        index = self.rng.choice([i for i, one in enumerate(self.locals) if one != COUNTER])
        kind = self.locals[index]
        self.need([kind])
        keep = self.rng.random() < 0.5
        self.emit((b"\x22" if keep else b"\x21") + leb(index), [kind], [kind] if keep else [])

    def set_global(self) -> None:
        mutable = [i for i, one in enumerate(self.context.globals) if one[1]]
        index = self.rng.choice(mutable)
        self.need([self.context.globals[index][0]])
        self.emit(b"\x24" + leb(index), [self.context.globals[index][0]])

    def log(self) -> None:
        kind = self.rng.choice(NUMBERS)
        self.need([kind])
        self.emit(b"\x10" + leb(self.context.loggers[kind]), [kind])

    def address(self, reach: int, first: bool = True) -> None:
        """Makes an address: mostly far inside the memory, sometimes at its very end or beyond.

        `reach` bytes behind it are touched. Only the first operand of an instruction may be taken
        from the stack: a later one would take what was meant for an earlier one.
        """
        rng = self.rng
        choice = rng.random()
        if choice < 0.08:
            beyond = rng.choice([1, 8, PAGE]) if choice < 0.002 else 0
            at = max(0, self.context.memory_bytes - reach) + beyond
            self.offset(at)
            return
        if first:
            self.need([I32])
        else:
            self.produce(I32, 1)
        if choice < 0.998:
            self.out += b"\x41" + signed_leb(rng.choice([0xFF, 0xFFF, 0x3FFF])) + b"\x71"
        self.widen()
        if self.context.address == I64 and rng.random() < 0.001:
            self.out += b"\x42" + signed_leb(-(1 << rng.choice([31, 32, 40, 48, 62, 63]))) + b"\x84"

    def widen(self) -> None:
        """Makes an i32 what addresses of the memory are."""
        if self.context.address == I64:
            self.emit(b"\xad", [I32], [I64])

    def offset(self, value: int) -> None:
        self.i32(value)
        self.widen()

    def access(self) -> None:
        access: Access = self.rng.choice(ACCESSES)
        offset = self.rng.choice([0, 0, 0, 1, 7, 64, 1000, 0x7FFF])
        if self.rng.random() < 0.002:
            offset = self.rng.choice([PAGE, 0x7FFFFFFF, 0xFFFFFFFF])
            if self.context.address == I64:
                offset = self.rng.choice([offset, 1 << 32, 1 << 33, (1 << 48) - 8, 1 << 63, (1 << 64) - 8])
        self.address(access.width + offset)
        operands = [self.context.address]
        if access.is_store or access.lanes:
            self.produce(access.type, 1)
            operands.append(access.type)
        align = self.rng.randint(0, access.width.bit_length() - 1)
        code = access.code + leb(align) + leb(offset)
        if access.lanes:
            code += bytes([self.rng.randrange(access.lanes)])
        self.emit(code, operands, [] if access.is_store else [access.type])

    def choose(self) -> None:
        """select, with and without a type; shuffles."""
        kind = self.rng.choice(NUMBERS + REFERENCES)
        if kind == V128 and self.rng.random() < 0.5:
            self.need([V128, V128])
            lanes = bytes(self.rng.randrange(32) for _ in range(16))
            self.emit(simd(13) + lanes, [V128, V128], [V128])
            return
        # Operands from nowhere would let an untyped select give a type that we cannot know.
        self.produce(kind, 1)
        self.produce(kind, 1)
        self.produce(I32, 1)
        typed = kind in REFERENCES or self.rng.random() < 0.3
        code = b"\x1c\x01" + bytes([kind]) if typed else b"\x1b"
        self.emit(code, [kind, kind, I32], [kind])

    def replace_local(self) -> None:
        """A local that keeps its value or takes another, which engines know well."""
        rng = self.rng
        index = rng.choice([i for i, one in enumerate(self.locals) if one != COUNTER])
        kind = self.locals[index]
        own = [b"\x20" + leb(index), None]
        if rng.random() < 0.2:
            self.emit(own[0], (), [kind])  # an older value of it, which must stay what it is
        if rng.random() < 0.5:
            own.reverse()
        for each in own:
            if each:
                self.emit(each, (), [kind])
            elif rng.random() < 0.2:
                self.emit(constant(rng, kind), (), [kind])
            else:
                self.produce(kind, rng.choice([1, 3]))
        self.condition()
        typed = kind in REFERENCES or rng.random() < 0.3
        self.emit(b"\x1c\x01" + bytes([kind]) if typed else b"\x1b", [kind, kind, I32], [kind])
        alike = [i for i, one in enumerate(self.locals) if one == kind]
        target = index if rng.random() < 0.9 else rng.choice(alike)
        keep = rng.random() < 0.2
        self.emit((b"\x22" if keep else b"\x21") + leb(target), [kind], [kind] if keep else [])

    def condition(self) -> None:
        """An i32 that mostly rests on memory, by a few instructions."""
        rng = self.rng
        kind = rng.choice([I32, I32, I32, I64, F32, F64])
        loads = [one for one in ACCESSES if one.type == kind and not one.is_store and not one.lanes]
        for _ in range(2):
            if rng.random() < 0.6:
                access = rng.choice(loads)
                self.address(access.width, first=False)
                code = access.code + b"\x00" + leb(rng.choice([0, 1, 64]))
                self.emit(code, [self.context.address], [kind])
            else:
                self.produce(kind, 2)
        first = {I32: 0x46, I64: 0x51, F32: 0x5B, F64: 0x61}[kind]
        code = rng.randrange(first, first + (10 if kind in (I32, I64) else 6))
        if kind == I32 and rng.random() < 0.3:
            code = rng.choice([0x71, 0x6B])  # and, sub
        self.emit(bytes([code]), [kind, kind], [I32])
        if rng.random() < 0.2:
            self.emit(b"\x45", [I32], [I32])

    def call(self) -> None:
        index = self.rng.randrange(len(self.context.functions))
        parameters, results = self.context.functions[index]
        self.need(parameters)
        tail = list(results) == self.results and self.rng.random() < self.leaving(0.15)
        code = (b"\x12" if tail else b"\x10") + leb(index)
        if index >= self.context.own_functions and self.rng.random() < 0.25:
            kind = leb(self.context.type_index(parameters, results))
            function = b"\xd0" + kind if self.rng.random() < 0.003 else b"\xd2" + leb(index)
            code = function + (b"\x15" if tail else b"\x14") + kind
        self.emit(code, parameters, [] if tail else results)
        if tail:
            self.unreachable()

    def call_indirect(self) -> None:
        tables = [i for i, table in enumerate(self.context.tables) if table[0] == FUNCREF]
        table = self.rng.choice(tables)
        index = self.rng.randrange(self.context.own_functions, len(self.context.functions))
        parameters, results = self.context.functions[index]
        self.need(parameters)
        # Tables are filled in the order of the functions, so this entry mostly has this type.
        entry = index - self.context.own_functions
        choice = self.rng.random()
        if choice < 0.98:
            self.i32(entry)
        else:
            self.produce(I32, 1)
            if choice < 0.995:
                self.out += b"\x41\x0f\x71"
        kind = self.context.type_index(parameters, results)
        tail = list(results) == self.results and self.rng.random() < self.leaving(0.15)
        code = (b"\x13" if tail else b"\x11") + leb(kind) + leb(table)
        self.emit(code, [*parameters, I32], [] if tail else results)
        if tail:
            self.unreachable()

    def small_index(self, limit: int) -> None:
        """An index that mostly lies below `limit`."""
        if self.rng.random() < 0.99:
            self.i32(self.rng.randint(0, max(0, limit - 1)))
        else:
            self.produce(I32, 1)
            self.out += b"\x41\x1f\x71"

    def i32(self, value: int) -> None:
        self.emit(b"\x41" + signed_leb(value), (), [I32])

    def range_in(self, *limits: int) -> None:
        """A start within each limit and one length for all; rarely the length is too large."""
        length = self.rng.randint(0, max(0, min(min(limits), 6)))
        for limit in limits:
            self.i32(self.rng.randint(0, max(0, limit - length)))
        self.i32(length + 100 if self.rng.random() < 0.01 else length)

    def table(self) -> None:
        rng = self.rng
        index = rng.randrange(len(self.context.tables))
        kind, size = self.context.tables[index]
        what = rng.choice(["get", "get", "set", "size", "grow", "fill", "copy", "init", "init"])
        if index == 0 and rng.random() < 0.9:
            what = "get"  # table 0 is what calls go through: mostly it must keep its functions
        if what == "get":
            self.small_index(size)
            self.emit(b"\x25" + leb(index), [I32], [kind])
        elif what == "set":
            self.small_index(size)
            self.produce(kind, 1)
            self.emit(b"\x26" + leb(index), [I32, kind])
        elif what == "size":
            self.emit(b"\xfc\x10" + leb(index), (), [I32])
        elif what == "grow":
            self.produce(kind, 1)
            self.i32(rng.choice([0, 1, 2, 1000, -1]))
            self.emit(b"\xfc\x0f" + leb(index), [kind, I32], [I32])
        elif what == "fill":
            self.small_index(size)
            self.produce(kind, 1)
            self.i32(rng.choice([0, 0, 1, 1, 1, 2]))
            self.emit(b"\xfc\x11" + leb(index), [I32, kind, I32])
        elif what == "copy":
            alike = [i for i, table in enumerate(self.context.tables) if table[0] == kind]
            source = rng.choice(alike)
            self.range_in(size, self.context.tables[source][1])
            self.emit(b"\xfc\x0e" + leb(index) + leb(source), [I32] * 3)
        else:
            self.element_segment(index, kind, size)

    def element_segment(self, table: int, kind: int, size: int) -> None:
        found = [i for i, one in enumerate(self.context.segments) if one[0] == kind]
        if not found:
            return
        segment = self.rng.choice(found)
        if self.rng.random() < 0.04:
            self.emit(b"\xfc\x0d" + leb(segment))
            return
        self.range_in(size, self.context.segments[segment][1])
        self.emit(b"\xfc\x0c" + leb(segment) + leb(table), [I32] * 3)

    def bulk_memory(self) -> None:
        rng = self.rng
        kind = self.context.address
        what = rng.choice(["fill", "copy", "init", "init", "size", "grow"])
        segment = rng.randrange(len(self.context.data))
        if what == "size":
            self.emit(b"\x3f\x00", (), [kind])
        elif what == "grow":
            self.offset(rng.choice([0, 1, 1, 2, 100, -1]))
            self.emit(b"\x40\x00", [kind], [kind])
        elif what == "init" and rng.random() < 0.04:
            self.emit(b"\xfc\x09" + leb(segment))
        elif what == "init":
            length = rng.randint(0, min(6, self.context.data[segment]))
            self.offset(rng.randint(0, self.context.memory_bytes - length))
            self.i32(rng.randint(0, self.context.data[segment] - length))
            self.i32(length + 100 if rng.random() < 0.01 else length)
            self.emit(b"\xfc\x08" + leb(segment) + b"\x00", [kind, I32, I32])
        else:
            size = rng.choice([0, 1, 3, 8, 16, 17, 33, 64, 200, 3000])
            self.address(size)
            if what == "copy":
                self.address(size, first=False)
            else:
                self.produce(I32, 1)
            self.offset(size)
            if what == "copy":
                self.emit(b"\xfc\x0a\x00\x00", [kind] * 3)
            else:
                self.emit(b"\xfc\x0b\x00", [kind, I32, kind])

    # ---- control ------------------------------------------------------------------------------

    def leaving(self, chance: float) -> float:
        """How likely code is left for good: in the outermost block the rest would never run."""
        return chance if len(self.frames) > 2 else chance / 10

    def unreachable(self) -> None:
        frame = self.frames[-1]
        del self.stack[frame.height:]
        frame.unreachable = True

    def close_frame(self) -> None:
        """Leaves exactly the results on the stack."""
        frame = self.frames[-1]
        wanted = frame.results
        while True:
            available = len(self.stack) - frame.height
            if self.stack[frame.height:] == wanted[:available]:
                break
            self.consume()
        if frame.unreachable and available == 0 and self.rng.random() < 0.5:
            self.stack += wanted
            return
        for kind in wanted[available:]:
            self.produce(kind, 1)

    def signature(self) -> tuple[list[int], list[int]]:
        rng = self.rng
        kinds = NUMBERS if rng.random() < 0.9 else NUMBERS + REFERENCES
        parameters = [rng.choice(kinds) for _ in range(rng.choice([0, 0, 0, 1, 2, 4]))]
        return parameters, [rng.choice(kinds) for _ in range(rng.choice([0, 0, 1, 1, 2, 5]))]

    def block_type(self, parameters, results) -> bytes:
        if not parameters and not results:
            return b"\x40"
        if not parameters and len(results) == 1 and self.rng.random() < 0.8:
            return bytes([results[0]])
        return signed_leb(self.context.type_index(tuple(parameters), tuple(results)))

    def open_frame(self, labels, results, parameters) -> None:
        self.frames.append(Frame(labels, results, len(self.stack)))
        self.stack += parameters

    def structure(self) -> None:
        """A block, a loop, or an if with or without else."""
        if len(self.frames) >= MAX_DEPTH:
            return
        parameters, results = self.signature()
        what = self.rng.choice(["block", "loop", "if", "if"])
        if what == "loop":
            self.loop(parameters, results)
            return
        self.need(parameters)
        if what == "block":
            self.emit(b"\x02" + self.block_type(parameters, results), parameters)
            self.inside(results, results, parameters)
        else:
            self.produce(I32, 1)
            self.emit(b"\x04" + self.block_type(parameters, results), [*parameters, I32])
            self.inside(results, results, parameters)
            if parameters or results or self.rng.random() < 0.5:
                del self.stack[len(self.stack) - len(results):]
                self.out += ELSE
                self.inside(results, results, parameters)
        self.out += END

    def loop(self, parameters, results) -> None:
        counter = len(self.locals)
        self.locals.append(COUNTER)
        self.need(parameters)
        kind = self.block_type(parameters, results)
        self.emit(b"\x41\x00\x21" + leb(counter) + b"\x02" + kind + b"\x03" + kind, parameters)
        self.frames.append(Frame(results, results, len(self.stack)))
        self.inside(parameters, results, parameters, lambda: self.spend_tick(counter, results))
        self.frames.pop()
        self.out += END + END

    def inside(self, labels, results, parameters, head=lambda: None) -> None:
        """What lies between the opcode of a block and its end; its results are left."""
        self.open_frame(labels, results, parameters)
        head()
        self.statements()
        self.close_frame()
        self.frames.pop()

    def branch(self) -> None:
        rng = self.rng
        depth = min(int(rng.expovariate(0.9)), len(self.frames) - 1)
        labels = self.frames[-1 - depth].labels
        weights = [60, self.leaving(8), self.leaving(20), self.leaving(4), self.leaving(0.5)]
        what = rng.choices(["br_if", "br", "br_table", "return", "unreachable"], weights)[0]
        if what == "unreachable":
            self.emit(b"\x00")
        elif what == "return":
            self.need(self.results)
            self.emit(b"\x0f", self.results)
        elif what == "br_if":
            self.need(labels)
            self.produce(I32, 1)
            # From nowhere come values of any type; after br_if they have the label's.
            missing = len(self.stack) - self.frames[-1].height < len(labels) + 1
            self.emit(b"\x0d" + leb(depth), [I32])
            if missing:
                del self.stack[self.frames[-1].height:]
                self.stack += labels
            return
        elif what == "br":
            self.need(labels)
            self.emit(b"\x0c" + leb(depth), labels)
        else:
            alike = [i for i in range(len(self.frames)) if self.frames[-1 - i].labels == labels]
            targets = [rng.choice(alike) for _ in range(rng.choice([0, 1, 3, 8, 20]))]
            self.need(labels)
            self.produce(I32, 1)
            code = b"\x0e" + leb(len(targets)) + b"".join(map(leb, targets)) + leb(depth)
            self.emit(code, [*labels, I32])
        self.unreachable()


def spend(counter: int) -> bytes:
    """Takes one from a global; opens an if for the case that nothing was left of it."""
    index = leb(counter)
    take = b"\x23" + index + b"\x41\x01\x6b\x24" + index
    return b"\x23" + index + b"\x45\x45\x04\x40" + take + b"\x05"


STATEMENTS, STATEMENT_WEIGHTS = zip(
    (Body.operate, 40),
    (Body.push_some, 8),
    (Body.consume, 8),
    (Body.set_local, 14),
    (Body.set_global, 4),
    (Body.log, 1),
    (Body.access, 14),
    (Body.choose, 5),
    (Body.replace_local, 4),
    (Body.call, 4),
    (Body.call_indirect, 3),
    (Body.table, 2),
    (Body.bulk_memory, 2),
    (Body.structure, 9),
    (Body.branch, 6),
)
