#!/usr/bin/env python3
"""Do the tests notice? Changes one line of a room at a time, as a careless edit would, and runs the
room's tests.

  mutate.py ROOM [COUNT] [SEED]     COUNT mutants of the room (100), drawn by SEED (1)
  mutate.py --table                 what is known of all rooms, as docs/testing.md shows it
  mutate.py --survivors [ROOM]      mutants that no test noticed

A copy of the sources is changed, in build/mutate; results are kept by the hash of the changed file in
build/mutate/results.json, so that a run goes on where the last one ended. A mutant that cannot be told
from the original stands in tests/mutants/equivalent.txt with the reason, and is not counted.
"""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build" / "mutate"
SOURCES, BUILD, RESULTS = WORK / "sources", WORK / "build", WORK / "results.json"
EQUIVALENT = ROOT / "tests" / "mutants" / "equivalent.txt"
PATIENCE = 120  # seconds for a build, and the most for one command of tests

VECTORS = ["tests/merlon-verify-vectors", "{root}/tests/verify/cases.txt", "{shared}/vectors"]
SPEC = ["tests/merlon-spec", "--unsupported", "{root}/tests/spec/unsupported.txt", "{wast}"]
# Memories with comparisons in place of guard pages, and functions that are compiled when they are called.
OTHER_SPECS = [[SPEC[0], mode, *SPEC[1:]] for mode in ("--checks", "--lazy")]


def emulated(test, *words):
    """Whole keeps on an emulated processor: what of a shim no program of this machine can run."""
    return ["{python}", f"{{root}}/tests/tcg/{test}_test.py", "{build}/bin/merlon", "{build}/bin/merlon-keep",
            "{build}/bin/merlon-shim-kvm", "{build}/tests/merlon-tcg", "{build}/tests/merlon-tcg-boot", *words]


EMULATED = emulated("tcg")
# As guests of a SEV-SNP that a debugger plays, and of hosts that inject: of each only so many tests as a mutant can wait for.
SNP_GUESTS = emulated("snp", "{root}/merlon/image/testdata/amd_zen1.cpuid", "-f",
                      "Honest.test_each_page_that_is_mapped_was_measured_or_taken_once", "Lies.test_of_the_level",
                      "Injections.test_a_communication_where_no_instruction_asks")
INJECTED = emulated("injection", "-f", "Injection.test_nothing_is_pushed_to_where_the_keeps_stack_pointer_points",
                    "Injection.test_what_comes_while_the_end_is_told_ends_it",
                    "Injection.test_a_request_that_is_interrupted_is_answered_before_the_end_is_told",
                    "Injection.test_each_vector_between_a_system_call_and_its_stack")
# A second, after which a shim that hangs has been noticed.
BOOTED = emulated("injection", "Injection.test_a_system_call_has_the_segments_that_gates_and_frames_name")
STARTED = emulated("start")


def keeps(backend, *names):
    """Whole keeps of a backend from outside: the end-to-end tests of these names, each until one fails."""
    programs = ["merlon", "merlon-keep", "merlon-resolve"]
    if backend == "kvm":
        programs += ["merlon-vmm", "merlon-shim-kvm"]
    needs = [f"needs:{program}" for program in programs]
    return [["/usr/bin/env", f"MERLON_BACKEND={backend}", "MERLON_PROGRAM={build}/bin/merlon", "{python}",
             f"{{root}}/tests/e2e/{name}_test.py", "-f", *needs] for name in names]


# Keeps that attack their shim, one program for each attempt.
ATTEMPTS = ["LegacyCall", "FakeFault", "DebugException", "Step", "HostileFlags", "Jump", "StackFault", "ShimsStack",
            "KeptRights", "ManyKeptRights"]
BROKEN_OUT = [["/usr/bin/env", f"MERLON_BACKEND={backend}", "PYTHONPATH={root}/tests/e2e:{root}/tests/tcg", "{python}",
               "{root}/tests/attacks/broken_out_test.py", backend, "{build}/bin/merlon", "{build}/bin/merlon-shim-kvm",
               "{build}/tests/merlon-tcg", "{build}/tests/merlon-tcg-boot",
               *(word for name in ATTEMPTS for word in (name, f"{{build}}/tests/attempt-{name}")),
               "needs:merlon-keep", "needs:merlon-vmm"] for backend in ("kvm", "tcg")]

# Keeps that prove themselves, by a simulated security processor.
GUESTS = ["other-guest", "hostile-guest", "hostile-simulator", "key-guest"]
PROGRAMS = [f"needs:merlon{name}" for name in ("", "-keep", "-vmm", "-shim-kvm", "-simulator", "-evidence", "-dial", "-store",
                                               "-deploy", "-resolve")]
