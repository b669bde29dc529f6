#!/usr/bin/env python3
"""A registry over each combination of stores, by the real program; and from one into another."""

import hashlib
import hmac
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "e2e"))
from registry import API, DIRECTORY, ENTRY, PROGRAM, Drawbridge, Issuer, Package, digests, openssl  # noqa: E402
from stores import KEYS, S3, Place, Stores, why_no_postgres, why_no_s3, why_not  # noqa: E402
from support import main  # noqa: E402

PUSHES = int(os.environ.get("MERLON_REGISTRY_MIGRATION_PUSHES", "8"))
MEBIBYTE = 1 << 20


class InStores(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-stores-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        cls.issuer = Issuer(scratch.name)
        cls.addClassCleanup(cls.issuer.stop)
        cls.bob = cls.issuer.token("s|bob")
        cls.stores = Stores(cls.scratch)
        cls.addClassCleanup(cls.stores.stop)

    def serve(self, place, **options):
        service = Drawbridge(place, self.issuer, **options)
        self.addCleanup(lambda: service.process.poll() is None and service.stop(signal.SIGKILL))
        service.register("bob", "app", self.bob)
        return service

    def push(self, service, tag, package):
        self.assertEqual(service.push("bob/app", tag, package, self.bob), [201] * (1 + len(package.nodes)))

    def need(self, combination):
        if reason := why_not(combination):
            self.skipTest(reason)

    def run_program(self, *words, environment=None):
        return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False, timeout=60,
                              env={**os.environ, **(environment or {})})


