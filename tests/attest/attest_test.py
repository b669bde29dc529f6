#!/usr/bin/env python3
"""A keep of snp-sim proves itself; whoever lies about it is refused, each for its own reason."""

import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile
import unittest
from pathlib import Path

from story import DEBUG_POLICY, KEY_GUEST, Stage
from support import HELLO, WASI, main, module

MACHINE = os.environ.get("MERLON_MACHINE", "kvm")
NONCE = "11" * 32


class Attest(unittest.TestCase):
    """One stage for all: a platform, and a keep's evidence of it."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-attest-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINE)
        cls.keep = cls.stage.evidence("keep", NONCE)
        cls.folder = Path(scratch.name) / "keep"
        cls.lines = (cls.folder / "report_data.toml").read_text()
        cls.measurement = cls.stage.predicted(cls.stage.world(cls.keep["measurement"]) or "ring0")
        cls.policy = cls.stage.policy("policy.toml", cls.measurement, cls.lines)

    def assert_refused_for(self, verdict, *checks):
        self.assertEqual(verdict[0], "refused", verdict)
        self.assertEqual(sorted(verdict[1]), sorted(checks), verdict[1])

    def test_the_measurement_is_the_one_that_was_predicted(self):
        self.assertEqual(self.keep["measurement"], self.measurement)
        if MACHINE == "tcg":
            self.assertEqual(self.measurement, self.stage.predicted("ring0"))

    def test_evidence_and_request_are_accepted(self):
        self.assertEqual(self.stage.verify(self.folder / "evidence.bin", self.policy),
                         ("accepted", {}))
        request = self.stage.policy("request.toml", self.measurement,
                                    "[report_data]\nrequest = true\n")
        self.assertEqual(self.stage.verify(self.folder / "request.csr", request),
                         ("accepted", {}))

    def test_a_world_without_a_divide_is_accepted_only_by_name(self):
        policy = self.stage.policy("divided.toml", self.measurement, self.lines, any_world=False)
        verdict = self.stage.verify(self.folder / "evidence.bin", policy)
        if self.stage.world(self.keep["measurement"]) == "collapsed":
            self.assert_refused_for(verdict, "snp.host-data")
        else:
            self.assertEqual(verdict, ("accepted", {}))

    def test_the_certificates_are_a_table_and_nothing_behind_it(self):
        """Room that was made for a longer one is not handed on."""
        table = (self.folder / "certificates.bin").read_bytes()
        ends, at = [], 0
        while any(table[at:at + 24]):
            offset, size = struct.unpack_from("<II", table, at + 16)
            ends.append(offset + size)
            at += 24
        self.assertEqual(len(table), max(ends))

    def test_openssl_reads_the_request(self):
        said = subprocess.run(["openssl", "req", "-in", self.folder / "request.csr", "-verify",
                               "-noout"], capture_output=True, text=True, check=True)
        self.assertIn("verify OK", said.stdout + said.stderr)

    def test_the_default_policy_refuses_a_simulator(self):
        verdict, failed = self.stage.verify(self.folder / "evidence.bin")
        self.assertEqual(verdict, "refused")
        self.assertEqual(sorted(set(failed) - {"snp.host-data"}), ["snp.anchor", "snp.product"])

    def test_a_policy_that_names_the_root_and_not_the_product_refuses(self):
        policy = self.stage.folder / "root.toml"
        policy.write_text(f'technologies = ["snp"]\nroots = ["{self.stage.root()}"]\n')
        verdict, failed = self.stage.verify(self.folder / "evidence.bin", policy)
        self.assertEqual(verdict, "refused")
        self.assertEqual(sorted(set(failed) - {"snp.host-data"}), ["snp.product"])

    def test_a_stewards_configuration_refuses_a_simulator(self):
        for name, text in (("empty", ""), ("snp", f'[snp]\nhash = ["{self.measurement}"]\n')):
            policy = self.stage.folder / f"steward-{name}.toml"
            policy.write_text(text)
            verdict, failed = self.stage.verify(self.folder / "request.csr", policy)
            self.assertEqual(verdict, "refused", name)
            self.assertTrue({"snp.product", "snp.anchor"} <= set(failed), failed)

    def test_one_changed_byte_of_keep_or_shim_is_another_keep(self):
        for program, text in (("merlon-keep", b"cannot be compiled"),
                              ("merlon-shim-kvm", b"the shim failed")):
            with tempfile.TemporaryDirectory(prefix="merlon-attest-") as scratch:
                changed = Stage(scratch, MACHINE)
                changed.change_one_byte(program, text)
                changed.evidence("keep", NONCE, self.stage.platform)
                folder = changed.folder / "keep"
                policy = self.stage.policy("changed.toml", self.measurement,
                                           (folder / "report_data.toml").read_text())
                self.assert_refused_for(self.stage.verify(folder / "evidence.bin", policy),
                                        "snp.measurement")

    def test_an_old_nonce_is_refused(self):
        newer = self.lines.replace(NONCE, "22" * 32)
        policy = self.stage.policy("newer.toml", self.measurement, newer)
        self.assert_refused_for(self.stage.verify(self.folder / "evidence.bin", policy),
                                "binding.report-data")

    def test_another_keeps_report_is_refused(self):
        self.stage.evidence("another", NONCE)
        other = self.stage.folder / "another/evidence.bin"
        self.assert_refused_for(self.stage.verify(other, self.policy), "binding.report-data")

    def test_a_request_for_another_key_is_refused(self):
        made = self.stage.request_for_another_key(self.folder / "request.csr", "other.csr")
        policy = self.stage.policy("other.toml", self.measurement,
                                   "[report_data]\nrequest = true\n")
        self.assert_refused_for(self.stage.verify(made, policy), "binding.report-data")

    def test_reports_of_other_guests_are_refused(self):
        """For a debug policy and a lower privilege level, apart from their measurement."""
        data = (self.folder / "evidence.bin").read_bytes()[0x50:0x90].hex()
        for name, reason, words in (("debug", "snp.debug", {"policy": DEBUG_POLICY}),
                                    ("level", "snp.vmpl", {"vmpl": 1}),
                                    ("plain", None, {})):
            report = self.stage.other_guest(f"{name}.bin", data, **words)
            wanted = ["snp.measurement"] + ([reason] if reason else [])
            self.assert_refused_for(self.stage.verify(report, self.policy), *wanted)

    def test_a_revoked_platform_is_refused(self):
        platform = self.stage.new_platform("revoked")
        self.stage.evidence("before", NONCE, platform)
        lines = (self.stage.folder / "before/report_data.toml").read_text()
        policy = self.stage.policy("revoked.toml", self.measurement, lines,
                                   self.stage.root(platform))
        evidence = self.stage.folder / "before/evidence.bin"
        self.assertEqual(self.stage.verify(evidence, policy, platform), ("accepted", {}))
        self.stage.merlon("platform", "simulate", "revoke", "--dir", platform)
        self.assert_refused_for(self.stage.verify(evidence, policy, platform),
                                "snp.ca-revocation")

    def test_another_platform_is_not_the_one_that_is_named(self):
        platform = self.stage.new_platform("elsewhere")
        self.stage.evidence("far", NONCE, platform)
        lines = (self.stage.folder / "far/report_data.toml").read_text()
        policy = self.stage.policy("far.toml", self.measurement, lines)
        verdict, failed = self.stage.verify(self.stage.folder / "far/evidence.bin", policy,
                                            platform)
        self.assertEqual(verdict, "refused")
        self.assertIn("snp.anchor", failed)

    def test_keeps_without_a_platform_say_so(self):
        said = self.stage.evidence("none", NONCE, self.stage.folder / "nowhere", check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("platform simulate init", said.stderr)

    def signatures(self, name, digest, *words):
        """A file of signatures; made by keys of this test."""
        folder = self.stage.folder
        for key in ("author", "id"):
            if not (folder / f"{key}.pem").exists():
                self.stage.merlon("key", "snp", "create", "--out", folder / f"{key}.pem")
        self.stage.merlon("key", "snp", "sign", "--author-key", folder / "author.pem", "--id-key",
                          folder / "id.pem", "--out", folder / "id.sig")
        self.stage.merlon("sign", "--snp-id-key", folder / "id.pem", "--snp-id-key-signature",
                          folder / "id.sig", "--snp-digest", digest, "--out", folder / name,
                          *words)
        return folder / name

    def key_digest(self, key):
        return self.stage.merlon("key", "snp", "digest", self.stage.folder / key).stdout.strip()

    def test_a_signed_keep_says_who_signed_it(self):
        file = self.signatures("own.sig", self.measurement, "--snp-svn", "5")
        self.stage.evidence("signed", NONCE, signatures=file)
        folder = self.stage.folder / "signed"
        lines = (f'author_key_sha384 = ["{self.key_digest("author.pem")}"]\nmin_guest_svn = 5\n' +
                 (folder / "report_data.toml").read_text())
        policy = self.stage.policy("signed.toml", self.measurement, lines)
        self.assertEqual(self.stage.verify(folder / "evidence.bin", policy), ("accepted", {}))
        newer = self.stage.policy("newer.toml", self.measurement,
                                  lines.replace("svn = 5", "svn = 6"))
        self.assert_refused_for(self.stage.verify(folder / "evidence.bin", newer), "snp.guest-svn")
        unnamed = self.stage.policy("unnamed.toml", self.measurement,
                                    lines[lines.index("[report_data]"):])
        verdict, failed = self.stage.verify(folder / "evidence.bin", unnamed)
        self.assertEqual((verdict, set(failed) & {"snp.author-key", "snp.id-key"} != set()),
                         ("refused", True))

    def test_a_keep_that_was_not_signed_does_not_start(self):
        for name, digest, words, reason in (
                ("other.sig", "00" * 48, (), "another keep"),
                ("policy.sig", self.measurement, ("--snp-policy", "0x43ffff"), "the policy")):
            file = self.signatures(name, digest, *words)
            said = self.stage.evidence("none", NONCE, check=False, signatures=file)
            self.assertEqual((said.returncode, said.stdout), (1, ""), said)
            self.assertIn(reason, said.stderr)
        spoilt = json.loads(self.signatures("spoilt.sig", self.measurement).read_text())
        spoilt["sev"]["id_auth"][0x40] ^= 1
        (self.stage.folder / "spoilt.sig").write_text(json.dumps(spoilt))
        said = self.stage.evidence("none", NONCE, check=False,
                                   signatures=self.stage.folder / "spoilt.sig")
        self.assertIn("the signatures do not hold", said.stderr)
        for file in (self.stage.folder / "nowhere.sig", self.folder / "evidence.bin", "/dev/null"):
            said = self.stage.evidence("none", NONCE, check=False, signatures=file)
            self.assertEqual(said.returncode, 1, said)
            self.assertIn(str(file), said.stderr)

    def test_a_spoilt_platform_is_told_to_who_wants_evidence(self):
        platform = self.stage.new_platform("spoilt")
        (platform / "vcek.pem").write_text("words")
        said = self.stage.evidence("none", NONCE, platform, check=False)
        self.assertNotEqual(said.returncode, 0)
        self.assertIn("the simulated platform", said.stderr)

    def test_a_workload_is_compiled_whole_before_it_runs(self):
        state = self.stage.folder / "state/merlon"
        state.mkdir(parents=True)
        (state / "simulator").symlink_to(self.stage.platform)
        module = self.stage.folder / "hello.wasm"
        (self.stage.folder / "hello.wat").write_text(HELLO)
        subprocess.run(["wat2wasm", self.stage.folder / "hello.wat", "-o", module], check=True)
        for backend, whole in (("snp-sim", True), ("kvm", False)):
            said = self.stage.merlon("run", "--backend", backend, "--verbose", module)
            self.assertEqual(said.stdout, "hello\n", said)
            self.assertEqual("the whole module is compiled" in said.stderr, whole, said)

    def test_wrong_nonces_are_told(self):
        for nonce in ("", "11", "zz" * 32, "11" * 33):
            said = self.stage.merlon("keep", "evidence", self.stage.folder / "x",
                                     f"--nonce={nonce}", check=False)
            self.assertEqual(said.returncode, 2, said)
            self.assertIn("--nonce", said.stderr)


def reader(name, said=None):
    """A module that opens a file of /keep, its first directory, tells it what is to be said, and prints
    what it then reads. Exit status: an errno of WASI's."""
    said = said or b""
    rights = 2 | (1 << 6 if said else 0)  # fd_read, fd_write
    data = "".join(f"\\{byte:02x}" for byte in said)
    write = f"""
        (i32.store (i32.const 0) (i32.const 2048))
        (i32.store (i32.const 4) (i32.const {len(said)}))
        (call $check (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        """ if said else ""
    return module(f"""
      (data (i32.const 1024) "{name}")
      (data (i32.const 2048) "{data}")
      (func $check (param i32) (if (local.get 0) (then (call $proc_exit (local.get 0)))))
      (func (export "_start") (local $fd i32)
        (call $check (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024)
          (i32.const {len(name)}) (i32.const 0) (i64.const {rights}) (i64.const 0) (i32.const 0)
          (i32.const 8)))
        (local.set $fd (i32.load (i32.const 8)))
        {write}
        (loop $more
          (i32.store (i32.const 0) (i32.const 8192))
          (i32.store (i32.const 4) (i32.const 1000))
          (call $check (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (if (i32.load (i32.const 8)) (then
            (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
            (br $more)))))""", f"""
      (import "{WASI}" "path_open" (func $path_open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))""")


