"""Valid modules that could cost more than their size: each function makes one of about `n` bytes
(or of a number of things that grows with n). run.py doubles n and looks at what that costs.

What a shape is about stands in its name; `MANY` is the most parameters or results a type may have.
"""

from binary import (BR, BR_IF, DROP, EMPTY, END, EXNREF, F64, I32, I64, LOOP, UNREACHABLE, V128, block,
                    body, branch_table, call, const, function_type, get, leb, module, put, vector)

MANY = 1000
LOCALS = 49_000
SHAPES = {}


def shape(function):
    SHAPES[function.__name__] = function
    return function


def dear(function):
    """A shape each byte of which stands for many values: a fourth of the bytes says as much."""
    SHAPES[function.__name__] = lambda n: function(n // 4)
    return function


def nested(depth, inside, kind=bytes([EMPTY])):
    return (b"\x02" + kind) * depth + inside + END * depth


# Branch tables


@shape
def table_of_different_labels(n):
    pair = function_type(results=[I32, I32])
    jump = const(0) * 3 + branch_table(range(n // 4))
    return module([body(nested(n // 4, jump, b"\x01") + DROP * 2)], [pair])


@shape
def table_of_one_label_with_many_values(n):
    many = function_type(results=[I32] * MANY)
    jump = const(0) * MANY + const(0) + branch_table([0] * n)
    return module([body(block(jump, b"\x01") + DROP * MANY)], [many])


@dear
def table_of_different_labels_with_many_values(n):
    many = function_type(results=[I32] * MANY)
    jump = const(0) * MANY + const(0) + branch_table(range(n // 4))
    return module([body(nested(n // 4, jump, b"\x01") + DROP * MANY)], [many])


@shape
def tables_below_deep_blocks(n):
    jump = const(0) + branch_table([0, 1])
    return module([body(nested(n // 8, block(jump) * (n // 8)))])


@shape
def tables_out_of_loops(n):
    busy = b"".join(get(i) + put(i) for i in range(24))
    jump = get(0) + branch_table([0, 1, 2])
    loops = (LOOP + busy + block(LOOP + busy + jump + END) + END) * (n // 250)
    return module([body(loops, (24, I32))])


# Locals


@shape
def aliases_below_a_deep_stack(n):
    count = n // 12
    code = b"".join(get(i) for i in range(count)) + const(0) * (3 * count)
    code += b"".join(const(1) + put(i) for i in range(count)) + DROP * (4 * count)
    return module([body(code, (count, I32))])


@shape
def many_aliases_of_one_local(n):
    return module([body((get(0) * 8 + const(1) + put(0)) * (n // 28) + DROP * (n // 28 * 8),
                        (1, I32))])


@shape
def locals_that_nobody_uses(n):
    return module([body(b"", (LOCALS, I64)) for _ in range(n // 8)])


@shape
def locals_of_which_the_last_is_used(n):
    return module([body(get(LOCALS - 1) + DROP, (LOCALS - 1, I64), (1, I32)) for _ in range(n // 16)])


@shape
def groups_of_locals(n):
    groups = [(1, I32), (1, I64)] * min(n // 8, 20_000)
    return module([body(b"".join(get(i) + DROP for i in range(1, len(groups), 3)), *groups)])


@dear
def parameters_that_nobody_uses(n):
    many = function_type(params=[I32] * MANY)
    count = n // 4
    return module([body(b"")] * count, [many], [1] * count)


@shape
def references_without_a_default(n):
    # (ref func) locals are unset until they are set, and again behind each block.
    one = b"\x02\x40" + b"\xd2\x00" + put(0) + get(0) + DROP + END
    content = vector([leb(1) + b"\x64\x70"]) + one * (n // 12) + END
    return module([leb(len(content)) + content], parts=[(9, [b"\x03\x00\x01\x00"])])


# Blocks and loops


@shape
def loops_below_deep_blocks(n):
    return module([body(nested(n // 8, (LOOP + END) * (n // 8)))])


@shape
def loops_in_loops(n):
    return module([body(LOOP * (n // 4) + call(0) + END * (n // 4))])


@shape
def loops_with_busy_locals(n):
    busy = b"".join(get(i) + put(i) for i in range(20))
    return module([body((LOOP + busy + END) * (n // 90), (20, I32))])


@shape
def branches_out_of_busy_loops(n):
    busy = b"".join(get(i) + get(i) + put(i) + DROP for i in range(20))
    return module([body(block(LOOP + busy + (get(0) + BR_IF + b"\x01") * (n // 4) + END),
                        (20, I32))])


@shape
def calls_in_busy_loops(n):
    busy = b"".join(get(i) + get(i) + put(i) + DROP for i in range(30))
    return module([body(LOOP + busy + call(0) * (n // 2) + END, (15, I32), (15, F64))])


@shape
def ifs_in_ifs(n):
    return module([body((get(0) + b"\x04\x40") * (n // 6) + (b"\x05" + END) * (n // 6), (1, I32))])


@shape
def blocks_that_nothing_reaches(n):
    return module([body(UNREACHABLE + nested(n // 3, b""))])


@shape
def branches_to_different_blocks(n):
    jumps = b"".join(get(0) + BR_IF + leb(i) for i in range(n // 12))
    return module([body(nested(n // 12, jumps), (1, I32))])


# Stacks


@shape
def a_deep_stack(n):
    return module([body(get(0) * (n // 4) + b"\x6a" * (n // 4 - 1) + DROP, (1, I32))])


@shape
def calls_below_a_deep_stack(n):
    return module([body(get(0) * (n // 6) + call(0) * (n // 6) + DROP * (n // 6), (1, I32))])


@shape
def blocks_below_a_deep_stack(n):
    return module([body(get(0) * (n // 8) + block(b"") * (n // 8) + DROP * (n // 8), (1, I32))])


@shape
def different_constants(n):
    code = b"".join(b"\x44" + i.to_bytes(8, "little") + DROP for i in range(1, n // 10))
    return module([body(code)])


# Many values


def giving(kinds):
    """[] -> kinds, and a function of it."""
    return function_type(results=kinds), body(UNREACHABLE)


@dear
def calls_that_give_many_values(n):
    kind, give = giving([I32] * MANY)
    take = function_type(params=[I32] * MANY)
    return module([body((call(1) + call(2)) * (n // 4)), give, body(b"")], [kind, take], [0, 1, 2])


@dear
def calls_that_give_values_of_different_sizes(n):
    kinds = [I32, V128, F64] * (MANY // 3)
    kind, give = giving(kinds)
    take = function_type(params=kinds)
    return module([body((call(1) + call(2)) * (n // 4)), give, body(b"")], [kind, take], [0, 1, 2])


@dear
def branches_with_many_values(n):
    kind, give = giving([I32] * MANY)
    jump = call(1) + get(0) + BR_IF + b"\x00" + BR + b"\x00"
    take = function_type(params=[I32] * MANY)
    return module([body((const(7) + block(jump, b"\x01") + call(2) + DROP) * (n // 16), (1, I32)),
                   give, body(b"")], [kind, take], [0, 1, 2])


@dear
def returns_of_many_values(n):
    kind, give = giving([I64] * MANY)
    code = (get(0) + b"\x04\x40" + call(1) + b"\x0f" + END) * (n // 8) + UNREACHABLE
    return module([body(code, (1, I32)), give], [kind], [1, 1])


@dear
def functions_of_many_results(n):
    kind, give = giving([I64] * MANY)
    return module([body(call(n // 4))] * (n // 4) + [give], [kind], [1] * (n // 4 + 1))


@dear
def throws_of_many_values(n):
    kind, give = giving([I32] * MANY)
    tag = function_type(params=[I32] * MANY)
    code = (get(0) + b"\x04\x40" + call(1) + b"\x08\x00" + END) * (n // 9)
    return module([body(code, (1, I32)), give], [kind, tag], [0, 1], [(13, [b"\x00\x02"])])


@dear
def clauses_that_catch_many_values(n):
    many = function_type(params=[I32] * MANY)
    label = function_type(results=[I32] * MANY)
    catch = b"\x1f\x40" + vector([b"\x00\x00\x00"] * (n // 3)) + call(0) + END
    return module([body(block(catch + UNREACHABLE, b"\x02") + DROP * MANY)], [many, label], None,
                  [(13, [b"\x00\x01"])])


@shape
def calls_in_nested_tries(n):
    opened = b"\x1f\x40" + vector([b"\x02\x00"])
    return module([body(opened * (n // 9) + call(0) * (n // 9) + END * (n // 9))])


@shape
def clauses_of_nested_earlier_tries(n):
    tries = b"\x06\x40" * (n // 12) + call(0) * (n // 12) + b"\x07\x00\x09\x00\x0b" * (n // 12)
    return module([body(tries)], parts=[(13, [b"\x00\x00"])])


@shape
def delegates_to_different_tries(n):
    delegates = b"".join(b"\x06\x40" + call(0) + b"\x18" + leb(i) for i in range(n // 12))
    return module([body(b"\x06\x40" * (n // 12) + delegates + b"\x19\x0b" * (n // 12))])


@dear
def earlier_clauses_that_catch_many_values(n):
    tag = function_type(params=[I32] * MANY)
    label = function_type(results=[I32] * MANY)
    one = b"\x06\x01" + call(0) + UNREACHABLE + b"\x07\x00" * (n // 8) + b"\x09\x00\x0b"
    return module([body(one * 4 + UNREACHABLE)], [label, tag], None, [(13, [b"\x00\x02"])])


# Modules of many things


@shape
def functions(n):
    return module([body(call(i // 2)) for i in range(n // 6)])


@shape
def imports(n):
    return module([], parts=[(2, [b"\x01m\x01f\x00\x00"] * (n // 6))])


@shape
def exports(n):
    names = [leb(5) + f"{i:05x}".encode() + b"\x00\x00" for i in range(n // 8)]
    return module([body(b"")], parts=[(7, names)])


@shape
def different_types(n):
    kinds = [I32, I64, F64, V128]
    made = [function_type([kinds[i >> 2 * k & 3] for k in range(8)]) for i in range(n // 11)]
    return module([body(b"")], made)


@shape
def one_recursion_group(n):
    group = b"\x4e" + vector([b"\x60\x01\x64\x01\x00"] * (n // 5))
    return module([body(b"")], [group])


@shape
def chains_of_subtypes(n):
    # The first type is [] -> []; each chain is as deep as it may be.
    made = []
    for i in range(n // 6):
        above = [] if i % 60 == 0 else [leb(i)]
        made.append(b"\x50" + vector(above) + function_type())
    calls = b"".join(const(0) + b"\x11" + leb(i + 1) + b"\x00" for i in range(n // 6))
    return module([body(calls)], made, None, [(4, [b"\x70\x00\x01"])])


@shape
def globals_that_read_globals(n):
    first = bytes([I32, 0]) + const(1) + END
    rest = [bytes([I32, 0]) + b"\x23" + leb(i) + END for i in range(n // 6)]
    return module([body(b"")], parts=[(6, [first, *rest])])


@shape
def long_constant_expressions(n):
    sums = const(1) + (const(1) + b"\x6a") * (n // 3)
    return module([body(b"")], parts=[(6, [bytes([I32, 0]) + sums + END])])


@shape
def element_segments(n):
    segments = [b"\x00" + const(0) + END + b"\x01\x00"] * (n // 7)
    return module([body(b"")], parts=[(4, [b"\x70\x00\x01"]), (9, segments)])


@shape
def data_segments(n):
    segments = [b"\x00" + const(0) + END + b"\x01x"] * (n // 7)
    return module([body(b"")], parts=[(5, [b"\x00\x01"]), (11, segments)])


@shape
def handlers_with_references(n):
    label = b"\x02" + bytes([EXNREF])
    one = label + b"\x1f\x40" + vector([b"\x03\x00"]) + call(0) + END + UNREACHABLE + END + DROP
    return module([body(one * (n // 12))])
