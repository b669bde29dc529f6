#!/usr/bin/env python3
"""Each process is killed while a keep is attested, at any moment: nothing is half-written, nobody is left behind, and the
next start works. MERLON_ATTESTATION_KILLS says how often in all (14)."""

import collections
import os
import random
import signal
import subprocess
import time
from pathlib import Path

from keeps import BACKEND, Keep, PlatformTest
from service import PATIENCE, make_server_certificate, run
from support import main
from tls_test import echo_server

KILLS = int(os.environ.get("MERLON_ATTESTATION_KILLS", "14"))
# In nil the keep is a process of its own; with evidence it is inside of the machine's.
MACHINE = "merlon-vmm" if BACKEND == "snp-sim" else "merlon-vmm-sgx"
VICTIMS = [(BACKEND, MACHINE), (BACKEND, "merlon-simulator"), (BACKEND, "merlon-dial"), (BACKEND, "merlon"),
           (BACKEND, "merlon-steward"), ("nil", "merlon-keep"), ("nil", "merlon-dial")]


def processes():
    """Name and parent of each that has not ended."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = path.read_text().split(" (", 1)
        except OSError:
            continue
        name, fields = rest.rsplit(") ", 1)
        state, parent = fields.split()[:2]
        if state not in "ZX":  # whose parent has not looked yet
            found[int(number)] = (name, int(parent))
    return found


def below(root):
    """A process and all that come from it, by name."""
    every, family = processes(), {root}
    while more := {each for each, (_, parent) in every.items() if parent in family} - family:
        family |= more
    return {each: every[each][0] for each in family if each in every}


class Kills(PlatformTest):
    def setUp(self):
        super().setUp()
        self.key, self.crt = self.ca()
        self.tls = make_server_certificate(self.folder)
        source = self.folder / "echo.wat"
        source.write_text(echo_server(1))
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        self.module = source.with_suffix(".wasm").read_bytes()
        self.packages = 0

    def steward(self, port=0):
        return self.start("--policy", self.policy, "--endorsements", self.stage.platform, "--development", "--key", self.key,
                          "--crt", self.crt, "--san", "keep.example", "--tls-key", self.tls[0], "--tls-crt", self.tls[1],
                          "--state", self.folder / "state", listen=f"127.0.0.1:{port}")

    def attested(self, backend, steward):
        """A keep that is being started."""
        self.packages += 1
        package = self.folder / f"package{self.packages}"
        package.mkdir()
        (package / "steward-tls.pem").write_bytes(Path(self.tls[1]).read_bytes())
        keep = Keep(self.stage, package, self.module, steward.port, backend=backend)
        self.addCleanup(keep.stop)
        return keep

    def kill_at(self, keep, steward, victim, moment):
        """Kills that process so long after the start; gives whether it was there, and the family before."""
        deadline = time.monotonic() + moment
        family = {}
        while time.monotonic() < deadline or victim != "merlon-steward":
            family |= below(keep.process.pid)
            if time.monotonic() >= deadline:
                break
        if victim == "merlon-steward":
            steward.process.send_signal(signal.SIGKILL)
            return True, family
        for number, name in family.items():
            if name != victim[:15]:  # as the kernel cuts it
                continue
            try:
                os.kill(number, signal.SIGKILL)
                return True, family
            except ProcessLookupError:
                pass
        return False, family

    def assert_gone(self, family):
        deadline = time.monotonic() + 15
        while left := {each: name for each, name in family.items() if processes().get(each, ("",))[0] == name}:
            self.assertLess(time.monotonic(), deadline, left)
            time.sleep(0.02)

    def assert_whole(self):
        """The log of certificates, and the platform of the security processor."""
        if (self.folder / "state" / "issued.log").exists():
            said = run("log", "verify", self.folder / "state")
            self.assertEqual(said.returncode, 0, said.stderr)
        self.stage.root()

    def test_any_process_at_any_moment(self):
        chance, killed, served = random.Random(16), collections.Counter(), 0
        steward = self.steward()
        for each in range(KILLS):
            backend, victim = VICTIMS[each % len(VICTIMS)]
            keep = self.attested(backend, steward)
            there, family = self.kill_at(keep, steward, victim, chance.uniform(0.0, 0.12))
            killed[f"{backend} {victim}"] += there
            if victim == "merlon-steward":
                steward.stop(signal.SIGKILL)
                steward = self.steward(steward.port)
            self.end(keep, there and victim in ("merlon", MACHINE, "merlon-keep"), victim)
            family |= below(keep.process.pid) if keep.process.poll() is None else {}
            self.assert_gone({number: name for number, name in family.items() if name != "merlon-steward"})
            self.assert_whole()
            # And as if nothing had been.
            got, _ = self.attested(backend, steward).echo(self.crt) if backend == BACKEND else (b"hello", None)
            self.assertEqual(got, b"hello")
            served += backend == BACKEND
        print(f"{sum(killed.values())} of {KILLS} were there to be killed: {dict(killed)}; {served} keeps served after")

    def end(self, keep, must_fail, victim):
        """It ends by itself: because of what was killed, or because it had its certificate before and serves its one
        client. Nobody waits for ever."""
        deadline = time.monotonic() + PATIENCE
        while keep.process.poll() is None and time.monotonic() < deadline:
            try:
                keep.echo(self.crt)
            except (OSError, AssertionError):
                time.sleep(0.02)
        self.assertIsNotNone(keep.process.poll(), f"{victim} is gone, and merlon waits: {''.join(keep.lines)}")
        if must_fail:
            self.assertNotEqual(keep.process.returncode, 0, f"{victim}: {''.join(keep.lines)}")
        keep.stop()


if __name__ == "__main__":
    main()
