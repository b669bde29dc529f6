#!/usr/bin/env python3
"""merlon run: what a program gets and what becomes of its end."""

import fcntl
import signal
import socket
import subprocess
import unittest

from support import HELLO, MERLON, WASI, EndToEnd, main, module, printing

ECHO = module("""
  (func (export "_start")
    (local $n i32)
    (i32.store (i32.const 0) (i32.const 1024))
    (loop $more
      (i32.store (i32.const 4) (i32.const 32768))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $n (i32.load (i32.const 8)))
      (if (local.get $n) (then
        (i32.store (i32.const 4) (local.get $n))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br $more)))))""",
              f'(import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))')

# Prints the block of texts of args_get or environ_get, each with a NUL behind it.
TEXTS = """(module
  (import "wasi_snapshot_preview1" "{kind}_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "{kind}_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $get (i32.const 4096) (i32.const 16384)))
    (i32.store (i32.const 8) (i32.const 16384))
    (i32.store (i32.const 12) (i32.load (i32.const 4)))
    (drop (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 20)))))"""


def texts(result):
    return result.stdout.split("\0")[:-1]


class Run(EndToEnd):
    def test_a_program_prints_and_returns(self):
        result = self.run_module(HELLO)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "hello\n", ""))

    def test_standard_input_reaches_standard_output(self):
        text = "".join(f"line {i}\n" for i in range(200_000))
        result = self.run_module(ECHO, stdin=None, input=text)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout, text)

    def test_exit_statuses_are_the_programs(self):
        for status in (0, 1, 42, 124, 255):
            with self.subTest(status=status):
                result = self.run_module(printing("x", f"(call $proc_exit (i32.const {status}))"))
                self.assertEqual((result.returncode, result.stderr), (status, ""))

    def test_an_exit_status_that_does_not_fit_is_told(self):
        result = self.run_module(printing("x", "(call $proc_exit (i32.const 256))"))
        self.assert_refused(result, 255, "256")

    def test_arguments(self):
        path = self.wasm(TEXTS.format(kind="args"))
        self.assertEqual(texts(self.merlon("run", path)), ["main.wasm"])
        self.assertEqual(texts(self.merlon("run", path, "--", "a", "-h", "--", "b c")),
                         ["main.wasm", "a", "-h", "--", "b c"])

    def test_arguments_of_the_package_and_of_the_user(self):
        package = self.package(TEXTS.format(kind="args"),
                               "args = ['from', 'toml']\n"
                               "files = [{kind='stdin'},{kind='stdout'},{kind='stderr'}]\n")
        self.assertEqual(texts(self.merlon("run", package)), ["main.wasm", "from", "toml"])
        self.assertEqual(texts(self.merlon("run", package, "--", "mine")), ["main.wasm", "mine"])

    def test_the_environment_holds_only_what_is_given(self):
        path = self.wasm(TEXTS.format(kind="environ"))
        result = self.merlon("run", "--env", "A=1", "--env", "B=x=y", path)
        self.assertEqual(texts(result), ["FD_COUNT=3", "FD_NAMES=stdin:stdout:stderr", "A=1",
                                         "B=x=y"])

    def test_a_package_with_its_configuration(self):
        package = self.package(TEXTS.format(kind="environ"), """
            files = [{kind='null', name='nothing'}, {kind='stdout', name='out'}]
            [env]
            Z = "last"
            A = "first" """)
        self.assertEqual(texts(self.merlon("run", package)),
                         ["FD_COUNT=2", "FD_NAMES=nothing:out", "A=first", "Z=last"])

    def test_another_configuration(self):
        package = self.package(HELLO, "files = []")
        other = self.folder / "other.toml"
        other.write_text("files = [{kind='null'}, {kind='stderr'}]")
        result = self.merlon("run", "--config", other, package)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", "hello\n"))

    def test_the_callers_streams_stay_as_they_were(self):
        """The program sets append on 1; a socket on 0 is made not to wait for it."""
        path = self.wasm(module("""
          (func (export "_start")
            (if (call $set_flags (i32.const 1) (i32.const 1)) (then (unreachable))))""", f"""
          (import "{WASI}" "fd_fdstat_set_flags"
            (func $set_flags (param i32 i32) (result i32)))"""))
        ours, theirs = socket.socketpair()
        with ours, theirs, (self.folder / "output").open("w") as output:
            before = [fcntl.fcntl(each, fcntl.F_GETFL) for each in (theirs, output)]
            result = self.merlon("run", path, stdin=theirs, stdout=output, stderr=subprocess.PIPE)
            self.assertEqual(result.returncode, 0, result)
            self.assertEqual([fcntl.fcntl(each, fcntl.F_GETFL) for each in (theirs, output)],
                             before)

    def test_a_signal_leaves_the_callers_streams_as_they_were(self):
        path = self.wasm(printing("ready", "(loop (br 0))"))
        ours, theirs = socket.socketpair()
        with ours, theirs:
            before = fcntl.fcntl(theirs, fcntl.F_GETFL)
            process = subprocess.Popen([MERLON, "run", str(path)], stdin=theirs,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.assertEqual(process.stdout.read(5), b"ready")
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            self.assertEqual(fcntl.fcntl(theirs, fcntl.F_GETFL), before)

    def test_without_files_there_is_nothing_to_write_to(self):
        result = self.merlon("run", self.package(HELLO, ""))
        self.assertEqual((result.returncode, result.stdout), (0, ""))
        self.assertRegex(result.stderr, r"\Amerlon: note: .* no standard stream.*\n\Z")

    def test_the_export_without_a_name_is_a_start(self):
        result = self.run_module('(module (func (export "") (result i32) i32.const 1))')
        self.assertEqual((result.returncode, result.stdout), (0, ""))

    def test_invoke_takes_parameters_and_prints_results(self):
        path = self.wasm("""(module
          (func (export "add") (param i32 i64) (result i64 f64)
            (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)) (f64.const 0.5))
          (func (export "_start") unreachable))""")
        result = self.merlon("run", "--invoke", "add", path, "--", "-2", "0x10")
        self.assertEqual((result.returncode, result.stdout), (0, "14\n0.5\n"))
        self.assert_refused(self.merlon("run", "--invoke", "add", path), 1, "2 parameters")
        for arguments, told in ((["x", "1"], "parameter 1 of type i32"), (["1", "x"], "parameter 2 of type i64")):
            self.assert_refused(self.merlon("run", "--invoke", "add", path, "--", *arguments), 1, told)
        self.assert_refused(self.merlon("run", "--invoke", "add", path, "--", "1", "x"), 1, "'x'")
        self.assert_refused(self.merlon("run", "--invoke", "sub", path), 1, "'sub'")

    def test_invoke_initialises_a_reactor_first(self):
        path = self.wasm("""(module
          (global $g (mut i32) (i32.const 0))
          (func (export "_initialize") (global.set $g (i32.const 7)))
          (func (export "get") (result i32) (global.get $g)))""")
        self.assertEqual(self.merlon("run", "--invoke", "get", path).stdout, "7\n")

    def test_two_programs_at_once_do_not_see_each_other(self):
        path = self.wasm(ECHO)
        children = [subprocess.Popen([MERLON, "run", str(path)], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE) for _ in range(4)]
        for number, child in enumerate(children):
            child.stdin.write(f"{number}".encode())
            child.stdin.close()
        for number, child in enumerate(children):
            with child:
                self.assertEqual(child.stdout.read(), f"{number}".encode())


if __name__ == "__main__":
    main()
