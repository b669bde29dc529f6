#!/usr/bin/env python3
"""Builds and runs Merlon's tests, part by part, and adds up what they say.

    run_tests.py [--jobs N] [FILTER]

FILTER is a part (unit, e2e, pool, steward, fleet, asan, spec, wasi, kvm, sgx_sim, tcg, kernels, verify, protocol, differential, real, packages),
or a pattern of ctest's names in preset dev. Without it every part runs but `unit` and `packages`: asan runs the same tests with
sanitizers, and then without them those that it had to skip. Each part that is a program of its own ends with the line
`N passed, N failed, N skipped` and names each skipped test in a line `SKIP name: reason`.
`./dev test` calls this after it has installed what is needed.
"""

import argparse
import ctypes
import fcntl
import os
import re
import subprocess
import sys
import tarfile
import time
import xml.etree.ElementTree
from dataclasses import dataclass, field
from pathlib import Path

import whole_programs

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
# What the programs keep for their user is not his while they are tested.
os.environ["XDG_STATE_HOME"] = str(BUILD / "state")
SUMS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", re.M)
SHOWN_LINES = 40
# Unit tests that want a process of their own, by the beginning of their names; each with its reason.
ALONE = ()


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: list = field(default_factory=list)

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.reasons += other.reasons

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def say(text):
    print(text, flush=True)


def show_end(text):
    for line in text.rstrip().splitlines()[-SHOWN_LINES:]:
        say(f"    {line}")


def counted(output):
    """The sums that a program printed last, or None."""
    found = SUMS.findall(output)
    if not found:
        return None
    passed, failed, skipped = found[-1]
    reasons = [line[5:] for line in output.splitlines() if line.startswith("SKIP ")]
    return Outcome(int(passed), int(failed), int(skipped or 0), reasons)


