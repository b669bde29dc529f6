"""TLS that ends inside a keep, with OpenSSL (by Python's ssl) on the other side."""

import os
import socket
import ssl
import threading
import unittest

from support import WASI, main
from tls_support import TlsTest

UNUSABLE = 1
# wasi_snapshot_preview1 errno
CONNRESET = 15


def echo_server(connections, then=""):
    """Serves so many connections of descriptor 1, one after the other, each up to its end; exits with
    the errno of a read that fails."""
    return f"""(module
      (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "fd_close" (func $close (param i32) (result i32)))
      (import "{WASI}" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
      (import "{WASI}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
      (import "{WASI}" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 2)
      (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
      (func (export "_start") (local $left i32) (local $fd i32) (local $size i32)
        (call $check (call $flags (i32.const 1) (i32.const 0)))  ;; accept waits from here on
        (local.set $left (i32.const {connections}))
        (loop $next
          (call $check (call $accept (i32.const 1) (i32.const 0) (i32.const 16)))
          (local.set $fd (i32.load (i32.const 16)))
          (block $over
            (loop $echo
              (i32.store (i32.const 0) (i32.const 4096))
              (i32.store (i32.const 4) (i32.const 65536))
              (call $check (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
              (local.set $size (i32.load (i32.const 8)))
              (br_if $over (i32.eqz (local.get $size)))
              (i32.store (i32.const 4) (local.get $size))
              (call $check (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
              (br $echo)))
          (call $check (call $close (local.get $fd)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $next (local.get $left)))
        {then}))"""


# Writes "hello" to descriptor 1 and copies what comes back to standard output, up to its end.
CLIENT = f"""(module
  (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "{WASI}" "sock_shutdown" (func $shutdown (param i32 i32) (result i32)))
  (import "{WASI}" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 16) "hello")
  (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 5))
    (call $check (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $check (call $shutdown (i32.const 1) (i32.const 2)))
    (block $over
      (loop $copy
        (i32.store (i32.const 0) (i32.const 4096))
        (i32.store (i32.const 4) (i32.const 65536))
        (call $check (call $read (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $over (i32.eqz (i32.load (i32.const 8))))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (call $check (call $write (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br $copy)))))"""


