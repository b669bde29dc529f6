#!/usr/bin/env python3
"""Everything that can be wrong gives one line and the documented exit status [docs/errors.md]."""

import os
import socket
import subprocess
import unittest

from support import ENDLESS, HELLO, MERLON, SANITIZED, EndToEnd, main, module, printing

UNUSABLE, USAGE, OUTPUT_LOST, TIME_LIMIT, KEEP_FAILED, TRAP = 1, 2, 74, 124, 125, 134


class UnusableInput(EndToEnd):
    def test_a_missing_file(self):
        self.assert_refused(self.merlon("run", self.folder / "gone.wasm"), UNUSABLE, "gone.wasm",
                            "No such file")

    def test_a_file_that_may_not_be_read(self):
        if os.geteuid() == 0:
            self.skipTest("root may read everything")
        path = self.wasm(HELLO)
        path.chmod(0)
        self.assert_refused(self.merlon("run", path), UNUSABLE, "Permission denied")

    def test_a_directory_without_main_wasm(self):
        self.assert_refused(self.merlon("run", self.folder), UNUSABLE, "has no main.wasm")

    def test_malformed_modules(self):
        good = self.wasm(HELLO).read_bytes()
        for name, content in (("empty", b""), ("text", b"hello"), ("cut", good[:-3]),
                              ("version", good[:4] + b"\2" + good[5:])):
            with self.subTest(name):
                path = self.folder / f"{name}.wasm"
                path.write_bytes(content)
                self.assert_refused(self.merlon("run", path), UNUSABLE, f"{name}.wasm")

    def test_an_invalid_module(self):
        path = self.folder / "invalid.wat"
        path.write_text('(module (func (export "_start") i32.const 1))')
        target = self.folder / "invalid.wasm"
        subprocess.run(["wat2wasm", "--no-check", path, "-o", target], check=True)
        self.assert_refused(self.merlon("run", target), UNUSABLE, "invalid.wasm", "byte")

    def test_an_unknown_import(self):
        result = self.run_module('(module (import "env" "magic\\n" (func)) '
                                 '(func (export "_start")))')
        self.assert_refused(result, UNUSABLE, "env.magic\\x0a", "unknown import")

    def test_an_import_of_another_type(self):
        result = self.run_module('(module (import "wasi_snapshot_preview1" "proc_exit" '
                                 '(func (param i64))) (func (export "_start")))')
        self.assert_refused(result, UNUSABLE, "proc_exit", "incompatible import type")

    def test_no_start_function(self):
        self.assert_refused(self.run_module("(module)"), UNUSABLE, '"_start"')

    def test_a_start_function_with_parameters(self):
        result = self.run_module('(module (func (export "_start") (param i32)))')
        self.assert_refused(result, UNUSABLE, "parameters")

    def test_a_module_that_is_too_large(self):
        path = self.folder / "large.wasm"
        with path.open("wb") as file:
            file.write(b"\0asm\1\0\0\0")
            file.truncate(100_000_001)
        self.assert_refused(self.merlon("run", path), UNUSABLE, "larger than 100000000 bytes")

    def test_a_wrong_enarx_toml_names_file_line_and_key(self):
        package = self.package(HELLO, "[[files]]\nkind = 'stdin'\n[[files]]\nkind = 'listn'\n")
        self.assert_refused(self.merlon("run", package), UNUSABLE, "Enarx.toml:4: files[1].kind:")

    def test_keys_that_are_passed_over_and_missing_streams_are_told(self):
        package = self.package(HELLO, '[network.incoming.9000]\nprot = "tcp"\n')
        result = self.merlon("run", package)
        notes = [line for line in result.stderr.splitlines() if "note: " in line]
        self.assertEqual(len(notes), 2, result)
        self.assertIn("Enarx.toml:1: network", notes[0])
        self.assertIn("no standard stream", notes[1])

    def test_broken_toml(self):
        self.assert_refused(self.merlon("run", self.package(HELLO, "files = [")), UNUSABLE,
                            "Enarx.toml:1", "not valid TOML")

    def test_trust_in_a_steward_that_is_not_named(self):
        package = self.package(
            HELLO, "files = [{kind='listen', name='web', client='require', trust=['steward']}]")
        self.assert_refused(self.merlon("run", package), UNUSABLE, "'web'", "steward")

    def test_an_unencrypted_steward(self):
        package = self.package(HELLO, "steward = 'http://attest.example'")
        self.assert_refused(self.merlon("run", package), UNUSABLE, "unencrypted steward")

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            package = self.package(HELLO, "files = [{kind='listen', prot='tcp', name='a', "
                                          f"addr='127.0.0.1', port={port}}}]")
            self.assert_refused(self.merlon("run", package), UNUSABLE, f"127.0.0.1:{port}",
                                "Address already in use")

    def test_a_peer_that_is_not_there(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
            package = self.package(HELLO, "files = [{kind='connect', prot='tcp', "
                                          f"host='127.0.0.1', port={port}}}]")
            self.assert_refused(self.merlon("run", package), UNUSABLE, "Connection refused")

    def test_a_directory_grant_that_is_not_there(self):
        self.assert_refused(self.run_module(HELLO, "--dir", self.folder / "gone"), UNUSABLE, "gone",
                            "No such file")


class Usage(EndToEnd):
    def test_wrong_command_lines(self):
        path = self.wasm(HELLO)
        for words in (("run",), ("fly",), ("run", "--colour", path), ("run", "--env", "A", path),
                      ("run", "--dir", "::", path), ("run", "--timeout", "soon", path),
                      ("run", "--timeout", "0", path), ("run", "--max-memory", "lots", path),
                      ("run", "--backend", "tdx", path), ("inspect",), ("config",),
                      ("completion", "tcsh")):
            with self.subTest(words):
                self.assert_refused(self.merlon(*words), USAGE)

    def test_a_backend_of_the_environment_is_never_replaced(self):
        path = self.wasm(HELLO)
        for name in ("MERLON_BACKEND", "ENARX_BACKEND"):
            result = self.merlon("run", path, env={name: "tdx"})
            self.assert_refused(result, USAGE, "'tdx' is unknown")
            self.assertEqual(self.merlon("run", path, env={name: "nil"}).returncode, 0)


class Traps(EndToEnd):
    def test_each_is_134_with_its_reason_and_backtrace(self):
        result = self.run_module(module("""
          (func $inner unreachable)
          (func $outer (call $inner))
          (func (export "_start") (call $outer))"""))
        self.assertEqual(result.returncode, TRAP)
        lines = result.stderr.splitlines()
        self.assertEqual(lines[0], "merlon: trap: unreachable")
        self.assertEqual(len(lines), 4, lines)
        for line in lines[1:]:
            self.assertRegex(line, r"^    at .+ \(0x[0-9a-f]+\)$")

    def test_reasons(self):
        for body, reason in (
                ("(drop (i32.div_u (i32.const 1) (i32.const 0)))", "integer divide by zero"),
                ("(drop (i32.load (i32.const 65536)))", "out of bounds memory access"),
                ("(drop (i32.trunc_f32_s (f32.const nan)))", "invalid conversion to integer"),
                ("(call $deep)", "call stack exhausted")):
            with self.subTest(reason):
                result = self.run_module(module(
                    f'(func $deep (call $deep)) (func (export "_start") {body})'))
                self.assertEqual(result.returncode, TRAP, result)
                self.assertEqual(result.stderr.splitlines()[0], f"merlon: trap: {reason}")
                self.assertLess(len(result.stderr), 100_000)

    def test_output_before_a_trap_is_not_lost(self):
        result = self.run_module(printing("before\n", "unreachable"))
        self.assertEqual((result.returncode, result.stdout), (TRAP, "before\n"))

    def test_names_of_a_module_cannot_steer_a_terminal(self):
        path = self.wasm('(module (func (export "_start") call $a) (func $a (export "\\1b[2J") '
                         'unreachable))')
        result = self.merlon("run", path)
        self.assertEqual(result.returncode, TRAP)
        self.assertNotIn("\x1b", result.stderr)


class Limits(EndToEnd):
    def test_an_endless_loop_ends_with_its_time(self):
        result = self.run_module(ENDLESS, "--timeout", "200ms", timeout=20)
        self.assertEqual(result.returncode, TIME_LIMIT, result)
        self.assertEqual(result.stderr.splitlines()[0], "merlon: the time limit is over")

    def test_an_endless_wait_ends_with_its_time(self):
        waiting = """(module
          (import "wasi_snapshot_preview1" "fd_read"
            (func $fd_read (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1)
          (func (export "_start")
            (i32.store (i32.const 0) (i32.const 64))
            (i32.store (i32.const 4) (i32.const 1))
            (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))"""
        reading, writing = os.pipe()
        try:
            result = self.run_module(waiting, "--timeout", "200ms", timeout=20, stdin=reading)
        finally:
            os.close(reading)
            os.close(writing)
        self.assertEqual(result.returncode, TIME_LIMIT, result)
        self.assertEqual(result.stderr.splitlines()[0], "merlon: the time limit is over")

    def test_a_program_within_its_time_does_not_notice(self):
        result = self.run_module(HELLO, "--timeout", "30s")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "hello\n", ""))

    def test_a_memory_beyond_the_limit_at_the_start(self):
        result = self.run_module('(module (memory 17) (func (export "_start")))',
                                 "--max-memory", "1M")
        self.assert_refused(result, UNUSABLE, "memory")

    def test_growing_beyond_the_limit_fails_in_the_program(self):
        growing = module("""
          (func (export "_start")
            (if (i32.ne (memory.grow (i32.const 15)) (i32.const 1)) (then (unreachable)))
            (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
            (call $proc_exit (i32.const 3)))""")
        self.assertEqual(self.run_module(growing, "--max-memory", "1M").returncode, 3)

    @unittest.skipIf(SANITIZED, "a sanitizer needs more stack than that")
    def test_recursion_ends_where_the_stack_does(self):
        path = self.wasm('(module (func $f (export "_start") (call $f)))')
        for size in (128, 256, 512, 8192):
            with self.subTest(kibibytes=size):
                script = f"ulimit -s {size}; exec {MERLON} run {path}"
                result = subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                                        timeout=60, check=False)
                self.assertEqual(result.returncode, TRAP, result)
                self.assertEqual(result.stderr.splitlines()[0],
                                 "merlon: trap: call stack exhausted")

    def test_memories_and_tables_count_together(self):
        tables = "".join("(table 1000000 funcref)" for _ in range(8))
        result = self.run_module(f'(module {tables} (func (export "_start")))',
                                 "--max-memory", "16M")
        self.assert_refused(result, UNUSABLE, "8000000 bytes")
        growing = module("""
          (memory $more 0)
          (func (export "_start")
            (if (i32.ne (memory.grow (i32.const 8)) (i32.const 1)) (then (unreachable)))
            (if (i32.ne (memory.grow $more (i32.const 7)) (i32.const 0)) (then (unreachable)))
            (if (i32.ne (memory.grow $more (i32.const 1)) (i32.const -1)) (then (unreachable)))
            (call $proc_exit (i32.const 3)))""")
        self.assertEqual(self.run_module(growing, "--max-memory", "1M").returncode, 3)

    @unittest.skipIf(SANITIZED, "a sanitizer needs more address space than that")
    @unittest.skipIf(os.environ.get("MERLON_POOL"), "keeps of a pool have the pool's limits")
    def test_a_machine_without_memory_is_told(self):
        path = self.wasm(HELLO)
        script = f"ulimit -v 100000; exec {MERLON} run {path}"
        result = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60,
                                check=False)
        self.assertIn(result.returncode, (UNUSABLE, KEEP_FAILED), result)
        self.assertEqual(len(result.stderr.splitlines()), 1, result)


