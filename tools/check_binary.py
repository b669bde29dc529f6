#!/usr/bin/env python3
"""Checks a program that runs inside a keep: a static-PIE ELF that loads nothing of the host.

    check_binary.py FILE          merlon-keep
    check_binary.py --shim FILE   a shim: fixed, nothing dynamic, no instruction that a shim must not have, and
                                  those that ring 0 must have only where they belong
    check_binary.py --enclave FILE  a shim of an enclave: likewise; ENCLU at no place in its bytes but its own

No interpreter, no needed libraries, no segment both writable and executable, no text relocations,
relocations made read-only, a stack that is not executable.
"""

import re
import struct
import subprocess
import sys
from dataclasses import dataclass

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_GNU_STACK, PT_GNU_RELRO = 1, 2, 3, 0x6474E551, 0x6474E552
DT_NEEDED, DT_TEXTREL, DT_FLAGS = 1, 22, 30
DF_TEXTREL = 4
EXECUTABLE, WRITABLE = 1, 2
PAGE = 4096


def segments_of(image):
    """(type, flags, offset, file size) of each program header."""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    for i in range(count):
        kind, flags, offset, _, _, file_size = struct.unpack_from("<IIQQQQ", image, table + i * size)
        yield kind, flags, offset, file_size


def loads_of(image):
    """(type, flags, offset, address, memory size) of each that has rights, lowest address first."""
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    found = []
    for i in range(count):
        kind, flags, offset, address, _, _, memory = struct.unpack_from("<IIQQQQQ", image, table + i * size)
        if kind in (PT_LOAD, PT_GNU_STACK):
            found.append((kind, flags, offset, address, memory))
    return sorted(found, key=lambda load: load[3])


def dynamic_entries(image, segments):
    for kind, _, offset, size in segments:
        if kind == PT_DYNAMIC:
            for at in range(offset, offset + size, 16):
                yield struct.unpack_from("<QQ", image, at)


# A text of what the libraries of a keep would bring along, and what it would be.
LEFT_OUT = (
    (b"ARIA-256-GCM:1.2", "all algorithms of OpenSSL's default provider, not only a keep's (merlon/crypto/keep_provider.cc)"),
    (b"Dynamic engine loading support", "OpenSSL's engines (merlon/crypto/keep_engines.cc)"),
    (b"/etc/resolv.conf", "the C library's ways to look up names (merlon/keep/left_out.cc)"),
    (b"/etc/localtime", "the C library's time zones (merlon/keep/left_out.cc)"),
    (b".eh_frame", "tables for exceptions (merlon/keep/keep.ld)"),
)


def check(image):
    if image[:4] != b"\x7fELF" or image[4:6] != b"\2\1":
        return ["no 64-bit little-endian ELF file"]
    errors = []
    if struct.unpack_from("<H", image, 16)[0] != 3:
        errors.append("not position-independent")
    segments = list(segments_of(image))
    kinds = {kind for kind, *_ in segments}
    if PT_INTERP in kinds:
        errors.append("wants an interpreter (a dynamic linker)")
    if PT_GNU_RELRO not in kinds:
        errors.append("relocated data stays writable")
    if PT_GNU_STACK not in kinds:
        errors.append("does not say that its stack is not executable")
    for kind, flags, offset, _ in segments:
        if kind in (PT_LOAD, PT_GNU_STACK) and flags & EXECUTABLE and flags & WRITABLE:
            errors.append(f"segment at {offset:#x} is writable and executable")
    for tag, value in dynamic_entries(image, segments):
        if tag == DT_NEEDED:
            errors.append("needs a shared library")
        if tag == DT_TEXTREL or (tag == DT_FLAGS and value & DF_TEXTREL):
            errors.append("has text relocations")
    return errors + [f"has {what}" for text, what in LEFT_OUT if text in image]


# What no shim may have, and why.
FORBIDDEN = (
    ("a register of the keep's", r"%[xyzt]?mm\d|%k[0-7]\b|%st\b|^f[a-z0-9]+\b|^(?:x|fx)(?:save|rstor)\w*|"
     r"^emms\b|mxcsr\b|^vzero\w+"),
    ("an instruction that fails or differs where ring 0 is emulated",
     r"^(?:popcnt|lzcnt|tzcnt|andn|bextr|bls\w+|bzhi|pdep|pext|mulx|rorx|sarx|shlx|shrx|movbe|crc32|cmpxchg16b|"
     r"stac|clac)\w*"),
    ("an answer of the host, who may choose it", r"^(?:cpuid|rdpmc|rdtscp|rdpid|xgetbv|in[bwl]?|ins[bwl]?|vmcall)\b"),
    ("a random number of less than 64 bits", r"^(?:rdrand|rdseed)\s+%(?:e|[a-ds][xip]|r\d+[dw])"),
    ("a door beside the one that there is", r"^int\s|^(?:int1|icebp|into|sysret\w*|sysexit\w*|sysenter|syscall|"
     r"lcall|ljmp|lret\w*|iret|iretl|iretw|sti|cli)\b"),
    ("GS, whose base the keep may have changed", r"^swapgs|%gs:|gsbase\b"),
    ("a stop that the host must end", r"^(?:hlt|m(?:onitor|wait)\w*)\b"),
    ("a control of the machine that no shim changes",
     r"^mov\w*\s+%\w+,%(?:cr[05-9]|d[br]\d)|^(?:wbinvd|invd|lmsw|lldt|outs\w*)\b"),
)
FORBIDDEN = tuple((why, re.compile(what)) for why, what in FORBIDDEN)

