#!/usr/bin/env python3
"""What is no regular file, in the place of each file that each command reads: one line names it, and
nothing waits. What may wait, a pipe or a peer, ends by Ctrl-C, SIGTERM and the time limit."""

import os
import signal
import socket
import subprocess
import time

from support import HELLO, MERLON, EndToEnd, main

UNUSABLE, TIME_LIMIT = 1, 124
ENDS_WITHIN_SECONDS = 60
CONNECTED = """
[[files]]
kind = "stdout"
[[files]]
kind = "connect"
prot = "tcp"
host = "127.0.0.1"
port = %d
"""


class Inputs(EndToEnd):
    """`self.odd` is what lies in the place of a file, `self.kinds` makes one of each kind."""

    def setUp(self):
        super().setUp()
        self.app = self.wasm(HELLO)
        self.kinds = {"FIFO": os.mkfifo, "socket": self.make_socket, "device": self.link_device}

    def make_socket(self, path):
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(str(path))

    @staticmethod
    def link_device(path):
        os.symlink("/dev/zero", path)

    def odd(self, kind, folder=None, name="odd"):
        path = (folder or self.folder) / name
        path.unlink(missing_ok=True)
        self.kinds[kind](path)
        return path

    def package(self, odd_file, kind):
        folder = self.folder / f"package-{odd_file}-{kind}"
        folder.mkdir()
        (folder / "main.wasm").write_bytes(self.app.read_bytes())
        (folder / odd_file).unlink(missing_ok=True)
        return folder, self.odd(kind, folder, odd_file)

    def commands(self, odd):
        """Each command with `odd` in the place of each file that it reads."""
        yield "run", odd
        yield "run", "--config", odd, self.app
        yield "inspect", odd
        yield "inspect", "--json", odd
        yield "evidence", "inspect", odd
        yield "evidence", "verify", odd
        yield "evidence", "verify", "--policy", odd, self.app
        yield "evidence", "verify", "--endorsements", odd, self.app
        yield "evidence", "policy", "check", odd
        yield "evidence", "fetch", odd, self.folder / "fetched"

    def assert_told(self, result, path, kind):
        self.assert_refused(result, UNUSABLE, str(path), f"Is a {kind}")


class NoRegularFiles(Inputs):
    def test_each_command_names_what_is_in_the_place_of_a_file(self):
        for kind in self.kinds:
            odd = self.odd(kind)
            for command in self.commands(odd):
                with self.subTest(kind=kind, command=command):
                    self.assert_told(self.merlon(*command), odd, kind)

    def test_the_files_of_a_package(self):
        for kind in self.kinds:
            for name in ("main.wasm", "Enarx.toml"):
                with self.subTest(kind=kind, name=name):
                    folder, path = self.package(name, kind)
                    self.assert_told(self.merlon("run", folder), path, kind)

    def test_the_files_of_a_directory_of_endorsements(self):
        folder = self.folder / "endorsements"
        folder.mkdir()
        fifo = self.odd("FIFO")
        os.symlink(fifo, folder / "list.crl")
        result = self.merlon("evidence", "verify", "--endorsements", folder, self.app)
        self.assert_told(result, folder / "list.crl", "FIFO")

    def test_directories(self):
        for command in list(self.commands(self.folder))[1:]:
            if "--endorsements" in command:  # these may be a directory
                continue
            with self.subTest(command=command):
                self.assert_refused(self.merlon(*command), UNUSABLE, str(self.folder),
                                    "Is a directory")

    def test_what_is_granted_as_a_directory(self):
        for kind in self.kinds:
            with self.subTest(kind=kind):
                odd = self.odd(kind)
                result = self.merlon("run", "--dir", odd, self.app)
                self.assert_refused(result, UNUSABLE, str(odd), "Not a directory")

    def test_files_that_are_made(self):
        for kind in self.kinds:
            with self.subTest(kind=kind):
                odd = self.odd(kind)
                result = self.merlon("evidence", "policy", "init", odd)
                self.assert_refused(result, UNUSABLE, str(odd))
                self.odd(kind, name="Enarx.toml")
                result = self.merlon("config", "init", cwd=self.folder)
                self.assert_refused(result, UNUSABLE, "Enarx.toml")


class Waiting(Inputs):
    def ended_by(self, number, command, stdin):
        """Sent at some moment, whatever the program does then; the status does not matter."""
        process = subprocess.Popen([MERLON, *map(str, command)], stdin=stdin,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)
        process.send_signal(number)
        try:
            process.communicate(timeout=ENDS_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            self.fail(f"{command} did not end by {number.name}")
        self.assertNotEqual(process.returncode, 0)


class Pipes(Waiting):
    """What a shell hands over open: `merlon run <(cat app.wasm)`, `cat app.wasm | …`."""

    def test_a_module_may_come_through_a_pipe(self):
        result = subprocess.run(["bash", "-c", '"$0" run <(cat "$1")', MERLON, str(self.app)],
                                capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"), result)
        for command in (("run", "/dev/stdin"), ("inspect", "/dev/stdin")):
            with self.subTest(command=command):
                result = subprocess.run([MERLON, *command], input=self.app.read_bytes(),
                                        capture_output=True, check=False, timeout=60)
                self.assertEqual(result.returncode, 0, result)

    def test_a_device_as_standard_input_is_told(self):
        with open("/dev/zero", "rb") as zero:
            for command in (("inspect", "/dev/stdin"), ("evidence", "inspect", "-")):
                with self.subTest(command=command):
                    result = self.merlon(*command, stdin=zero)
                    self.assert_refused(result, UNUSABLE, "Is a device")

    def test_signals_end_what_waits_for_a_pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        for command in (("run", "/dev/stdin"), ("run", "/proc/self/fd/0"),
                        ("run", "--config", "/dev/stdin", self.app), ("inspect", "/dev/stdin"),
                        ("evidence", "inspect", "-"), ("evidence", "verify", "-"),
                        ("evidence", "verify", "--policy", "/dev/stdin", self.app),
                        ("evidence", "verify", "--endorsements", "/dev/stdin", self.app),
                        ("evidence", "policy", "check", "/dev/stdin"),
                        ("evidence", "fetch", "/dev/stdin", self.folder / "fetched")):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(command=command, number=number):
                    self.ended_by(number, command, reader)

    def test_the_time_limit_ends_what_waits_for_a_pipe(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        for command in (("/dev/stdin",), ("--config", "/dev/stdin", self.app)):
            with self.subTest(command=command):
                result = self.merlon("run", "--timeout", "0.3s", *command, stdin=reader)
                self.assert_refused(result, TIME_LIMIT, "time limit")


class Peers(Waiting):
    """A peer that does not answer: the queue of its listening socket is full."""

    def setUp(self):
        super().setUp()
        listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        for _ in range(4):
            waiting = socket.socket()
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        self.config = self.folder / "Connect.toml"
        self.config.write_text(CONNECTED % port)

    def test_signals_end_what_waits_for_a_peer(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number=number):
                self.ended_by(number, ("run", "--config", self.config, self.app), None)

    def test_the_time_limit_ends_what_waits_for_a_peer(self):
        result = self.merlon("run", "--timeout", "0.3s", "--config", self.config, self.app)
        self.assert_refused(result, TIME_LIMIT, "time limit")


if __name__ == "__main__":
    main()
