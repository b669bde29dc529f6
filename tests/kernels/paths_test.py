#!/usr/bin/env python3
"""No path leads a workload out of the directories that it was given, whatever the kernel has: links
that it makes itself, with slashes and dots behind them, up, absolute, and through each other."""

import os
import unittest

from support import EndToEnd, main

SECRET = "outside, and not for the workload"
MADE = {"up": "..", "deep": "../../../../../../../..", "chain": "up", "inside": "x"}
NAMES = [name + tail for name in ("up", "deep", "chain", "x/../up", "./up", "x/up")
         for tail in ("", "/", "//", "/.", "/./", "/..", "/secret.txt", "//secret.txt",
                      "/./secret.txt", "/../secret.txt")]
WASI = "wasi_snapshot_preview1"
READ = 0x6002  # fd_read, path_open, fd_readdir
FD_WRITE = 0x40


def text_of(strings):
    """The data of a module that holds each string, and where it lies."""
    places, data, at = {}, "", 1024
    for string in strings:
        places[string] = (at, len(string.encode()))
        data += f'(data (i32.const {at}) "{string}")\n'
        at += len(string.encode()) + 1
    return places, data


def tricks(read_only):
    """A workload that makes links, opens every name in several ways, and writes out what it could
    read or make; it exits with 7."""
    names = sorted(set(NAMES) | set(MADE) | set(MADE.values()) | {"secret.txt", "x", "x/up"})
    places, data = text_of(names)

    def at(name):
        return f"(i32.const {places[name][0]}) (i32.const {places[name][1]})"

    body = "".join(f"(drop (call $symlink {at(target)} (i32.const 3) {at(name)}))\n"
                   for name, target in MADE.items())
    body += f"(drop (call $symlink {at('..')} (i32.const 3) {at('x/up')}))\n"
    for name in NAMES:
        for lookup in (0, 1):
            for how in (0, 1, 2, 9):  # open, create, directory, create and truncate
                rights = READ if read_only or how in (0, 2) else READ | FD_WRITE
                body += (f"(call $try {at(name)} (i32.const {lookup}) (i32.const {how}) "
                         f"(i64.const {rights}))\n")
    return f"""(module
      (import "{WASI}" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      {data}
      (func $show (param $fd i32)
        (i32.store (i32.const 0) (i32.const 512)) (i32.store (i32.const 4) (i32.const 256))
        (i32.store (i32.const 8) (i32.const 0))
        (drop (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
      (func $try (param $name i32) (param $size i32) (param $lookup i32) (param $how i32)
          (param $rights i64)
        (if (call $open (i32.const 3) (local.get $lookup) (local.get $name) (local.get $size)
              (local.get $how) (local.get $rights) (i64.const {READ}) (i32.const 0) (i32.const 16))
          (then (return)))
        (call $show (i32.load (i32.const 16)))
        (if (call $open (i32.load (i32.const 16)) (i32.const 1) {at("secret.txt")} (i32.const 0)
              (i64.const {READ}) (i64.const 0) (i32.const 0) (i32.const 20))
          (then (return)))
        (call $show (i32.load (i32.const 20))))
      (func (export "_start") {body} (call $exit (i32.const 7))))"""


class Paths(EndToEnd):
    def setUp(self):
        super().setUp()
        self.outside = self.folder / "outside"
        (self.outside / "given" / "x").mkdir(parents=True)
        (self.outside / "secret.txt").write_text(SECRET)

    def everything(self):
        return {str(path.relative_to(self.outside)): path.lstat().st_mtime_ns
                for path in self.outside.rglob("*") if "given" not in path.parts[-2:]
                and not str(path.relative_to(self.outside)).startswith("given")}

    def test_no_path_leads_out(self):
        before = self.everything()
        result = self.run_module(tricks(False), "--dir", self.outside / "given")
        self.assertEqual((result.returncode, result.stderr), (7, ""), result)
        self.assertNotIn(SECRET, result.stdout)
        self.assertEqual(self.everything(), before)
        self.assertIn("up", os.listdir(self.outside / "given"))

    def test_nothing_is_written_into_what_is_read_only(self):
        given = self.outside / "given"
        for name, target in MADE.items():
            os.symlink(target, given / name)
        before = sorted(path.name for path in given.rglob("*"))
        result = self.run_module(tricks(True), "--dir", f"{given}:ro")
        self.assertEqual((result.returncode, result.stderr), (7, ""), result)
        self.assertNotIn(SECRET, result.stdout)
        self.assertEqual(sorted(path.name for path in given.rglob("*")), before)


if __name__ == "__main__":
    main()