class Tls(TlsTest):
    def test_bytes_go_both_ways_and_both_ends_are_said(self):
        keep, port = self.start(echo_server(1))
        with self.connect(port) as connection:
            self.assertEqual(connection.version(), "TLSv1.3")
            self.echo(connection, b"hello")
            self.echo(connection, os.urandom(1 << 20))
            connection.unwrap()  # waits for the other side's end
        self.assert_served(keep)

    def test_its_own_certificate_is_for_localhost(self):
        keep, port = self.start(echo_server(1))
        with self.connect(port) as connection:
            der = connection.getpeercert(binary_form=True)
            connection.unwrap()
        self.assert_served(keep)
        (self.folder / "own.pem").write_text(ssl.DER_cert_to_PEM_cert(der))
        text = self.openssl("x509", "-in", "own.pem", "-noout", "-text")
        for words in ("Subject: CN = localhost", "DNS:localhost", "CA:FALSE", "Digital Signature",
                      "TLS Web Server Authentication, TLS Web Client Authentication"):
            self.assertIn(words, text)
        self.assertIn("OK", self.openssl("verify", "-CAfile", "own.pem", "own.pem"))

    def test_clients_of_other_versions_and_of_none_are_sent_away(self):
        keep, port = self.start(echo_server(1))
        older = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        with self.assertRaises(OSError):
            self.connect(port, older).close()
        with self.reach(port) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            plain.recv(100)  # an alert, or nothing
        with self.connect(port) as connection:
            self.echo(connection, b"still there")
            connection.unwrap()
        self.assert_served(keep)

    def test_clients_that_stall_hold_nobody_up(self):
        keep, port = self.start(echo_server(2))
        stalled = [self.reach(port) for _ in range(100)]
        for each in stalled[::2]:
            each.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03half a hello")
        for _ in range(2):
            with self.connect(port) as connection:
                self.echo(connection, b"served")
                connection.unwrap()
        self.assert_served(keep)
        for each in stalled:
            each.close()

    def test_a_connection_that_is_cut_off_is_an_error(self):
        keep, port = self.start(echo_server(1))
        connection = self.connect(port)
        self.echo(connection, b"hello")
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        self.assert_served(keep, CONNRESET)

    def test_clients_must_show_a_certificate_that_is_trusted(self):
        self.authority("clients")
        self.authority("others")
        self.issue("clients", "good", "client.example")
        self.issue("others", "bad", "client.example")
        keep, port = self.start(echo_server(1), ", client='require', trust=['clients.pem']")
        bad = self.context()
        bad.load_cert_chain(self.folder / "bad.pem", self.folder / "bad.key")
        for context in (self.context(), bad):
            with self.assertRaises(OSError):  # in TLS 1.3 a client learns of it when it reads
                with self.connect(port, context) as connection:
                    connection.sendall(b"hello")
                    connection.recv(10)
        good = self.context()
        good.load_cert_chain(self.folder / "good.pem", self.folder / "good.key")
        with self.connect(port, good) as connection:
            self.echo(connection, b"hello")
            connection.unwrap()
        self.assert_served(keep)

    def test_protocols_are_agreed_on(self):
        keep, port = self.start(echo_server(1), ", alpn=['h2', 'http/1.1']")
        other = self.context()
        other.set_alpn_protocols(["smtp"])
        with self.assertRaises(OSError):
            self.connect(port, other).close()
        both = self.context()
        both.set_alpn_protocols(["http/1.1", "h2"])
        with self.connect(port, both) as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "h2")
            connection.unwrap()
        self.assert_served(keep)

    def run_client(self, port, keys):
        package = self.package(CLIENT, "files = [{kind='stdout'}, {kind='connect', name='db', "
                                       f"host='localhost', port={port}{keys}}}]")
        for each in self.folder.glob("*.pem"):
            (package / each.name).write_bytes(each.read_bytes())
        return self.merlon("run", "--timeout", "60s", package)

    def test_a_server_must_prove_its_name(self):
        self.authority("ca")
        self.issue("ca", "db", "db.example")
        result = self.run_client(self.serve_once("db"), ", trust=['ca.pem'], server_name='db.example'")
        self.assertEqual((result.returncode, result.stdout), (0, "hello, world\n"), result)

    def test_a_server_may_show_an_authority_between_its_certificate_and_the_one_that_is_trusted(self):
        self.authority("ca")
        self.issue_below("ca", "db", "localhost")
        result = self.run_client(self.serve_once("db"), ", trust=['ca.pem']")
        self.assertEqual((result.returncode, result.stdout), (0, "hello, world\n"), result)

    def test_an_authority_that_is_signed_with_sha1_is_refused(self):
        self.authority("ca")
        self.issue_below("ca", "db", "localhost", "-sha1")
        result = self.run_client(self.serve_once("db"), ", trust=['ca.pem']")
        self.assert_refused(result, UNUSABLE, "'db'", "no TLS with 'localhost'", "CA signature digest algorithm too weak")

    def test_a_server_of_another_name_is_refused(self):
        self.authority("ca")
        self.issue("ca", "db", "db.example")
        result = self.run_client(self.serve_once("db"), ", trust=['ca.pem']")
        self.assert_refused(result, UNUSABLE, "'db'", "no TLS with 'localhost'", "hostname mismatch")

    def test_a_server_that_nobody_vouches_for_is_refused(self):
        self.authority("ca")
        self.issue("ca", "db", "localhost")
        result = self.run_client(self.serve_once("db"), "")
        self.assert_refused(result, UNUSABLE, "'db'", "no TLS with 'localhost'", "issuer")

    def test_a_server_that_speaks_no_tls_is_refused(self):
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with listener:
                raw, _ = listener.accept()
                with raw:
                    raw.sendall(b"220 ready\r\n" + b" " * 100)

        server = threading.Thread(target=serve)
        server.start()
        result = self.run_client(listener.getsockname()[1], "")
        server.join(60)
        self.assert_refused(result, UNUSABLE, "'db'", "no TLS with 'localhost'")


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    main()