class OwnDirectory(unittest.TestCase):
    """What a workload finds in /keep, and what others make of it."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-own-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINE)
        state = cls.stage.folder / "state/merlon"
        state.mkdir(parents=True)
        (state / "simulator").symlink_to(cls.stage.platform)

    def run_text(self, text, options=(), words=(), backend="snp-sim"):
        source = self.stage.folder / "reader.wat"
        source.write_text(text)
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        return subprocess.run([self.stage.programs / "merlon", "run", "--backend", backend,
                               *map(str, options), source.with_suffix(".wasm"), *words],
                              capture_output=True, check=False, timeout=120,
                              stdin=subprocess.DEVNULL, env=self.stage.environment())

    def read(self, name, **more):
        run = self.run_text(reader(name), **more)
        self.assertEqual(run.returncode, 0, run)
        return run.stdout

    def assert_fails(self, status, name, said=None, **more):
        run = self.run_text(reader(name, said), **more)
        self.assertEqual((run.returncode, run.stdout), (status, b""), run)

    def test_facts_report_and_measurement_are_of_this_keep(self):
        facts = json.loads(self.read("launch.json", words=["--", "one", "two"],
                                     options=["--env", "KEY=value", "--max-memory", "64M"]))
        wasm = (self.stage.folder / "reader.wasm").read_bytes()
        self.assertEqual(facts["workload"]["sha256"], hashlib.sha256(wasm).hexdigest())
        self.assertEqual(facts["workload"]["arguments"][1:], ["one", "two"])
        self.assertIn("KEY=value", facts["workload"]["environment"])
        self.assertEqual([file["kind"] for file in facts["workload"]["files"]],
                         ["stdin", "stdout", "stderr"])
        self.assertEqual((facts["version"], facts["workload"]["from"],
                          facts["host"]["max_memory_bytes"]), (1, "host", 64 << 20))
        report = self.read("report")
        self.assertEqual(len(report), 1184)
        self.assertEqual(self.read("measurement").decode(), report[0x90:0xc0].hex() + "\n")
        self.assertTrue(self.read("certificates"))
        request = self.stage.folder / "own.der"
        request.write_bytes(self.read("request"))
        policy = self.stage.policy("own.toml", report[0x90:0xc0].hex(),
                                   "[report_data]\nrequest = true\n")
        self.assertEqual(self.stage.verify(request, policy), ("accepted", {}))

    def evidence_and_facts(self, said):
        """Evidence of what was said, and the launch facts, of one keep: a module that prints both."""
        start = '(func (export "_start")'
        fresh, facts = reader("fresh", said), reader("launch.json")
        facts = facts[facts.index(start):].replace("i32.const 1024", "i32.const 1536")
        run = self.run_text(
            fresh.rstrip()[:-1].replace(start, "(func $fresh") + '(data (i32.const 1536) "launch.json")' +
            facts.rstrip()[:-1].replace(start, "(func $facts") +
            start + " (call $fresh) (call $facts)))")
        self.assertEqual(run.returncode, 0, run)
        return run.stdout[:1184], run.stdout[1184:]

    def verdict(self, report, facts, said):
        measurement = report[0x90:0xc0].hex()
        self.assertIsNotNone(self.stage.world(measurement))
        policy = self.stage.policy("said.toml", measurement, "[report_data]\n"
                                   f'launch_sha256 = "{hashlib.sha256(facts).hexdigest()}"\n'
                                   f'said_sha256 = "{hashlib.sha256(said).hexdigest()}"\n')
        file = self.stage.folder / "said.bin"
        file.write_bytes(report)
        return self.stage.verify(file, policy)

    def test_what_a_workload_says_is_in_evidence_that_holds(self):
        said = b"nonce 4711"
        report, facts = self.evidence_and_facts(said)
        self.assertEqual(json.loads(facts)["version"], 1)
        self.assertEqual(self.verdict(report, facts, said), ("accepted", {}))
        for others in ((facts, b"nonce 4712"), (facts[:-1], said)):
            verdict, failed = self.verdict(report, *others)
            self.assertEqual((verdict, list(failed)), ("refused", ["binding.report-data"]))

    def test_a_workload_does_not_choose_the_report_data(self):
        said = bytes(range(64))
        report, _ = self.evidence_and_facts(said)
        self.assertNotEqual(report[0x50:0x90], said)

    def test_nothing_in_it_is_changed_and_nothing_else_is_there(self):
        rofs, noent, notdir = 69, 44, 54
        self.assert_fails(rofs, "launch.json", b"x")
        self.assert_fails(noent, "certificate.pem")
        self.assert_fails(notdir, "fresh/x")
        self.assertEqual(self.read("fresh"), b"")

    def test_a_host_cannot_put_another_in_its_place(self):
        for name in ("/keep", "keep", "/keep/deeper"):
            self.assert_fails(1, "launch.json", options=["--dir", f"{self.stage.folder}::{name}"])

    def test_other_keeps_have_none(self):
        badf = 8
        self.assert_fails(badf, "launch.json", backend="kvm")


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
            (stage.folder / "state/merlon").mkdir(parents=True)
            (stage.folder / "state/merlon/simulator").symlink_to(stage.platform)
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


class Hostile(unittest.TestCase):
    """A host, or a processor, that does with the keep's messages what it likes."""

    # A keep makes two requests, so each seed is two of many thousands that the unit tests try.
    SEEDS = int(os.environ.get("MERLON_HOSTILE_SEEDS", "40"))

    # Of the other test: each is a channel of its own, with up to four requests.
    CASES = int(os.environ.get("MERLON_HOSTILE_CASES", "500"))
    # Those of /dev/kvm that there are here. Isolated is the same program, and slow.
    WORLDS = os.environ.get("MERLON_HOSTILE_WORLDS", "").split()

    def test_no_number_is_sealed_twice_and_no_wrong_answer_believed(self):
        with tempfile.TemporaryDirectory(prefix="merlon-hostile-") as scratch:
            stage = Stage(scratch, MACHINE)
            stage.make_hostile_cases(self.CASES)
            (stage.folder / "any.wasm").write_bytes(b"")
            for world in self.WORLDS or [""]:
                said = stage.merlon("run", "--backend", "snp-sim", stage.folder / "any.wasm",
                                    check=False, world=world, timeout=3000)
                self.assertEqual(said.returncode, 0, (world, said))
                counted = re.fullmatch(r"(\d+) cases, (\d+) answers\n", said.stdout)
                self.assertEqual(int(counted[1]), self.CASES, (world, said))
                self.assertGreater(int(counted[2]), self.CASES // 4)

    def test_evidence_is_genuine_or_there_is_none(self):
        with tempfile.TemporaryDirectory(prefix="merlon-hostile-") as scratch:
            stage = Stage(scratch, MACHINE)
            genuine = 0
            for seed in range(self.SEEDS):
                stage.make_hostile(seed)
                said = stage.evidence("keep", NONCE, check=False)
                if isinstance(said, dict):
                    genuine += 1
                    self.judge(stage, said, seed)
                else:
                    self.refused_by_name(said, seed)
        self.assertGreater(genuine, self.SEEDS // 20)
        self.assertLess(genuine, self.SEEDS)

    def judge(self, stage, said, seed):
        folder = stage.folder / "keep"
        measurement = stage.predicted(stage.world(said["measurement"]))
        policy = stage.policy("hostile.toml", measurement,
                              (folder / "report_data.toml").read_text())
        self.assertEqual(stage.verify(folder / "evidence.bin", policy), ("accepted", {}), seed)

    def refused_by_name(self, said, seed):
        lines = [line for line in said.stderr.splitlines() if "qemu-system" not in line]
        self.assertEqual(len(lines), 1, (seed, said))
        self.assertTrue(lines[0].startswith("merlon: "), (seed, lines))
        for crash in ("crashed", "shim failed", "broke the rules", "Traceback"):
            self.assertNotIn(crash, lines[0], seed)


if __name__ == "__main__":
    main()