ATTESTED = [["/usr/bin/env", "MERLON_PROGRAM={build}/bin/merlon",
             *(f"MERLON_{name.upper().replace('-', '_')}={{build}}/tests/merlon-{name}" for name in GUESTS),
             "MERLON_MACHINE=kvm", "PYTHONPATH={root}/tests/e2e", "{python}", f"{{root}}/tests/attest/{test}_test.py",
             "-f", *PROGRAMS, *(f"needs:merlon-{name}" for name in GUESTS)]
            for test in ("attest", "own_directory", "hostile")]
# Guests of SEV-SNP whose host lies: a command for each test, for they take long.
SNP_LIES = [emulated("snp", "{root}/merlon/image/testdata/amd_zen1.cpuid", test, *PROGRAMS)
            for test in ("Injections.test_what_comes_while_the_end_is_told_ends_it", "Lies.test_of_memory",
                         "Lies.test_in_the_answers_of_the_page",
                         "Attested.test_an_answer_that_breaks_the_rules_ends_the_keep")]

# Keeps in a simulated enclave, whose platform is made once.
STATE = "{build}/state-sgx"
SGX_STATE, SGX_PROGRAMS = f"XDG_STATE_HOME={STATE}", [f"needs:merlon{name}" for name in (
    "", "-keep", "-resolve", "-vmm-sgx", "-shim-sgx", "-simulator", "-evidence", "-deploy", "-hostile-host", "-asking-guest")]
ENCLAVES = [
    ["/bin/sh", "-c", f"test -d {STATE}/merlon/simulator-sgx || {{{{ mkdir -p {STATE}/merlon && {SGX_STATE} "
     "{build}/bin/merlon platform simulate init --kind sgx; }}", *SGX_PROGRAMS],
    *(["/usr/bin/env", SGX_STATE, "MERLON_BACKEND=sgx-sim", "MERLON_PROGRAM={build}/bin/merlon", "{python}",
       f"{{root}}/tests/e2e/{name}_test.py", "-f", *SGX_PROGRAMS] for name in ("run", "errors", "files")),
    *(["/usr/bin/env", SGX_STATE, "MERLON_PROGRAM={build}/bin/merlon", "MERLON_HOSTILE_HOST={build}/tests/merlon-hostile-host",
       "MERLON_ASKING_GUEST={build}/tests/merlon-asking-guest", "PYTHONPATH={root}/tests/e2e", "{python}",
       f"{{root}}/tests/sgx/{name}_test.py", "-f", *SGX_PROGRAMS] for name in ("attest", "hostile", "replies"))]

