"""What QEMU's emulator has not: a processor with SEV-SNP and its hypervisor, played by a debugger. It
stops the machine at each of the few instructions that only such a processor has, does what the
instruction would do, and goes on. Private memory is other memory than shared (main.cc), so the bit
in the page tables that says private is in use as on hardware."""

import struct
import subprocess
import time
from pathlib import Path

from machine import HeldKeep, symbols

RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP = range(8)
RIP, FLAGS, CS, SS, CR2 = 16, 17, 18, 19, 28
PAGE, LARGE = 4096, 1 << 21
PRIVATE = 1 << 51
USER_START = 0x1000_0000_0000
BLOCK, BLOCK_SIZE = 0x80_0000, 4096 + (256 << 10)
GHCB, REQUEST, RESPONSE = 0x90_0000, 0x90_1000, 0x90_2000
MESSAGE_STATE = 0x50_0008  # main.cc
GHCB_REGISTER, STATUS_REGISTER = 0xc001_0130, 0xc001_0131
GOOD_STATUS = 7
COMMUNICATION = 29
CPUID_EXIT, PORT_EXIT, MESSAGE_EXIT, EXTENDED_EXIT = 0x72, 0x7b, 0x8000_0011, 0x8000_0012


def leaves_of(path):
    """A recorded processor (merlon/image/testdata) with what one of AMD's adds for SEV-SNP."""
    leaves = {}
    for line in Path(path).read_text().splitlines():
        words = line.split()
        if len(words) == 7 and words[0] == "processor":
            leaves[int(words[1], 16), int(words[2])] = [int(word, 16) for word in words[3:]]
    leaves[0x8000_0000, 0][0] = 0x8000_001f
    leaves[0x8000_001f, 0] = [0x1a, 51, 0, 0]
    return leaves


def cpuid_page(leaves):
    """[SNP-ABI 1.58 §8.17.2.6]"""
    page = struct.pack("<IIII", len(leaves), 0, 0, 0)
    for (leaf, subleaf), answer in leaves.items():
        of_state = leaf == 0xd and subleaf <= 1
        page += struct.pack("<IIQQIIIIQ", leaf, subleaf, of_state, 0, *answer, 0)
    return page.ljust(PAGE, b"\0")


class Refused(Exception):
    """The machine did what hardware, or an honest host, would not let it."""


