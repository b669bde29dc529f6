"""Steps of an attestation, by the real programs: what the tests and the demo are made of.

A Stage is a folder with Merlon's programs, a simulated platform and policies. On machine "tcg" the
keep runs under QEMU's emulator, on "kvm" in a machine of /dev/kvm, and on "sgx" in a simulated enclave.
"""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from workload import speaking

MERLON = Path(os.environ.get("MERLON_PROGRAM", "build/dev/bin/merlon")).absolute()
OTHER_GUEST = os.environ.get("MERLON_OTHER_GUEST", "build/dev/tests/merlon-other-guest")
HOSTILE_GUEST = os.environ.get("MERLON_HOSTILE_GUEST", "build/dev/tests/merlon-hostile-guest")
HOSTILE_SIMULATOR = os.environ.get("MERLON_HOSTILE_SIMULATOR",
                                   "build/dev/tests/merlon-hostile-simulator")
KEY_GUEST = os.environ.get("MERLON_KEY_GUEST", "build/dev/tests/merlon-key-guest")
TCG = os.environ.get("MERLON_TCG", "build/dev/tests/merlon-tcg")
TCG_BOOT = os.environ.get("MERLON_TCG_BOOT", "build/dev/tests/merlon-tcg-boot")
PROGRAMS = ("merlon", "merlon-evidence", "merlon-vmm", "merlon-keep", "merlon-shim-kvm",
            "merlon-simulator", "merlon-dial", "merlon-store", "merlon-deploy", "merlon-resolve")
PROGRAMS_OF_SGX = ("merlon-vmm-sgx", "merlon-shim-sgx", "merlon-keep.cpuid")
# The simulations that attest, and the machine that has them.
MACHINES = {"snp-sim": "kvm", "sgx-sim": "sgx"}
# What the evidence of a keep says in whose world nothing divides shim and keep; see docs/sallyport.md.
COLLAPSED = "SIMULATOR: world collapsed".encode().ljust(32, b"\0").hex()
KEEP_POLICY = "0x30133"
DEBUG_POLICY = "0xb0133"


class Failed(Exception):
    """A program did not do what the step needs."""


