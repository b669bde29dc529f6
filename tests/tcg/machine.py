"""A keep's machine under QEMU's emulator, and a debugger's hold on it: GDB's remote protocol, of which a
test needs a few words."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

RSP, RIP, CS, SS = 7, 16, 18, 19  # as GDB numbers the registers of x86-64


def prepare(folder, programs):
    """Puts the programs of the command line (merlon, keep, shim, launcher, boot code) where one run finds
    the others."""
    names = ("merlon", "merlon-keep", "merlon-shim-kvm", "merlon-vmm", "tcg-boot")
    for source, name in zip(programs, names):
        shutil.copy(source, Path(folder) / name)


def stage(case, programs, texts):
    """The folder of a class of tests, gone with it: the programs, and of each text a module by its name."""
    scratch = tempfile.TemporaryDirectory(prefix="merlon-tcg-")
    case.addClassCleanup(scratch.cleanup)
    folder = Path(scratch.name)
    prepare(folder, programs)
    for name, text in texts.items():
        source = folder / f"{name}.wat"
        source.write_text(text)
        subprocess.run(["wat2wasm", source, "-o", folder / f"{name}.wasm"], check=True)
    return folder


class Debugger:
    def __init__(self, path, process):
        self.bytes = b""
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                self.socket.close()
                if process.poll() is not None:
                    raise
                time.sleep(0.005)
        # Who asks for their description may set single registers.
        self.ask("qXfer:features:read:target.xml:0,ffb")

    def send(self, words):
        self.socket.sendall(b"$%b#%02x" % (words.encode(), sum(words.encode()) % 256))

    def answer(self):
        """The next one; None when the machine has ended."""
        while True:
            start = self.bytes.find(b"$")
            end = self.bytes.find(b"#", start)
            if 0 <= start < end and len(self.bytes) >= end + 3:
                words = self.bytes[start + 1:end].decode("latin-1")
                self.bytes = self.bytes[end + 3:]
                self.socket.sendall(b"+")
                return words
            try:
                more = self.socket.recv(4096)
            except ConnectionError:
                return None
            if not more:
                return None
            self.bytes += more

    def ask(self, words):
        self.send(words)
        return self.answer()

    def run_to(self, address):
        """Stops before the instruction at `address`; False when the machine ends before."""
        self.ask(f"Z1,{address:x},1")
        stopped = self.ask("c")
        if stopped is None:
            return False
        self.ask(f"z1,{address:x},1")
        return stopped.startswith("T")

    def set_register(self, number, value):
        assert self.ask(f"P{number:x}={value.to_bytes(8, 'little').hex()}") == "OK"

    def register(self, number):
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    def memory(self, address, size):
        return self.ask(f"m{address:x},{size:x}")

    def inject_nmi(self):
        assert self.ask("qRcmd," + b"nmi".hex()) == "OK"

    def go_on(self):
        self.send("c")

    def interrupt(self):
        """Stops the machine wherever it is; False when it has ended."""
        try:
            self.socket.sendall(b"\3")
        except ConnectionError:
            return False
        stopped = self.answer()
        return stopped is not None and stopped.startswith("T")


class HeldKeep:
    """One run of `wasm`, held before the machine's first instruction; or of another command of
    merlon's that starts a keep."""

    def __init__(self, folder, wasm=None, command=()):
        path = Path(folder) / "debugger"
        path.unlink(missing_ok=True)
        (Path(folder) / "gdb").write_text(str(path))
        command = command or ("run", "--backend", "kvm", wasm)
        self.process = subprocess.Popen([Path(folder) / "merlon", *command],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.debugger = Debugger(path, self.process)

    def end(self):
        """(status, output, lines of errors) of a run that is let go."""
        output, errors = self.process.communicate(timeout=60)
        self.close()
        return self.process.returncode, output, without_warnings(errors)

    def close(self):
        """Ends it if it still runs: a machine that is held would stand for ever."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        self.debugger.socket.close()


def without_warnings(text):
    """QEMU tells what of a processor it cannot emulate."""
    return [line for line in text.splitlines() if not line.startswith("qemu-system-x86_64: warn")]


def symbols(program):
    listed = subprocess.run(["nm", program], capture_output=True, text=True, check=True).stdout
    return {line.split()[2]: int(line.split()[0], 16) for line in listed.splitlines()
            if line[0] != " "}


def instructions(program, start, last):
    """Addresses of the instructions from `start` up to and with the first whose text starts with `last`."""
    listed = subprocess.run(["objdump", "-d", "--no-show-raw-insn", f"--start-address={start}", program],
                            capture_output=True, text=True, check=True).stdout
    found = []
    for line in listed.splitlines():
        address, colon, text = line.partition(":\t")
        if colon:
            found.append(int(address, 16))
            if text.startswith(last):
                break
    return found
