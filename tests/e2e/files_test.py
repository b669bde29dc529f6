#!/usr/bin/env python3
"""Directories and sockets as a workload gets them."""

import os
import resource
import socket
import subprocess
import threading
import unittest

from support import MERLON, WASI, EndToEnd, main

# Opens "file" below descriptor 3 with the given oflags and rights, and exits with the errno; else
# writes "written" or copies what is in it to standard output.
OPEN = """(module
  (import "{wasi}" "path_open" (func $path_open
    (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "{wasi}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "{wasi}" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "{wasi}" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "{path}")
  (data (i32.const 400) "written")
  (func (export "_start")
    (local $errno i32)
    (local.set $errno (call $path_open (i32.const 3) (i32.const 1) (i32.const 100)
      (i32.const {size}) (i32.const {oflags}) (i64.const {rights}) (i64.const 0) (i32.const 0)
      (i32.const 0)))
    (if (local.get $errno) (then (call $proc_exit (local.get $errno))))
    (i32.store (i32.const 4) (i32.const 400))
    (i32.store (i32.const 8) (i32.const 7))
    {then}))"""
READ = """(drop (call $fd_read (i32.load (i32.const 0)) (i32.const 4) (i32.const 1) (i32.const 12)))
    (i32.store (i32.const 8) (i32.load (i32.const 12)))
    (drop (call $fd_write (i32.const 1) (i32.const 4) (i32.const 1) (i32.const 12)))"""
WRITE = "(drop (call $fd_write (i32.load (i32.const 0)) (i32.const 4) (i32.const 1) (i32.const 12)))"
# Opens "file" until it cannot, then sleeps a millisecond, and exits with the errno of that; 255 if it
# ended for another reason than too many files.
GREEDY = f"""(module
  (import "{WASI}" "path_open" (func $path_open
    (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "file")
  (func (export "_start")
    (local $errno i32)
    (loop $again
      (local.set $errno (call $path_open (i32.const 3) (i32.const 1) (i32.const 100) (i32.const 4)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))
      (br_if $again (i32.eqz (local.get $errno))))
    (if (i32.ne (local.get $errno) (i32.const 33)) (then (call $proc_exit (i32.const 255))))
    (i32.store (i32.const 216) (i32.const 1))
    (i64.store (i32.const 224) (i64.const 1000000))
    (call $proc_exit (call $poll (i32.const 200) (i32.const 300) (i32.const 1) (i32.const 400)))))"""
FD_READ, FD_WRITE, CREATE = 2, 64, 1
ROFS, PERM, NOENT, NOTCAPABLE, BADF, ACCES = 69, 63, 44, 76, 8, 2


def reading(path):
    return OPEN.format(wasi=WASI, path=path, size=len(path), oflags=0, rights=FD_READ, then=READ)


def writing(path):
    return OPEN.format(wasi=WASI, path=path, size=len(path), oflags=CREATE, rights=FD_WRITE,
                       then=WRITE)


class Directories(EndToEnd):
    def setUp(self):
        super().setUp()
        (self.folder / "data").mkdir()
        (self.folder / "data" / "file").write_text("content")
        (self.folder / "secret").write_text("secret!")
        (self.folder / "data" / "link").symlink_to("../secret")

    def test_reading_and_writing(self):
        grant = f"{self.folder}/data::/d"
        self.assertEqual(self.run_module(reading("file"), "--dir", grant).stdout, "content")
        self.assertEqual(self.run_module(writing("new"), "--dir", grant).returncode, 0)
        self.assertEqual((self.folder / "data" / "new").read_text(), "written")

    def test_read_only_directories_cannot_be_changed(self):
        grant = f"{self.folder}/data::/d:ro"
        self.assertEqual(self.run_module(reading("file"), "--dir", grant).stdout, "content")
        for path in ("file", "new"):
            result = self.run_module(writing(path), "--dir", grant)
            self.assertIn(result.returncode, (ROFS, PERM, NOTCAPABLE, ACCES), result)
        self.assertEqual((self.folder / "data" / "file").read_text(), "content")
        self.assertFalse((self.folder / "data" / "new").exists())

    def test_nothing_outside_can_be_reached(self):
        for path in ("../secret", "link", str(self.folder / "secret")):
            with self.subTest(path):
                result = self.run_module(reading(path), "--dir", f"{self.folder}/data")
                self.assertNotEqual(result.returncode, 0)
                self.assertEqual(result.stdout, "")

    def test_who_has_opened_all_it_may_can_still_wait(self):
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))  # noqa: E731
        result = self.run_module(GREEDY, "--dir", f"{self.folder}/data", preexec_fn=few)
        self.assertEqual(result.returncode, 0, result)

    def test_without_a_grant_there_is_no_directory(self):
        # But for the attested keep's own, in which there is no such file.
        none = NOENT if os.environ["MERLON_BACKEND"] in ("snp-sim", "sgx-sim") else BADF
        self.assertEqual(self.run_module(reading("file")).returncode, none)


ECHO_ONCE = """(module
  (import "{wasi}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "{wasi}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "{wasi}" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "{wasi}" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func $echo (param $in i32) (param $out i32)
    (i32.store (i32.const 4) (i32.const 400))
    (i32.store (i32.const 8) (i32.const 100))
    (drop (call $fd_read (local.get $in) (i32.const 4) (i32.const 1) (i32.const 12)))
    (i32.store (i32.const 8) (i32.load (i32.const 12)))
    (drop (call $fd_write (local.get $out) (i32.const 4) (i32.const 1) (i32.const 12))))
  (func (export "_start") (local $errno i32) {body}))"""
ACCEPTING = ECHO_ONCE.format(wasi=WASI, body="""
    (local.set $errno (call $accept (i32.const 1) (i32.const 0) (i32.const 0)))
    (if (local.get $errno) (then (call $proc_exit (local.get $errno))))
    (call $echo (i32.load (i32.const 0)) (i32.load (i32.const 0)))""")
CONNECTED = ECHO_ONCE.format(wasi=WASI, body="(call $echo (i32.const 1) (i32.const 1))")


class Sockets(EndToEnd):
    def test_a_listening_socket_accepts_and_echoes(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        package = self.package(ACCEPTING, "files = [{kind='null'}, {kind='listen', prot='tcp', "
                                          f"name='in', addr='127.0.0.1', port={port}}}]")
        child = subprocess.Popen([MERLON, "run", str(package)])
        self.addCleanup(child.kill)
        with self.connected(port) as client:
            client.sendall(b"ping")
            self.assertEqual(client.recv(100), b"ping")
        self.assertEqual(child.wait(20), 0)

    def connected(self, port):
        for _ in range(200):
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=20)
            except ConnectionRefusedError:
                threading.Event().wait(0.02)
        self.fail("nobody listens")
        return None

    def test_a_connection_is_made_before_the_start(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(20)
            port = server.getsockname()[1]
            package = self.package(CONNECTED, "files = [{kind='null'}, {kind='connect', prot='tcp',"
                                              f" host='localhost', port={port}}}]")
            child = subprocess.Popen([MERLON, "run", str(package)])
            self.addCleanup(child.kill)
            peer, _ = server.accept()
            with peer:
                peer.settimeout(20)
                peer.sendall(b"pong")
                self.assertEqual(peer.recv(100), b"pong")
            self.assertEqual(child.wait(20), 0)


if __name__ == "__main__":
    main()