class Output(EndToEnd):
    def test_a_full_disk(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.run_module(HELLO, stdout=full, stderr=subprocess.PIPE)
        self.assert_refused(result, OUTPUT_LOST, "standard output", "No space left on device")

    def test_a_closed_standard_output(self):
        path = self.wasm(HELLO)
        result = subprocess.run(["bash", "-c", f"exec {MERLON} run {path} >&-"], text=True,
                                stderr=subprocess.PIPE, timeout=60, check=False)
        self.assert_refused(result, OUTPUT_LOST, "standard output", "Bad file descriptor")

    def test_nobody_reads(self):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            result = self.run_module(HELLO, stdout=writing, stderr=subprocess.PIPE)
        finally:
            os.close(writing)
        self.assert_refused(result, OUTPUT_LOST, "standard output", "Broken pipe")

    def test_a_program_that_fails_itself_keeps_its_status(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.run_module(printing("x", "(call $proc_exit (i32.const 9))"), stdout=full,
                                     stderr=subprocess.PIPE)
        self.assert_refused(result, 9, "standard output")

    def test_merlons_own_output(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = self.merlon("--version", stdout=full, stderr=subprocess.PIPE)
        self.assert_refused(result, OUTPUT_LOST, "standard output")

    def test_a_closed_standard_error_loses_nothing_else(self):
        path = self.wasm(HELLO)
        result = subprocess.run(["bash", "-c", f"exec {MERLON} run {path} 2>&-"], text=True,
                                stdout=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"))


if __name__ == "__main__":
    main()