class Each(InStores):
    """What is true of each combination; that of the folder alone has its tests in drawbridge_test.py."""

    def test_two_services_and_upkeep(self):
        for combination in ("folder+s3", "postgres", "postgres+s3"):
            with self.subTest(combination):
                self.need(combination)
                place = self.stores.place(combination)
                first, second = self.serve(place), self.serve(place)
                package = Package({"main.wasm": os.urandom(5 * MEBIBYTE + 17), "lib/a": b"1", "lib/none": b""})
                self.push(first, "1.0.0", package)
                self.assertTrue(second.pull("bob/app", "1.0.0", package))
                content = package.nodes["main.wasm"][0]
                status, _, part = second.ask("GET", "/bob/app/_tag/1.0.0/tree/main.wasm", Range="bytes=4194300-4194310")
                self.assertEqual((status, part), (206, content[4194300:4194311]))
                self.push(second, "1.1.0", Package({"main.wasm": b"other"}))
                self.assertEqual(first.ask("DELETE", "/bob/app/_tag/1.0.0", self.bob)[0], 200)
                self.assertEqual(json.loads(first.run("gc", "--json").stdout),
                                 {"contents": 0, "uploads": 0, "strangers": 0})
                self.assertEqual(first.run("fsck").returncode, 0)
                self.assertEqual((first.stop(), second.stop()), (0, 0))

    def test_an_upload_goes_on_at_another_service(self):
        self.need("postgres+s3")
        place = self.stores.place("postgres+s3")
        first, second = self.serve(place), self.serve(place)
        content = os.urandom(9 * MEBIBYTE)
        package = Package({"large": content})
        self.assertEqual(first.ask("PUT", "/bob/app/_tag/1.0.0", self.bob, package.entry, ENTRY)[0], 201)
        root = package.nodes[""][0]
        self.assertEqual(first.ask("PUT", "/bob/app/_tag/1.0.0/tree", self.bob, root, DIRECTORY)[0], 201)
        with socket.create_connection(("127.0.0.1", first.port), timeout=30) as connection:
            connection.sendall((f"PUT {API}/bob/app/_tag/1.0.0/tree/large HTTP/1.1\r\nHost: h\r\nContent-Digest: "
                                f"{digests(content)}\r\nContent-Type: application/octet-stream\r\nAuthorization: Bearer "
                                f"{self.bob}\r\nContent-Length: {len(content)}\r\n\r\n").encode() + content[:-MEBIBYTE])
            offset, deadline = 0, time.monotonic() + 30
            while offset < 8 * MEBIBYTE and time.monotonic() < deadline:
                offset = int(second.ask("GET", "/bob/app/_tag/1.0.0/upload/large", self.bob)[1].get("Upload-Offset", 0))
            self.assertEqual(offset, 8 * MEBIBYTE)
            # The first client is still there.
            self.assertEqual(second.ask("PUT", "/bob/app/_tag/1.0.0/tree/large", self.bob, content[offset:],
                                        "application/octet-stream", Content_Digest=digests(content),
                                        Upload_Offset=str(offset))[0], 201)
            connection.sendall(content[-MEBIBYTE:])
            self.assertIn(b" 400 ", connection.recv(65536).split(b"\r\n")[0])
        self.assertTrue(first.pull("bob/app", "1.0.0", package))
        self.assertEqual(second.run("fsck").returncode, 0)

    def test_what_the_s3_alters_does_not_leave(self):
        self.need("folder+s3")
        place = self.stores.place("folder+s3")
        service = self.serve(place)
        package = Package({"main.wasm": os.urandom(2 * MEBIBYTE)})
        self.push(service, "1.0.0", package)
        largest = max(self.stores.s3.chunks(), key=lambda each: each.stat().st_mtime if
                      each.stat().st_size == 2 * MEBIBYTE else 0)
        content = bytearray(largest.read_bytes())
        content[MEBIBYTE] ^= 1
        largest.write_bytes(content)
        with self.assertRaises(Exception):
            service.ask("GET", "/bob/app/_tag/1.0.0/tree/main.wasm")
        self.assertIn(b"\nmerlon_drawbridge_altered_total 1\n", service.ask("GET", "//metrics")[2])
        self.assertEqual(service.run("fsck", "--repair").returncode, 1)
        self.assertLessEqual(set(service.push("bob/app", "1.0.0", package, self.bob)), {200, 201})
        self.assertTrue(service.pull("bob/app", "1.0.0", package))

    def test_a_database_that_went_away_comes_back(self):
        self.need("postgres")
        place = self.stores.place("postgres")
        service = self.serve(place)
        package = Package({"main.wasm": b"code"})
        self.push(service, "1.0.0", package)
        self.stores.postgres.stop()
        try:
            status, _, said = service.ask("GET", "/bob/app/_tag/1.0.0")
            self.assertEqual((status, said), (503, b"Storage backend failure"))
            self.assertEqual(service.ask("GET", "//ready")[0], 503)
        finally:
            self.stores.postgres.start()
        self.assertTrue(service.pull("bob/app", "1.0.0", package))

    def test_a_backup_of_postgres_that_is_restored_has_everything(self):
        self.need("postgres")
        place = self.stores.place("postgres")
        service = self.serve(place)
        package = Package({"main.wasm": b"code", "lib/a": b"1"})
        self.push(service, "1.0.0", package)
        refused = service.run("backup", self.scratch / "copy.db")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("pg_dump", refused.stderr)
        postgres = self.stores.postgres
        dump = postgres.tool("pg_dump", "--format=plain", place.database)
        self.push(service, "2.0.0", Package({"main.wasm": b"behind the copy"}))
        service.stop()
        restored = Place(place.folder, postgres.create("restored"))
        postgres.tool("psql", "-q", "-v", "ON_ERROR_STOP=1", restored.database, input=dump)
        again = self.serve(restored)
        self.assertTrue(again.pull("bob/app", "1.0.0", package))
        self.assertEqual(again.ask("GET", "/bob/app/_tag")[2], b'["1.0.0"]')
        self.assertEqual(again.run("fsck").returncode, 0)
        self.assertEqual(json.loads(again.run("gc", "--json").stdout)["strangers"], 2)


