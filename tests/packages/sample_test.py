#!/usr/bin/env python3
"""The packages of the programs that are built anyway: what is in them, what they need, what lintian says, and whether the same
input gives the same bytes. Bare machines are `packages_test.py`'s."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import MERLON, main

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(MERLON).parent
BUILD = ROOT / "packaging/build_debs.py"
# The library is made by a build of its own: tests/verify/package_test.sh.
PACKAGES = sorted({path.parent.name for path in (ROOT / "packaging").glob("*/control")} - {"libmerlon-dev"})
SERVICES = ("merlon-steward", "merlon-drawbridge", "merlon-gatehouse")


def said(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, **options).stdout


@unittest.skipUnless(shutil.which("dpkg-shlibdeps"), "dpkg-shlibdeps is not here (dpkg-dev)")
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="merlon-packages-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        said(ROOT / "examples/build.sh", ROOT / "build/examples", "hello")
        said(BUILD, "--fast", "--programs", PROGRAMS, "--out", cls.folder, *PACKAGES)

    def deb(self, package):
        return next(self.folder.glob(f"{package}_*.deb"))

    def contents(self, package):
        return set(re.findall(r"\./(\S*[^/\s])$", said("dpkg-deb", "--contents", self.deb(package)), re.M))

    def field(self, package, name):
        return said("dpkg-deb", "--field", self.deb(package), name).strip()

    def test_each_program_that_is_built_is_in_one_package(self):
        """But those of tests; a new helper that nobody packaged would be found missing by users only."""
        built = {path.name for path in PROGRAMS.iterdir() if re.match(r"^merlon[a-z-]*$", path.name)}
        sources = "\n".join(path.read_text() for path in (ROOT / "merlon").rglob("CMakeLists.txt"))
        declared = set(re.findall(r"merlon_(?:program|shim|enclave_shim)\(\s*(merlon[a-z-]*)", sources))
        packaged = [Path(place).name for package in PACKAGES for place in self.contents(package)
                    if place.startswith(("usr/bin/", "usr/libexec/merlon/"))]
        self.assertEqual(sorted(set(packaged)), sorted(packaged))
        self.assertEqual(declared & built, (declared & built) & set(packaged))

    def test_commands_find_their_helpers_where_they_are_packaged(self):
        for package in ("merlon-common", "merlon", "merlon-gatehouse"):
            said("dpkg-deb", "--extract", self.deb(package), self.folder / "root")
        merlon = self.folder / "root/usr/bin/merlon"
        self.assertIn("Hello from WebAssembly!",
                      said(merlon, "run", "--backend", "nil", self.folder / "root/usr/share/doc/merlon/examples/hello.wasm"))
        for command in (("evidence", "--help"), ("deploy", "--help"), ("package", "--help")):
            self.assertIn("usage: merlon", said(merlon, *command))
        here, there = (said(program, "keep", "measure", "--backend", "snp") for program in (MERLON, merlon))
        self.assertEqual(here.splitlines()[:4], there.splitlines()[:4])  # the same keep, to the byte
        self.assertEqual(*(re.findall(r"SHA-384 +(\w+)", text) for text in (here, there)))

    def test_services_have_what_services_need(self):
        for package in SERVICES:
            listed = self.contents(package)
            for place in (f"usr/bin/{package}", f"usr/lib/systemd/system/{package}.service", f"usr/lib/sysusers.d/{package}.conf",
                          f"etc/{package}/{package.removeprefix('merlon-')}.toml", f"usr/share/man/man1/{package}.1.gz",
                          f"usr/share/bash-completion/completions/{package}", f"usr/share/zsh/vendor-completions/_{package}",
                          f"usr/share/fish/vendor_completions.d/{package}.fish", f"usr/share/doc/{package}/copyright"):
                self.assertIn(place, listed)
            for script in ("postinst", "prerm", "postrm"):
                text = said("dpkg-deb", "--info", self.deb(package), script)
                self.assertNotIn("@", text.replace(f"root:{package}", ""))
                subprocess.run(["sh", "-n"], input=text, text=True, check=True)

    def test_nothing_is_needed_that_a_release_lacks(self):
        """Names of libraries that Debian 12 and 13 both have, so that one build serves both."""
        allowed = {"libc6", "libcurl4", "libgcc-s1", "libstdc++6", "merlon", "merlon-common", "systemd", "systemd-standalone-sysusers",
                   "systemd-sysusers"}
        for package in PACKAGES:
            needed = set(re.findall(r"(?:^|[,|]) *([a-z0-9.+-]+)", self.field(package, "Depends")))
            self.assertEqual(needed - allowed, set())
            self.assertIn("glibc (= ", self.field(package, "Static-Built-Using"))

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not here")
    def test_units_are_well_formed_and_little_exposed(self):
        """Of 10, by systemd's own count; the gatehouse starts keeps, which compile code and have devices."""
        for package, bound in (("merlon-steward", 15), ("merlon-drawbridge", 15), ("merlon-gatehouse", 25)):
            text = (ROOT / "packaging" / package / f"{package}.service").read_text()
            unit = self.folder / f"{package}.service"
            unit.write_text("\n".join(line for line in text.replace(f"/usr/bin/{package}", str(PROGRAMS / package)).splitlines()
                                      if not line.startswith("Documentation=")))
            self.assertEqual(said("systemd-analyze", "verify", unit), "")
            said("systemd-analyze", "security", "--offline=yes", f"--threshold={bound}", unit)

    @unittest.skipUnless(shutil.which("lintian"), "lintian is not here")
    def test_lintian_finds_nothing(self):
        self.assertEqual(said("lintian", "--allow-root", "--fail-on", "error,warning", "--quiet", self.deb("merlon-gatehouse")), "")

    def test_the_same_input_gives_the_same_bytes(self):
        """From a copy of the sources elsewhere, under another umask, in another zone, as another time goes by."""
        other = self.folder / "elsewhere"
        for place in ("packaging", "docs"):
            shutil.copytree(ROOT / place, other / place)
        shutil.copy(ROOT / "CHANGELOG.md", other)
        sums = set()
        for script, mask, zone in ((BUILD, "022", "UTC"), (other / "packaging/build_debs.py", "077", "Asia/Tokyo")):
            out = self.folder / f"out{mask}"
            said("sh", "-c", f'umask {mask}; "$0" "$@"', script, "--fast", "--programs", PROGRAMS, "--out", out, "merlon-drawbridge",
                 env={**os.environ, "TZ": zone, "SOURCE_DATE_EPOCH": "1700000000"})
            sums.add(hashlib.sha256(next(out.glob("*.deb")).read_bytes()).hexdigest())
        self.assertEqual(len(sums), 1)


if __name__ == "__main__":
    main()
