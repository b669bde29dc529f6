#!/usr/bin/env python3
"""Tests check_shared_memory.py: what it must see is planted in copies of the sources, and in small shims."""

import subprocess
import tempfile
import unittest
from pathlib import Path

import check_shared_memory

ROOT = Path(__file__).resolve().parent.parent
HEADER = "merlon/sallyport/shared_memory.h"
CODE = "merlon/sallyport/shared_memory.cc"


class CheckSources(unittest.TestCase):
    def errors(self, text, path="merlon/shim/linux/files.cc"):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            return list(check_shared_memory.check(Path(folder)))

    def assert_one(self, text, part, path="merlon/shim/linux/files.cc"):
        errors = self.errors(text, path)
        self.assertEqual(len(errors), 1, errors)
        self.assertIn(part, errors[0])

    def planted(self, path, before, after):
        """What is told of a source of ours in which one thing was changed."""
        text = (ROOT / path).read_text(encoding="utf-8")
        self.assertEqual(text.count(before), 1, f"{path}: {before}")
        self.assertEqual(self.errors(text, path), [])
        return self.errors(text.replace(before, after), path)

    def assert_planted(self, path, before, after, part):
        errors = self.planted(path, before, after)
        self.assertTrue(errors and all(part in error for error in errors), errors)

    def test_other_atomics_are_told_with_their_place(self):
        self.assert_one("\nauto x = __atomic_load_n(p, 0);\n", "files.cc:2: an atomic access")
        self.assert_one("std::atomic_ref<T>(x).load();\n", "an atomic access", "merlon/host/calls.cc")
        self.assert_one("auto* p = static_cast<volatile T*>(q);\n", "volatile")
        self.assertEqual(self.errors('asm volatile("pause");\n'), [])

    def test_nobody_else_makes_a_view(self):
        self.assert_one("SharedMemory memory(bytes);\n", "a view")
        self.assert_one("f(sallyport::SharedBytes{memory, 0, 8});\n", "a view", "merlon/host/calls.cc")
        self.assertEqual(self.errors("SharedMemory memory(bytes);\n", "merlon/host/calls_test.cc"), [])

    def test_offsets_stay_in_the_block(self):
        self.assert_one("p += sallyport::data_offset;\n", "an offset")
        self.assert_one("p[static_cast<std::size_t>(Header::Sent)] = 1;\n", "an offset")
        self.assert_one("load(static_cast<Header>(8)); load(Header{8});\n", "an offset")

    def test_who_knows_where_a_block_lies_makes_a_block_of_it(self):
        self.assert_one("auto* p = at(boot.block_address);\n", "nothing to know here")
        self.assert_planted("merlon/shim/kvm/doorbell.cc", "doorbell() noexcept {",
                            "doorbell() noexcept {\n  ring_at(boot.block_address);", "in another use")
        self.assert_planted("tests/tcg/main.cc", "[[nodiscard]] bool usable()",
                            "auto& peek() { return bytes_[image::block_base]; }\n  bool usable()", "in another use")

    def test_no_copy_to_or_from_a_block(self):
        for line in ("std::memcpy(into, block_.data().data(), 8);", "std::memcpy(request.room.data(), &x, 8);",
                     "std::ranges::copy(text, request->room.begin());", "copy(into, memory.block().data(8));",
                     "auto* p = static_cast<std::uint8_t*>(request.room.for_the_kernel());"):
            errors = self.errors(line + "\n", "merlon/host/calls.cc")
            self.assertTrue(any("beside copy_in and copy_out" in error for error in errors), (line, errors))
        self.assertEqual(self.errors("request.room.copy_out(bytes);\n", "merlon/host/calls.cc"), [])

    def test_an_address_goes_to_the_kernel_only(self):
        good = "// KERNEL: a file's\nreturn ::read(fd, request.room.for_the_kernel(), size);\n"
        self.assertEqual(self.errors(good, "merlon/host/calls.cc"), [])
        self.assert_one(good.split("\n", 1)[1], "without `// KERNEL:`", "merlon/host/calls.cc")
        self.assert_one(good, "outside of host")
        self.assert_one("// KERNEL: no\nvoid* const p = request.room.for_the_kernel();\n",
                        "not for a system call", "merlon/host/calls.cc")

    def test_a_value_leaves_unjudged_only_with_a_reason(self):
        self.assert_one("f(word.any_value_is_right());\n", "without `// ANY:`")
        self.assertEqual(self.errors("// ANY: a time\nf(word.any_value_is_right());\n"), [])
        self.assert_one("// ANY: a time\n\nf(word.any_value_is_right());\n", "without `// ANY:`")
        self.assert_planted("merlon/sallyport/host/request.cc", "// ANY:", "//", "without `// ANY:`")

    def test_a_block_gives_no_address(self):
        for line in ("std::uint8_t* raw(std::size_t at) const noexcept;", "core::ByteSpan data() const noexcept;"):
            self.assert_planted("merlon/sallyport/block.h", " private:\n", f"  {line}\n private:\n", "an address")

    def test_the_file_that_may_has_one_load_and_one_store(self):
        self.assert_planted(HEADER, "    __atomic_store_n(to, word, order);\n",
                            "    __atomic_store_n(to, word, order);\n    __atomic_store_n(to, word, order);\n", "")
        self.assert_planted(HEADER, "    __atomic_store_n(to, word, order);\n",
                            "    __atomic_store_n(to, word, order);\n    __sync_synchronize();\n", "beside the two")
        self.assert_planted(HEADER, "__atomic_load_n(from, order)", "*from", "0 times")
        self.assert_planted(HEADER, "return memory_.at(offset_);", "return &memory_.words_[offset_ / 8];",
                            "without an atomic access")

    def test_the_file_that_may_copies_words(self):
        text = "  if (left != 0) put<"
        for line in ("std::memcpy(to, next, left);", "__builtin_memcpy(to, &word, left);",
                     "__builtin_memcpy(to, next, word_size);"):
            self.assert_planted(CODE, text, f"  {line}\n{text}", "not of one word")
        self.assert_planted(CODE, "get<__ATOMIC_RELAXED>(shared);", "*shared;", "without an atomic access")
        self.assert_planted(CODE, text, f"  words_[0] = 1;\n{text}", "without an atomic access")
        self.assert_planted(CODE, text, f"  __atomic_store_n(to, 1, 0);\n{text}", "beside the two")


