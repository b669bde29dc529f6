#!/usr/bin/env python3
"""Runs the official WASI test suite's preview 1 programs under merlon.

    testsuite.py --merlon PROGRAM [--backend BACKEND] [--mounted] [FOLDER]

FOLDER is a checkout of WebAssembly/wasi-testsuite, branch prod/testsuite-base (the built programs),
else $MERLON_WASI_TESTSUITE, else $MERLON_SHARED/wasi-testsuite. Each X.wasm has an X.json that may
hold args, env, dirs or root, stdin, stdout and exit_code. Exit 77 if there is no such folder.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
TIMEOUT_SECONDS = 60
LANGUAGES = ("c", "rust", "assemblyscript")
# What differs by design: a workload always has FD_COUNT and FD_NAMES [ENARX exec-wasmtime].
DIFFERENT = {
    "assemblyscript/environ_get-multiple-variables",
    "assemblyscript/environ_sizes_get-multiple-variables",
    "assemblyscript/environ_sizes_get-no-variables",
}


def find_suite(given):
    candidates = [given, os.environ.get("MERLON_WASI_TESTSUITE")]
    if os.environ.get("MERLON_SHARED"):
        candidates.append(os.path.join(os.environ["MERLON_SHARED"], "wasi-testsuite"))
    for candidate in filter(None, candidates):
        folder = pathlib.Path(candidate)
        if (folder / "tests").is_dir():
            return folder
    return None


def programs_of(suite):
    for language in LANGUAGES:
        folder = suite / "tests" / language / "testsuite/wasm32-wasip1"
        for wasm in sorted(folder.glob("*.wasm")):
            yield f"{language}/{wasm.stem}", wasm


def give(options, words, mounts, source, guest):
    """The directory `source` as `guest`: the host's, or a mount in the keep."""
    if options.mounted:
        mounts.append(f'[[mounts]]\npath = "/{guest.lstrip("/")}"\nsource = "{source.name}"\nwrite = true\n')
    else:
        words += ["--dir", f"{source}::{guest}"]


def command_for(options, wasm, spec, scratch):
    words = [options.merlon, "run", "--backend", options.backend]
    mounts = []
    for name, value in spec.get("env", {}).items():
        words += ["--env", f"{name}={value}"]
    for name in spec.get("dirs", []):  # a copy, since the programs write there
        shutil.copytree(wasm.parent / name, scratch / name, symlinks=True)
        give(options, words, mounts, scratch / name, name)
    if spec.get("root"):
        shutil.copytree(wasm.parent / spec["root"], scratch / "root", symlinks=True)
        give(options, words, mounts, scratch / "root", "/")
    if mounts:
        config = scratch / "Enarx.toml"
        streams = [f'[[files]]\nkind = "{name}"\n' for name in ("stdin", "stdout", "stderr")]
        config.write_text("".join(streams + mounts))
        words += ["--config", str(config)]
    return words + [str(wasm), "--", *spec.get("args", [])]


def run_program(options, wasm):
    """Nothing if all is as the suite wants, else what is not."""
    description = wasm.with_suffix(".json")
    spec = json.loads(description.read_text()) if description.exists() else {}
    with tempfile.TemporaryDirectory() as folder:
        command = command_for(options, wasm, spec, pathlib.Path(folder))
        try:
            done = subprocess.run(command, input=spec.get("stdin", ""), text=True,
                                  capture_output=True, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            return f"did not end within {TIMEOUT_SECONDS} s"
    if done.returncode != spec.get("exit_code", 0):
        return f"exit status {done.returncode}: {done.stderr[:400]}"
    if "stdout" in spec and done.stdout != spec["stdout"]:
        return f"printed {done.stdout[:200]!r}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--merlon", required=True)
    parser.add_argument("--backend", default="nil")
    parser.add_argument("--mounted", action="store_true", help="the files lie in the keep")
    parser.add_argument("folder", nargs="?")
    options = parser.parse_args()
    suite = find_suite(options.folder)
    if suite is None:
        print("SKIPPED: no checkout of wasi-testsuite (MERLON_WASI_TESTSUITE is not set)")
        return SKIPPED
    passed, failed, different = 0, 0, 0
    for name, wasm in programs_of(suite):
        if name in DIFFERENT:
            different += 1
            print(f"{name}: not run: FD_COUNT and FD_NAMES are always in the environment")
            continue
        trouble = run_program(options, wasm)
        if trouble:
            failed += 1
            print(f"{name}: FAILED: {trouble}")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed, {different} not run")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
