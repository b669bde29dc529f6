#!/usr/bin/env python3
"""Checks that memory which a keep shares with its host is touched by one piece of code only.

    check_shared_memory.py [ROOT]        the sources
    check_shared_memory.py --shim FILE   what that code became in a built shim

Sources (merlon/, tests/tcg, tests/attacks): merlon/sallyport/shared_memory.h and .cc alone access it, by one
atomic load and one atomic store; who knows where a block lies hands that to a Block and does nothing else with it;
the offsets of its words stay in block.h; an address goes to the kernel only from `host`, in the call itself, with a
comment `// KERNEL:` that says why; a value leaves Untrusted unjudged only with a comment `// ANY:`. Such a comment
stands on the line or above it with no empty line between, as `// SAFETY:` does.

A shim: copy_in loads, and copy_out stores, whole words only, and neither with an instruction that moves more or
less than it seems to. That no *other* instruction of a shim reaches the block cannot be seen there: the block's
address is a number of the boot page, known at run time. The sources are checked for that, and the test SharedAccess
of room `sallyport` has the processor say how a request touches its block.
"""

import re
import sys
from pathlib import Path

from check_binary import instructions_of
from check_safety import code_of, is_test

FOLDERS = ("merlon", "tests/tcg", "tests/attacks")
ACCESS = {"merlon/sallyport/shared_memory.h", "merlon/sallyport/shared_memory.cc"}
BLOCK = "merlon/sallyport/block.h"
UNTRUSTED = "merlon/core/untrusted.h"
FREESTANDING = ("merlon/sallyport/", "merlon/shim/", "tests/attacks/")

# Each is forbidden but where it is named: what is found, what is told, files that may.
ATOMIC = re.compile(r"\b(?:__atomic_\w+|__sync_\w+|atomic_ref)\b")
MAY_ATOMIC = ACCESS | {"merlon/wasm/exec/store.cc"}  # a keep's own threads
VOLATILE = re.compile(r"(?<!asm )\bvolatile\b")
MAY_VOLATILE = {"merlon/shim/linux/runtime.cc",  # memcmp, which compilers call
                "tests/attacks/attack.cc"}  # a write where no memory is
VIEW = re.compile(r"\b(?:SharedMemory|SharedBytes)(?:\s+\w+)?\s*[({](?!\))")
MAY_VIEW = {"merlon/shim/snp/shared.h",  # pages beside the block
            "tests/tcg/main.cc"}  # the same, of the host's side
OFFSET = re.compile(r"\bdata_offset\b|cast<[^>]*>\(\s*(?:\w+::)*Header::|\bHeader\s*[({]\s*\d")
PLACE = re.compile(r"\bblock_address\b|\bblock_base\b|\benclave_block\b")
COPIED = re.compile(r"\b(?:(?:std::|__builtin_)?mem(?:cpy|move|set|cmp)|(?:std::|ranges::)*(?:copy|fill)(?:_n)?|clear|"
                    r"\w+_cast<[^>]*>)\s*\([^;]*\b(?:block|block_|block\(\)|request\.|request->)[\w.>()-]*"
                    r"(?:raw|data|sent|room|for_the_kernel)\b")
