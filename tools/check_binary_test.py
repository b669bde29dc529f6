#!/usr/bin/env python3
"""Tests check_binary.py --shim on small programs: what a shim must not have is seen."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import check_binary

FORBIDDEN = """
    pxor %xmm0, %xmm0 | vpxor %ymm0, %ymm0, %ymm0 | movq %mm0, %rax | emms | fldz | fninit | fxsave (%rax)
    xsave (%rax) | xrstor (%rax) | vzeroupper | kmovw %k1, %eax | ldmxcsr (%rax)
    popcnt %eax, %eax | lzcnt %eax, %eax | pdep %eax, %eax, %eax | movbe (%rax), %eax | stac | clac
    cmpxchg16b (%rax)
    cpuid | rdpmc | rdtscp | xgetbv | in %dx, %al | insb | vmcall
    rdrand %eax | rdseed %ax | rdrand %r8d | rdseed %r9w
    int $0x80 | int1 | sysretq | sysexitl | syscall | sysenter | lretq | iretl | sti | cli
    swapgs | mov %gs:0, %rax | wrgsbase %rax | rdgsbase %rax
    hlt | monitor | mwait
    mov %rax, %cr0 | mov %rax, %cr8 | mov %rax, %db7 | wbinvd | invd | lldt %ax | outsb
"""
MISPLACED = """
    wrmsr | lgdt (%rax) | lidt (%rax) | ltr %ax | out %al, %dx | int3 | iretq | popfq | mov %rax, %cr3
    invlpg (%rax) | wrfsbase %rax | rdmsr | vmmcall | pvalidate | rmpadjust | xsetbv | mov %rax, %cr4
    mov %cr3, %rax
"""
NOT_IN_ENTRIES = "rdtsc | rdrand %rax | div %rax | rep movsb | wrmsr | out %al, %dx | lgdt (%rax)"
FORBIDDEN_IN_ENCLAVES = """
    pxor %xmm0, %xmm0 | ldmxcsr (%rax) | cpuid | in %dx, %al | outsb | int3 | int $0x80 | syscall | sysenter | iretq | lretq
    sgdt (%rax) | sidt (%rax) | str %ax | rdpmc | vmcall | vmmcall | hlt | wrmsr | mov %rax, %cr3 | mov %ax, %ds | pop %fs
    xsetbv | rdtscp | swapgs | rdgsbase %rax | mov %gs:0, %rax | rdrand %eax | wrpkru | stac
"""
MISPLACED_IN_ENCLAVES = """
    xsave (%rax) | xrstor (%rax) | popfq | wrfsbase %rax | rdfsbase %rax | jmp *%rax | jmp *(%rax) | call *%rax | enclu
"""
GOOD = """
    mov %cr2, %rax | rdrand %rax | rdseed %r9 | rdtsc | ud2 | rep stosb | lock xadd %rax, (%rdi) | pause | lfence
    std | cld | mov %fs:0, %rax
"""


def listed(text):
    return [each.strip() for line in text.strip().splitlines() for each in line.split("|")]


class CheckShim(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def errors(self, code, *options, rules=check_binary.RULES):
        """Of a program with `code` at its start."""
        program = self.folder / "shim"
        text = f".text\n.globl _start\n_start:\n{code}\n.section .note.GNU-stack,\"\",@progbits\n"
        subprocess.run(["as", "-o", self.folder / "a.o"], input=text, text=True, check=True)
        subprocess.run(["ld", *options, "-o", program, self.folder / "a.o"], check=True,
                       stderr=subprocess.DEVNULL)
        return check_binary.check_shim(str(program), program.read_bytes(), rules)

    def assert_each_is_seen(self, codes, function="_start", rules=check_binary.RULES):
        found = self.errors("\n".join(["nop", *([] if function == "_start" else [f"{function}:"]), *codes]), rules=rules)
        told = [error for error in found if error.startswith(f"instruction in {function}: ")]
        self.assertEqual((len(told), len(found)), (len(codes), len(codes)), found)

    def test_what_a_shim_may_have(self):
        self.assertEqual(self.errors("\n".join(listed(GOOD)) + "\nret"), [])

    def test_what_no_shim_has(self):
        self.assert_each_is_seen(listed(FORBIDDEN))

    def test_what_has_its_place(self):
        self.assert_each_is_seen(listed(MISPLACED), "elsewhere")
        self.assertEqual(self.errors("nop\nleave: iretq\nexception_3: invlpg (%rax)\nmov %rax, %cr3"), [])

    def test_what_an_entry_may_not_do(self):
        for entry in ("system_call_entry", "exception_14", "leave", "trap_entry"):
            self.assertEqual(self.errors(f"nop\n{entry}: push %rax\npopfq\niretq"), [])
            found = " ".join(self.errors(f"nop\n{entry}:\n" + "\n".join(listed(NOT_IN_ENTRIES))))
            for code in listed(NOT_IN_ENTRIES):
                self.assertIn(f"instruction in {entry}: {code.split()[-1 if 'rep' in code else 0]}", found)

    def test_what_no_enclave_has(self):
        self.assert_each_is_seen(listed(FORBIDDEN_IN_ENCLAVES), "elsewhere", check_binary.RULES_OF_ENCLAVES)

    def test_what_has_its_place_in_an_enclave(self):
        self.assert_each_is_seen(listed(MISPLACED_IN_ENCLAVES), "elsewhere", check_binary.RULES_OF_ENCLAVES)
        good = "cld\nlfence\npushq $2\npopfq\nsgx_ask:\nxsave (%rax)\nxrstor (%rax)\nenclu\nsgx_leave: jmp *(%rax)"
        self.assertEqual(self.errors(good, rules=check_binary.RULES_OF_ENCLAVES), [])

    def test_enclu_within_another_instruction(self):
        hidden = "mov $0xd7010f00, %eax"
        self.assertIn("bytes of ENCLU", " ".join(self.errors(hidden, rules=check_binary.RULES_OF_ENCLAVES)))

    def test_the_loop_that_accepts_pages(self):
        loop = bytes.fromhex("b805000000 0f01d7 740c 4881c100100000 4839d1 72ea")
        self.assertEqual(list(check_binary.check_accepting_loop(b"\x90" + loop + b"\x90")), [])
        for other in (b"", loop[1:], loop[:-1], loop + loop):
            self.assertIn("would be slow", " ".join(check_binary.check_accepting_loop(other)))

    def test_bytes_that_are_no_instruction(self):
        self.assertTrue(self.errors(".byte 0x06"))

    def test_memory_that_is_writable_and_executable(self):
        self.assertIn("writable and executable", " ".join(self.errors("nop", "-N")))
        self.assertIn("writable and executable", " ".join(self.errors("nop", "-z", "execstack")))

    def test_a_page_in_two_segments(self):
        code = "nop\n.data\n.quad 1"
        self.assertEqual(self.errors(code), [])
        self.assertIn("shares a page", " ".join(self.errors(code, "-z", "max-page-size=16")))

    def test_what_is_not_fixed_or_not_there(self):
        self.assertIn("fixed", " ".join(self.errors("nop", "-pie", "--no-dynamic-linker")))
        self.assertIn("undefined symbol other",
                      " ".join(self.errors("call other", "-r")))


if __name__ == "__main__":
    unittest.main()
