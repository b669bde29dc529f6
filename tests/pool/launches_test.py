#!/usr/bin/env python3
"""Keeps that were made ahead, by somebody who sends them launches that they were not prepared for."""

import os
import socket
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from support import HELLO, MERLON, SANITIZED, EndToEnd, main  # noqa: E402
from pools import no_machine  # noqa: E402

BACKEND = os.environ.get("MERLON_BACKEND", "nil")
RUN, RUN_PREPARED, UNKNOWN = 0, 4, 9
STDIN, STDOUT, STDERR, DIRECTORY = 2, 3, 4, 7
MODULE_BIT, NETWORK, DIRECTORIES = 1, 2, 4
KEEP_FAILED = 125


def number(value, size=4):
    return value.to_bytes(size, "little")


def text(value):
    return number(len(value)) + value.encode()


def launch(purpose=RUN_PREPARED, directory=None):
    """A launch message; merlon/launch/message.h draws it."""
    files = [(STDIN, "stdin"), (STDOUT, "stdout"), (STDERR, "stderr")]
    if directory is not None:
        files.append((DIRECTORY, directory))
    body = bytes(16) + bytes([0 if BACKEND == "nil" else 1, 0, purpose]) + bytes(32)
    body += text("main.wasm") + text("") + number(1) + text("main.wasm") + number(0) + number(len(files))
    for kind, name in files:
        body += bytes([kind, 0]) + text(name) + b"\0"
    body += b"\0" + number(0) + number(0) + b"\0\0"
    return b"MRLNLNCH" + number(8) + number(len(body)) + body


class MadeAhead:
    """The process of a keep, with its channel; None in place of its words: it has ended."""

    def __init__(self, folder, *options, snapshot=None, begins=True):
        self.channel, its = socket.socketpair()
        self.channel.settimeout(30)
        program = Path(MERLON).with_name("merlon-keep" if BACKEND == "nil" else "merlon-vmm")
        self.out = open(folder / "out", "w+b")
        self.err = open(folder / "err", "w+b")
        actions = [(os.POSIX_SPAWN_DUP2, its.fileno(), 3), (os.POSIX_SPAWN_DUP2, self.err.fileno(), 2)]
        if snapshot is not None:
            actions.append((os.POSIX_SPAWN_DUP2, snapshot, 4))
        self.process = os.posix_spawn(program, [program.name, *options], {}, file_actions=actions)
        its.close()
        if begins and "--restore" in options:
            self.send(b"\1")

    def hear(self):
        head = self.channel.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            return None
        return head[0], self.channel.recv(head[1], socket.MSG_WAITALL).decode()

    def prepare(self, module, flags=0):
        if BACKEND == "kvm":
            assert self.hear()[0] == 1
        with open(module, "rb") as file:
            word = b"MRLNPREP" + number(1) + bytes([0 if BACKEND == "nil" else 1, MODULE_BIT | flags, 0, 0])
            socket.send_fds(self.channel, [word], [file.fileno()])
        return self.hear()

    def send(self, message, *files):
        socket.send_fds(self.channel, [message], [file.fileno() for file in files]) if files else \
            self.channel.sendall(message)

    def streams(self):
        with open("/dev/null", "rb") as nothing:
            self.send(b"MRLNSTRM", nothing, self.out, self.err)

    def ended(self):
        """Its exit status, what it said before, its output and its errors."""
        try:
            said = self.channel.recv(2, socket.MSG_WAITALL)
        except ConnectionResetError:  # it has not read all that it was sent
            said = b""
        _, status = os.waitpid(self.process, 0)
        self.channel.close()
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode())
            file.close()
        return os.waitstatus_to_exitcode(status), said, *texts