IN, OUT = "_ZNK6merlon9sallyport12SharedMemory7copy_inE", "_ZNK6merlon9sallyport12SharedMemory8copy_outE"
GOOD_IN = "mov (%rax,%rcx,8), %rdx | mov %rdx, (%rdi) | mov %al, -1(%rdx) | cmpq $0, 8(%rdi) | lea (%rax), %ecx | rep movsq"
GOOD_OUT = "mov (%rax), %rdx | mov %rdx, 8(%rdi) | movzbl (%rax), %ecx | mov %rsi, -8(%rbp) | nopl 0(%rax) | rep movsq"
BAD_IN = "mov (%rax), %edx | movzbl (%rax), %edx | movslq (%rax), %rdx | rep movsb | rep movsl | or (%rax), %cl | movb (%rax), %al"
BAD_OUT = "mov %edx, (%rax) | movb $0, (%rax) | mov %cl, 8(%rax) | rep stosb | rep movsl | movl $0, (%rax) | orb $1, (%rax)"


class CheckShim(unittest.TestCase):
    def errors(self, code_in, code_out):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "shim"
            lines = [f"{IN}:", *code_in.split("|"), "ret", f"{OUT}:", *code_out.split("|"), "ret", ""]
            subprocess.run(["as", "-o", program], input="\n".join(lines), text=True, check=True)
            return list(check_shared_memory.check_copies(check_shared_memory.instructions_of(program)))

    def test_whole_words_are_moved(self):
        self.assertEqual(self.errors(GOOD_IN, GOOD_OUT), [])

    def test_less_or_more_is_seen(self):
        for bad in BAD_IN.split("|"):
            self.assertEqual(len(self.errors(bad, GOOD_OUT)), 1, bad)
        for bad in BAD_OUT.split("|"):
            self.assertEqual(len(self.errors(GOOD_IN, bad)), 1, bad)

    def test_a_shim_without_the_copies_is_seen(self):
        self.assertEqual(len(list(check_shared_memory.check_copies([("f", "ret")]))), 2)


if __name__ == "__main__":
    unittest.main()