class Hardware:
    """Runs a held keep to its end. `lie(event, value)` may change what is answered; the events are
    status, msr, large and small (code and carry flag of a validation), adjust, exit code, page (the
    words of a GHCB's answer) and message (the same, instead of carrying it; None)."""

    def __init__(self, held, shim, keep_instructions, measured, lie=None):
        self.debugger = held.debugger
        self.shim = shim
        self.lie = lie or (lambda event, value: value)
        self.msr = 0
        self.ghcb = None
        self.ended = None  # the number of a termination
        self.shared = set()
        self.valid = {page for start, size in measured
                      for page in range(start, start + (size + PAGE - 1) // PAGE * PAGE, PAGE)}
        self.measured = frozenset(self.valid)
        self.taken = []  # (address, size) in order
        self.counts = {}
        self.rings = False
        self.messages = []
        self.inject = None  # called as inject(self, event) at each stop
        self.places = {shim["snp_at_rdmsr"]: self.read_register, shim["snp_at_wrmsr"]: self.write_register,
                       shim["snp_exit"]: self.exit, shim["snp_at_pvalidate"]: self.validate,
                       shim["snp_at_rmpadjust"]: self.adjust}
        self.places |= {USER_START + address: self.communicate for address in keep_instructions}
        for address in self.places:
            assert self.debugger.ask(f"Z1,{address:x},1") == "OK"

    # The debugger's words.

    def ask(self, words):
        answer = self.debugger.ask(words)
        if answer is None:
            raise ConnectionError("the machine has ended")
        return answer

    def registers(self):
        text = self.ask("g")
        wide = struct.unpack("<17Q", bytes.fromhex(text[:17 * 16]))
        return list(wide) + list(struct.unpack("<7I", bytes.fromhex(text[17 * 16:17 * 16 + 56])))

    def set(self, number, value):
        size = 8 if number <= RIP or number == CR2 else 4
        assert self.ask(f"P{number:x}={value.to_bytes(size, 'little').hex()}") == "OK"

    def read(self, address, size):
        most = 1024  # of a packet
        return b"".join(bytes.fromhex(self.ask(f"m{address + at:x},{min(most, size - at):x}"))
                        for at in range(0, size, most))

    def write(self, address, data):
        assert self.ask(f"M{address:x},{len(data):x}:{data.hex()}") == "OK"

    def word(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def physical(self, address, size):
        assert self.ask("Qqemu.PhyMemMode:1") == "OK"
        data = self.read(address, size)
        assert self.ask("Qqemu.PhyMemMode:0") == "OK"
        return data

    def physical_write(self, address, data):
        assert self.ask("Qqemu.PhyMemMode:1") == "OK"
        self.write(address, data)
        assert self.ask("Qqemu.PhyMemMode:0") == "OK"

    def command(self, text):
        answer = self.ask("qRcmd," + text.encode().hex())
        while answer is not None and answer.startswith("O") and answer != "OK":
            answer = self.debugger.answer()

    # The processor.

    def run(self):
        """To the end; False if it asked for that by the register alone."""
        try:
            return self.run_on()
        except ConnectionError:  # the launcher has ended it
            return True

    def run_on(self):
        while self.ended is None:
            stopped = self.debugger.ask("c")
            if stopped is None or not stopped.startswith("T"):
                return True
            registers = self.registers()
            place = self.places.get(registers[RIP])
            if place is None:
                raise Refused(f"stopped at {registers[RIP]:#x}")
            name = place.__name__
            self.counts[name] = self.counts.get(name, 0) + 1
            place(registers)
            if self.inject:
                self.inject(self, name)
        return False

    def read_register(self, registers):
        if registers[RCX] == STATUS_REGISTER:
            value = self.lie("status", GOOD_STATUS)
        elif registers[RCX] == GHCB_REGISTER:
            value = self.msr
        else:
            raise Refused(f"rdmsr {registers[RCX]:#x}")
        self.set(RAX, value & 0xffff_ffff)
        self.set(RDX, value >> 32)
        self.set(RIP, registers[RIP] + 2)

    def write_register(self, registers):
        if registers[RCX] != GHCB_REGISTER:
            raise Refused(f"wrmsr {registers[RCX]:#x}")
        self.msr = registers[RDX] << 32 | registers[RAX] & 0xffff_ffff
        self.set(RIP, registers[RIP] + 2)

    def translate(self, address):
        """(the page's address without its private bit, whether it is private)"""
        table = self.cr3()
        for shift in (39, 30, 21, 12):
            entry, = struct.unpack("<Q", self.physical((table & 0xf_ffff_ffff_f000) + (address >> shift) % 512 * 8, 8))
            if not entry & 1:
                raise Refused(f"nothing is mapped at {address:#x}")
            size = 1 << shift
            if shift == 12 or entry & 0x80:
                place = entry & 0xf_ffff_ffff_f000 & ~(size - 1) | address & (size - 1)
                return place & ~PRIVATE & ~0xfff, bool(place & PRIVATE)
            table = entry
        raise AssertionError

    def cr3(self):
        return PRIVATE | 0x40_0000

    def validate(self, registers):
        is_large, wanted = registers[RCX] & 1, registers[RDX] & 1
        size = LARGE if is_large else PAGE
        base, private = self.translate(registers[RAX])
        if not private or registers[RAX] % size or not wanted:
            raise Refused(f"pvalidate of {registers[RAX]:#x}")
        code, unchanged = self.lie("large" if is_large else "small", (0, self.pages(base, size) <= self.valid))
        if code == 0:
            again = self.pages(base, size) & self.valid
            if again:
                raise Refused(f"taken twice: {min(again):#x}")
            self.valid |= self.pages(base, size)
            self.taken.append((base, size))
        self.set(RAX, code)
        self.set(FLAGS, registers[FLAGS] & ~1 | unchanged)
        self.set(RIP, registers[RIP] + 4)

    @staticmethod
    def pages(base, size):
        return set(range(base, base + size, PAGE))

    def adjust(self, registers):
        base, private = self.translate(registers[RAX])
        if not private or base not in self.valid or registers[RDX] != 1:
            raise Refused(f"rmpadjust of {registers[RAX]:#x}")
        self.set(RAX, self.lie("adjust", 0))
        self.set(RIP, registers[RIP] + 4)

    def raise_vector(self, registers, vector, error=None, address=None):
        """An exception as the processor delivers it, on the stack of its gate."""
        stack = self.shim["shim_stack_end"]
        frame = struct.pack("<5Q", registers[RIP], registers[CS], registers[FLAGS], registers[RSP], registers[SS])
        if error is not None:
            frame = struct.pack("<Q", error) + frame
        self.write(stack - len(frame), frame)
        if address is not None:
            self.set(CR2, address)
        self.set(RSP, stack - len(frame))
        self.set(RIP, self.shim[f"exception_{vector}"])
        self.set(CS, 0x10)
        self.set(SS, 0x18)
        self.set(FLAGS, 2)

    def communicate(self, registers):
        self.raise_vector(registers, COMMUNICATION, self.lie("exit code", CPUID_EXIT))

    # The hypervisor.

    def exit(self, registers):
        if self.msr & 0xfff:
            self.msr = self.lie("msr", self.answer_register(self.msr))
        elif self.msr != self.ghcb:
            raise Refused(f"exit with a page that is not registered: {self.msr:#x}")
        else:
            self.answer_page()
        self.set(RIP, registers[RIP] + 4)
        if self.rings:  # the last, since it may be the machine's end
            self.rings = False
            self.command("o /b 0xe9 0")

    def answer_register(self, request):
        code, data = request & 0xfff, request & ~0xfff
        if code == 0x002:
            return 2 << 48 | 1 << 32 | 51 << 24 | 1
        if code == 0x080:
            return 0x081 | 3 << 12
        if code == 0x014:
            page = data & 0xf_ffff_ffff_f000 & ((1 << 52) - 1)
            if data >> 52 != 2 or page in self.valid:
                raise Refused(f"page state change {request:#x}")
            self.shared.add(page)
            return 0x015
        if code == 0x012:
            if data not in self.shared:
                raise Refused(f"a page for messages that is not shared: {data:#x}")
            self.ghcb = data
            return data | 0x013
        if code == 0x100:
            self.ended = request
            return 0
        raise Refused(f"request {request:#x}")

    def answer_page(self):
        page = self.read(self.ghcb, PAGE)
        words = struct.unpack("<512Q", page)
        bitmap = words[126] | words[127] << 64
        valid = {i for i in range(128) if bitmap >> i & 1}
        code, first, second = words[114:117]
        allowed = {114, 115, 116}
        if code == PORT_EXIT:
            allowed.add(63)
            if (first, second, words[63]) != (0xe9 << 16 | 0x210, 0, 0):
                raise Refused(f"port exit {first:#x} {second:#x}")
        elif code == EXTENDED_EXIT:
            allowed |= {63, 99}
        elif code != MESSAGE_EXIT:
            raise Refused(f"exit {code:#x}")
        if valid != allowed:
            raise Refused(f"words {valid}")
        stray = [i for i in range(512) if words[i] and i not in allowed | {126, 127, 511}]
        if stray or words[511] != 2 << 16:
            raise Refused(f"more in the page than the exit needs: {stray}")
        answer = {115: 0, 116: 0, 63: 0, 99: 0}
        if code != PORT_EXIT:
            answer |= self.carry(code)
        self.reply(self.lie("page", answer))
        self.rings = code == PORT_EXIT

    def carry(self, code):
        """A message to the simulated security processor, and its answer; certificates before, if
        there is room for them."""
        self.messages.append(self.read(REQUEST, PAGE))
        said = self.lie("message", None)
        if said is not None:
            return said
        if code == EXTENDED_EXIT:
            if self.word(self.ghcb + 8 * 63) != RESPONSE + PAGE:
                raise Refused("certificates to somewhere else")
            if self.lie("certificates", True):
                self.ring(2)
        state = self.ring(1)
        if state == 1:
            return {116: 0}
        return {116: 2 << 32 if state == -11 else 0x16}

    def ring(self, bell):
        """Has the launcher carry something; how that fared."""
        self.physical_write(MESSAGE_STATE, bytes(8))
        self.command(f"o /b 0xe9 {bell}")
        while True:
            state, = struct.unpack("<q", self.physical(MESSAGE_STATE, 8))
            if state:
                return state
            time.sleep(0.001)

    def reply(self, answer):
        """What KVM does: the bitmap has what it set."""
        for word, value in answer.items():
            self.write(self.ghcb + 8 * word, struct.pack("<Q", value))
        bitmap = sum(1 << word for word in answer)
        self.write(self.ghcb + 0x3f0, struct.pack("<QQ", bitmap & (1 << 64) - 1, bitmap >> 64))


class EncryptedKeep:
    """Programs and symbols that all runs share."""

    def __init__(self, folder, programs):
        self.folder = Path(folder)
        self.shim = symbols(programs[2])
        listed = subprocess.run(["objdump", "-d", "--no-show-raw-insn", programs[1]], capture_output=True,
                                text=True, check=True).stdout
        self.asks = [int(line.split(":")[0], 16) for line in listed.splitlines() if line.rstrip().endswith("\tcpuid")]

    def hold(self, wasm, page, lie=None, command=()):
        (self.folder / "snp").write_bytes(page)
        held = HeldKeep(self.folder, wasm, command)
        measured = [tuple(map(int, line.split())) for line in (self.folder / "stream").read_text().splitlines()]
        return held, Hardware(held, self.shim, self.asks, measured, lie)