# Each room: where its sources lie, and the commands that test it, the quickest first. A command that
# needs what is not here is left out. Words that start with {build} are targets, and so are those behind needs:.
ROOMS = {
    "verify": ("merlon/verify", [["tests/merlon_verify_test"], VECTORS]),
    "x509": ("merlon/x509", [["tests/merlon_x509_test"], ["tests/merlon_verify_test"], VECTORS]),
    "codec": ("merlon/codec", [["tests/merlon_codec_test"], ["tests/merlon_x509_test"]]),
    "sgx": ("merlon/sgx", [["tests/merlon_sgx_test"], ["tests/merlon_verify_test"], VECTORS]),
    "snp": ("merlon/snp", [["tests/merlon_snp_test"], ["tests/merlon_verify_test"], VECTORS]),
    "evidence": ("merlon/evidence", [["tests/merlon_evidence_test"], ["tests/merlon_verify_test"], VECTORS]),
    "steward": ("merlon/steward", [["tests/merlon_steward_test"]]),
    "sallyport": ("merlon/sallyport", [["tests/merlon_sallyport_test"]]),
    "shim": ("merlon/shim", [["tests/merlon_shim_test"], EMULATED]),
    "shim/linux": ("merlon/shim/linux", [["tests/merlon_shim_test"], EMULATED]),
    "shim/x86": ("merlon/shim/x86", [["tests/merlon_shim_test"], BOOTED, EMULATED, INJECTED]),
    "shim/snp": ("merlon/shim/snp", [["tests/merlon_shim_test"], SNP_GUESTS]),
    "shim/kvm": ("merlon/shim/kvm", [["tests/merlon_shim_test"], BOOTED, STARTED, *keeps("kvm", "run", "machine"), EMULATED,
                                     INJECTED, *BROKEN_OUT, ATTESTED[0], SNP_GUESTS, *SNP_LIES]),
    "shim/sgx": ("merlon/shim/sgx", [["tests/merlon_shim_test"], *ENCLAVES]),
    "host/sgx": ("merlon/host/sgx", [["tests/merlon_host_sgx_test"], ["tests/merlon_host_sgx_simulated_test"], *ENCLAVES]),
    "host": ("merlon/host", [["tests/merlon_host_test"], ["tests/merlon_host_kvm_test"],
                             ["tests/merlon_host_snp_test"], ["tests/merlon_host_probe_test"],
                             ["tests/merlon_host_names_test"], ["tests/merlon_host_store_test"],
                             ["tests/merlon_host_aesm_test"],
                             ["tests/merlon_host_sgx_test"], ["tests/merlon_host_sgx_simulated_test"],
                             *keeps("nil", "run", "errors"),
                             *keeps("kvm", "run", "files", "machine"), *ATTESTED, *ENCLAVES]),
    "keep": ("merlon/keep", [["tests/merlon_keep_test"],
                             *keeps("nil", "run", "errors", "files", "signals", "confinement"), *ATTESTED]),
    "image": ("merlon/image", [["tests/merlon_image_test"]]),
    "simulate": ("merlon/simulate", [["tests/merlon_simulate_test"], ["tests/merlon_simulator_test"],
                                     ["tests/merlon_simulate_appraisal_test"]]),
    "wasm/validate": ("merlon/wasm/validate", [SPEC, ["tests/merlon_wasm_test"]]),
    "wasm/baseline": ("merlon/wasm/baseline", [SPEC, ["tests/merlon_wasm_test"], *OTHER_SPECS]),
    "wasi": ("merlon/wasi", [["tests/merlon_wasi_test"]]),
    "zk": ("merlon/zk", [["tests/merlon_zk_test"]]),
    "credential": ("merlon/credential", [["tests/merlon_credential_test"]]),
    "statement": ("merlon/statement", [["tests/merlon_statement_test"]]),
}


def shared():
    folder = Path(os.environ.get("MERLON_SHARED", ROOT.parent / "shared"))
    return folder if folder.is_dir() else None


# --- Mutants -------------------------------------------------------------------------------------

def blanked(line):
    """The line with the insides of strings, characters and comments made blank, as long as before."""
    out, quote, i = [], None, 0
    while i < len(line):
        two = line[i:i + 2]
        if quote is None and two == "//":
            out.append(" " * (len(line) - i))
            break
        if quote is None and line[i] in "\"'" and not (line[i] == "'" and i and line[i - 1].isalnum()):
            quote = line[i]
            out.append(quote)
        elif quote is not None and line[i] == "\\":
            out.append("  ")
            i += 1
        elif quote is not None and line[i] == quote:
            out.append(quote)
            quote = None
        else:
            out.append(" " if quote else line[i])
        i += 1
    return "".join(out)


