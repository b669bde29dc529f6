#!/usr/bin/env python3
"""The shim as a guest of SEV-SNP, on a machine that encrypted.py plays: the same bytes and page tables
as on hardware give hello's output, and every lie of the host ends the keep by name or changes
nothing.

    snp_test.py MERLON MERLON-KEEP MERLON-SHIM-KVM MERLON-TCG TCG-BOOT PROCESSOR
"""

import os
import random
import shutil
import struct
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from encrypted import (BLOCK, BLOCK_SIZE, GHCB, PAGE, PRIVATE, REQUEST, RESPONSE, RIP, USER_START,  # noqa: E402
                       EncryptedKeep, cpuid_page, leaves_of)
from machine import stage  # noqa: E402
from support import printing  # noqa: E402
from tcg_test import programs  # noqa: E402

SKIPPED = 77
PROGRAMS = sys.argv[1:6]
PROCESSOR = sys.argv[6] if len(sys.argv) > 6 else None
OWN_SET = 5
STATUS, VERSION, ENCRYPTION, FEATURES, REGISTRATION, SHARING, REPLY, FAILED, LEDGER, UNCHANGED, VALIDATION, LEVEL, \
    CPUID, LACKING = range(1, 15)
DIES = "merlon: the keep says: the shim failed: it met "

# More than the machine starts with; each page is to be zero, and holds what is written there.
GROWS_FAR = printing("grown\n", """
  (if (i32.eq (memory.grow (i32.const 2400)) (i32.const -1)) (then unreachable))
  (local.set $at (i32.const 131072))
  (loop $again
    (if (i32.load (local.get $at)) (then unreachable))
    (i32.store (local.get $at) (local.get $at))
    (local.set $sum (i32.add (local.get $sum) (i32.load (local.get $at))))
    (local.set $at (i32.add (local.get $at) (i32.const 65536)))
    (br_if $again (i32.lt_u (local.get $at) (i32.const 157000000))))
  (call $proc_exit (i32.rem_u (local.get $sum) (i32.const 101)))""").replace(
      '(func (export "_start")', '(func (export "_start") (local $at i32) (local $sum i32)')


class Snp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.same = {name.replace(" ", "_"): text for name, text in programs()} | {"grows_far": GROWS_FAR}
        cls.folder = stage(cls, PROGRAMS, cls.same)
        (cls.folder / "cpu").write_text("max,phys-bits=52")
        cls.keep = EncryptedKeep(cls.folder, PROGRAMS)
        cls.page = cpuid_page(leaves_of(PROCESSOR))

    def hold(self, name="hello", page=None, lie=None):
        held, hardware = self.keep.hold(self.folder / f"{name}.wasm", page or self.page, lie)
        self.addCleanup(held.close)
        return held, hardware

    def run_through(self, name="hello", page=None, lie=None, prepare_run=None):
        """(reason of a termination, result of a run that had none, the hardware)"""
        held, hardware = self.hold(name, page, lie)
        if prepare_run:
            prepare_run(hardware)
        if hardware.run():
            return None, held.end(), hardware
        held.close()
        self.assertEqual(hardware.ended >> 12 & 0xf, OWN_SET)
        self.assertEqual(hardware.ended >> 24, 0)
        return hardware.ended >> 16 & 0xff, None, hardware

    def assert_good(self, outcome):
        self.assertEqual(outcome[:2], (None, (0, "hello\n", [])))

    def assert_named(self, outcome, what):
        reason, result, _ = outcome
        self.assertIsNone(reason)
        status, output, errors = result
        self.assertTrue("hello\n".startswith(output), result)
        self.assertEqual(errors, [DIES + what], result)
        self.assertEqual(status, 134, result)