KERNEL = re.compile(r"\bfor_the_kernel\s*\(")
BY_THE_KERNEL = re.compile(r"::(?:p?read|p?write|recv|send|readlinkat|getdents64)\([^;]*\bfor_the_kernel\b")
ANY = re.compile(r"\bany_value_is_right\s*\(")
# Who knows where a block lies, and what may be done with it there.
KNOWS_THE_PLACE = {
    "merlon/sallyport/boot.h": r"^  std::uint64_t block_address;",
    "merlon/image/layout.h": r"constexpr std::uint64_t block_base = |"
                             r"static_assert\(block_base \+ block_size <= messages_base\);",
    "merlon/image/layout.cc": r"info_\.block_address = block_base;|map_page\(block_base \+ at, block_base \+ at,",
    "merlon/sallyport/enclave.h": r"constexpr std::uint64_t enclave_block = |"
                                  r"static_assert\(enclave_block >= enclave_base \+ enclave_size\);",
    "merlon/image/enclave_layout.cc": r"info_\.block_address = sallyport::enclave_block;",
    "merlon/host/sgx/keep_enclave.cc": r"void\* const wanted = reinterpret_cast<void\*>\(sallyport::enclave_block\);",
    "merlon/shim/sgx/boot.cc": r"return sallyport::Block\(\s*\{reinterpret_cast<std::uint8_t\*>\(sallyport::enclave_block\), "
                               r"sallyport::enclave_block_size\}\);",
    "merlon/host/kvm/machine.cc": r"const auto block = memory_\.find\(image::block_base, image::block_size\);",
    "merlon/host/snp/keep_guest.cc": r"block_\.emplace\(machine_->shared\(image::block_base, image::block_size\)\);",
    "merlon/host/snp/machine.cc": r"add_part\(image::block_base, image::block_size, false\)",
    "merlon/shim/kvm/doorbell.cc": r"return sallyport::Block\(\{reinterpret_cast<std::uint8_t\*>\(boot\.block_address\), "
                                   r"boot\.block_size\}\);",
    "merlon/shim/snp/guest.cc": r"share\(boot\.block_address, boot\.block_size\)",
    "tests/tcg/main.cc": r"return sallyport::Block\(bytes_\.subspan\(image::block_base, image::block_size\)\);",
    "tests/attacks/attack.cc": r"block_\(\{reinterpret_cast<std::uint8_t\*>\(boot\.block_address\), boot\.block_size\}\)",
}
# In block.h nothing gets an address.
ADDRESS = re.compile(r"_cast<[^>]*\*>|\bmem(?:cpy|move|set)\b|\.data\(\)|\.subspan\(|->|"
                     r"\b(?:ByteSpan|ByteView|Header\s*[*&]|\w+\s*\*)\s*\w+\([^)]*\)\s*const")
PRIVATE_COPY = re.compile(r"__builtin_memcpy\((?:\w+ \+ i \* word_size|\w+|&word), (?:&word|\w+ \+ i \* word_size|\w+), "
                          r"word_size\);")


def has_reason(lines, index, word):
    """Whether `// WORD:` stands on line `index` or above it with no empty line between."""
    while index >= 0 and lines[index].strip():
        if re.search(rf"///? {word}:", lines[index]):
            return True
        index -= 1
    return False


def statement_at(codes, index):
    """The code from the line's statement's beginning to its end, as one line."""
    first = index
    while first > 0 and not re.search(r"[;{}]\s*$", codes[first - 1]) and codes[first - 1].strip():
        first -= 1
    last = index
    while last + 1 < len(codes) and not re.search(r"[;{}]\s*$", codes[last]):
        last += 1
    return re.sub(r"\s+", " ", " ".join(codes[first:last + 1])).strip()


def check_access(name, codes):
    """The file that may: one load and one store, and copies between private memory and one word."""
    text = "\n".join(codes)
    if name.endswith(".h"):
        for what in ("load_n", "store_n"):
            count = len(re.findall(rf"\b__atomic_{what}\b", text))
            if count != 1:
                yield f"{name}: {count} times __atomic_{what}, not once"
        if len(ATOMIC.findall(text)) > 2:
            yield f"{name}: an atomic access beside the two"
    elif ATOMIC.search(text):
        yield f"{name}: an atomic access beside the two of shared_memory.h"
    for index, code in enumerate(codes):
        place = f"{name}:{index + 1}"
        if re.search(r"\bmem(?:cpy|move|set|cmp)\b|\b__builtin_mem", code) and not (
                PRIVATE_COPY.search(code) and "&word" in code):
            yield f"{place}: a copy that is not of one word, between private memory and a variable"
        if re.search(r"\bwords_\s*\[|\*\s*words_\b(?!;)|(?<!_t)\*\s*at\(|\bat\([^)]*\)\s*\[|(?<!_t)\*\s*shared\b|\bshared\s*\[", code):
            yield f"{place}: shared memory without an atomic access"