# What a shim has for one purpose: an instruction, and the functions it may stand in.
PLACES = tuple((re.compile(what), re.compile(where)) for what, where in (
    (r"^wrmsr\b", r"begin_system_calls|^snp_at_wrmsr$"),
    # Of a machine whose memory is encrypted, one function each (merlon/shim/snp/processor.S).
    (r"^rdmsr\b", r"^snp_at_rdmsr$"),
    (r"^(?:vmmcall|vmgexit)\b", r"^snp_exit$"),
    (r"^pvalidate\b", r"^snp_at_pvalidate$"),
    (r"^rmpadjust\b", r"^snp_at_rmpadjust$"),
    (r"^xsetbv\b|%cr4$", r"^snp_begin_states$"),
    (r"^(?:lgdt|ltr)\b", r"3x864load"),
    (r"^lidt\b", r"3x864load|^exception_stops$"),
    (r"^out\b", r"3kvm.*4ring"),
    (r"^int3\b", r"^flush_(?:page_)?by_exception$"),
    (r"^(?:iretq|popf)\b", r"^(?:_start|leave|system_call_entry|exception_\w+|trap_entry)$"),
    (r",%cr3$|^invlpg\b", r"^exception_3$|3x86\d+flush_translations?E"),
    (r"%cr3,", r"^exception_3$|3x86\d+flush_translations?E|^shim_prepare$"),
    (r"^wrfsbase\b", r"set_thread_pointer"),
))

# The same of a shim in an enclave. [SDM vol. 3D, "Illegal instructions"]
FORBIDDEN_IN_ENCLAVES = (
    ("a register of the keep's", r"%[xyzt]?mm\d|%k[0-7]\b|%st\b|^f[a-z0-9]+\b|^fx(?:save|rstor)\w*|^emms\b|mxcsr\b|"
     r"^vzero\w+"),
    ("an instruction that an enclave does not have",
     r"^(?:cpuid|rdpmc|getsec|in[bwl]?|ins[bwl]?|out[bwl]?|outs\w*|int\w*|into|icebp|sys(?:call|enter|exit\w*|ret\w*)|"
     r"iret\w*|lcall|ljmp|lret\w*|sgdt|sidt|sldt|str|smsw|vm\w+|hlt|cli|sti|swapgs|wrmsr|rdmsr|lgdt|lidt|lldt|ltr|lmsw|"
     r"invlpg|invd|wbinvd|xsetbv|monitor\w*|mwait\w*|stac|clac|rdtscp|rdpid)\b|^mov\w*\s.*%(?:cr\d|d[br]\d)|"
     r"^(?:mov|pop)\w*\s+(?:.*,)?%[defgs]s$"),
    ("a right that nothing here needs", r"^(?:wrpkru|encls|enclv)\b"),
    ("a random number of less than 64 bits", r"^(?:rdrand|rdseed)\s+%(?:e|[a-ds][xip]|r\d+[dw])"),
    ("GS, whose base the keep may have changed", r"%gs:|gsbase\b"),
)
FORBIDDEN_IN_ENCLAVES = tuple((why, re.compile(what)) for why, what in FORBIDDEN_IN_ENCLAVES)
PLACES_IN_ENCLAVES = tuple((re.compile(what), re.compile(where)) for what, where in (
    (r"^enclu\b", r"^(?:sgx_ask|interrupted)$|3sgx(?:12accept_pages|11extend_page|11make_report|7get_key)E"),
    (r"^xsave\w*\b", r"^sgx_ask$"),
    (r"^xrstor\w*\b", r"^(?:fresh|answered|sgx_ask)$"),
    (r"^popf\b", r"^(?:_start|sgx_ask|interrupted|system_call_lent|sgx_leave)$"),
    (r"^wrfsbase\b", r"^answered$|set_thread_pointer"),
    (r"^rdfsbase\b", r"^sgx_ask$"),
    # Jumps to where memory says: to the keep, and to the doorbell.
    (r"^jmp\s+\*", r"^sgx_leave$|9sallyport4Port6finishE"),
    (r"^call\s+\*", r"9sallyport6Staged6commitE|9sallyport4Port6finishE"),
))
# Between the door and the flags that are the enclave's own, nothing touches the stack.
ENTRY_OF_ENCLAVES = re.compile(r"^(?:_start|fresh|answered|interrupted|sgx_goes_on|sgx_leave|system_call_lent)$")
IN_ENTRIES_OF_ENCLAVES = re.compile(r"^(?:cld|mov|movabs|push|pop|popf|lea|sub|xor|cmp|xchg|j\w+|call|ret|lfence|xrstor|wrfsbase|"
                                    r"enclu|ud2|nop\w*)\b")