class Honest(Snp):
    def test_hello_is_the_same(self):
        outcome = self.run_through()
        self.assert_good(outcome)
        counts = outcome[2].counts
        self.assertEqual(counts["adjust"], 1)
        for each in ("read_register", "exit", "validate", "communicate"):
            self.assertGreater(counts[each], 10)

    def test_what_runs_elsewhere_is_the_same(self):
        for name in self.same:
            _, result, hardware = self.run_through(name)
            far = any(base >= 1 << 32 for base, _ in hardware.taken)
            self.assertEqual(far, name == "grows_far")
            nil = subprocess.run([self.folder / "merlon", "run", "--backend", "nil", self.folder / f"{name}.wasm"],
                                 capture_output=True, text=True, timeout=60, check=False)
            self.assertEqual(result, (nil.returncode, nil.stdout, nil.stderr.splitlines()), name)
            self.assertTrue(result[1] or name in ("floats", "stack_overflow"), name)

    def test_small_pages_of_the_host_are_the_same(self):
        chance = random.Random(6)

        def lie(event, value):
            return (6, chance.randrange(2)) if event == "large" and chance.random() < 0.5 else value
        self.assert_good(self.run_through(lie=lie))

    def leaves(self, hardware):
        """(address, entry, size) of all that the page tables map."""
        found = []

        def descend(table, address, level):
            words = struct.unpack("<512Q", hardware.physical(table, PAGE))
            for i, word in enumerate(words):
                if not word & 1:
                    continue
                at = address + (i << (12 + 9 * level))
                if level == 0 or (level == 1 and word & 0x80):
                    found.append((at, word, PAGE << (9 * level)))
                    continue
                self.assertTrue(word & PRIVATE, f"a table that is not private: {at:#x}")
                self.assertIn(word & 0x7_ffff_ffff_f000, hardware.valid)
                descend(word & 0xf_ffff_ffff_f000, at, level - 1)
        descend(PRIVATE | 0x40_0000, 0, 3)
        return found

    def test_each_page_that_is_mapped_was_measured_or_taken_once(self):
        walked = []

        def look(hardware, event):
            if event != "communicate" or walked:
                return
            walked.append(True)
            shared = {BLOCK + at for at in range(0, BLOCK_SIZE, PAGE)} | {GHCB, REQUEST, RESPONSE}
            self.assertEqual(hardware.shared, shared)
            for address, word, size in self.leaves(hardware):
                place = word & 0x7_ffff_ffff_f000 & ~(size - 1)
                if address >= 0x4000_0000_0000 or address == 0x30_0000:
                    continue  # the direct map has what nobody uses yet; the boot code's page
                pages = hardware.pages(place, size)
                if word & PRIVATE:
                    self.assertFalse(pages - hardware.valid, f"{address:#x} is not there")
                    self.assertFalse(word & 0x800, f"{address:#x} is missing")
                else:
                    self.assertFalse(pages & hardware.valid, f"{address:#x} is private, and shared")
                    self.assertTrue(pages <= shared | hardware.pages(GHCB + 0x3000, 0x10000), f"{address:#x}")
            # What nothing was put into is zero, whatever the host had there.
            stack = 0x3100_0000_0000 - (8 << 20)
            self.assertEqual(hardware.read(stack, PAGE), bytes(PAGE))

        def start(hardware):
            hardware.inject = look
        outcome = self.run_through(prepare_run=start)
        self.assert_good(outcome)
        self.assertTrue(walked)
        taken = [page for base, size in outcome[2].taken for page in outcome[2].pages(base, size)]
        self.assertEqual(len(taken), len(set(taken)))
        self.assertFalse(set(taken) & outcome[2].measured)

    def test_shared_memory_holds_nothing_of_the_image(self):
        samples = [Path(program).read_bytes()[at:at + 48] for program in PROGRAMS[1:3] for at in (0x1100, 0x2200, 0x3300)]
        looked = []

        def look(_, event):
            if event != "communicate" or looked:
                return
            memory = Path((self.folder / "shared").read_text()).read_bytes()
            looked.append(len(memory))
            for sample in samples:
                if len(set(sample)) > 8:
                    looked.append(sample)
                    self.assertNotIn(sample, memory)

        def start(hardware):
            hardware.inject = look
        self.assert_good(self.run_through(prepare_run=start))
        self.assertGreater(len(looked), 4)


