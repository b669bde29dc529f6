"""Connections that a workload opens while it runs, by outgoing.c."""

import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from support import main
from tls_support import TlsTest

COMPILER = "clang-22"
# wasi_snapshot_preview1 errno
CONNREFUSED, HOSTUNREACH, NOTCAPABLE, PROTO = 14, 23, 76, 65
STREAMS = "files = [{kind='stdin'}, {kind='stdout'}, {kind='stderr'}]\n"


@unittest.skipUnless(shutil.which(COMPILER), f"no {COMPILER}")
class Outgoing(TlsTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-outgoing-")
        cls.addClassCleanup(scratch.cleanup)
        cls.module = Path(scratch.name) / "outgoing.wasm"
        subprocess.run([COMPILER, "--target=wasm32-wasi", "--no-wasm-opt", "-Wno-deprecated", "-O2", "-Wall",
                        "-Wextra", "-Werror", "-std=c17", Path(__file__).with_name("outgoing.c"), "-o",
                        cls.module], check=True)

    def certified(self, name="localhost"):
        self.authority("ca")
        self.issue("ca", "db", name)

    def run_outgoing(self, allow, *words):
        """The program with what Enarx.toml allows."""
        package = self.folder / "package"
        package.mkdir(exist_ok=True)
        shutil.copy(self.module, package / "main.wasm")
        (package / "Enarx.toml").write_text(STREAMS + "".join(f"[[allow]]\n{each}\n" for each in allow))
        for each in self.folder.glob("*.pem"):
            shutil.copy(each, package)
        return self.merlon("run", "--timeout", "60s", package, "--", *words)

    def serve_plain(self):
        """The same as serve_once, without TLS."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with listener:
                raw, _ = listener.accept()
                with raw:
                    data = b""
                    while part := raw.recv(100):
                        data += part
                    raw.sendall(data + b", world\n")

        server = threading.Thread(target=serve)
        server.start()
        self.addCleanup(server.join, 60)
        return listener.getsockname()[1]

    def assert_says(self, result, status, words):
        self.assertEqual((result.returncode, result.stdout), (status, words), result)

    def test_tls_to_an_allowed_name(self):
        self.certified()
        for how in ("", "6", "later"):
            with self.subTest(how):
                port = self.serve_once("db")
                result = self.run_outgoing([f"name='localhost'\nport={port}\ntrust=['ca.pem']"], "localhost",
                                           str(port), how)
                self.assert_says(result, 0, "hello, world\n")
                self.assertEqual(result.stderr, "")

    def test_the_name_is_told_in_any_case_and_proved_as_the_package_says(self):
        self.certified("db.example")
        port = self.serve_once("db")
        allow = f"name='localhost'\nport={port}\ntrust=['ca.pem']\nserver_name='db.example'"
        self.assert_says(self.run_outgoing([allow], "LocalHost", str(port)), 0, "hello, world\n")

    def test_plain_tcp_if_the_package_says_so(self):
        for host, how in (("localhost", ""), ("localhost", "later"), ("127.0.0.1", "literal")):
            with self.subTest(how):
                port = self.serve_plain()
                allow = [f"name='{host}'\nport={port}\nprot='tcp'"]
                self.assert_says(self.run_outgoing(allow, host, str(port), how), 0, "hello, world\n")

    def test_who_cannot_prove_the_name_is_not_talked_to(self):
        self.certified("other.example")
        for how in ("", "later"):
            port = self.serve_once("db")
            result = self.run_outgoing([f"name='localhost'\nport={port}\ntrust=['ca.pem']"], "localhost",
                                       str(port), how)
            self.assert_says(result, PROTO, "connect: Protocol error\n")
            self.assertIn("no TLS with 'localhost': certificate verify failed: hostname mismatch", result.stderr)

    def test_nothing_leads_where_nothing_is_allowed(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(0)
            port = listener.getsockname()[1]
            other = self.free_port()
            allow = [f"name='localhost'\nport={other}\nprot='tcp'", "name='a.example'\nport=1\nprot='tcp'"]
            for words, step in ((("other.example", str(port)), "resolve"), (("localhost", str(port)), "connect"),
                                (("127.0.0.1", str(port), "literal"), "connect"),
                                (("240.0.0.1", str(port), "literal"), "connect"),
                                (("240.0.0.3", str(other), "literal"), "connect"),
                                (("0.0.0.0", str(other), "literal"), "connect")):
                with self.subTest(words):
                    self.assert_says(self.run_outgoing(allow, *words), NOTCAPABLE,
                                     f"{step}: Capabilities insufficient\n")
            with self.assertRaises(BlockingIOError):
                listener.accept()

    def test_without_a_list_there_is_no_socket(self):
        self.assert_says(self.run_outgoing([], "127.0.0.1", "1", "literal"), NOTCAPABLE,
                         "open: Capabilities insufficient\n")
        self.assert_says(self.run_outgoing([], "localhost", "1"), NOTCAPABLE,
                         "resolve: Capabilities insufficient\n")

    def test_a_host_that_refuses_or_is_not_there_is_told(self):
        port = self.free_port()
        for how in ("", "later"):
            result = self.run_outgoing([f"name='localhost'\nport={port}"], "localhost", str(port), how)
            self.assert_says(result, CONNREFUSED, "connect: Connection refused\n")
        result = self.run_outgoing(["name='no-such-name.invalid'\nport=1"], "no-such-name.invalid", "1")
        self.assert_says(result, HOSTUNREACH, "connect: Host is unreachable\n")

    def test_one_connection_does_not_wait_for_another(self):
        self.certified()
        context = self.server_context("db")
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]

        def talk(raw):
            with context.wrap_socket(raw, server_side=True) as connection:
                while connection.recv(100):
                    pass
                connection.sendall(b"served\n")
                connection.unwrap()

        def serve():
            with listener:
                first, _ = listener.accept()
                second, _ = listener.accept()
                talk(second)
                talk(first)

        server = threading.Thread(target=serve)
        server.start()
        result = self.run_outgoing([f"name='localhost'\nport={port}\ntrust=['ca.pem']"], "localhost", str(port),
                                   "both")
        server.join(60)
        self.assert_says(result, 0, "served\nserved\n")

    def test_who_is_at_the_other_end_is_told(self):
        self.certified()
        port = self.serve_once("db")
        result = self.run_outgoing([f"name='localhost'\nport={port}\ntrust=['ca.pem']"], "localhost", str(port),
                                   "peer")
        self.assertEqual(result.returncode, 0, result)
        self.assertRegex(result.stdout, r"certificate [1-9]\d+\nexporter 32\nhello, world\n")

    def test_an_allow_list_that_cannot_be_meant_ends_the_start(self):
        for entry, words in (("name='a.example'\nport=0", "must not be 0"), ("port=1", "is missing"),
                             ("name='A.example'", "in lower case"),
                             ("name='a.example'\nprot='tcp'\ntrust=['web']", "needs prot"),
                             ("name='a.example'\nclient='none'", "is no key"),
                             ("name='a.example'\n[[allow]]\nname='a.example'", "is there twice")):
            with self.subTest(entry):
                self.assert_refused(self.run_outgoing([entry], "x", "1"), 1, words)


if __name__ == "__main__":
    unittest.TestCase.maxDiff = None
    main()
