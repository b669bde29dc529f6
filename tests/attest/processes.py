"""What lies in the memory of a host's processes, and where in it the memory of a keep's machine is."""

import re
from pathlib import Path

# Of the machine's layout (merlon/image/layout.h): the boot page, known by its first bytes, and
# the block that keep and host share.
MAGIC, BOOT_PAGE, BLOCK, BLOCK_SIZE = b"MLNBOOT0", 0x3ff000, 0x800000, 4096 + 256 * 1024
LOW, END = 0x100000, 0x5000000


def own_memory(parts):
    """Where a process has the keep's memory; nothing if it has none."""
    for start, content in parts:
        for found in re.finditer(MAGIC, content):
            at = start + found.start()
            if at % 4096 == 0:
                low = at - BOOT_PAGE + LOW
                return range(low, low + END - LOW)
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