class Lies(Snp):
    """Of the host, and of a processor that is not as it should be."""

    def turned(self, event, bit, nth=0):
        seen = [0]

        def lie(what, value):
            if what != event:
                return value
            seen[0] += 1
            return value ^ 1 << bit if nth in (0, seen[0]) else value
        return lie

    def test_of_what_protects_the_machine(self):
        for bit in (0, 1, 2, 3, 4, 5, 16, 63):
            with self.subTest(bit):
                self.assertEqual(self.run_through(lie=self.turned("status", bit))[0], STATUS)
        self.assert_good(self.run_through(lie=self.turned("status", 7)))

    def test_of_the_level(self):
        for code in (1, 2, 6):
            self.assertEqual(self.run_through(lie=lambda event, value, c=code: c if event == "adjust" else value)[0],
                             LEVEL)

    def test_in_the_registers_protocol(self):
        chance = random.Random(9)
        # 1 versions, 2 features, 3 to 5 the three pages, 6 the page for messages, then the block.
        allowed = {1: {REPLY, VERSION, ENCRYPTION}, 2: {REPLY, FEATURES}, 6: {REPLY, REGISTRATION}}
        for nth in (1, 1, 2, 2, 3, 5, 6, 6, 6, 7, 40):
            bit = chance.randrange(64)
            with self.subTest(nth=nth, bit=bit):
                reason, result, _ = self.run_through(lie=self.turned("msr", bit, nth))
                if reason is None:
                    self.assertIn(nth, (1, 2))  # bits that say nothing to us
                    self.assertEqual(result, (0, "hello\n", []))
                else:
                    self.assertIn(reason, allowed.get(nth, {REPLY, SHARING}))

    def test_of_memory(self):
        def lie_at(nth, answer):
            seen = [0]

            def lie(event, value):
                if event not in ("small", "large"):
                    return value
                seen[0] += 1
                return answer if seen[0] == nth else value
            return lie
        # The first ones while the machine starts, the last for tables and memory of a keep that runs.
        _, _, whole = self.run_through()
        last = whole.counts["validate"]
        for nth in (1, 300, last):
            for answer, reason in (((0, 1), UNCHANGED), ((1, 0), VALIDATION), ((2, 1), VALIDATION)):
                with self.subTest(nth=nth, answer=answer):
                    found, result, _ = self.run_through(lie=lie_at(nth, answer))
                    if nth < last:
                        self.assertEqual(found, reason)
                        continue
                    self.assertIsNone(found)
                    self.assertEqual(result[0], 134)
                    self.assertRegex(result[2][0], "the shim failed: (memory was there before|the processor does not)")

    def test_in_the_answers_of_the_page(self):
        chance = random.Random(12)
        answers = [0]

        def count(event, value):
            answers[0] += event == "page"
            return value
        self.run_through(lie=count)
        for turn in range(8):
            # But the last, to the keep's end: nobody waits for it.
            bit, nth = chance.randrange(32), 1 + chance.randrange(answers[0] - 1)
            seen = [0]

            def lie(event, value, bit=bit, nth=nth, seen=seen, turn=turn):
                if event != "page":
                    return value
                seen[0] += 1
                if seen[0] != nth:
                    return value
                changed = dict(value)
                if turn % 2:
                    changed[115] = 1 << bit
                else:
                    del changed[chance.choice((115, 116))]
                return changed
            with self.subTest(bit=bit, nth=nth):
                self.assertEqual(self.run_through(lie=lie)[0], FAILED)

    def test_of_cpuid(self):
        leaves = leaves_of(PROCESSOR)
        for change, reason in ((lambda one: one[0x8000_001f, 0].__setitem__(1, 47), ENCRYPTION),
                               (lambda one: one[1, 0].__setitem__(2, 0), LACKING),
                               (lambda one: one.pop((0xd, 2)), LACKING)):
            changed = {key: list(value) for key, value in leaves.items()}
            change(changed)
            self.assertEqual(self.run_through(page=cpuid_page(changed))[0], reason)
        for count in (0, 65, 0xffff_ffff):
            self.assertEqual(self.run_through(page=struct.pack("<I", count) + self.page[4:])[0], CPUID)


class Liar(Snp):
    """A host that lies now and then, by a seed, in whatever it is asked."""

    def lie(self, seed, told):
        chance = random.Random(seed)
        rate = chance.choice((0.002, 0.01, 0.1))

        def lie(event, value):
            if event == "message" or chance.random() > rate:
                return value
            told.append(event)
            if event in ("large", "small"):
                return chance.choice(((0, 1), (1, 0), (6, 0), (6, 1), (chance.getrandbits(32), 0)))
            if event == "page":
                changed = dict(value)
                word = chance.choice((115, 116))
                if chance.random() < 0.5:
                    changed[word] = chance.getrandbits(64)
                else:
                    del changed[word]
                return changed
            return chance.choice((value ^ 1 << chance.randrange(64), chance.getrandbits(64), 0))
        return lie

    def test_each_run_is_right_or_ends_by_name(self):
        ends = {}
        for seed in range(40):
            told = []
            with self.subTest(seed=seed, told=told):
                reason, result, _ = self.run_through(lie=self.lie(seed, told))
                ends[reason] = ends.get(reason, 0) + 1
                if reason is not None:
                    self.assertTrue(told)
                    self.assertIn(reason, range(STATUS, LACKING + 1))
                elif result != (0, "hello\n", []):
                    self.assertTrue(told)
                    status, output, errors = result
                    self.assertEqual(status, 134, result)
                    self.assertTrue("hello\n".startswith(output), result)
                    self.assertEqual(len(errors), 1, result)
                    self.assertRegex(errors[0], "the keep says: the shim failed: ", result)
        self.assertGreater(len(ends), 4, ends)


