#!/usr/bin/env python3
"""A shim's start, held by a debugger: what it takes from its launcher and host is looked at, and of the keep's memory
it writes what it was asked to and nothing else.

    start_test.py MERLON MERLON-KEEP MERLON-SHIM-KVM MERLON-TCG TCG-BOOT
"""

import shutil
import struct
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from machine import HeldKeep, stage, symbols  # noqa: E402
from support import HELLO  # noqa: E402

SKIPPED = 77
PROGRAMS = sys.argv[1:6]
RDI = 5
BLOCK_ADDRESS, RANDOM_ADDRESS, CLOCK_ADDRESS = 16, 96, 104  # of sallyport::BootInfo
TIMES = {"frequency": 192, "monotonic": 208, "realtime": 216}  # of the block's header
SAYS = "merlon: the keep says: "


class Start(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = stage(cls, PROGRAMS, {"app": HELLO})
        cls.shim = symbols(PROGRAMS[2])

    def held(self):
        """A keep whose shim has looked at nothing but the processor yet, and the address of its boot page."""
        keep = HeldKeep(self.folder, self.folder / "app.wasm")
        self.addCleanup(keep.close)
        self.assertTrue(keep.debugger.run_to(self.shim["shim_boot"]))
        return keep, keep.debugger.register(RDI)

    def word(self, keep, address):
        return struct.unpack("<Q", bytes.fromhex(keep.debugger.memory(address, 8)))[0]

    def end_with(self, keep, address, value):
        self.assertEqual(keep.debugger.ask(f"M{address:x},8:{struct.pack('<Q', value).hex()}"), "OK")
        keep.debugger.go_on()
        return keep.end()

    def test_an_impossible_time_of_the_host_ends_it(self):
        for name, offset in TIMES.items():
            with self.subTest(name):
                keep, boot = self.held()
                block = self.word(keep, boot + BLOCK_ADDRESS)
                self.assertEqual(self.end_with(keep, block + offset, (1 << 62) + 1),
                                 (125, "", [f"{SAYS}the host told an impossible time"]))

    def test_addresses_that_are_not_the_keeps_end_it(self):
        for offset, what in ((RANDOM_ADDRESS, "random address"), (CLOCK_ADDRESS, "address to lend at")):
            with self.subTest(what):
                keep, boot = self.held()
                self.assertEqual(self.end_with(keep, boot + offset, self.shim["shim_boot"]),
                                 (125, "", [f"{SAYS}the launcher's {what} is not the keep's"]))

    def test_sixteen_bytes_are_made_random(self):
        keep, boot = self.held()
        begin = self.word(keep, boot + RANDOM_ADDRESS)
        size = 16 + 1  # to the end of the stack
        before = bytes.fromhex(keep.debugger.memory(begin - 16, 16 + size))
        self.assertTrue(keep.debugger.run_to(self.shim["leave"]))
        after = bytes.fromhex(keep.debugger.memory(begin - 16, 16 + size))
        self.assertEqual((after[:16], after[32:]), (before[:16], before[32:]))
        for at in (16, 24):
            self.assertNotEqual(after[at:at + 8], before[at:at + 8])


if __name__ == "__main__":
    if shutil.which("qemu-system-x86_64") is None:
        print("SKIP tcg: there is no qemu-system-x86_64")
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1] + sys.argv[6:])