# What is looked for (in the blanked line), and what comes in its place.
RULES = [
    (r" == ", " != "), (r" != ", " == "), (r" <= ", " < "), (r" >= ", " > "),
    (r" < (?=[\w(])", " <= "), (r" > (?=[\w(])", " >= "), (r" && ", " || "), (r" \|\| ", " && "),
    (r" \+ ", " - "), (r" - ", " + "), (r" & ", " | "), (r" \| ", " & "), (r" << ", " >> "),
    (r" >> ", " << "), (r" \+= ", " -= "), (r" \|= ", " &= "), (r" &= ", " |= "),
    (r"(?<![\w!])!(?=[\w(*])", ""), (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
    (r"\bcontinue;", "break;"), (r"\bstd::max\b", "std::min"), (r"\bstd::min\b", "std::max"),
    (r"\bany_of\b", "all_of"), (r"\ball_of\b", "any_of"), (r"\bnone_of\b", "any_of"),
    (r"\bif \((?!const|auto|!?TRY)(?=[^;]*\) [^;]*;)", "if (false && "),
    (r"(?<=return )(?=[^;{]* (?:&&|\|\||==|!=|<|>|<=|>=) [^;{]*;)", "!("),
]
STATEMENT = re.compile(r"^\s+[a-z_][\w.\->:]*(?:\([^;]*\)| (?:[|&+-]?=) [^;]*|\+\+|--);$")
DECLARES = re.compile(r"^\s+(?:const|auto|constexpr|static|return|using|break|continue|throw|goto)\b")


def mutants_of(path, text):
    """(line number, changed line, name of the rule) for every change of one place of the file."""
    for number, line in enumerate(text.split("\n")):
        code = blanked(line)
        if code.lstrip().startswith(("#", "MERLON_CHECK", "static_assert", "template", "using ",
                                     "namespace", "case ", "EXPECT", "[[nodiscard]]")):
            continue
        for pattern, instead in RULES:
            for found in re.finditer(pattern, code):
                changed = line[:found.start()] + instead + line[found.end():]
                if instead == "!(":
                    changed = changed[:-1] + ");"
                yield number, changed, f"{found[0].strip() or 'return'} → {instead.strip() or 'nothing'}"
        for found in re.finditer(r"(?<![\w.'])(\d+)(?=U?[,;)\]} ])", code):
            if not re.search(r"alignas|seconds|version|0x|quoted\(|printable\(", code):
                yield (number, line[:found.start()] + str(int(found[1]) + 1) + line[found.end():],
                       f"{found[1]} → {int(found[1]) + 1}")
        if STATEMENT.match(code) and not DECLARES.match(code) and code.count("(") == code.count(")"):
            yield number, line[:len(line) - len(line.lstrip())] + ";", "statement left out"


def equivalents():
    """(path, changed line), as tests/mutants/equivalent.txt has them: PATH: CHANGED LINE, then why."""
    known = set()
    if EQUIVALENT.exists():
        for line in EQUIVALENT.read_text().splitlines():
            if line and not line.startswith(("#", " ")):
                path, _, changed = line.partition(": ")
                known.add((path, changed.strip()))
    return known


def all_mutants(room):
    folder = ROOT / ROOMS[room][0]
    for path in sorted(folder.rglob("*.cc")):
        if path.name.endswith("_test.cc") or "testing" in path.parts or path.name == "main.cc":
            continue
        name = str(path.relative_to(ROOT))
        text = path.read_text()
        for number, changed, rule in mutants_of(path, text):
            yield {"room": room, "path": name, "line": number + 1, "rule": rule,
                   "was": text.split("\n")[number].strip(), "is": changed.strip(), "raw": changed}


def counts(mutant, known):
    """Whether the mutant could be noticed. Of a statement left out the list has what it was."""
    line = mutant["is"] if mutant["is"] != ";" else f"; instead of {mutant['was']}"
    return (mutant["path"], line) not in known


# --- Building and testing -------------------------------------------------------------------------

def run(command, patience=PATIENCE, **options):
    """Exit status, or None if it took too long. Time in which this program stands still itself, as a machine or whoever
    measures on it may have it, is not counted: a test that stood still with it has noticed nothing."""
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True, **options)
    step = 0.25
    for _ in range(int(patience / step)):
        try:
            return child.wait(step)
        except subprocess.TimeoutExpired:
            continue
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    return None


def copy_sources():
    """The tracked files as they lie here; a file that has not changed keeps its time."""
    names = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True,
                           text=True).stdout.split("\0")
    wanted = {name for name in names if name and (ROOT / name).is_file()}
    for name in sorted(wanted):
        source, target = ROOT / name, SOURCES / name
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    for path in [path for path in SOURCES.rglob("*") if path.is_file()]:
        if str(path.relative_to(SOURCES)) not in wanted:
            path.unlink()


def configure():
    if (BUILD / "build.ninja").exists():
        return
    flags = "-O0 -g0 -w -D_GLIBCXX_ASSERTIONS"
    subprocess.run(["cmake", "-G", "Ninja", "-S", SOURCES, "-B", BUILD, "-DCMAKE_BUILD_TYPE=Mutate",
                    f"-DCMAKE_CXX_FLAGS={flags}"], check=True, stdout=subprocess.DEVNULL)


def commands_of(room):
    """The room's test commands that this machine can run, each with its programs, and the targets of all."""
    commands, targets = [], []
    for command in ROOMS[room][1]:
        if any("{shared}" in word or word == "{wast}" for word in command) and shared() is None:
            continue
        if "{build}/tests/merlon-tcg" in command and shutil.which("qemu-system-x86_64") is None:
            continue
        if {"MERLON_BACKEND=kvm", "MERLON_MACHINE=kvm"} & set(command) and not os.access("/dev/kvm", os.R_OK | os.W_OK):
            continue
        words, needed = [], []
        for word in command:
            if word.startswith("needs:"):
                needed.append(word.removeprefix("needs:"))
                continue
            if word == "{wast}":
                words += sorted((ROOT / "build" / "spec").rglob("*.wast"))
            else:
                words.append(word.format(root=SOURCES, shared=shared(), build=BUILD, python=sys.executable))
        if "{wast}" in command and words == command[:-1]:
            continue
        needed += [Path(word).name for word in command if word.startswith(("tests/", "{build}"))]
        targets += needed
        commands.append(([BUILD / words[0], *words[1:]], needed))
    return commands, targets