class Runner:
    def __init__(self, jobs, left_out=""):
        """`left_out`: a label of tests that ctest shall not run."""
        self.jobs = str(jobs)
        self.left_out = ["-LE", f"^{left_out}$"] if left_out else []

    def quietly(self, what, command, log):
        """Runs a step of the build; its output is shown only if it fails."""
        path = BUILD / "log" / log
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            result = subprocess.run(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT,
                                    check=False)
        if result.returncode != 0:
            say(f"{what} failed; all of its output is in {path.relative_to(ROOT)}")
            show_end(path.read_text(errors="replace"))
        return result.returncode == 0

    def build(self, preset, *targets):
        if not (BUILD / preset / "build.ninja").exists():
            if not self.quietly(f"configuring {preset}", ["cmake", "--preset", preset],
                                f"cmake-{preset}.txt"):
                return False
        return self.quietly(f"building {preset}",
                            ["ninja", "-C", f"build/{preset}", "-j", self.jobs, *targets],
                            f"ninja-{preset}.txt")

    def ctest(self, preset, *arguments, target="programs"):
        if not self.build(preset, target):
            return Outcome(failed=1)
        report = BUILD / preset / "tests.xml"
        report.unlink(missing_ok=True)
        subprocess.run(["ctest", "--test-dir", f"build/{preset}", "-j", self.jobs, "--quiet",
                        "--output-junit", report, "--test-output-size-passed", "1000000",
                        "--test-output-size-failed", "1000000", *self.left_out, *arguments],
                       cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if not report.exists():
            say("ctest made no report")
            return Outcome(failed=1)
        return read_report(report)

    def listed(self, preset):
        """The unit tests of a built preset: those of GoogleTest programs, and the names of all others."""
        listed = subprocess.run(["ctest", "--test-dir", f"build/{preset}", "-L", "unit", "--show-only=json-v1"],
                                cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        return whole_programs.cases_of(listed.stdout) if listed.returncode == 0 else None

    def run_cases(self, cases):
        batches = whole_programs.batches_of(cases, lambda name: name.startswith(ALONE))
        outcome = Outcome()
        for told in whole_programs.run(batches, ROOT, int(self.jobs)):
            outcome.add(counted_one(told))
        return outcome

    def unit_tests(self, preset):
        """The GoogleTest programs, many tests in a process; what else has that label by ctest."""
        if not self.build(preset, "unit_tests"):
            return Outcome(failed=1)
        listed = self.listed(preset)
        if not listed:
            say("ctest does not list the tests")
            return Outcome(failed=1)
        cases, others = listed
        outcome = self.run_cases(cases)
        outcome.add(self.ctest(preset, "-R", f"^({'|'.join(re.escape(name) for name in others)})$",
                               target="unit_tests"))
        return outcome

    def again_without_sanitizers(self, skipped):
        """The named tests in preset dev, whose programs are built for it."""
        programs = sorted({f"tests/merlon_{name.split('.')[0]}_test" for name in skipped})
        if not programs or not self.build("dev", *programs):
            return Outcome(failed=1)
        listed = self.listed("dev")
        cases = [case for case in listed[0] if case.name in skipped] if listed else []
        if len(cases) != len(skipped):
            say(f"preset dev has {len(cases)} of the {len(skipped)} tests that a sanitizer could not run")
            return Outcome(failed=1)
        return self.run_cases(cases)

    def program(self, name, command, state=None):
        """A driver that ends with its own sums."""
        environment = os.environ | ({"XDG_STATE_HOME": str(state)} if state else {})
        result = subprocess.run([str(word) for word in command], cwd=ROOT, text=True, check=False,
                                errors="replace", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        outcome = counted(result.stdout)
        if outcome is None:
            say(f"{name} did not come to its sums (exit status {result.returncode}):")
            show_end(result.stdout)
            return Outcome(failed=1)
        if result.returncode != 0 and outcome.failed == 0:
            outcome.failed = 1
        if outcome.failed:
            show_end(result.stdout)
        return outcome


def read_report(path):
    """JUnit XML of ctest; a test that prints sums of its own counts with those."""
    outcome = Outcome()
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        output = case.findtext("system-out") or ""
        inner = counted(output)
        status = case.get("status")
        if status == "fail" or case.find("failure") is not None:
            say(f"FAIL {case.get('name')}")
            show_end(output)
            outcome.add(inner if inner and inner.failed else Outcome(failed=1))
        elif inner:
            outcome.add(inner)
        elif case.find("skipped") is not None:
            outcome.add(Outcome(skipped=1, reasons=[f"{case.get('name')}: {skip_reason(output)}"]))
        else:
            outcome.add(Outcome(passed=1))
    return outcome


def counted_one(told):
    if told.state == "failed":
        say(f"FAIL {told.name}")
        show_end(told.text)
        return Outcome(failed=1)
    if told.state == "skipped":
        return Outcome(skipped=1, reasons=[f"{told.name}: {told.text}"])
    return Outcome(passed=1)


def skip_reason(output):
    """What GTEST_SKIP said, in the line behind "file:line: Skipped", or a line "SKIPPED: reason"."""
    lines = output.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("SKIPPED: "):
            return line[9:]
        if line.endswith(": Skipped") and number + 1 < len(lines):
            return lines[number + 1]
    return "no reason given"


def shared_data():
    """The folder with test data that is not part of the repository, or None."""
    folder = Path(os.environ.get("MERLON_SHARED", ROOT.parent / "shared"))
    return folder if folder.is_dir() else None


def unit(runner):
    return runner.unit_tests("dev")


def e2e(runner):
    return runner.ctest("dev", "-L", "e2e")


def asan(runner):
    outcome = runner.unit_tests("asan")
    told = [reason.split(": ", 1) for reason in outcome.reasons]
    skipped = {name for name, why in told if "sanitize" in why}
    outcome.skipped -= len(skipped)
    outcome.reasons = [reason for reason in outcome.reasons if reason.split(": ", 1)[0] not in skipped]
    outcome.add(runner.again_without_sanitizers(skipped))
    return outcome


def own_scripts():
    """tests/spec has scripts for what the official suite leaves out, in the text format."""
    folder = BUILD / "spec-own"
    folder.mkdir(exist_ok=True)
    made = []
    for script in sorted((ROOT / "tests/spec").glob("*.wast")):
        made.append(folder / script.name)
        subprocess.run([ROOT / "tests/spec/to_binary.py", script, made[-1]], check=True)
    return made


def spec(runner):
    shared = shared_data()
    archive = shared / "wasm-spec-tests" / "wasm-3.0.tar.xz" if shared else None
    if archive is None or not archive.exists():
        return Outcome(skipped=1, reasons=["spec: the official suite is not here; MERLON_SHARED "
                                           "names the folder with wasm-spec-tests/"])
    folder = BUILD / "spec"
    if not folder.exists():
        with tarfile.open(archive) as tar:
            tar.extractall(folder)
    scripts = sorted(folder.rglob("*.wast")) + own_scripts()
    if not runner.build("dev", "merlon-spec"):
        return Outcome(failed=1)
    outcome = Outcome()
    for mode in ([], ["--lazy"], ["--checks"]):
        outcome.add(runner.program("spec", [BUILD / "dev/tests/merlon-spec", *mode, "--unsupported",
                                            "tests/spec/unsupported.txt", *scripts]))
    return outcome


def wasi(runner):
    return runner.ctest("dev", "-L", "wasi")


def steward(runner):
    """merlon-steward as a service, with real clients."""
    return runner.ctest("dev", "-L", "steward")


def pool(runner):
    """Keeps that were made ahead."""
    return runner.ctest("dev", "-L", "pool")


def fleet(runner):
    """Keeps as containers of podman, containerd, Docker, Swarm and Slurm."""
    return runner.ctest("dev", "-L", "fleet")


def why_no_kvm():
    """Why this machine makes no virtual machine for us, or None; asked of the kernel, not of merlon."""
    create_vm, create_vcpu = 0xAE01, 0xAE41
    try:
        device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
        machine = fcntl.ioctl(device, create_vm, 0)
        fcntl.ioctl(machine, create_vcpu, 0)
    except OSError as error:
        return f"/dev/kvm: {error.strerror}"
    return None


def kvm(runner):
    """Whole keeps in a micro-VM; the examples and real programs too."""
    reason = why_no_kvm()
    if reason is not None:
        return Outcome(skipped=1, reasons=[f"kvm: {reason}"])
    outcome = runner.ctest("dev", "-L", "kvm")
    outcome.add(real_programs(runner, "kvm"))
    return outcome


def why_no_simulated_enclave():
    """Why this machine cannot simulate an enclave, or None; asked of the kernel, not of merlon."""
    set_user_dispatch, off = 59, 0
    if ctypes.CDLL(None).prctl(set_user_dispatch, off, 0, 0, 0) != 0:
        return "the kernel has no PR_SET_SYSCALL_USER_DISPATCH (Linux 5.11)"
    return None


def sgx_sim(runner):
    """Whole keeps in an enclave of a simulated processor."""
    reason = why_no_simulated_enclave()
    if reason is not None:
        return Outcome(skipped=1, reasons=[f"sgx_sim: {reason}"])
    outcome = runner.ctest("dev", "-L", "sgx_sim")
    # The machine that the tests have made.
    outcome.add(real_programs(runner, "sgx-sim", BUILD / "dev/state-sgx"))
    return outcome


def tcg(runner):
    """The shim on an emulated processor with a ring 0 of its own."""
    return runner.ctest("dev", "-L", "tcg")


def differential(runner):
    """A sample; MERLON_DIFFERENTIAL_COUNT asks for more or fewer modules of each generator."""
    if not runner.build("release", "merlon", "merlon-keep", "merlon-diff"):
        return Outcome(failed=1)
    programs = BUILD / "release" / "bin"
    count = int(os.environ.get("MERLON_DIFFERENTIAL_COUNT", "300"))
    outcome = runner.program("differential/run.py",
                             ["tests/differential/run.py", "--merlon-diff",
                              programs / "merlon-diff", "--count", count])
    outcome.add(runner.program("differential/run.py --checks",
                               ["tests/differential/run.py", "--checks", "--seed", 2, "--merlon-diff",
                                programs / "merlon-diff", "--count", max(1, count // 4)]))
    outcome.add(runner.program("differential/programs.py",
                               ["tests/differential/programs.py", "--merlon",
                                programs / "merlon", "--count", max(1, count // 30)]))
    return outcome


def real_programs(runner, backend, state=None):
    programs = ["merlon", "merlon-keep", "merlon-vmm", "merlon-shim-kvm"]
    if backend == "sgx-sim":
        programs += ["merlon-vmm-sgx", "merlon-shim-sgx", "merlon-simulator"]
    if not runner.build("release", *programs):
        return Outcome(failed=1)
    return runner.program(f"real {backend}", ["tests/real/run.py", "--backend", backend, "--merlon",
                                              BUILD / "release/bin/merlon"], state)


def real(runner):
    """The examples and real programs, beside node."""
    return real_programs(runner, "nil")


def kernels(runner):
    """Whole keeps as on a kernel of before 5.6, and in a sandbox that forbids what is newer."""
    label = "^kernels$" if why_no_kvm() else "^kernels(_vm)?$"
    outcome = runner.ctest("dev", "-L", label)
    if why_no_kvm():
        outcome.add(Outcome(skipped=1, reasons=[f"kernels in kvm: {why_no_kvm()}"]))
    return outcome


def verify(runner):
    """Genuine evidence, judged and altered; MERLON_VERIFY_SAMPLE bits of each artefact (40)."""
    shared = shared_data()
    vectors = shared / "vectors" if shared else None
    if vectors is None or not vectors.is_dir():
        return Outcome(skipped=1, reasons=["verify: genuine evidence is not here; MERLON_SHARED "
                                           "names the folder with vectors/"])
    if not runner.build("dev", "merlon-verify-vectors", "merlon-verify-provenance",
                        "merlon-verify-mutate", "merlon", "merlon-evidence", "merlon-fetch"):
        return Outcome(failed=1)
    programs = BUILD / "dev" / "tests"
    outcome = runner.program("verify vectors", [programs / "merlon-verify-vectors",
                                                "tests/verify/cases.txt", vectors])
    outcome.add(runner.program("verify provenance", [programs / "merlon-verify-provenance",
                                                     "tests/verify/cases.txt", vectors]))
    outcome.add(runner.program("verify commands", ["tests/verify/commands_test.py",
                                                   BUILD / "dev/bin/merlon", vectors]))
    outcome.add(runner.program("verify fetch", ["tests/verify/fetch_test.py",
                                                BUILD / "dev/bin/merlon", vectors]))
    outcome.add(runner.program("verify package", ["tests/verify/package_test.sh",
                                                  BUILD / "verify-package", vectors]))
    sample = os.environ.get("MERLON_VERIFY_SAMPLE", "40")
    seed = os.environ.get("MERLON_VERIFY_SEED", "1")
    outcome.add(runner.program("verify mutations",
                               [programs / "merlon-verify-mutate", "tests/verify/cases.txt", vectors,
                                "tests/verify/exceptions.txt", sample, seed]))
    return outcome


def packages(runner):
    """Debian's packages on bare machines of Debian 12 and 13; minutes, so only where it is asked for."""
    if not runner.quietly("making packages", ["./dev", "package"], "packages.txt"):
        return Outcome(failed=1)
    folder = BUILD / "packages"
    before = ["packaging/build_debs.py", "--library", "build/library/installed", "--version", "0.0.9-1", "--out"]
    if not runner.quietly("making packages of a version before", [*before, folder / "before"], "packages-before.txt"):
        return Outcome(failed=1)
    if not runner.quietly("building the examples", ["examples/build.sh", "build/examples", "trap", "files"], "examples.txt"):
        return Outcome(failed=1)
    outcome = runner.program("packages", ["tests/packages/packages_test.py", folder / "before", folder / "debs",
                                          BUILD / "examples"])
    outcome.add(runner.program("containers", ["tests/packages/containers_test.py", folder / "debs", BUILD / "examples"]))
    return outcome


def protocol(runner):
    """A model of how a workload reaches a keep, and an attacker; needs no build."""
    return runner.program("protocol", ["tests/protocol/protocol_test.py"])


PARTS = {part.__name__: part
         for part in (unit, e2e, pool, steward, fleet, asan, spec, wasi, kvm, sgx_sim, tcg, kernels, verify, protocol,
                      differential, real, packages)}

# What a built tree is asked before each commit; without the tests of label `long`, which are for a whole run.
QUICK = ["unit", "e2e", "wasi", "spec"]
LONG = "long"
# All but what asan runs as well, and what takes bare machines.
WHOLE = [name for name in PARTS if name not in ("unit", "packages")]


def run_parts(runner, parts):
    total = Outcome()
    for name in parts:
        started = time.monotonic()
        say(f"{name}: building and running")
        outcome = PARTS[name](runner)
        say(f"{name}: {outcome} in {time.monotonic() - started:.0f} s")
        total.add(outcome)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("filter", nargs="?", default="")
    options = parser.parse_args()
    runner = Runner(options.jobs, LONG if options.filter == "quick" else "")
    if options.filter == "quick":
        total = run_parts(runner, QUICK)
    elif options.filter and options.filter not in PARTS:
        total = runner.ctest("dev", "-R", options.filter, target="all")
        if not (total.passed or total.failed or total.skipped):
            say(f"no part and no test has a name like {options.filter}; "
                f"parts are: {' '.join(PARTS)}; quick is {' '.join(QUICK)}")
            return 2
    else:
        total = run_parts(runner, [options.filter] if options.filter else WHOLE)
    for reason in total.reasons:
        say(f"skipped: {reason}")
    say(str(total))
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
