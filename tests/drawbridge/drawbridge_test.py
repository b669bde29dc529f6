#!/usr/bin/env python3
"""A registry by the real program: what Enarx' clients send it, and what happens to a store."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "e2e"))
from registry import API, PROGRAM, DIRECTORY, ENTRY, Drawbridge, Issuer, Package, digests  # noqa: E402
from support import main  # noqa: E402

# Enarx' own example: tests/client/data/wasm_example, whose digests its tests name.
EXAMPLE_ROOT = ("Jcdf/Q0urZed/9dKu9IBq/BtWIHcvSGlsrUWkS1Rx+E=",
                "f52Mxw0vy4KHhk4MAKzfo3xfvi1sM+YpMhBaQvHMB2vGs378nyAADtEYxPlUnUoI")


class Registry(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-drawbridge-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        cls.issuer = Issuer(scratch.name)
        cls.addClassCleanup(cls.issuer.stop)
        cls.bob = cls.issuer.token("s|bob")

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(dir=self.scratch))
        self.service = Drawbridge(self.folder / "store", self.issuer, *self.options)
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.stop(signal.SIGKILL))
        self.service.register("bob", "app", self.bob)

    def push(self, tag, package):
        self.assertEqual(self.service.push("bob/app", tag, package, self.bob), [201] * (1 + len(package.nodes)))


class AsEnarxSendsIt(Registry):
    def raw(self, request, body=b""):
        """The answer to these very bytes."""
        with socket.create_connection(("127.0.0.1", self.service.port), timeout=20) as peer:
            peer.sendall(request.replace("\n", "\r\n").encode() + body)
            said = b""
            while b"\r\n\r\n" not in said:
                said += peer.recv(65536)
            head, _, rest = said.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            while len(rest) < int(fields[b"content-length"]):
                rest += peer.recv(65536)
            return int(head.split()[1]), fields, rest

    def test_the_sequence_of_its_client(self):
        package = Package({"main.wasm": b"\0asm\1\0\0\0", "Enarx.toml": b"[[files]]\nkind = \"stdin\"\n"})
        agent = "User-Agent: drawbridge_client/0.2.2\nAccept: */*"
        at = f"{API}/bob/app/_tag/0.1.0"
        for path, content, kind in [(at, package.entry, ENTRY)] + [
                (f"{at}/tree" + (f"/{path}" if path else ""), content, kind)
                for path, (content, kind) in package.nodes.items()]:
            status, _, body = self.raw(
                f"PUT {path} HTTP/1.1\nHost: 127.0.0.1\nContent-Digest: {digests(content)}\nContent-Type: {kind}\n{agent}\n"
                f"Authorization: Bearer {self.bob}\nContent-Length: {len(content)}\n\n", content)
            self.assertEqual((status, body), (201, b""), path)
        # What its keep asks for: the tag, the directory, and its two files.
        for path, (content, kind) in [("", (package.entry, ENTRY)), ("/tree", package.nodes[""]),
                                      ("/tree/main.wasm", package.nodes["main.wasm"]),
                                      ("/tree/Enarx.toml", package.nodes["Enarx.toml"])]:
            status, fields, body = self.raw(f"GET {at}{path} HTTP/1.1\nHost: h\nAccept-Encoding: \n\n")
            self.assertEqual((status, body), (200, content))
            self.assertEqual(fields[b"content-type"].decode(), kind)
            self.assertEqual(fields[b"content-digest"].decode(), digests(content).lower())

    def test_more_hashes_in_several_lines(self):
        package = Package({"a": b"1"})
        parts = digests(package.entry).split(",")
        status, _, _ = self.raw(
            f"PUT {API}/bob/app/_tag/0.2.0 HTTP/1.1\nHost: h\nContent-Digest: {parts[0]}\nContent-Digest: {parts[1]}\n"
            f"Content-Type: {ENTRY}\nAuthorization: Bearer {self.bob}\nContent-Length: {len(package.entry)}\n\n",
            package.entry)
        self.assertEqual(status, 201)

    def test_health_and_what_is_no_route(self):
        self.assertEqual(self.service.ask("DELETE", "//health")[0], 200)
        self.assertEqual(self.service.ask("GET", "//nothing")[::2], (404, b"Route `/nothing` not found"))


class AStore(Registry):
    def test_survives_a_restart_and_two_services_share_it(self):
        package = Package({"main.wasm": os.urandom(300_000), "lib/a/b": b"1", "lib/a/c": b"", "lib/d": b"2"})
        self.push("1.0.0", package)
        other = Drawbridge(self.service.store, self.issuer)
        try:
            self.assertTrue(other.pull("bob/app", "1.0.0", package))
            self.assertEqual(set(other.push("bob/app", "1.1.0", package, self.bob)), {201})
            self.assertTrue(self.service.pull("bob/app", "1.1.0", package))
        finally:
            self.assertEqual(other.stop(), 0)
        self.assertEqual(self.service.stop(), 0)
        self.service.start()
        self.assertTrue(self.service.pull("bob/app", "1.0.0", package))

    def test_what_is_asked_for_often_is_withdrawn_at_once_by_another_service(self):
        self.push("1.0.0", Package({"main.wasm": b"hot", "lib/d": b"2"}))
        path, yank = "/bob/app/_tag/1.0.0/tree/main.wasm", "/bob/app/_tag/1.0.0/yank"
        other = Drawbridge(self.service.store, self.issuer)
        try:
            for turn in range(20):
                for _ in range(3):
                    status, _, body = self.service.ask("GET", path)
                    self.assertEqual((status, body), (200, b"hot"))
                self.assertEqual(other.ask("PUT", yank, self.bob, b'{"reason":"no"}', "application/json")[0], 200)
                self.assertEqual(self.service.ask("GET", path)[0], 410, turn)
                self.assertEqual(other.ask("DELETE", yank, self.bob)[0], 200)
            self.assertEqual(self.service.ask("GET", path)[0], 200)
            self.assertEqual(other.ask("DELETE", "/bob/app/_tag/1.0.0", self.bob)[0], 200)
            self.assertEqual(self.service.ask("GET", path)[0], 410)
        finally:
            other.stop()

    def test_is_private_on_the_disk(self):
        self.assertEqual(self.service.store.stat().st_mode & 0o777, 0o700)

    def test_a_backup_that_is_restored_has_everything(self):
        package = Package({"main.wasm": b"code"})
        self.push("1.0.0", package)
        copy = self.folder / "copy.db"
        self.assertEqual(self.service.run("backup", copy).returncode, 0)
        self.assertEqual(self.service.run("backup", copy).returncode, 2)  # it is there
        self.push("2.0.0", package)
        self.service.stop()
        restored = self.folder / "restored"
        restored.mkdir()
        os.rename(self.service.store / "objects", restored / "objects")
        os.rename(copy, restored / "catalogue.db")
        self.service.store = restored
        self.service.start()
        self.assertTrue(self.service.pull("bob/app", "1.0.0", package))
        self.assertEqual(self.service.ask("GET", "/bob/app/_tag")[2], b'["1.0.0"]')
        self.assertEqual(self.service.run("fsck").returncode, 0)

    def test_what_is_lost_is_found_and_the_same_push_mends_it(self):
        package = Package({"main.wasm": b"code", "other": b"more"})
        self.push("1.0.0", package)
        sizes = {path.stat().st_size: path for path in self.service.store.glob("objects/*/*")}
        content = bytearray(sizes[4].read_bytes())
        sizes[4].write_bytes(content[:2] + b"XX")
        found = self.service.run("fsck", "--json")
        self.assertEqual(found.returncode, 1, found.stderr)
        self.assertEqual(len(json.loads(found.stdout)["lost"]), 1)
        self.assertEqual(self.service.run("fsck", "--repair").returncode, 1)
        self.assertEqual(self.service.run("fsck").returncode, 0)
        self.assertEqual(self.service.ask("GET", "/bob/app/_tag/1.0.0")[0], 404)
        self.assertEqual(set(self.service.push("bob/app", "1.0.0", package, self.bob)), {200, 201})
        self.assertTrue(self.service.pull("bob/app", "1.0.0", package))

    def test_what_a_tag_had_goes_with_it(self):
        objects = lambda: list(self.service.store.glob("objects/*/*"))
        self.push("1.0.0", Package({"main.wasm": b"x" * 1000}))
        self.assertEqual(self.service.ask("DELETE", "/bob/app/_tag/1.0.0", self.bob)[0], 200)
        self.assertEqual(objects(), [])
        for number in range(5):  # begun, and begun again with another tree
            package = Package({"main.wasm": b"%d" % number * 1000, "never": b"comes"})
            tree = "/bob/app/_tag/2.0.0/tree"
            self.service.ask("PUT", "/bob/app/_tag/2.0.0", self.bob, package.entry, ENTRY)
            self.service.ask("PUT", tree, self.bob, *package.nodes[""])
            self.service.ask("PUT", f"{tree}/main.wasm", self.bob, *package.nodes["main.wasm"])
            self.assertEqual(len(objects()), 2)
        said = json.loads(self.service.run("gc", "--json").stdout)
        self.assertEqual(said, {"contents": 0, "uploads": 0, "strangers": 0})

    def test_the_log_names_no_secret(self):
        self.push("1.0.0", Package({"secret-file": b"very secret"}))
        self.service.ask("GET", "/bob", "not.a.token")
        self.service.stop()
        log = "".join(self.service.log)
        for secret in (self.bob, "not.a.token", "very secret"):
            self.assertNotIn(secret, log)

    def test_command_lines_that_say_too_little_are_refused(self):
        for words in (["serve", "--development"], ["fsck"], ["gc"], ["backup", "x"]):
            said = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False, timeout=20)
            self.assertEqual((said.returncode, said.stdout), (2, ""), words)
            self.assertIn("--store DIR must be given", said.stderr)

    def test_arguments_may_stand_in_a_file(self):
        file = self.folder / "options.toml"
        for text, wanted in (("addr = '192.0.2.1:80'\ndevelopment = true\nstore = 'x'", "192.0.2.1:80 is no address"),
                             ("store = 'x'", "--cert and --key must be given"), ("store = ", "options.toml: line 1: "),
                             ("storre = 'x'", "did you mean --store?")):
            file.write_text(text)
            said = subprocess.run([PROGRAM, f"@{file}"], capture_output=True, text=True, check=False, timeout=20)
            self.assertEqual((said.returncode, said.stdout), (2, ""), text)
            self.assertIn(wanted, said.stderr)

    def test_a_store_that_is_none_is_said_so(self):
        self.service.stop()
        for command in ("fsck", "gc"):
            self.service.store = self.folder / "nothing"
            said = self.service.run(command)
            self.assertEqual((said.returncode, said.stdout), (2, ""))
            self.assertIn("there is no store", said.stderr)
            self.assertFalse(self.service.store.exists())


class Clients(Registry):
    options = ("--workers", "2")

    def half(self, tag, content):
        """An upload that stands still at its half."""
        connection = socket.create_connection(("127.0.0.1", self.service.port), timeout=20)
        connection.sendall(
            f"PUT {API}/bob/app/_tag/{tag}/tree/large HTTP/1.1\r\nHost: h\r\nContent-Digest: {digests(content)}\r\n"
            f"Content-Type: application/octet-stream\r\nAuthorization: Bearer {self.bob}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode() + content[:len(content) // 2])
        return connection

    def test_an_upload_that_breaks_off_goes_on(self):
        content = os.urandom(1_000_000)
        package = Package({"large": content})
        self.assertEqual(self.service.ask("PUT", "/bob/app/_tag/1.0.0", self.bob, package.entry, ENTRY)[0], 201)
        root = package.nodes[""][0]
        self.assertEqual(self.service.ask("PUT", "/bob/app/_tag/1.0.0/tree", self.bob, root, DIRECTORY)[0], 201)
        self.half("1.0.0", content).close()
        at = "/bob/app/_tag/1.0.0/upload/large"
        deadline = time.monotonic() + 20
        while True:  # until the service has seen the end
            status, fields, _ = self.service.ask("GET", at, self.bob)
            offset = int(fields.get("Upload-Offset", 0))
            if status == 200 and offset > 0:
                again = self.service.ask("PUT", "/bob/app/_tag/1.0.0/tree/large", self.bob, content[offset:],
                                         "application/octet-stream", Content_Digest=digests(content),
                                         Upload_Offset=str(offset))[0]
                if again == 201:
                    break
                self.assertEqual(again, 409)
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.assertTrue(self.service.pull("bob/app", "1.0.0", package))

    def test_slow_ones_do_not_hold_up_a_fast_one(self):
        content = os.urandom(400_000)
        slow = Package({"large": content})
        for number in range(20):
            tag = f"1.0.{number}"
            self.service.ask("PUT", f"/bob/app/_tag/{tag}", self.bob, slow.entry, ENTRY)
            self.service.ask("PUT", f"/bob/app/_tag/{tag}/tree", self.bob, slow.nodes[""][0], DIRECTORY)
            connection = self.half(tag, content)
            self.addCleanup(connection.close)
        self.push("2.0.0", Package({"main.wasm": b"fast"}))

    def test_many_at_once_push_the_same(self):
        package = Package({"main.wasm": os.urandom(100_000), "a/b": b"1"})
        results = []

        def one(number):
            results.append(self.service.push("bob/app", f"3.0.{number}", package, self.bob))

        threads = [threading.Thread(target=one, args=(each,)) for each in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual(results, [[201] * 5] * 8)
        for number in range(8):
            self.assertTrue(self.service.pull("bob/app", f"3.0.{number}", package))
        self.assertEqual(len(list(self.service.store.glob("objects/*/*"))), 4)

    def test_a_large_upload_needs_little_memory(self):
        content = hashlib.shake_128(b"seed").digest(40 << 20)
        before = self.resident()
        self.push("4.0.0", Package({"large": content}))
        self.assertEqual(self.service.ask("GET", "/bob/app/_tag/4.0.0/tree/large")[2], content)
        self.assertLess(self.resident() - before, 24 << 20)

    def resident(self):
        """The most that it ever had."""
        text = Path(f"/proc/{self.service.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()