@unittest.skipIf(no_machine(BACKEND), "no /dev/kvm here")
class Launches(EndToEnd):
    def prepared(self, flags=0, *options):
        keep = MadeAhead(self.folder, *options)
        self.assertEqual(keep.prepare(self.wasm(HELLO), flags), (1, "prepared"))
        return keep

    def assert_ends(self, keep, words):
        status, said, out, err = keep.ended()
        self.assertEqual((status, out), (KEEP_FAILED, ""), err)
        self.assertIn(said, (b"", bytes([3, KEEP_FAILED])))
        self.assertIn(words, err)
        self.assertEqual(err.count("\n"), 1, err)

    def test_what_it_was_prepared_for_runs(self):
        keep = self.prepared()
        keep.streams()
        keep.send(launch())
        self.assertEqual(keep.ended(), (0, b"\3\0", "hello\n", ""))

    def test_no_other_module_comes(self):
        keep = self.prepared()
        keep.streams()
        with open(self.wasm(HELLO, "other.wasm"), "rb") as other:
            keep.send(launch(RUN), other)
            self.assert_ends(keep, "a launch out of turn")

    def test_a_launch_is_one(self):
        for message, words in ((launch(UNKNOWN), "unknown purpose"), (launch()[:-1] + b"\7", "flag is neither 0 nor 1"),
                               (b"MRLNPREP" + bytes(60), "not a launch message"), (launch() + b"x", "bytes behind the launch message")):
            with self.subTest(words=words):
                keep = self.prepared()
                keep.streams()
                keep.send(message)
                self.assert_ends(keep, words)

    def test_streams_come_first(self):
        keep = self.prepared()
        keep.send(launch())
        self.assert_ends(keep, "no standard streams")

    @unittest.skipIf(SANITIZED, "such a keep is not confined")
    def test_nothing_is_reached_that_it_was_not_prepared_for(self):
        for flags in (0, NETWORK):
            with self.subTest(flags=flags):
                keep = self.prepared(flags)
                keep.streams()
                folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
                socket.send_fds(keep.channel, [launch(directory="/data")], [folder])
                os.close(folder)
                self.assert_ends(keep, "the keep was not prepared for such a launch")

    def test_with_directories_it_runs(self):
        keep = self.prepared(DIRECTORIES)
        keep.streams()
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        socket.send_fds(keep.channel, [launch(directory="/data")], [folder])
        os.close(folder)
        self.assertEqual(keep.ended(), (0, b"\3\0", "hello\n", ""))

    def test_who_changes_his_mind_is_told_nothing(self):
        keep = self.prepared()
        keep.channel.shutdown(socket.SHUT_WR)
        self.assertEqual(keep.ended(), (KEEP_FAILED, b"", "", ""))

    def test_a_module_that_is_none_is_told(self):
        bad = self.folder / "bad.wasm"
        bad.write_bytes(b"\0asm")
        keep = MadeAhead(self.folder)
        ready, why = keep.prepare(bad)
        self.assertEqual(ready, 2)
        self.assertIn("is no valid WebAssembly module", why)
        self.assertEqual(keep.ended()[0], KEEP_FAILED)

    @unittest.skipUnless(BACKEND == "kvm", "is about machines")
    def test_machines_of_each_world_are_restored(self):
        for world in ("collapsed", "isolated"):
            with self.subTest(world=world):
                file = os.memfd_create("snapshot", os.MFD_CLOEXEC)
                snapshot = os.dup2(file, 60, inheritable=False)
                os.close(file)
                saver = MadeAhead(self.folder, "--world", world, "--save", snapshot=snapshot)
                said = saver.prepare(self.wasm(HELLO))
                if said is None or said[0] != 1:
                    self.skipTest(f"no machine of world {world} here")
                self.assertEqual(saver.ended()[:2], (0, b""))
                for _ in range(2):
                    keep = MadeAhead(self.folder, "--restore", snapshot=snapshot)
                    self.assertEqual(keep.hear(), (1, "restored"))
                    keep.streams()
                    keep.send(launch())
                    self.assertEqual(keep.ended(), (0, b"\3\0", "hello\n", ""))
                for word in (b"", b"\2"):
                    keep = MadeAhead(self.folder, "--restore", snapshot=snapshot, begins=False)
                    keep.send(word)
                    keep.channel.shutdown(socket.SHUT_WR)
                    self.assertEqual(keep.ended(), (0, b"", "", ""), "who was not told to begin does not")
                # Altered, it begins as nothing, or as a machine that harms only itself.
                size = os.fstat(snapshot).st_size
                for place in (0, 8, 13, 40, 300, 5000):
                    byte = os.pread(snapshot, 1, place)
                    os.pwrite(snapshot, bytes([byte[0] ^ 0x41]), place)
                    keep = MadeAhead(self.folder, "--restore", snapshot=snapshot)
                    if (keep.hear() or (2, ""))[0] == 1:
                        os.kill(keep.process, 9)
                    keep.ended()
                    os.pwrite(snapshot, byte, place)
                os.ftruncate(snapshot, size - 4096)
                keep = MadeAhead(self.folder, "--restore", snapshot=snapshot)
                self.assertEqual(keep.hear()[0], 2)
                keep.ended()
                os.close(snapshot)


if __name__ == "__main__":
    main()