def digests(programs):
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in programs]


def judge(mutant, commands, targets):
    """killed, survived, or invalid for what does not compile. A command whose programs are the same with the
    mutant is not run: it would say what it said before."""
    path = SOURCES / mutant["path"]
    before = path.read_text()
    lines = before.split("\n")
    lines[mutant["line"] - 1] = mutant["raw"]
    try:
        path.write_text("\n".join(lines))
        if run(["ninja", "-C", BUILD, *targets]) != 0:
            return "invalid"
        for command, patience, programs, before_it in commands:
            same = programs and digests(programs) == before_it
            if not same and run(command, patience, cwd=SOURCES) != 0:
                return "killed"
        return "survived"
    finally:
        path.write_text(before)


def key_of(mutant):
    text = (ROOT / mutant["path"]).read_bytes()
    return hashlib.sha256(text + f"{mutant['line']}\0{mutant['raw']}".encode()).hexdigest()[:24]


def read_results():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def mutate(room, count, seed):
    copy_sources()
    configure()
    commands, targets = commands_of(room)
    if subprocess.run(["ninja", "-C", BUILD, *targets], stdout=subprocess.DEVNULL).returncode != 0:
        return print("the sources do not build") or 1
    timed = []
    for command, needed in commands:
        began = time.monotonic()
        if run(command, cwd=SOURCES) != 0:
            return print(*command, "fails without a mutant") or 1
        # What takes ten times as long with a mutant has been noticed.
        patience = min(PATIENCE, 10 + 10 * (time.monotonic() - began))
        programs = [path for name in needed for path in (BUILD / "bin" / name, BUILD / "tests" / name) if path.is_file()]
        timed.append((command, patience, programs, digests(programs)))
    mutants = list(all_mutants(room))
    random.Random(seed).shuffle(mutants)
    known = equivalents()  # left out only now: the list may grow without another lot being drawn
    mutants = [mutant for mutant in mutants if counts(mutant, known)]
    results = read_results()
    sums = {"killed": 0, "survived": 0}
    for mutant in mutants:
        if sum(sums.values()) == count:
            break
        key = key_of(mutant)
        if key not in results or results[key]["result"] == "survived":  # the tests may be better now
            results[key] = {**mutant, "result": judge(mutant, timed, targets), "seed": seed}
            RESULTS.write_text(json.dumps(results, indent=1))
        result = results[key]["result"]
        if result == "invalid":
            continue
        sums[result] += 1
        if result == "survived":
            show(results[key])
        if sys.stdout.isatty():
            print(f"\r{room}: {sums['killed']} noticed, {sums['survived']} not", end="", flush=True)
    total = max(1, sum(sums.values()))
    print(f"{room}: {sums['killed']} of {total} noticed ({100 * sums['killed'] // total} %)")
    return 0


def show(mutant):
    print(f"{mutant['path']}:{mutant['line']}: {mutant['rule']}\n  - {mutant['was']}\n  + {mutant['is']}",
          flush=True)


def known_results():
    """Results that are about the sources as they are now."""
    results, known = read_results(), equivalents()
    for room in ROOMS:
        for mutant in all_mutants(room):
            found = results.get(key_of(mutant))
            if found and found["result"] != "invalid" and counts(mutant, known):
                yield found


def table():
    print("| room | mutants | noticed | score |\n|---|---|---|---|")
    rooms = {}
    for found in known_results():
        rooms.setdefault(found["room"], []).append(found["result"] == "killed")
    for room in ROOMS:
        if room in rooms:
            killed, total = sum(rooms[room]), len(rooms[room])
            print(f"| `{room}` | {total} | {killed} | {100 * killed // total} % |")
    return 0


def main(words):
    if words[:1] == ["--table"]:
        return table()
    if words[:1] == ["--survivors"]:
        for found in known_results():
            if found["result"] == "survived" and words[1:] in ([], [found["room"]]):
                show(found)
        return 0
    if not words or words[0] not in ROOMS:
        print(f"usage: ./dev mutate ROOM [COUNT] [SEED] | --table | --survivors [ROOM]\n"
              f"rooms: {', '.join(ROOMS)}")
        return 2
    count, seed = (int(word) for word in (words[1:] + ["100", "1"][len(words) - 1:])[:2])
    return mutate(words[0], count, seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
