"""What lies in the memory of a host's processes or in their core images, and where in it the memory of a keep's machine is."""

import re
import resource
import shutil
import struct
import subprocess
from pathlib import Path

# Of the machine's layout (merlon/image/layout.h): the boot page, known by its first bytes, and
# the block that keep and host share.
MAGIC, BOOT_PAGE, BLOCK, BLOCK_SIZE = b"MLNBOOT0", 0x3ff000, 0x800000, 4096 + 256 * 1024
LOW, END = 0x100000, 0x5000000
# An enclave's boot page lies at the address that it is loaded for, and whatever is in the enclave's range is its own
# (merlon/sallyport/enclave.h); nothing can be mapped below.
ENCLAVE = range(0x10000, 1 << 46)
LARGEST_CORE = 4 << 30


def own_memory(parts):
    """Where a process has the keep's memory; nothing if it has none."""
    for start, content in parts:
        for found in re.finditer(MAGIC, content):
            at = start + found.start()
            if at == BOOT_PAGE:
                return ENCLAVE
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


def cores_can_be_made():
    return shutil.which("gcore") is not None


def has_enclave(process):
    return Path(f"/proc/{process}/maps").read_text().startswith(f"{ENCLAVE.start:08x}-")


def limit_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_CORE, LARGEST_CORE))


def core_of(process, folder):
    """The same of a core image, with all that a process has mapped, whatever it asked to be left out; but for an enclave's
    range, which is too large, and which no kernel puts there. The image is made by gdb's gcore in `folder`, and removed."""
    name = Path(folder) / "core"
    all_of_it = [] if has_enclave(process) else ["-a"]
    made = subprocess.run(["gcore", *all_of_it, "-o", name, str(process)], capture_output=True, text=True, check=False,
                          timeout=120, preexec_fn=limit_files)
    file = name.with_name(f"{name.name}.{process}")
    if not file.exists():
        raise ProcessLookupError(f"no core image: {made.stderr.strip()}")
    content = file.read_bytes()
    file.unlink()
    return segments_of(content)


def segments_of(image):
    """Address and bytes of each segment of a core image (ELF of 64 bits)."""
    if image[:6] != b"\x7fELF\x02\x01":
        raise ValueError("this is no core image")
    table, = struct.unpack_from("<Q", image, 32)
    size, count = struct.unpack_from("<HH", image, 54)
    if count == 0xffff:  # as many as stand in the first section's header
        sections, = struct.unpack_from("<Q", image, 40)
        count, = struct.unpack_from("<I", image, sections + 44)
    parts = []
    for number in range(count):
        kind, _, offset, address, _, in_file, _, _ = struct.unpack_from("<IIQQQQQQ", image, table + number * size)
        if kind == 1 and in_file:
            parts.append((address, image[offset:offset + in_file]))
    return parts
