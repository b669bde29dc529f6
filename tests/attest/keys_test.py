#!/usr/bin/env python3
"""A keep's private key is nowhere but in the keep."""

import os
import shutil
import tempfile
import unittest

from processes import BLOCK, BLOCK_SIZE, LOW, descendants, memory_of, own_memory, places_of
from story import KEY_GUEST, Stage
from support import main

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")


class Keys(unittest.TestCase):
    """A keep's private key is nowhere but in the keep."""

    def test_no_process_of_the_host_and_no_shared_memory_has_it(self):
        with tempfile.TemporaryDirectory(prefix="merlon-keys-") as scratch:
            stage = Stage(scratch, MACHINE)
            shutil.copy(KEY_GUEST, stage.programs / "merlon-keep")
            (stage.folder / "any.wasm").write_bytes(b"")
            stage.make_usual()
            with stage.started("run", "--backend", "snp-sim", stage.folder / "any.wasm") as running:
                told = running.stdout.readline().split()
                self.assertEqual(len(told), 3, told)
                key = bytes(0xFF ^ byte for byte in bytes.fromhex(told[0]))
                self.assertEqual(len(key), 48)
                self.assertGreater(int(told[2]), 48)  # of the heap for secrets
                self.scan(running.pid, key)
                running.stdin.close()
                self.assertEqual(running.wait(30), 0)

    def scan(self, launcher, key):
        processes = descendants(launcher)
        self.assertIn("merlon-simulato", processes.values())  # as far as the kernel keeps it
        machines = 0
        for process, name in processes.items():
            if name.startswith("qemu"):
                continue  # the processor itself
            try:
                parts = memory_of(process)
            except PermissionError:
                self.skipTest(f"nobody here may look into {name}")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended meanwhile
            own = own_memory(parts)
            machines += own is not None
            seen_inside = False
            for start, content in parts:
                for at in places_of(key, content):
                    inside = own is not None and own.start <= start + at < own.stop
                    shared = inside and 0 <= start + at - own.start - (
                        BLOCK - LOW) < BLOCK_SIZE
                    self.assertTrue(inside and not shared, f"{name} has it at {start + at:#x}")
                    seen_inside = True
            # Or the scan would prove nothing.
            self.assertEqual(seen_inside, own is not None, name)
        self.assertEqual(machines, 1)


if __name__ == "__main__":
    main()
