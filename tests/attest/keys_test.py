#!/usr/bin/env python3
"""A keep's private key is nowhere but in the keep."""

import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from story import KEY_GUEST, Stage
from support import main

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")


class Keys(unittest.TestCase):
    """A keep's private key is nowhere but in the keep."""

    # Of the machine's layout (merlon/image/layout.h): the boot page, known by its first bytes, and
    # the block that keep and host share.
    MAGIC, BOOT_PAGE, BLOCK, BLOCK_SIZE = b"MLNBOOT0", 0x3ff000, 0x800000, 4096 + 256 * 1024
    LOW, END = 0x100000, 0x5000000

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
            own = self.own_memory(parts)
            machines += own is not None
            seen_inside = False
            for start, content in parts:
                for at in places_of(key, content):
                    inside = own is not None and own.start <= start + at < own.stop
                    shared = inside and 0 <= start + at - own.start - (
                        self.BLOCK - self.LOW) < self.BLOCK_SIZE
                    self.assertTrue(inside and not shared, f"{name} has it at {start + at:#x}")
                    seen_inside = True
            # Or the scan would prove nothing.
            self.assertEqual(seen_inside, own is not None, name)
        self.assertEqual(machines, 1)

    def own_memory(self, parts):
        """Where a process has the keep's memory; nothing if it has none."""
        for start, content in parts:
            for found in re.finditer(self.MAGIC, content):
                at = start + found.start()
                if at % 4096 == 0:
                    low = at - self.BOOT_PAGE + self.LOW
                    return range(low, low + self.END - self.LOW)
        return None


def places_of(key, content):
    """Where all or a third of it lies, either way round."""
    for part in (key[:16], key[16:32], key[32:]):
        for pattern in (part, part[::-1]):
            at = content.find(pattern)
            while at >= 0:
                yield at
                at = content.find(pattern, at + 1)


def descendants(root):
    """A process and all below it, with their names."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, rest = entry.read_text().rsplit(") ", 1)
        except OSError:
            continue
        parents[int(entry.parent.name)] = (int(rest.split()[1]), name.split("(", 1)[1])
    found = {root: parents[root][1]}
    for _ in range(4):
        found |= {process: name for process, (parent, name) in parents.items() if parent in found}
    return found


def memory_of(process):
    """What lies in a process: address and bytes of each range that can be read."""
    parts = []
    with open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            words = line.split()
            start, end = (int(word, 16) for word in words[0].split("-"))
            if not words[1].startswith("r") or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            content = bytearray()
            try:
                memory.seek(start)
                while start + len(content) < end:
                    more = memory.read(min(1 << 24, end - start - len(content)))
                    if not more:
                        break
                    content += more
            except (OSError, OverflowError):
                pass  # what is reserved only
            parts.append((start, bytes(content)))
    return parts


if __name__ == "__main__":
    main()
