"""What a workload learns of a connection that speaks TLS, in /keep/connections."""

import re
import subprocess
import unittest

from support import WASI, main
from tls_support import TlsTest

NOENT = 44
NOTDIR = 54


def teller(path, connections=1):
    """Tells each of so many clients of descriptor 1, one after the other, what the file of that path
    holds, below the first directory; for each "%" the number of the client's descriptor. A file that
    cannot be opened ends it with the errno."""
    at = path.index("%")
    return f"""(module
      (import "{WASI}" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (import "{WASI}" "fd_close" (func $close (param i32) (result i32)))
      (import "{WASI}" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
      (import "{WASI}" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
      (import "{WASI}" "path_open" (func $open
        (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (import "{WASI}" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 2)
      (data (i32.const 1024) "{path}")
      (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
      (func (export "_start") (local $left i32) (local $fd i32) (local $file i32)
        (call $check (call $flags (i32.const 1) (i32.const 0)))
        (local.set $left (i32.const {connections}))
        (loop $next
          (call $check (call $accept (i32.const 1) (i32.const 0) (i32.const 16)))
          (local.set $fd (i32.load (i32.const 16)))
          (i32.store8 (i32.const {1024 + at}) (i32.add (local.get $fd) (i32.const 48)))
          (call $check (call $open (i32.const 2) (i32.const 0) (i32.const 1024)
            (i32.const {len(path)}) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0)
            (i32.const 16)))
          (local.set $file (i32.load (i32.const 16)))
          (i32.store (i32.const 0) (i32.const 4096))
          (i32.store (i32.const 4) (i32.const 65536))
          (call $check (call $read (local.get $file) (i32.const 0) (i32.const 1) (i32.const 4)))
          (call $check (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
          (call $check (call $close (local.get $file)))
          (call $check (call $close (local.get $fd)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $next (local.get $left)))))"""


class Connections(TlsTest):
    def told(self, port, context=None):
        with self.connect(port, context) as connection:
            got = b""
            while part := connection.recv(65536):
                got += part
            connection.unwrap()
        return got

    def test_both_ends_compute_the_same_exporter(self):
        keep, port = self.start(teller("connections/%/exporter", 2))
        seen = set()
        for _ in range(2):
            with self.reach(port):  # only waits until it listens; it is no client of TLS
                pass
            said = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", "-keymatexport",
                 "EXPORTER-Channel-Binding", "-keymatexportlen", "32"], check=False,
                stdin=subprocess.DEVNULL, capture_output=True, timeout=60).stdout
            ours = bytes.fromhex(re.search(rb"Keying material: ([0-9A-F]{64})", said)[1].decode())
            self.assertIn(ours, said)  # as the workload has it
            seen.add(ours)
        self.assert_served(keep)
        self.assertEqual(len(seen), 2)

    def test_the_chain_that_was_verified_is_there_as_text(self):
        self.authority("clients")
        self.issue("clients", "good", "client.example")
        keep, port = self.start(teller("connections/%/certificate"),
                                ", client='require', trust=['clients.pem']")
        context = self.context()
        context.load_cert_chain(self.folder / "good.pem", self.folder / "good.key")
        chain = self.told(port, context)
        self.assert_served(keep)
        wanted = b"".join(re.search(rb"-----BEGIN.*-----END CERTIFICATE-----\n",
                                    (self.folder / name).read_bytes(), re.S)[0]
                          for name in ("good.pem", "clients.pem"))
        self.assertEqual(chain, wanted)

    def test_a_peer_that_shows_nothing_is_nobody(self):
        for name in ("certificate", "claims"):
            with self.subTest(name):
                self.setUp()
                keep, port = self.start(teller(f"connections/%/{name}"))
                self.assertEqual(self.told(port), b"")
                self.assert_served(keep, NOENT)

    def test_an_ordinary_certificate_holds_no_claims(self):
        self.authority("clients")
        self.issue("clients", "good", "client.example")
        keep, port = self.start(teller("connections/%/claims"),
                                ", client='require', trust=['clients.pem']")
        context = self.context()
        context.load_cert_chain(self.folder / "good.pem", self.folder / "good.key")
        self.assertEqual(self.told(port, context), b"")
        self.assert_served(keep, NOENT)

    def test_files_lie_no_deeper(self):
        keep, port = self.start(teller("connections/%/exporter/x"))
        self.assertEqual(self.told(port), b"")
        self.assert_served(keep, NOTDIR)

    def test_connections_of_plain_tcp_have_none(self):
        keep, port = self.start(teller("connections/%/exporter"), ", prot='tcp'")
        with self.reach(port) as connection:
            self.assertEqual(connection.recv(10), b"")
        # Where nothing attests there is no /keep, and the first number behind the files is the client's.
        self.assertIn(keep.wait(60), (NOTDIR, NOENT))


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    main()