class Stage:
    def __init__(self, folder, machine="kvm"):
        self.folder = Path(folder)
        self.machine = machine
        self.of_sgx = machine == "sgx"
        self.kind = ["--kind", "sgx"] if self.of_sgx else []
        self.technology, self.digest_size = ("sgx", 32) if self.of_sgx else ("snp", 48)
        self.technology = "sgx" if self.of_sgx else "snp"
        self.digest_size = 32 if self.of_sgx else 48
        self.programs = self.folder / "bin"
        self.programs.mkdir()
        for name in PROGRAMS + (PROGRAMS_OF_SGX if self.of_sgx else ()):
            shutil.copy(MERLON.with_name(name), self.programs / name)
        if machine == "tcg":
            shutil.copy(TCG, self.programs / "merlon-vmm")
            shutil.copy(TCG_BOOT, self.programs / "tcg-boot")
        self.platform = self.new_platform("platform")

    def environment(self):
        return {**os.environ, "XDG_STATE_HOME": str(self.folder / "state")}

    def started(self, *words):
        """The same, as a process that can be talked to."""
        return subprocess.Popen([self.programs / "merlon", *map(str, words)], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                env=self.environment())

    def merlon(self, *words, check=True, world="", timeout=120):
        environment = self.environment()
        if world:
            environment["MERLON_KVM_WORLD"] = world
        result = subprocess.run([self.programs / "merlon", *map(str, words)], text=True,
                                capture_output=True, check=False, timeout=timeout,
                                stdin=subprocess.DEVNULL, env=environment)
        if check and result.returncode != 0:
            raise Failed(f"merlon {' '.join(map(str, words))}: {result.stderr.strip()}")
        return result

    def new_platform(self, name):
        self.merlon("platform", "simulate", "init", *self.kind, "--dir", self.folder / name)
        return self.folder / name

    def evidence(self, name, nonce=None, platform=None, check=True, signatures=None):
        """Evidence of a new keep, in a folder of this name; what the command said, as JSON."""
        words = ["keep", "evidence", self.folder / name, "--json",
                 "--simulator", platform or self.platform]
        words += ["--backend", "sgx-sim"] if self.of_sgx else []
        words += ["--nonce", nonce] if nonce else []
        words += ["--signatures", signatures] if signatures else []
        said = self.merlon(*words, check=check)
        return json.loads(said.stdout) if said.returncode == 0 else said

    def world(self, measurement):
        """The world of a keep with this measurement: what the machine has decided."""
        for world in ("ring0", "collapsed", "isolated"):
            if self.predicted(world) == measurement:
                return world
        return None

    def predicted(self, world):
        if self.of_sgx:
            return json.loads(self.merlon("keep", "measure", "--backend", "sgx", "--json").stdout)["mr_enclave"]
        said = self.merlon("keep", "measure", "--backend", "snp", "--world", world, "--json")
        return json.loads(said.stdout)["launch_digest"]

    def measured(self):
        """What this machine's keeps are measured as, which was predicted."""
        measurement = self.evidence("measured")["measurement"]
        if self.world(measurement) is None:
            raise Failed("a keep was not measured as predicted")
        return measurement

    def root(self, platform=None):
        said = self.merlon("platform", "simulate", "show", *self.kind, "--json", "--dir",
                           platform or self.platform)
        return json.loads(said.stdout)["root_sha256"]

    def policy(self, name, measurement, report_data="", root=None, any_world=True):
        """A policy that accepts this one keep of the simulator; without `any_world` only if shim and
        keep are divided."""
        path = self.folder / name
        if self.of_sgx:
            path.write_text(f'technologies = ["sgx"]\nroots = ["{root or self.root()}"]\n'
                            f'[sgx]\nmr_enclave = ["{measurement}"]\n{report_data}')
            return path
        zeros = "0" * 64
        worlds = f'host_data = ["{zeros}", "{COLLAPSED}"]\n' if any_world else ""
        path.write_text(f'technologies = ["snp"]\nroots = ["{root or self.root()}"]\n'
                        f'[snp]\nproducts = ["SIMULATOR"]\nmeasurement = ["{measurement}"]\n'
                        f'{worlds}{report_data}')
        return path

    def verify(self, evidence, policy=None, endorsements=None):
        """The verdict, and the checks that failed with what was found."""
        words = ["evidence", "verify", evidence, "--no-memory", "--json",
                 "--endorsements", endorsements or self.platform]
        words += ["--policy", policy] if policy else []
        said = self.merlon(*words, check=False)
        if not said.stdout:
            raise Failed(said.stderr.strip())
        appraisal = json.loads(said.stdout)
        failed = {each["check"]: each for each in appraisal["findings"] if not each["passed"]}
        return appraisal["verdict"], failed

    def change_one_byte(self, program, text):
        """Flips a bit of a message in a program."""
        path = self.programs / program
        content = bytearray(path.read_bytes())
        content[content.index(text)] ^= 0x20
        path.write_bytes(content)

    def make_hostile(self, seed):
        """Puts somebody between the keep's host and the security processor."""
        simulator = self.programs / "merlon-simulator"
        real = self.programs / "real-simulator"
        if not real.exists():
            simulator.rename(real)
            shutil.copy(Path(__file__).with_name("hostile_processor.py"), simulator)
        (self.programs / "hostile").write_text(f"{seed}:{real}")

    def make_hostile_cases(self, count):
        """Puts a guest that is no keep, and a security processor that lies to it, in the programs' places."""
        shutil.copy(HOSTILE_GUEST, self.programs / "merlon-keep")
        shutil.copy(HOSTILE_SIMULATOR, self.programs / "merlon-simulator")
        (self.programs / "cases").write_text(str(count))

    def make_usual(self, platform=None, state=None):
        """Has the platform be the one that commands with this state use unless told otherwise."""
        usual = (state or self.folder / "state") / ("merlon/simulator-sgx" if self.of_sgx else "merlon/simulator")
        usual.parent.mkdir(parents=True, exist_ok=True)
        usual.unlink(missing_ok=True)
        usual.symlink_to(platform or self.platform)

    def run_text(self, text, options=(), words=(), backend="snp-sim"):
        """Runs a module given as text; what it prints are bytes."""
        self.make_usual()
        source = self.folder / "module.wat"
        source.write_text(text)
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        return subprocess.run([self.programs / "merlon", "run", "--backend", backend,
                               *map(str, options), source.with_suffix(".wasm"), *words],
                              capture_output=True, check=False, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.environment())

    def words_of_a_workload(self, said):
        """Evidence of what a workload said, and the facts of its launch."""
        run = self.run_text(speaking(said), backend="sgx-sim" if self.of_sgx else "snp-sim")
        if run.returncode != 0:
            raise Failed(run.stderr.decode().strip())
        # A quote is a header, a report, and signature data that say how long they are.
        end = 436 + int.from_bytes(run.stdout[432:436], "little") if self.of_sgx else 1184
        return run.stdout[:end], run.stdout[end:]

    def judge_words(self, report, facts, said):
        """The verdict on them, under a policy that names all three."""
        measured = report[112:144] if self.of_sgx else report[0x90:0xc0]
        policy = self.policy("said.toml", measured.hex(), "[report_data]\n"
                             f'launch_sha256 = "{hashlib.sha256(facts).hexdigest()}"\n'
                             f'said_sha256 = "{hashlib.sha256(said).hexdigest()}"\n')
        file = self.folder / "said.bin"
        file.write_bytes(report)
        return self.verify(file, policy)

    def request_for_another_key(self, request, name):
        """A request with the same evidence, for a key that is not the keep's."""
        text = subprocess.run(["openssl", "req", "-in", request, "-noout", "-text"], check=True,
                              capture_output=True, text=True).stdout
        extension = "1.3.6.1.4.1.58270.1.2" if self.of_sgx else "1.3.6.1.4.1.58270.1.3"
        if extension not in text:
            raise Failed("the request has no evidence")
        der = subprocess.run(["openssl", "req", "-in", request, "-outform", "DER"], check=True,
                             capture_output=True).stdout
        key = self.folder / "other.pem"
        subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out",
                        key], check=True, capture_output=True)
        made = self.folder / name
        subprocess.run(["openssl", "req", "-new", "-key", key, "-subj", "/", "-sha384", "-addext",
                        f"{extension}=DER:{evidence_of(der, self.of_sgx).hex()}", "-out", made],
                       check=True, capture_output=True)
        return made

    def other_guest(self, name, report_data, policy=KEEP_POLICY, vmpl=0):
        """The report of a guest that is no keep."""
        path = self.folder / name
        subprocess.run([OTHER_GUEST, self.platform, policy, str(vmpl), report_data, path],
                       check=True)
        return path


def evidence_of(request, of_sgx=False):
    """The content of the extension 1.3.6.1.4.1.58270.1.3 of a DER request, or of .2 with a quote of SGX's."""
    oid = bytes.fromhex("060a2b0601040183c71e01") + (b"\x02" if of_sgx else b"\x03")
    at = request.index(oid) + len(oid)
    if request[at] != 0x04:
        raise Failed("the extension holds no bytes")
    length = request[at + 1]
    at += 2
    if length >= 0x80:
        size = length & 0x7F
        length = int.from_bytes(request[at:at + size], "big")
        at += size
    return request[at:at + length]
