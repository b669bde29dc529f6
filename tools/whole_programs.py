"""Runs GoogleTest programs with many tests in each process, and tells of each test by its name.

A process for each test, as ctest has it, costs more than most tests do, above all under a sanitizer. Here a process
runs a batch of them. What is told is what a process for each would have told: a test that ends its process, or does
not end in time, fails by its name and the rest of its batch goes on in another; and where a process of many fails
behind its last test, as the leak sanitizer has it, each of them is run by itself to find whose fault it is.
"""

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
import xml.etree.ElementTree
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

# Seconds for one test, far more than any takes on a busy machine; a process that says nothing new for so long is ended.
TEST_TIME = 300
# Few enough that what one batch takes is little beside the whole, so that all cores end at about the same time.
BATCH = 48


@dataclass
class Case:
    name: str  # as ctest has it
    program: str
    test: str  # as the program has it


@dataclass
class Told:
    name: str
    state: str  # passed, failed or skipped
    text: str = ""  # what was said, or why it was skipped


def cases_of(ctest_json):
    """What `ctest --show-only=json-v1` says: tests of GoogleTest programs, and the names of all others."""
    cases, others = [], []
    for each in json.loads(ctest_json)["tests"]:
        command = each.get("command", [])
        option = "--gtest_filter="
        filters = [word[len(option):] for word in command[1:] if word.startswith(option)]
        disabled = any(p["name"] == "DISABLED" for p in each.get("properties", []))
        if len(filters) == 1 and not disabled:
            cases.append(Case(each["name"], command[0], filters[0]))
        else:
            others.append(each["name"])
    return cases, others


def batches_of(cases, is_alone):
    """Those of a program together, at most BATCH of them; those that is_alone(name) by themselves."""
    by_program, batches = {}, []
    for each in cases:
        if is_alone(each.name):
            batches.append([each])
        else:
            by_program.setdefault(each.program, []).append(each)
    for those in by_program.values():
        count = -(-len(those) // BATCH)
        # Neighbours cost alike: dealt out one by one, batches take about as long as each other.
        batches += [those[first::count] for first in range(count)]
    return sorted(batches, key=len, reverse=True)


@dataclass
class Process:
    output: str
    status: int
    hung: bool


def run_process(batch, folder, report, test_time):
    """Ends the process and all that it started if it says nothing new for test_time seconds."""
    command = [batch[0].program, "--gtest_filter=" + ":".join(each.test for each in batch), "--gtest_color=no",
               "--gtest_also_run_disabled_tests", f"--gtest_output=xml:{report}"]
    pieces, hung = [], False
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as process, \
            selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + test_time
        # What a test started may hold the pipe longer than the program lives.
        while process.poll() is None or selector.select(0):
            if selector.select(min(1.0, max(0.0, deadline - time.monotonic()))):
                piece = os.read(process.stdout.fileno(), 1 << 16)
                if not piece:
                    break
                pieces.append(piece)
                if b"[ RUN " in piece:
                    deadline = time.monotonic() + test_time
            elif time.monotonic() >= deadline:
                hung = True
                break
        if not hung:
            try:
                process.wait(max(1.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                hung = True
        if hung:
            os.killpg(process.pid, signal.SIGKILL)
    return Process(b"".join(pieces).decode(errors="replace"), process.returncode, hung)


def said_of(output, test):
    """The lines between a test's beginning and its end."""
    start = output.find(f"[ RUN      ] {test}\n")
    if start < 0:
        return output
    end = output.find("[ RUN      ]", start + 1)
    return output[start:] if end < 0 else output[start:end]


def reason_in(said):
    """What GTEST_SKIP said, in the line behind "file:line: Skipped"."""
    lines = said.splitlines()
    for number, line in enumerate(lines[:-1]):
        if line.endswith(": Skipped"):
            return lines[number + 1]
    return "no reason given"


def read_report(report):
    """{name as the program has it: (state, reason)} of those that came to their end; None without a report."""
    try:
        root = xml.etree.ElementTree.parse(report).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return None
    found = {}
    for each in root.iter("testcase"):
        if each.get("status") != "run":
            continue
        skipped = each.find("skipped")
        if each.find("failure") is not None:
            state = ("failed", "")
        elif skipped is not None:
            # "file:line", then the reason in a line of its own.
            lines = (skipped.get("message") or "").strip().splitlines()
            state = ("skipped", lines[-1] if len(lines) > 1 else "no reason given")
        else:
            state = ("passed", "")
        found[f"{each.get('classname')}.{each.get('name')}"] = state
    return found


def begun_in(output):
    """(the tests that came to their end, and how; the one that did not)."""
    ended, running = {}, None
    for line in output.splitlines():
        if line.startswith("[ RUN      ] "):
            running = line[13:]
        elif running and "[       OK ] " + running in line:
            ended[running], running = ("passed", ""), None
        elif running and "[  FAILED  ] " + running in line:
            ended[running], running = ("failed", ""), None
        elif running and "[  SKIPPED ] " + running in line:
            ended[running], running = ("skipped", reason_in(said_of(output, running))), None
    return ended, running


def each_alone(batch, folder, test_time):
    return [told for each in batch for told in run_batch([each], folder, test_time)]


def run_batch(batch, folder, test_time=TEST_TIME):
    told, left = [], list(batch)
    while left:
        with tempfile.TemporaryDirectory() as place:
            report = Path(place) / "report.xml"
            process = run_process(left, folder, report, test_time)
            ended, running = read_report(report), None
        if ended is None or process.hung:
            ended, running = begun_in(process.output)
        blamed = running or any(state == "failed" for state, _ in ended.values())
        if (process.hung or process.status != 0) and not blamed:
            # It fails, and does not say by whose fault: behind its last test, or before its first.
            if len(left) > 1:
                return told + each_alone(left, folder, test_time)
            running = left[0].test
        rest = []
        for each in left:
            said = said_of(process.output, each.test)
            if each.test == running:
                why = f"no end within {test_time} s" if process.hung else f"exit status {process.status}"
                told.append(Told(each.name, "failed", f"{said}\n{why}"))
            elif each.test in ended:
                state, reason = ended[each.test]
                told.append(Told(each.name, state, said if state == "failed" else reason))
            else:
                rest.append(each)
        if len(rest) == len(left):
            return told + [Told(each.name, "failed", f"{process.output}\nit did not run") for each in rest]
        left = rest
    return told


def run(batches, folder, jobs):
    with ThreadPoolExecutor(jobs) as pool:
        for told in pool.map(lambda batch: run_batch(batch, folder), batches):
            yield from told
