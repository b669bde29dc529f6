#!/usr/bin/env python3
"""A host that injects exceptions and interrupts, at each instruction of a shim's entries and at random:
the keep ends with a line that names it, or gives its output; never anything else.

    injection_test.py MERLON MERLON-KEEP MERLON-SHIM-KVM MERLON-TCG TCG-BOOT
"""

import os
import random
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from machine import CS, RIP, RSP, SS, HeldKeep, instructions, stage, symbols  # noqa: E402
from support import HELLO, module, printing  # noqa: E402

SKIPPED = 77
PROGRAMS = sys.argv[1:6]
NMI = "an interrupt that cannot be masked"
TICKS = "tick\n" * 300
LOOP = module("""
  (data (i32.const 16) "tick\\0a")
  (func (export "_start") (local $i i32)
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 5))
    (loop $again
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 300)))))""")
TRAPS = printing("hello\n", "(drop (i32.load (i32.const 0x7fffffff)))")


class Injection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = stage(cls, PROGRAMS, {"hello": HELLO, "loop": LOOP, "traps": TRAPS})
        cls.shim = symbols(PROGRAMS[2])
        cls.boot = symbols(PROGRAMS[4])

    def held(self, name, symbol):
        """A keep that stands before `symbol` of the shim, or an address there."""
        keep = HeldKeep(self.folder, self.folder / f"{name}.wasm")
        self.addCleanup(keep.close)
        address = self.shim[symbol] if isinstance(symbol, str) else symbol
        self.assertTrue(keep.debugger.run_to(address), f"{address:#x} is not reached")
        return keep

    def assert_named(self, result, name):
        status, output, errors = result
        self.assertTrue("hello\n".startswith(output), result)
        self.assertEqual(errors, [f"merlon: the keep says: the shim failed: it met {name}"], result)
        self.assertEqual(status, 134, result)

    def inject_nmi_at_each(self, name, addresses):
        self.assertGreater(len(addresses), 1)
        for address in addresses:
            with self.subTest(hex(address)):
                keep = self.held(name, address)
                keep.debugger.inject_nmi()
                keep.debugger.go_on()
                self.assert_named(keep.end(), NMI)

    def test_a_system_call_has_the_segments_that_gates_and_frames_name(self):
        keep = self.held("hello", "system_call_entry")
        self.assertEqual((keep.debugger.register(CS), keep.debugger.register(SS)), (0x10, 0x18))

    def test_at_each_instruction_of_a_system_call(self):
        entry = instructions(PROGRAMS[2], self.shim["system_call_entry"], "call")
        leave = instructions(PROGRAMS[2], self.shim["leave"], "iretq")
        self.inject_nmi_at_each("hello", entry + leave)

    def test_at_each_instruction_of_an_exception(self):
        stub = instructions(PROGRAMS[2], self.shim["exception_14"], "jmp")
        common = instructions(PROGRAMS[2], self.shim["exception_ring0"], "call")
        self.inject_nmi_at_each("traps", stub + common)

    def test_what_hosts_inject_at_each_instruction(self):
        """#HV, #VC, int 0x80 and a protection fault, which no instruction there raises; one at each by turns,
        or each at each (MERLON_INJECT_ALL)."""
        vectors = {28: "a hypervisor's injection", 29: "a hypervisor's communication", 0x80: "an interrupt",
                   13: "a protection fault"}
        call = instructions(PROGRAMS[2], self.shim["system_call_entry"], "call")
        leave = instructions(PROGRAMS[2], self.shim["leave"], "iretq")
        fault = (instructions(PROGRAMS[2], self.shim["exception_14"], "jmp") +
                 instructions(PROGRAMS[2], self.shim["exception_ring0"], "call"))
        places = [("hello", address) for address in call + leave] + [("traps", address) for address in fault]
        for number, (name, address) in enumerate(places):
            turn = [list(vectors)[number % len(vectors)]]
            for vector in vectors if os.environ.get("MERLON_INJECT_ALL") else turn:
                with self.subTest(place=hex(address), vector=vector):
                    keep = self.held(name, address)
                    keep.debugger.set_register(RIP, self.boot["inject_int"] + 2 * vector)
                    keep.debugger.go_on()
                    self.assert_named(keep.end(), vectors[vector])

    def injected(self, place, stack):
        """The end of a keep that met the boot code's `place` where `syscall` leads, with the stack
        pointer that the keep had there."""
        keep = self.held("hello", "system_call_entry")
        keep.debugger.set_register(RSP, stack)
        keep.debugger.set_register(RIP, place)
        keep.debugger.go_on()
        return keep.end()

    def stacks(self):
        """Stack pointers of a keep that means harm: nowhere, nothing that is an address, the shim."""
        return (0, 0x8000_0000_0000_0000, self.shim["shim_stack_end"] - 0x4000, 0x1000_0000_0000)

    def test_each_vector_between_a_system_call_and_its_stack(self):
        names = {0: "a division error", 2: NMI, 8: "a fault within a fault", 14: "a page fault",
                 18: "a machine check", 28: "a hypervisor's injection",
                 29: "a hypervisor's communication", 0x80: "an interrupt", 0xff: "an interrupt"}
        for vector in [*range(34), 0x80, 0xff]:
            with self.subTest(vector):
                stack = self.stacks()[vector % len(self.stacks())]
                result = self.injected(self.boot["inject_int"] + 2 * vector, stack)
                if vector in names:
                    self.assert_named(result, names[vector])
                else:
                    self.assert_named(result, result[2][0].partition(" it met ")[2])

    def test_a_fault_between_a_system_call_and_its_stack(self):
        for place, name in (("inject_opcode", "an opcode that is none"),
                            ("inject_protection", "a protection fault"),
                            ("inject_page", "a page fault")):
            for stack in self.stacks():
                with self.subTest(place=place, stack=hex(stack)):
                    self.assert_named(self.injected(self.boot[place], stack), name)

    def test_nothing_is_pushed_to_where_the_keeps_stack_pointer_points(self):
        target = self.shim["shim_stack_end"] - 0x4000
        for place in ("inject_opcode", "inject_page", "inject_protection"):
            keep = self.held("hello", "system_call_entry")
            before = keep.debugger.memory(target - 256, 512)
            keep.debugger.set_register(RSP, target)
            keep.debugger.set_register(RIP, self.boot[place])
            self.assertTrue(keep.debugger.run_to(self.shim["shim_failed"]))
            self.assertEqual(keep.debugger.memory(target - 256, 512), before, place)
            keep.debugger.go_on()
            self.assertEqual(keep.end()[0], 134)

    def test_what_comes_while_the_end_is_told_ends_it(self):
        for place in ("inject_opcode", "inject_page"):
            keep = self.held("hello", "system_call_entry")
            keep.debugger.inject_nmi()
            self.assertTrue(keep.debugger.run_to(self.shim["shim_failed"]))
            keep.debugger.set_register(RIP, self.boot[place])
            keep.debugger.go_on()
            status, output, errors = keep.end()
            self.assertEqual((status, output), (125, ""))
            self.assertEqual(errors, ["merlon: tcg: the machine stopped without having asked to"])

    def test_a_request_that_is_interrupted_is_answered_before_the_end_is_told(self):
        doorbell = [address for name, address in self.shim.items() if name.endswith("4ringEPvm")]
        self.assertEqual(len(doorbell), 1)
        keep = self.held("hello", doorbell[0])
        keep.debugger.inject_nmi()
        keep.debugger.go_on()
        self.assert_named(keep.end(), NMI)

    def test_at_random_moments_in_a_loop_of_system_calls(self):
        chance = random.Random(15)
        named = 0
        for _ in range(40):
            keep = self.held("loop", "system_call_entry")
            keep.debugger.go_on()
            try:
                keep.process.wait(chance.uniform(0.0, 0.12))
            except subprocess.TimeoutExpired:
                pass
            if keep.debugger.interrupt():
                keep.debugger.inject_nmi()
                keep.debugger.go_on()
            status, output, errors = result = keep.end()
            self.assertTrue(TICKS.startswith(output), result)
            if status == 0:
                self.assertEqual((output, errors), (TICKS, []))
                continue
            named += 1
            self.assertEqual(len(errors), 1, result)
            # The few instructions in which a request is half made: then the host names the fault.
            self.assertRegex(errors[0], f"it met {NMI}$|merlon: tcg: ", result)
        self.assertGreater(named, 5, "too few were met")


if __name__ == "__main__":
    if shutil.which("qemu-system-x86_64") is None:
        print("SKIP tcg: there is no qemu-system-x86_64")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1] + sys.argv[6:])