ENCLU = b"\x0f\x01\xd7"
ACCEPTING_LOOP = bytes.fromhex("b805000000 0f01d7 740c 4881c100100000 4839d1 72ea")

# The entries: nothing there may fault by itself, or be intercepted by a host.
ENTRY = re.compile(r"^(?:system_call_\w+|leave|exception_\w+|trap_entry)$")
IN_ENTRIES = re.compile(r"^(?:mov|push|pop|popf|lea|add|sub|xor|test[bq]?|cmp[bq]?|xchg|j\w+|call|ret|iretq|"
                        r"invlpg|nop\w*|lidt|ud2)\b")
PREFIXES = re.compile(r"^(?:(?:rep\w*|lock|data16|cs|ds|notrack|bnd)\s+)+")


def instructions_of(path):
    """(function, instruction) as objdump reads them."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", path], capture_output=True, text=True,
                          check=True).stdout
    function = ""
    for line in code.splitlines():
        label = re.fullmatch(r"[0-9a-f]+ <(.+)>:", line)
        if label:
            function = label[1]
        elif "\t" in line:
            yield function, PREFIXES.sub("", line.split("\t", 1)[1].split("#")[0].split("<")[0].strip())


@dataclass(frozen=True)
class Rules:
    """What the instructions of a kind of shim keep to."""
    forbidden: tuple
    places: tuple
    entries: re.Pattern
    in_entries: re.Pattern


RULES = Rules(FORBIDDEN, PLACES, ENTRY, IN_ENTRIES)
RULES_OF_ENCLAVES = Rules(FORBIDDEN_IN_ENCLAVES, PLACES_IN_ENCLAVES, ENTRY_OF_ENCLAVES, IN_ENTRIES_OF_ENCLAVES)


def check_instruction(function, instruction, rules):
    """What is wrong with it, if anything."""
    told = f"instruction in {function}: {instruction}"
    for why, what in rules.forbidden:
        if what.search(instruction):
            yield f"{told}: {why}"
            return
    for what, where in rules.places:
        if what.search(instruction) and not where.search(function):
            yield f"{told}: does not belong there"
    if "(bad)" in instruction:
        yield f"{told}: none that is known"
    if rules.entries.search(function) and not rules.in_entries.search(instruction):
        yield f"{told}: in an entry, may fault or ask the host"


def check_enclu(image, code):
    """ENCLU stands nowhere but where it is an instruction: a jump into the middle of another finds none."""
    told = sum(1 for _, instruction in code if instruction.startswith("enclu"))
    found = sum(image[offset:offset + size].count(ENCLU)
                for kind, flags, offset, size in segments_of(image) if kind == PT_LOAD and flags & EXECUTABLE)
    if found != told:
        yield f"has the bytes of ENCLU {found} times, and {told} such instructions"


def check_accepting_loop(image):
    """A simulated processor goes round the loop of EACCEPT by itself where it knows its bytes (LeafPlaces in
    merlon/host/sgx/simulated): as long as they are these, the shim's is known."""
    if image.count(ACCEPTING_LOOP) != 1:
        yield "does not accept pages by the loop that a simulated processor knows: sgx-sim would be slow"


def check_rights(image):
    """Pages of a shim that would be writable and executable, or lie in two segments."""
    last = -1
    for kind, flags, offset, address, size in loads_of(image):
        if flags & EXECUTABLE and flags & WRITABLE:
            yield f"segment at {offset:#x} is writable and executable"
        if kind == PT_LOAD and size:
            if address // PAGE <= last:
                yield f"segment at {offset:#x} shares a page with another"
            last = (address + size - 1) // PAGE


def check_shim(path, image, rules=RULES):
    """What a shim must not have; its instructions as objdump reads them."""
    errors = []
    if struct.unpack_from("<H", image, 16)[0] != 2:
        errors.append("is not fixed to an address")
    for kind, *_ in segments_of(image):
        if kind in (PT_DYNAMIC, PT_INTERP):
            errors.append("has something dynamic in it")
    errors += check_rights(image)
    undefined = subprocess.run(["nm", "--undefined-only", path], capture_output=True, text=True, check=True)
    errors += [f"undefined symbol {line.split()[-1]}" for line in undefined.stdout.splitlines()]
    code = list(instructions_of(path))
    if not code:
        errors.append("has no code")
    for function, instruction in code:
        errors += check_instruction(function, instruction, rules)
    if rules is RULES_OF_ENCLAVES:
        errors += check_enclu(image, code)
    return errors


def main():
    path = sys.argv[-1]
    with open(path, "rb") as file:
        image = file.read()
    kinds = {"--shim": RULES, "--enclave": RULES_OF_ENCLAVES}
    errors = check_shim(path, image, kinds[sys.argv[1]]) if sys.argv[1] in kinds else check(image)
    if sys.argv[1] == "--enclave":
        errors += check_accepting_loop(image)
    for error in errors:
        print(f"{path}: {error}", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
