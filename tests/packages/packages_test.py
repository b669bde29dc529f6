#!/usr/bin/env python3
"""The packages on bare machines of Debian 12 and 13: installed, used, upgraded, removed and purged; the library linked against.

    packages_test.py DEBS_BEFORE DEBS EXAMPLES [RELEASE…]

Ends with the sums that tools/run_tests.py adds up. Machines are kept below build/machines, so that a second run is cheap.
"""

import re
import subprocess
import sys
import time
from pathlib import Path

import machines
from machines import ROOT, Trouble

HERE = Path(__file__).resolve().parent
# What a machine has that somebody administers; curl to ask services, and the registry that README takes.
BASE = ["systemd-sysv", "udev", "procps", "curl", "ca-certificates", "docker-registry"]
COMPILER = ["g++", "cmake", "ninja-build"]


class Sums:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def read(self, where, text):
        """Lines `ok NAME`, `FAILED NAME: …`, `SKIP NAME: …` of a script."""
        for line in text.splitlines():
            word, _, rest = line.partition(" ")
            if word == "ok":
                self.passed += 1
            elif word == "FAILED":
                self.failed += 1
                print(f"FAILED {where}: {rest}")
            elif word == "SKIP":
                self.skipped += 1
                print(f"SKIP {where}: {rest}")
            elif self.failed:
                print(f"    {line}")

    def attempt(self, name, action):
        try:
            action()
        except (Trouble, subprocess.SubprocessError, OSError) as trouble:
            self.failed += 1
            print(f"FAILED {name}: {trouble}")
        else:
            self.passed += 1


def openssl(folder, *words):
    subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)


def make_keys(folder):
    """A CA for the Steward, TLS for all, and a tenant who vouches for himself."""
    folder.mkdir(parents=True)
    (folder / "d.cnf").write_text("[req]\ndistinguished_name=d\n[d]\n")
    new = ["req", "-new", "-x509", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "d.cnf"]
    openssl(folder, *new, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ca", "-addext", "keyUsage=critical,keyCertSign",
            "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0")
    openssl(folder, *new, "-keyout", "tls.key", "-out", "tls.crt", "-subj", "/CN=tls", "-addext", "subjectAltName=DNS:localhost")
    openssl(folder, *new, "-keyout", "tenants.key", "-out", "tenants.pem", "-subj", "/CN=tenants")
    openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "d.cnf",
            "-keyout", "tenant.key", "-out", "tenant.csr", "-subj", "/CN=alice")
    (folder / "tenant.cnf").write_text("extendedKeyUsage=clientAuth\n")
    openssl(folder, "x509", "-req", "-extfile", "tenant.cnf", "-in", "tenant.csr", "-CA", "tenants.pem", "-CAkey", "tenants.key", "-days", "30",
            "-out", "tenant.crt")
    (folder / "policy.toml").write_text("")
    for path in folder.iterdir():
        path.chmod(0o644)


def dependencies(machine, debs):
    """What apt would install beside these packages, on a machine that has nothing."""
    said = machine.run(f"apt-get install --simulate --no-install-recommends {' '.join(f'/new/{deb.name}' for deb in debs)}")
    return sorted(set(re.findall(r"^Inst (\S+)", said, re.M)) - {deb.name.partition("_")[0] for deb in debs})


def sealed_session():
    """README's session with a sealed package: what is typed, and what is shown."""
    session = re.search(r"## A sealed package.*?```\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1].splitlines()
    typed = "\n".join(line[2:] for line in session if line.startswith("$ "))
    # Whoever types is slower than a registry starts.
    typed = typed.replace("2>&1 &", "2>&1 & for i in $(seq 100); do (: </dev/tcp/127.0.0.1/5000) 2>/dev/null && break; sleep 0.1; done")
    shown = "\n".join(line for line in session if not line.startswith("$ "))
    return f"set -e\ntrap 'kill $(jobs -p)' EXIT\n{typed}\n", f"{shown}\n"


def lay_in(machine, before, debs, examples):
    for folder, packages in (("old", before), ("new", debs)):
        for deb in packages:
            machine.put(deb, f"{folder}/{deb.name}")
    for name in ("trap.wasm", "files.wasm"):
        machine.put(examples / name, f"examples/{name}")
    machine.put(HERE / "session.sh", "examples/session.sh", 0o755)
    typed, shown = sealed_session()
    machine.write(typed, "examples/sealed.sh")
    machine.write(shown, "examples/sealed.shown")
    make_keys(machine.folder / "keys")


def life(sums, release, before, debs, examples):
    """One boot: from a machine that has nothing of Merlon to one that has nothing again."""
    first = machines.copy_of(release, machines.bare(release), "resolving")
    for deb in debs:
        first.put(deb, f"new/{deb.name}")
    needed = dependencies(first, debs)
    first.remove()
    machine = machines.copy_of(release, machines.with_packages(release, sorted({*BASE, *needed})), "life")
    lay_in(machine, before, debs, examples)
    status, said = machine.boot((HERE / "lifecycle.sh").read_text())
    sums.read(release, said)
    if status != 0 and "FAILED" not in said:
        raise Trouble(f"lifecycle.sh ended with {status}:\n{said[-2000:]}")
    machine.remove()


def library(release, debs):
    """examples/verify-evidence, by nothing but the package, its dependencies and a compiler."""
    machine = machines.copy_of(release, machines.with_packages(release, COMPILER), "library")
    deb = next(deb for deb in debs if deb.name.startswith("libmerlon-dev_"))
    machine.put(deb, f"new/{deb.name}")
    for name in ("CMakeLists.txt", "main.cc"):
        machine.put(ROOT / "examples/verify-evidence" / name, f"example/{name}")
    machine.run(f"apt-get install -y --no-install-recommends /new/{deb.name}")
    machine.run("cmake -G Ninja -S /example -B /example/build -DCMAKE_BUILD_TYPE=Release && cmake --build /example/build")
    said = machine.run("echo no evidence >/none; /example/build/verify-evidence /none 2025-06-20; test $? -eq 4 && echo refused")
    if "refused" not in said:
        raise Trouble(said)
    machine.remove()


def own_devices():
    """Whose this machine's devices are: nothing that is installed on another one may change that."""
    return {path.name: (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode)
            for path in sorted(Path("/dev").glob("[a-z]*")) if path.is_char_device() and path.name != "ptmx"}


def main():
    before, debs, examples = (Path(each) for each in sys.argv[1:4])
    before, debs = sorted(before.glob("*.deb")), sorted(debs.glob("*.deb"))
    sums = Sums()
    beginning, devices = time.time(), own_devices()
    reason = machines.why_not()
    for release in sys.argv[4:] or ["bookworm", "trixie"]:
        if reason is not None:
            sums.skipped += 1
            print(f"SKIP packages on {release}: {reason}")
            continue
        for name, action in (("life", lambda on=release: life(sums, on, before, debs, examples)),
                             ("library", lambda on=release: library(on, debs))):
            started = time.monotonic()
            sums.attempt(f"{name} on {release}", action)
            print(f"{name} on {release}: {time.monotonic() - started:.0f} s", flush=True)
        machines.forget_unused(release, beginning)
    if reason is None:
        changed = dict(own_devices().items() - devices.items())
        sums.read("this machine", f"FAILED devices changed hands: {changed}" if changed else "ok devices are as they were")
    print(f"{sums.passed} passed, {sums.failed} failed, {sums.skipped} skipped")
    return 1 if sums.failed else 0


if __name__ == "__main__":
    sys.exit(main())