class Injections(Snp):
    def inject_once(self, raise_it, place=None):
        """Runs with `raise_it(hardware, registers)` at the first CPUID of the keep, or at a place of
        the shim, instead of what comes there."""
        done = []

        def at(hardware):
            def stop(registers):
                if done:
                    hardware.communicate(registers)
                    return
                done.append(True)
                raise_it(hardware, registers)

            def stop_at_place(registers):
                hardware.debugger.ask(f"z1,{place:x},1")
                done.append(True)
                raise_it(hardware, registers)
            if place is None:
                for address in [one for one, what in hardware.places.items() if what == hardware.communicate]:
                    hardware.places[address] = stop
            else:
                hardware.places[place] = stop_at_place
                assert hardware.debugger.ask(f"Z1,{place:x},1") == "OK"
        outcome = self.run_through(prepare_run=at)
        self.assertTrue(done)
        return outcome

    def test_each_code_of_a_communication(self):
        codes = (0, 0x6e, 0x7b, 0x7c, 0x81, 0x8d, 0x400, 0x8000_0011, 1 << 32 | 0x72)
        for code in codes:
            with self.subTest(hex(code)):
                self.assert_named(self.inject_once(lambda hw, regs, c=code: hw.raise_vector(regs, 29, c)),
                                  "a hypervisor's communication")

    def test_a_communication_where_no_instruction_asks(self):
        # At the first instruction of the keep, and of the shim's.
        self.assert_named(self.inject_once(lambda hw, regs: hw.raise_vector(regs, 29, 0x72), self.entry()),
                          "a hypervisor's communication")
        for place in ("shim_system_call", "system_call_entry", "leave"):
            with self.subTest(place):
                self.assert_named(self.inject_once(lambda hw, regs: hw.raise_vector(regs, 29, 0x72),
                                                   self.keep.shim[place]), "a hypervisor's communication")

    def test_what_comes_while_the_end_is_told_ends_it(self):
        told = []

        def twice(hardware):
            def stop(registers):
                hardware.raise_vector(registers, 13, 0)

            def stop_again(registers):
                told.append(registers)
                hardware.raise_vector(registers, 6)
            for address in [one for one, what in hardware.places.items() if what == hardware.communicate]:
                hardware.places[address] = stop
            place = self.keep.shim["shim_failed"]
            hardware.places[place] = stop_again
            assert hardware.debugger.ask(f"Z1,{place:x},1") == "OK"
        reason, result, _ = self.run_through(prepare_run=twice)
        self.assertIsNone(reason)
        self.assertEqual(result, (125, "", ["merlon: tcg: the machine stopped without having asked to"]))
        self.assertEqual(len(told), 1)  # not that it met the second one

    def entry(self):
        header = Path(PROGRAMS[1]).read_bytes()[:64]
        return USER_START + struct.unpack_from("<Q", header, 24)[0]

    def test_exceptions_that_never_happened(self):
        names = {0: "a division error", 3: "a breakpoint", 6: "an opcode that is none", 12: "a stack fault",
                 13: "a protection fault", 16: "an x87 error", 17: "an access that is not aligned",
                 19: "a vector arithmetic error"}
        for vector, name in names.items():
            with self.subTest(vector):
                error = 0 if vector in (12, 13, 17) else None
                self.assert_named(self.inject_once(lambda hw, regs, v=vector, e=error: hw.raise_vector(regs, v, e)),
                                  name)

    def test_page_faults_that_never_happened(self):
        def page_fault(error, address):
            return self.inject_once(lambda hw, regs: hw.raise_vector(regs, 14, error, address(regs)))
        # The tables allow the access: it is made again, and nothing is different.
        self.assert_good(page_fault(4, lambda regs: regs[RIP]))
        self.assert_good(page_fault(6, lambda regs: 0x3100_0000_0000 - 8))
        self.assert_good(page_fault(5, lambda regs: 0x3100_0000_0000 - 8))
        self.assert_good(page_fault(0x14, lambda regs: regs[RIP]))
        # A host cannot say where: what the processor has there is no address of an earlier fault.
        for error in (4, 5, 6, 7):
            with self.subTest(hex(error)):
                self.assert_good(page_fault(error, lambda regs: None))
        # No keep brings that about.
        for error in (0, 0x0c, 0x24, 0x44, 0x8000_0004):
            with self.subTest(hex(error)):
                self.assert_named(page_fault(error, lambda regs: 0x1000), "a page fault")
        # With an address, which no host can give, it is a fault of the keep's, and there it ends as such.
        reason, result, _ = page_fault(4, lambda regs: 0x1000)
        self.assertIsNone(reason)
        self.assertEqual(result[0], 134)

    def test_a_page_fault_that_comes_again_and_again(self):
        def again(hardware):
            def stop(registers):
                hardware.raise_vector(registers, 14, 4, registers[RIP])
            for address in [one for one, what in hardware.places.items() if what == hardware.communicate]:
                hardware.places[address] = stop
        self.assert_named(self.run_through(prepare_run=again), "a page fault")