class Migrations(InStores):
    def migrate(self, old, new, *words):
        return self.run_program("migrate", *old.words(), *new.words("to-"), "--json", *words,
                                environment={**old.environment, **new.environment})

    def test_there_and_back_beside_a_service(self):
        self.need("postgres+s3")
        old, new = self.stores.place("folder"), self.stores.place("postgres+s3")
        service = self.serve(old)
        packages = {}
        for number in range(4):
            packages[f"1.0.{number}"] = Package({"main.wasm": os.urandom(300_000), "lib/same": b"of all"})
            self.push(service, f"1.0.{number}", packages[f"1.0.{number}"])
        begun = self.migrate(old, new)
        self.assertEqual(begun.returncode, 0, begun.stderr)
        self.assertEqual(json.loads(begun.stdout)["tags"], 4)
        unfinished = self.run_program("serve", "--development", *new.words(), environment=new.environment)
        self.assertEqual(unfinished.returncode, 1)
        self.assertIn("migrate --finish", unfinished.stderr)
        packages["1.1.0"] = Package({"main.wasm": b"pushed meanwhile"})
        self.push(service, "1.1.0", packages["1.1.0"])
        service.stop()
        finished = self.migrate(old, new, "--finish")
        self.assertEqual(finished.returncode, 0, finished.stderr)
        self.assertEqual(json.loads(finished.stdout)["tags"], 1)
        service = self.serve(new)
        for tag, package in packages.items():
            self.assertTrue(service.pull("bob/app", tag, package))
        self.assertEqual(service.run("fsck").returncode, 0)
        self.assertEqual(self.migrate(old, new).returncode, 1)  # it lives now
        service.stop()
        back = self.stores.place("folder")
        self.assertEqual(self.migrate(new, back, "--finish").returncode, 0)
        service = self.serve(back)
        for tag, package in packages.items():
            self.assertTrue(service.pull("bob/app", tag, package))
        self.assertEqual(service.run("fsck").returncode, 0)

    def test_goes_on_after_a_kill_and_holds_up_no_push(self):
        """How long pushes take beside it is printed, and asserted nowhere."""
        self.need("postgres+s3")
        old, new = self.stores.place("folder"), self.stores.place("postgres+s3")
        service = self.serve(old)
        package = Package({f"file{number}": os.urandom(MEBIBYTE // 2) for number in range(PUSHES)})
        self.push(service, "1.0.0", package)
        done, times = {}, {False: [], True: []}

        def push_some(count, beside):
            for _ in range(count):
                tag, small = f"2.0.{len(done)}", Package({"main.wasm": os.urandom(20_000)})
                start = time.monotonic()
                self.push(service, tag, small)
                times[beside].append(time.monotonic() - start)
                done[tag] = small

        push_some(PUSHES, False)
        words = [PROGRAM, "migrate", *old.words(), *new.words("to-")]
        process = subprocess.Popen(words, env={**os.environ, **new.environment}, stdout=subprocess.DEVNULL)
        push_some(max(2, PUSHES // 4), True)
        process.kill()
        process.wait(60)
        process = subprocess.Popen(words, env={**os.environ, **new.environment}, stdout=subprocess.DEVNULL)
        push_some(PUSHES, True)
        self.assertEqual(process.wait(120), 0)
        service.stop()
        self.assertEqual(self.migrate(old, new, "--finish").returncode, 0)
        service = self.serve(new)
        for tag, small in done.items():
            self.assertTrue(service.pull("bob/app", tag, small))
        self.assertTrue(service.pull("bob/app", "1.0.0", package))
        self.assertEqual(service.run("fsck").returncode, 0)
        for beside, all_times in times.items():
            all_times.sort()
            worst = all_times[min(len(all_times) - 1, len(all_times) * 99 // 100)]
            print(f"pushes {'beside a migration' if beside else 'alone'}: median {all_times[len(all_times) // 2] * 1000:.1f} ms, "
                  f"p99 {worst * 1000:.1f} ms")


class Secrets(InStores):
    def test_no_password_on_a_command_line(self):
        if reason := why_no_postgres():
            self.skipTest(reason)
        said = self.run_program("fsck", "--database", "postgresql://bob:hunter2@localhost/x", "--store", self.scratch / "a")
        self.assertEqual(said.returncode, 2)
        self.assertIn("PGPASSFILE", said.stderr)
        self.assertNotIn("hunter2", said.stderr)
        for content in ("postgresql://bob:hunter2@[/x", "host=x password=hunter2", ""):
            file = self.scratch / "url"
            file.write_text(content)
            said = self.run_program("fsck", "--database", file, "--store", self.scratch / "a")
            self.assertEqual((said.returncode, said.stdout), (2, ""))
            self.assertEqual(len(said.stderr.splitlines()), 1)
            self.assertNotIn("hunter2", said.stderr)

    def test_a_url_of_a_file_and_none_of_it_in_the_log(self):
        self.need("postgres+s3")
        place = self.stores.place("postgres+s3")
        file = self.scratch / "database"
        file.write_text(place.database.replace("merlon@", "merlon:hunter2@") + "\n")
        keys = self.scratch / "keys"
        keys.write_text("[default]\naws_access_key_id = S3RVER\naws_secret_access_key = S3RVER\n")
        place.database = str(file)
        service = Drawbridge(place, self.issuer, "--s3-credentials", keys, environment=dict.fromkeys(KEYS, ""))
        self.addCleanup(lambda: service.process.poll() is None and service.stop(signal.SIGKILL))
        line = Path(f"/proc/{service.process.pid}/cmdline").read_text()
        service.register("bob", "app", self.bob)
        self.push(service, "1.0.0", Package({"a": b"1"}))
        service.stop()
        for secret in ("hunter2", "S3RVER", "Signature"):
            self.assertNotIn(secret, line + "".join(service.log))

    def test_wrong_keys_and_buckets_are_said_so(self):
        self.need("folder+s3")
        place = self.stores.place("folder+s3")
        for environment, wanted in (({**KEYS, "AWS_ACCESS_KEY_ID": "wrong"}, "403 InvalidAccessKeyId"),
                                    (dict.fromkeys(KEYS, ""), "AWS_ACCESS_KEY_ID")):
            said = self.run_program("serve", "--development", *place.words(), environment=environment)
            self.assertNotEqual(said.returncode, 0)
            self.assertIn(wanted, said.stderr)
        said = self.run_program("serve", "--development", "--store", self.scratch / "b", "--objects", "s3://nothing",
                                "--s3-endpoint", self.stores.s3.endpoint, environment=KEYS)
        self.assertIn("404 NoSuchBucket", said.stderr)

    def test_a_database_over_a_network_must_show_who_it_is(self):
        self.need("postgres")
        place = self.stores.place("postgres")
        postgres, name = self.stores.postgres, place.database.rpartition("/")[2]
        wanted = f"sslrootcert={postgres.certificate}"
        for host, settings, well in (("localhost", wanted, True), ("localhost", "", False), ("127.0.0.1", wanted, False),
                                     ("127.0.0.1", "sslmode=disable", True)):
            url = f"postgresql://merlon@{host}:{postgres.port}/{name}?{settings}"
            said = self.run_program("gc", "--store", place.folder, "--database", url)
            self.assertEqual(said.returncode == 0, well, (host, settings, said.stderr))
            self.assertLessEqual(len(said.stderr.splitlines()), 1)

    def test_an_own_ca(self):
        if reason := why_no_s3():
            self.skipTest(reason)
        key, certificate = self.scratch / "tls.key", self.scratch / "tls.crt"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                certificate, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        s3 = S3(self.scratch / "tls-s3", (key, certificate))
        self.addCleanup(s3.stop)
        place = Place(self.scratch / "tls-store", None, s3)
        said = self.run_program("serve", "--development", *place.words(), environment=KEYS)
        self.assertIn("no TLS with localhost", said.stderr)
        service = Drawbridge(place, self.issuer, "--s3-ca", certificate)
        self.addCleanup(lambda: service.process.poll() is None and service.stop(signal.SIGKILL))
        service.register("bob", "app", self.bob)
        package = Package({"main.wasm": os.urandom(5 * MEBIBYTE)})
        self.push(service, "1.0.0", package)
        self.assertTrue(service.pull("bob/app", "1.0.0", package))


def signature_v4(secret, handler, body):
    """Of a request, by the words of AWS alone."""
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, SignedHeaders=([^,]+), "
                         r"Signature=([0-9a-f]{64})", handler.headers["Authorization"])
    day, region, names = found[2], found[3], found[4]
    path, _, query = handler.path.partition("?")
    if {"host", "x-amz-date", "x-amz-content-sha256"} - set(names.split(";")):
        return None
    if hashlib.sha256(body).hexdigest() != handler.headers["x-amz-content-sha256"]:
        return None
    lines = "".join(f"{name}:{handler.headers[name].strip()}\n" for name in names.split(";"))
    canonical = "\n".join((handler.command, path, "&".join(sorted(query.split("&"))), lines, names,
                           handler.headers["x-amz-content-sha256"]))
    text = "\n".join(("AWS4-HMAC-SHA256", handler.headers["x-amz-date"], f"{day}/{region}/s3/aws4_request",
                      hashlib.sha256(canonical.encode()).hexdigest()))
    key = b"AWS4" + secret.encode()
    for each in (day, region, "s3", "aws4_request", text):
        key = hmac.new(key, each.encode(), hashlib.sha256).digest()
    return key.hex() == found[5]


class HostileS3(InStores):
    """Answers well at first, to who signs as AWS wants it, and then as it is told."""

    def setUp(self):
        test = self
        self.kept, self.mood = {}, "well"

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def say(self, status, body=b"", **fields):
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def handle_one(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                path, _, query = self.path.partition("?")
                if not signature_v4(KEYS["AWS_SECRET_ACCESS_KEY"], self, body):
                    return self.say(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
                if test.mood == "storm":
                    return self.say(503)
                if test.mood == "elsewhere":
                    return self.say(307, Location="http://127.0.0.1:1/registry/x")
                if query:
                    return self.say(200, b"<ListBucketResult/>" if test.mood != "no listing" else b"<html>" * 1000)
                if self.command == "PUT":
                    test.kept[path] = body
                    return self.say(200) if test.mood != "silent" else None
                if self.command == "DELETE":
                    test.kept.pop(path, None)
                    return self.say(204)
                first, last = map(int, self.headers["range"].removeprefix("bytes=").split("-"))
                part = test.kept.get(path, b"")[first:last + 1]
                if test.mood == "altered":
                    part = bytes([part[0] ^ 1]) + part[1:]
                if test.mood == "short":
                    part = part[:-1]
                return self.say(206, part)

            do_GET = do_PUT = do_DELETE = handle_one

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        place = Place(Path(tempfile.mkdtemp(dir=self.scratch)) / "store")
        self.service = Drawbridge(place, self.issuer, "--objects", "s3://registry/p", "--s3-endpoint", self.endpoint,
                                  environment=KEYS)
        self.addCleanup(lambda: self.service.process.poll() is None and self.service.stop(signal.SIGKILL))
        self.service.register("bob", "app", self.bob)
        self.package = Package({"main.wasm": os.urandom(300_000)})
        self.push(self.service, "1.0.0", self.package)

    def test_another_secret_does_not_do(self):
        said = self.run_program("fsck", *self.service.words(), "--objects", "s3://registry/p", "--s3-endpoint", self.endpoint,
                                environment={**KEYS, "AWS_SECRET_ACCESS_KEY": "hunter2"})
        self.assertIn("403 SignatureDoesNotMatch", said.stderr)
        self.assertNotIn("hunter2", said.stderr)

    def test_nothing_wrong_is_given_and_nothing_lost(self):
        at = "/bob/app/_tag/1.0.0/tree/main.wasm"
        for self.mood in ("altered", "short", "storm", "elsewhere"):
            try:
                status, _, said = self.service.ask("GET", at)
                self.assertNotEqual((status, len(said)), (200, 300_000))
            except Exception:  # it breaks in the middle
                pass
        self.mood = "elsewhere"
        self.assertNotEqual(set(self.service.push("bob/app", "2.0.0", Package({"a": b"2"}), self.bob)), {201})
        self.mood = "no listing"  # of no use to who reads or pushes
        self.push(self.service, "3.0.0", Package({"a": b"3"}))
        self.mood = "well"
        self.assertTrue(self.service.pull("bob/app", "1.0.0", self.package))
        self.assertEqual(self.service.ask("GET", "/bob/app/_tag/2.0.0")[0], 404)
        self.push(self.service, "4.0.0", Package({"a": b"4"}))


if __name__ == "__main__":
    main()
