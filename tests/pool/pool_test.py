#!/usr/bin/env python3
"""Keeps that were made ahead: merlon-pool, and merlon run --pool."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from support import ENDLESS, HELLO, MERLON, WASI, main, module, printing  # noqa: E402
from tls_support import TlsTest  # noqa: E402
from tls_test import echo_server  # noqa: E402
from pools import Pool, no_machine  # noqa: E402

BACKEND = os.environ.get("MERLON_BACKEND", "nil")

# Prints 32 random bytes.
RANDOM = module("""
  (func (export "_start")
    (drop (call $random_get (i32.const 64) (i32.const 32)))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 32))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""",
                f'(import "{WASI}" "random_get" (func $random_get (param i32 i32) (result i32)))')

# Prints the time of clock 0 and of clock 1: nanoseconds, 8 bytes each.
CLOCKS = module("""
  (func (export "_start")
    (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 64)))
    (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 72)))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 16))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""",
                f'(import "{WASI}" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))')

# Counts in its memory and prints what it finds there at its start: another's would not be zero.
COUNTER = module("""
  (func (export "_start")
    (i32.store (i32.const 512) (i32.add (i32.load (i32.const 512)) (i32.const 49)))
    (i32.store (i32.const 0) (i32.const 512))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""")

# Its start function says so, before _start does.
STARTS = module("""
  (data (i32.const 16) "start then run")
  (func $say (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $begin (call $say (i32.const 16) (i32.const 11)))
  (start $begin)
  (func (export "_start") (call $say (i32.const 27) (i32.const 3)))""")


@unittest.skipIf(no_machine(BACKEND), "no /dev/kvm here")
class PoolTest(TlsTest):
    def pool(self, *options, backend=BACKEND):
        made = Pool(self.folder / "pool", backend, *options)
        self.enterContext(made) if hasattr(self, "enterContext") else self.enter(made)
        return made

    def enter(self, made):
        made.__enter__()
        self.addCleanup(made.__exit__, None, None, None)

    def taken(self, path, *arguments, **options):
        return self.merlon("run", "--pool", self.folder / "pool", *arguments, path, **options)

    def bytes_of(self, path):
        result = subprocess.run([MERLON, "run", "--pool", self.folder / "pool", path], capture_output=True,
                                stdin=subprocess.DEVNULL, timeout=60, check=True)
        return result.stdout

    def test_each_keep_runs_once_whatever_it_begins_as(self):
        for when in ("never", "always"):
            with self.subTest(snapshots=when):
                app = self.wasm(COUNTER)
                with Pool(self.folder / "pool", BACKEND, "--wait", "--snapshots", when) as pool:
                    for _ in range(6):
                        result = self.taken(app)
                        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "1", ""))
                    self.assertEqual(pool.prepared_with(), 1)
                    if BACKEND == "kvm":
                        pool.until(lambda: any((b"--restore" in words) == (when == "always")
                                               for words in pool.children().values()))

    def test_no_two_have_one_random_state(self):
        app = self.wasm(RANDOM)
        self.pool("--wait", "--snapshots", "always", "--ready", "4")
        seen = {self.bytes_of(app) for _ in range(12)}
        self.assertEqual(len(seen), 12)
        # Nor parts of one.
        words = [said[at:at + 8] for said in seen for at in range(0, 32, 8)]
        self.assertEqual(len(set(words)), len(words))

    def test_no_two_have_one_key(self):
        self.pool("--wait", "--snapshots", "always")
        shown = set()
        with mock.patch.dict(os.environ, MERLON_POOL=str(self.folder / "pool")):
            for _ in range(3):
                keep, port = self.start(echo_server(1), ", prot='tls'")
                with self.connect(port) as connection:
                    shown.add(connection.getpeercert(binary_form=True))
                    self.echo(connection, b"hello")
                    connection.unwrap()
                self.assert_served(keep)
                shutil.rmtree(self.folder / "package")
        keys = {subprocess.run(["openssl", "x509", "-inform", "der", "-pubkey", "-noout"], input=each,
                               capture_output=True, timeout=60, check=True).stdout for each in shown}
        self.assertEqual(len(keys), 3)

    def test_the_time_goes_on(self):
        app = self.wasm(CLOCKS)
        self.pool("--wait", "--snapshots", "always", "--ready", "2")
        before = self.bytes_of(app)
        time.sleep(1.5)
        for _ in range(3):
            start = time.time_ns()
            said = self.bytes_of(app)
            end = time.time_ns()
            told = int.from_bytes(said[:8], "little")
            self.assertLess(start - 50_000_000, told)
            self.assertLess(told, end + 50_000_000)
            self.assertGreater(int.from_bytes(said[8:], "little"),
                               int.from_bytes(before[8:], "little") + 1_000_000_000)

    def test_a_start_function_runs_at_the_launch(self):
        self.pool("--wait", "--snapshots", "always")
        app = self.wasm(STARTS)
        for _ in range(2):
            self.assertEqual(self.taken(app).stdout, "start then run")

    def test_a_module_that_has_changed_is_not_the_old_one(self):
        pool = self.pool("--wait")
        self.assertEqual(self.taken(self.wasm(printing("old"))).stdout, "old")
        self.assertEqual(self.taken(self.wasm(printing("new"))).stdout, "new")
        self.assertEqual(pool.prepared_with(), 2)

    def test_what_cannot_be_compiled_is_told_to_who_runs_it(self):
        self.pool("--wait")
        bad = self.folder / "bad.wasm"
        bad.write_bytes(b"\0asm\1\0\0\0\x7f")
        for _ in range(2):
            result = self.taken(bad)
            self.assertEqual(result.returncode, self.merlon("run", bad).returncode)
            self.assertIn("is no valid WebAssembly module", result.stderr)

    def test_limits_hold(self):
        self.pool("--wait")
        endless = self.wasm(ENDLESS)
        result = self.taken(endless, "--timeout", "200ms")
        self.assertEqual(result.returncode, 124)
        self.assertIn("the time limit is over", result.stderr)
        app = self.wasm(HELLO)
        result = self.taken(app, "--max-memory", "1K")
        usual = self.merlon("run", "--max-memory", "1K", app)
        self.assertNotEqual(usual.returncode, 0)
        self.assertEqual((result.returncode, result.stderr), (usual.returncode, usual.stderr))

    def test_directories_and_none(self):
        pool = self.pool("--wait")
        (self.folder / "given").mkdir()
        app = self.wasm(HELLO)
        # Each reach of a module has keeps of its own.
        self.assertEqual(self.taken(app).stdout, "hello\n")
        result = self.taken(app, "--dir", f"{self.folder}/given::/data")
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"))
        self.assertEqual(pool.prepared_with(), 2)
        # Those that may have more serve those that have less.
        self.assertEqual(self.taken(app).stdout, "hello\n")
        self.assertEqual(pool.prepared_with(), 2)

    def test_signals_reach_it_and_who_goes_takes_it_along(self):
        pool = self.pool("--wait", "--ready", "1")
        app = self.wasm(printing("x", "(loop (br 0))"))
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            process = subprocess.Popen([MERLON, "run", "--pool", self.folder / "pool", app], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(process.stdout.read(1), b"x")
            process.send_signal(number)
            self.assertEqual(process.wait(10), status)
            process.communicate()
        process = subprocess.Popen([MERLON, "run", "--pool", self.folder / "pool", app], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(process.stdout.read(1), b"x")
        process.kill()
        # The stream ends when the keep does.
        self.assertEqual(process.stdout.read(), b"")
        process.communicate()
        pool.until(lambda: len(pool.children()) <= 2)

    def running_in_the_pool(self, app):
        """merlon run, whose workload runs in a keep of the pool. Who is given one that has just died starts a keep of his own,
        and is asked again."""
        end = time.monotonic() + 30
        while time.monotonic() < end:
            process = subprocess.Popen([MERLON, "run", "--pool", self.folder / "pool", app], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.kill)
            self.assertEqual(process.stdout.read(1), "x")
            if not Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
                return process
            process.kill()
            process.communicate()
        raise AssertionError("the pool gives nobody a keep")

    def test_a_keep_that_crashes_or_is_killed_is_told(self):
        pool = self.pool("--wait", "--ready", "1")
        app = self.wasm(printing("x", "(loop (br 0))"))
        for number, status, words in ((signal.SIGSEGV, 134, "the keep crashed"), (signal.SIGKILL, 137, "signal 9")):
            process = self.running_in_the_pool(app)
            # The one that is taken and those that wait; the pool makes others.
            killed = pool.children()
            for child in killed:
                os.kill(child, number)
            self.assertEqual(process.wait(10), status)
            self.assertIn(words, process.communicate()[1])
            pool.until(lambda killed=killed: not killed.keys() & pool.children().keys())

    @unittest.skipUnless(BACKEND == "kvm", "a blank one of nil is ready from its start")
    def test_keeps_that_are_killed_before_they_are_ready_are_made_again(self):
        pool = self.pool("--wait", "--ready", "1")
        children = Path(f"/proc/{pool.process.pid}/task/{pool.process.pid}/children")

        def died_early():
            # By what the kernel lists: whoever looks through /proc comes when one has long been ready.
            for child in children.read_text().split():
                with contextlib.suppress(ProcessLookupError):  # one that the pool has put away since
                    os.kill(int(child), signal.SIGKILL)
            told = [line for line in pool.lines if f"{BACKEND}: " in line]
            return sum("a keep that waited has ended" not in line for line in told) >= 4

        # A rest of ten seconds after each would not do.
        pool.until(died_early, pause=0)
        app = self.wasm(printing("x", "(loop (br 0))"))
        self.running_in_the_pool(app).kill()

    @unittest.skipUnless(BACKEND == "kvm", "is about machines")
    def test_the_process_of_the_next_copy_can_be_killed(self):
        pool = self.pool("--wait", "--snapshots", "always", "--ready", "1")
        app = self.wasm(printing("x"))
        self.taken(app)

        def copies():
            return {child for child, words in pool.children().items() if b"--restore" in words}

        # One is ready, and one waits to be the next.
        for _ in range(5):
            pool.until(lambda: len(copies()) == 2)
            killed = max(copies())
            os.kill(killed, signal.SIGKILL)
            pool.until(lambda killed=killed: killed not in pool.children() and len(copies()) == 2)
            self.assertEqual(self.taken(app).stdout, "x")

    def test_a_pool_that_goes_takes_its_keeps_along(self):
        with Pool(self.folder / "pool", BACKEND, "--wait") as pool:
            app = self.wasm(printing("x", "(loop (br 0))"))
            process = subprocess.Popen([MERLON, "run", "--pool", self.folder / "pool", app], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.assertEqual(process.stdout.read(1), "x")
            pool.process.kill()
            self.assertEqual(process.wait(10), 125)
            self.assertIn("the pool has ended", process.communicate()[1])

    def test_told_to_end_it_waits_for_those_that_run(self):
        app = self.wasm(ECHO_ONE)
        with Pool(self.folder / "pool", BACKEND, "--wait") as pool:
            process = subprocess.Popen([MERLON, "run", "--pool", self.folder / "pool", app], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
            self.assertEqual(process.stdout.read(1), ">")
            pool.process.terminate()
            pool.until(lambda: len(pool.children()) == 1)
            # Nobody gets one any more, and everybody one of his own.
            self.assertEqual(self.taken(self.wasm(HELLO, "other.wasm")).stdout, "hello\n")
            self.assertEqual(process.communicate("y")[0], "y")
            self.assertEqual(process.returncode, 0)
            self.assertEqual(pool.process.wait(10), 0)
        self.assertFalse((self.folder / "pool").exists())

    @unittest.skipUnless(BACKEND == "kvm", "is about machines")
    def test_an_attested_keep_waits_blank_and_is_in_no_snapshot(self):
        state = self.folder / "state"
        with mock.patch.dict(os.environ, XDG_STATE_HOME=str(state)):
            subprocess.run([MERLON, "platform", "simulate", "init"], check=True, capture_output=True, timeout=60)
            pool = self.pool("--snapshots", "always", backend="snp-sim")
            app = self.wasm(HELLO)
            for _ in range(3):
                pool.until(lambda: any(len(words) > 1 for words in pool.children().values()))
                time.sleep(0.3)
                result = self.merlon("run", "--backend", "snp-sim", "--pool", self.folder / "pool", app)
                self.assertEqual((result.returncode, result.stdout), (0, "hello\n"), result.stderr)
            self.assertEqual(pool.prepared_with(), 0)
        # Whoever sends one a module beforehand is refused by its process, and by nobody's courtesy.
        ours, its = socket.socketpair()
        machine = subprocess.Popen([Path(MERLON).with_name("merlon-vmm"), "--simulator", state / "merlon/simulator"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: os.dup2(its.fileno(), 3), close_fds=False)
        its.close()
        with ours, open(app, "rb") as module_file:
            socket.send_fds(ours, [b"MRLNPREP\1\0\0\0\1\1\0\0"], [module_file.fileno()])
            self.assertIn("an attested keep takes no module beforehand", machine.communicate(timeout=30)[1])
            self.assertEqual(machine.returncode, 125)

    def test_without_a_pool_all_is_as_always(self):
        result = self.merlon("run", "--pool", self.folder / "nothing", self.wasm(HELLO))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "hello\n", ""))

    def test_a_keep_that_speaks_out_of_turn_is_still_in_our_hands(self):
        """A pool of ours, whose keep says nonsense for an end and runs on."""
        with socket.socket(socket.AF_UNIX) as door, subprocess.Popen(["sleep", "60"]) as keep:
            door.bind(str(self.folder / "pool"))
            door.listen()
            process = subprocess.Popen([MERLON, "run", "--pool", self.folder / "pool", self.wasm(HELLO)],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            customer, _ = door.accept()
            ours, its = socket.socketpair()
            with customer, ours:
                _, files, _, _ = socket.recv_fds(customer, 16, 1)
                pidfd = os.pidfd_open(keep.pid)
                socket.send_fds(customer, [b"\1"], [its.fileno(), pidfd])
                its.close()
                for each in (*files, pidfd):
                    os.close(each)
                _, streams, _, _ = socket.recv_fds(ours, 8, 3)
                for each in streams:
                    os.close(each)
                ours.recv(4096)
                ours.sendall(b"\7\7")
                time.sleep(0.2)
                process.send_signal(signal.SIGTERM)
                self.assertEqual(keep.wait(10), -signal.SIGTERM)
                customer.sendall(bytes([2, signal.SIGTERM]))
                self.assertEqual(process.wait(10), 128 + signal.SIGTERM)
                process.communicate()

    def test_a_place_that_is_taken_is_told(self):
        self.pool()
        second = subprocess.run(Pool(self.folder / "pool", BACKEND).command, capture_output=True, text=True,
                                timeout=20, check=False)
        self.assertEqual(second.returncode, 1)
        self.assertIn("cannot listen", second.stderr)
        # What a pool that was killed has left is no obstacle.
        with Pool(self.folder / "other", BACKEND) as killed:
            killed.process.kill()
            killed.process.wait()
        with Pool(self.folder / "other", BACKEND):
            pass

    @unittest.skipIf(os.geteuid() != 0, "only root can be two users")
    def test_another_users_pool_is_told_nothing(self):
        """Whoever listens at the path would get module, streams, directories and environment."""
        place = self.folder / "pool"
        listening, told = os.pipe()
        child = os.fork()
        if child == 0:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(place))
                os.chmod(place, 0o777)
                os.setuid(65534)
                listener.listen()  # whose it is the kernel notes here
                os.write(told, b"!")
                listener.settimeout(20)
                connection, _ = listener.accept()
                connection.settimeout(5)
                said, files, _, _ = socket.recv_fds(connection, 4096, 8)
                os.write(told, b"%d bytes, %d files" % (len(said), len(files)))
                os._exit(0)
            os._exit(1)
        os.close(told)
        try:
            self.assertEqual(os.read(listening, 1), b"!")
            self.assertEqual(self.taken(self.wasm(HELLO)).stdout, "hello\n")
            self.assertEqual(os.read(listening, 100), b"0 bytes, 0 files")
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(listening)

    def test_wild_customers_harm_nobody(self):
        pool = self.pool("--wait")
        app = self.wasm(HELLO)
        kept = []
        for said in (b"", b"M", b"MRLNTAKE", b"MRLNTAKE\1\0\0\0\1\0\0\0", os.urandom(4096), b"\0" * 65536):
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(self.folder / "pool"))
            connection.settimeout(1)
            try:
                connection.sendall(said)
            except OSError:
                pass
            kept.append(connection)
            self.assertEqual(self.taken(app).stdout, "hello\n")
        # More than it will hear at a time; some are still at the door.
        crowd = [socket.socket(socket.AF_UNIX) for _ in range(60)]
        for connection in crowd:
            connection.setblocking(False)
            try:
                connection.connect(str(self.folder / "pool"))
            except BlockingIOError:
                pass
        self.assertEqual(self.taken(app).stdout, "hello\n")
        for connection in crowd:
            connection.close()
        # Files in place of a module that no file should be.
        for path in ("/dev/zero", "/proc/self/mem"):
            with open(path, "rb") as file, socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(self.folder / "pool"))
                backend = {"nil": 0, "kvm": 1}[BACKEND]
                socket.send_fds(connection, [b"MRLNTAKE\1\0\0\0" + bytes([backend]) + b"\0\0\0"], [file.fileno()])
                connection.settimeout(20)
                answer, files, _, _ = socket.recv_fds(connection, 1, 4)
                self.assertIn(answer, (b"\0", b"\2"), path)
                for each in files:
                    os.close(each)
        self.assertEqual(self.taken(app).stdout, "hello\n")
        for connection in kept:
            connection.close()
        self.assertIsNone(pool.process.poll())


ECHO_ONE = module("""
  (data (i32.const 16) ">")
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 1))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))""",
                  f'(import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))')


if __name__ == "__main__":
    main()