def check_line(name, lines, codes, index):
    code = codes[index]
    test = is_test(Path(name))
    if ATOMIC.search(code) and name not in MAY_ATOMIC:
        yield "an atomic access outside of sallyport/shared_memory.h"
    if VOLATILE.search(code) and name.startswith(FREESTANDING) and name not in MAY_VOLATILE and not test:
        yield "volatile: shared memory is sallyport/shared_memory.h's"
    if VIEW.search(code) and name not in ACCESS | MAY_VIEW | {BLOCK} and not test:
        yield "a view of shared memory beside a Block"
    if OFFSET.search(code) and name != BLOCK and not test:
        yield "an offset in a block outside of sallyport/block.h"
    statement = statement_at(codes, index)
    if PLACE.search(code) and not test:
        if name not in KNOWS_THE_PLACE:
            yield "where a block lies is nothing to know here"
        elif not re.search(KNOWS_THE_PLACE[name], code) and not re.search(KNOWS_THE_PLACE[name], statement):
            yield "where a block lies, in another use than the one that is known"
    if COPIED.search(code) and name not in ACCESS and not BY_THE_KERNEL.search(statement):
        yield "shared memory beside copy_in and copy_out"
    if KERNEL.search(code) and name not in ACCESS and not test:
        if not name.startswith("merlon/host/"):
            yield "an address of shared memory outside of host"
        elif not BY_THE_KERNEL.search(statement):
            yield "an address of shared memory that is not for a system call"
        elif not has_reason(lines, index, "KERNEL"):
            yield "an address of shared memory without `// KERNEL:` at or above it"
    if ANY.search(code) and name != UNTRUSTED and not test and not has_reason(lines, index, "ANY"):
        yield "a value that nobody judged without `// ANY:` at or above it"


def check_file(path, name):
    lines = path.read_text(encoding="utf-8").split("\n")
    codes = [code_of(line) for line in lines]
    if name in ACCESS:
        yield from check_access(name, codes)
    for index in range(len(lines)):
        if name == BLOCK and ADDRESS.search(codes[index]):
            yield f"{name}:{index + 1}: an address in a block"
        for wrong in check_line(name, lines, codes, index):
            yield f"{name}:{index + 1}: {wrong}"


def check(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in {".h", ".cc"}:
                yield from check_file(path, path.relative_to(root).as_posix())


WORD_REGISTER = r"%r(?:[abcd]x|[sd]i|[sb]p|\d+)(?![dwb])\b"
MEMORY = re.compile(r"(?:%[cdefgs]s:)?-?(?:0x[0-9a-f]+)?\([^)]*\)")
COPIES = {"copy_in": re.compile(r"12SharedMemory7copy_in"), "copy_out": re.compile(r"12SharedMemory8copy_out")}
NO_MOVE = re.compile(r"^(?:lea|nop|call|jmp|j[a-z]+|data16|cs|xchg %ax)")


def judge_move(copy, instruction):
    """What is wrong with one instruction of a copy, if anything."""
    if re.match(r"^movsq %ds:\(%rsi\),%es:\(%rdi\)$", instruction):
        return None  # repeated: words, of which the shared ones are aligned
    if re.match(r"^(?:movs|stos|lods|cmps|scas)[bwlqd]?(?:\s+%|\s*$|\s.*%[ed]s:)|^push.*\(|^pop.*\(", instruction):
        return "moves more than one word, or who knows what"
    if re.search(r"%[xyz]?mm\d|%k\d", instruction):
        return "has a register that a shim does not touch"
    if not MEMORY.search(instruction) or NO_MOVE.match(instruction):
        return None
    if "%rsp" in instruction or "(%rbp)" in instruction:
        return None  # the shim's stack
    operation, _, operands = instruction.partition(" ")
    whole = re.search(WORD_REGISTER, MEMORY.sub("", operands)) or re.search(r"(?<!mov)q$", operation) or operation == "movq"
    stores = bool(re.search(r"\)$", operands.strip())) and not operation.startswith(("cmp", "test"))
    loads = not stores or not operation.startswith("mov")
    if loads and copy == "copy_in" and (not whole or operation.startswith(("movz", "movs"))):
        return "loads less than a word"
    if stores and copy == "copy_out" and not whole:
        return "stores less than a word"
    return None


def check_copies(code):
    """`code`: (function, instruction) of a shim."""
    seen = {copy: 0 for copy in COPIES}
    for function, instruction in code:
        for copy, name in COPIES.items():
            if not name.search(function):
                continue
            seen[copy] += 1
            wrong = judge_move(copy, re.sub(r"\s+", " ", instruction))
            if wrong:
                yield f"{copy}: {instruction}: {wrong}"
    for copy, count in seen.items():
        if not count:
            yield f"{copy} is not there, or was spread over its callers"


def main():
    if len(sys.argv) > 2 and sys.argv[1] == "--shim":
        found = list(check_copies(instructions_of(sys.argv[2])))
    else:
        found = list(check(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent))
    for line in found:
        print(line)
    print(f"check_shared_memory: {len(found)} wrong" if found else "check_shared_memory: all is well")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