class Attested(Snp):
    """A keep proves itself by messages that go through the GHCB to the simulated processor."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.environ.update(MERLON_PROGRAM=PROGRAMS[0], MERLON_TCG=PROGRAMS[3], MERLON_TCG_BOOT=PROGRAMS[4],
                          XDG_STATE_HOME=str(cls.folder / "state"))
        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attest"))
        from story import Stage  # pylint: disable=import-outside-toplevel
        cls.stage = Stage(cls.folder, "tcg")
        (cls.stage.programs / "cpu").write_text("max,phys-bits=52")
        cls.keep = EncryptedKeep(cls.stage.programs, PROGRAMS)

    def prove(self, name, lie=None):
        """(status, output, errors) of `keep evidence`, and the hardware."""
        command = ("keep", "evidence", str(self.folder / name), "--json", "--simulator",
                   str(self.stage.platform), "--nonce", "11" * 32)
        held, hardware = self.keep.hold(None, self.page, lie, command)
        self.addCleanup(held.close)
        self.assertTrue(hardware.run(), hex(hardware.ended or 0))
        return held.end(), hardware

    def judge(self, name):
        policy = self.stage.policy(f"{name}.toml", self.stage.predicted("ring0"),
                                   (self.folder / name / "report_data.toml").read_text())
        return self.stage.verify(self.folder / name / "evidence.bin", policy)

    def test_evidence_is_of_the_keep_that_was_predicted(self):
        (status, _, errors), hardware = self.prove("good")
        self.assertEqual((status, errors), (0, []))
        self.assertEqual(self.judge("good"), ("accepted", {}))
        self.assertGreater(len(hardware.messages), 0)
        self.assertGreater((self.folder / "good/certificates.bin").stat().st_size, 1000)

    def test_a_host_without_time_gets_the_same_message_again(self):
        seen = []

        def lie(event, value):
            if event != "message" or len(seen) == 3:
                return value
            seen.append(True)
            return {116: 2 << 32}
        (status, _, errors), hardware = self.prove("busy", lie)
        self.assertEqual((status, errors, len(seen)), (0, [], 3))
        self.assertEqual(len(set(hardware.messages[:4])), 1)
        self.assertEqual(len(set(hardware.messages)), len(hardware.messages) - 3)
        self.assertEqual(self.judge("busy"), ("accepted", {}))

    def test_certificates_that_are_too_many_are_done_without(self):
        asked = []

        def lie(event, value):
            if event != "message":
                return value
            asked.append(True)
            return {116: 1 << 32, 99: 17} if len(asked) % 2 else value
        (status, _, _), hardware = self.prove("bare", lie)
        self.assertEqual(status, 0)
        self.assertEqual(self.judge("bare")[0], "accepted")
        self.assertEqual(hardware.messages[::2], hardware.messages[1::2])

    def test_an_older_kernel_leaves_certificates_to_the_sallyport(self):
        asked = []

        def lie(event, value):
            if event != "certificates":
                return value
            asked.append(True)
            return False
        (status, _, errors), _ = self.prove("older", lie)
        self.assertEqual((status, errors), (0, []))
        self.assertTrue(asked)
        self.assertEqual(self.judge("older"), ("accepted", {}))
        self.assertGreater((self.folder / "older/certificates.bin").stat().st_size, 1000)

    def test_a_refusal_is_no_evidence(self):
        for words in ({116: 0x16}, {116: 1 << 32}, {116: 1 << 32, 99: 3}, {116: 3 << 32}):
            (status, _, errors), hardware = self.prove("refused", lambda event, value, w=words:
                                                       w if event == "message" else value)
            self.assertNotEqual(status, 0)
            self.assertEqual(len(errors), 1, errors)
            # Without another try: the number of the message is used up.
            self.assertEqual(len(set(hardware.messages)), 1)

    def test_an_answer_that_breaks_the_rules_ends_the_keep(self):
        (status, _, errors), _ = self.prove("broken", lambda event, value: {115: 2} if event == "message" else value)
        self.assertNotEqual(status, 0)
        self.assertIn("the shim failed: ", errors[0])


if __name__ == "__main__":
    if shutil.which("qemu-system-x86_64") is None:
        print("SKIP snp: there is no qemu-system-x86_64")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1] + sys.argv[7:], verbosity=2)
