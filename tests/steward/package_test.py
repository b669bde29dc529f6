#!/usr/bin/env python3
"""The package for Debian and its unit of systemd: what is in it, and whether the sandbox has room for the program."""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import service
from service import PATIENCE, PKCS10, Steward, StewardTest, make_server_certificate
from support import main

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "packaging/merlon-steward/merlon-steward.service"


def allowed_calls():
    return {name for line in UNIT.read_text().splitlines() if line.startswith("SystemCallFilter=")
            for name in line.partition("=")[2].split()}


class Unit(StewardTest):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not here")
    def test_systemd_finds_nothing_wrong_and_little_exposed(self):
        """Exposure 1.5 of 10 at most; what is left is that it listens."""
        unit = self.folder / UNIT.name
        text = UNIT.read_text().replace("/usr/bin/merlon-steward", service.PROGRAM)
        unit.write_text("\n".join(line for line in text.splitlines() if not line.startswith("Documentation=")))
        said = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
        self.assertEqual((said.returncode, said.stderr), (0, ""))
        said = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=15", unit],
                              capture_output=True, text=True, check=False)
        self.assertEqual(said.returncode, 0, said.stdout)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not here")
    def test_the_timer_that_fetches_endorsements_is_well_formed(self):
        script = UNIT.with_name("fetch-endorsements")
        for name in ("merlon-steward-endorsements.service", "merlon-steward-endorsements.timer"):
            text = UNIT.with_name(name).read_text().replace("/usr/libexec/merlon-steward/fetch-endorsements", str(script))
            (self.folder / name).write_text("\n".join(line for line in text.splitlines()
                                                      if not line.startswith("Documentation=")))
        for name in ("service", "timer"):
            said = subprocess.run(["systemd-analyze", "verify", self.folder / f"merlon-steward-endorsements.{name}"],
                                  capture_output=True, text=True, check=False)
            self.assertEqual((said.returncode, said.stderr), (0, ""))

    def test_each_platform_is_fetched_although_another_fails(self):
        merlon = self.folder / "merlon"
        merlon.write_text(f'#!/bin/sh\necho "$@" >>"{self.folder}/asked"\n[ "$4" != Milan ]\n')
        merlon.chmod(0o755)
        platforms = self.folder / "platforms"
        script = UNIT.with_name("fetch-endorsements")
        for names, status in (("# ours\n\nMilan\nGenoa\n00906ED50000\n", 1), ("Genoa\n", 0)):
            platforms.write_text(names)
            said = subprocess.run([script, platforms, "into"], env={**os.environ, "MERLON": str(merlon)}, check=False)
            self.assertEqual(said.returncode, status)
        self.assertEqual((self.folder / "asked").read_text().splitlines(),
                         [f"evidence fetch --platform {name} into" for name in
                          ("Milan", "Genoa", "00906ED50000", "Genoa")])

    @unittest.skipUnless(shutil.which("strace"), "strace is not here")
    def test_the_filter_has_room_for_each_call_that_is_made(self):
        key, crt = make_server_certificate(self.folder)
        policy = self.folder / "policy.toml"
        policy.write_text("")
        trace = self.folder / "trace"
        traced = self.folder / "traced"
        traced.write_text(f'#!/bin/sh\nexec strace -f -qq -o "{trace}" "{service.PROGRAM}" "$@"\n')
        traced.chmod(0o755)
        program, service.PROGRAM = service.PROGRAM, str(traced)
        self.addCleanup(setattr, service, "PROGRAM", program)
        steward = Steward("--host", "h", "--tls-key", key, "--tls-crt", crt, "--policy", policy, "--state",
                          self.folder / "state", "--listen", "127.0.0.1:0", "--watch", "1s")
        self.addCleanup(steward.stop)
        for method, path in (("GET", "/"), ("GET", "/metrics"), ("GET", "/status"), ("POST", "/"), ("POST", "/status")):
            steward.ask(method, path, b"x", {"Content-Type": PKCS10}, authority=crt)
        policy.write_text("# changed\n")
        steward.wait_for("reload")
        traced_process = int(subprocess.run(["pgrep", "-P", str(steward.process.pid)], capture_output=True, text=True,
                                            check=True).stdout.split()[0])
        os.kill(traced_process, 15)
        steward.process.wait(PATIENCE)
        made = set(re.findall(r"^\d+ +(?:<\.\.\. )?([a-z]\w+)[( ]", trace.read_text(), re.M))
        self.assertGreater(len(made), 20)
        self.assertEqual(made - allowed_calls(), set())


@unittest.skipUnless(shutil.which("dpkg-deb"), "dpkg-deb is not here")
class Package(StewardTest):
    def test_all_that_belongs_to_it_is_in_it(self):
        subprocess.run([ROOT / "packaging/build_debs.py", "--fast", "--programs", Path(service.PROGRAM).parent, "--out",
                        self.folder, "merlon-steward"], check=True, capture_output=True, timeout=120)
        deb = next(self.folder.glob("*.deb"))
        listed = subprocess.run(["dpkg-deb", "--contents", deb], capture_output=True, text=True, check=True).stdout
        for name in ("usr/bin/merlon-steward", "usr/lib/systemd/system/merlon-steward.service",
                     "usr/lib/systemd/system/merlon-steward-endorsements.timer",
                     "usr/libexec/merlon-steward/fetch-endorsements", "usr/lib/sysusers.d/merlon-steward.conf",
                     "etc/merlon-steward/steward.toml",
                     "usr/share/man/man1/merlon-steward.1.gz",
                     "usr/share/bash-completion/completions/merlon-steward",
                     "usr/share/doc/merlon-steward/steward-service.md.gz"):
            self.assertRegex(listed, rf"-rw[^\n]*root/root[^\n]*\./{re.escape(name)}\n")
        root = self.folder / "root"
        subprocess.run(["dpkg-deb", "--extract", deb, root], check=True)
        said = subprocess.run([root / "usr/bin/merlon-steward", "--version"], capture_output=True, text=True, check=True)
        self.assertIn("merlon-steward", said.stdout)
        self.check_libraries(root / "usr/bin/merlon-steward")

    def check_libraries(self, program):
        """Nothing is needed but the C library, so no other package can break it."""
        said = subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"\(NEEDED\)\s+Shared library: \[([^\]]+)\]", said))
        self.assertEqual(needed - {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}, set())


if __name__ == "__main__":
    main()
