#!/usr/bin/env python3
"""merlon deploy: a workload that arrives sealed, in a keep that has proved itself, and in no other."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attest"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from gatehouse import Authority  # noqa: E402
from story import MACHINES, Stage  # noqa: E402
from support import WASI, EndToEnd, module, printing  # noqa: E402
from workload import reader  # noqa: E402

BACKEND = os.environ.get("MERLON_BACKEND", "nil")
ATTESTED = BACKEND in MACHINES

# Copies standard input to standard output, and then ends with 7.
CAT = module("""
  (func (export "_start")
    (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 60000))
      (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))
        (then (call $proc_exit (i32.const 99))))
      (if (i32.load (i32.const 8)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))
        (br $more))))
    (call $proc_exit (i32.const 7)))""",
             f'(import "{WASI}" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))')

# Prints its arguments and its environment, each ended by NUL.
WORDS = module("""
  (func $print (param i32 i32)
    (i32.store (i32.const 0) (local.get 0)) (i32.store (i32.const 4) (local.get 1))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 1024) (i32.const 4096)))
    (call $print (i32.const 4096) (i32.load (i32.const 20)))
    (drop (call $environ_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $environ_get (i32.const 1024) (i32.const 8192)))
    (call $print (i32.const 8192) (i32.load (i32.const 20))))""", "".join(
    f'(import "{WASI}" "{name}" (func ${name} (param i32 i32) (result i32)))'
    for name in ("args_get", "args_sizes_get", "environ_get", "environ_sizes_get")))


class Deploy(EndToEnd):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-deploy-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINES.get(BACKEND, "kvm"))
        cls.stage.make_usual()
        if ATTESTED:
            cls.policy = cls.stage.policy("policy.toml", cls.stage.measured())

    def words(self, *words, policy=None):
        if not ATTESTED:
            return ["deploy", "--backend", BACKEND, "--insecure-backend", *words]
        return ["deploy", "--backend", BACKEND, "--policy", policy or self.policy, "--no-memory",
                "--endorsements", self.stage.platform, *words]

    def deploy(self, *words, stdin=b"", policy=None, environment=None):
        return subprocess.run(
            [self.stage.programs / "merlon", *map(str, self.words(*words, policy=policy))],
            input=stdin, capture_output=True, check=False, timeout=120,
            env={**self.stage.environment(), **(environment or {})})

    def test_a_workload_runs_with_private_streams(self):
        sent = os.urandom(200_000)
        ran = self.deploy(self.wasm(CAT), stdin=sent)
        self.assertEqual((ran.returncode, len(ran.stdout)), (7, len(sent)), ran.stderr)
        self.assertEqual(ran.stdout, sent)

    def test_arguments_and_environment_arrive(self):
        ran = self.deploy("--env", "SECRET=sea salt", self.wasm(WORDS), "--", "one", "two words")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        texts = ran.stdout.split(b"\0")
        self.assertIn(b"two words", texts)
        self.assertIn(b"SECRET=sea salt", texts)

    def test_what_goes_wrong_is_told_the_tenant(self):
        trap = self.deploy(self.wasm(module('(func (export "_start") unreachable)')))
        self.assertEqual(trap.returncode, 134, trap.stderr)
        self.assertIn(b"trap: unreachable", trap.stderr)
        broken = self.folder / "broken.wasm"
        broken.write_bytes(b"\0asm\1\0\0\0\1")
        ran = self.deploy(broken)
        self.assertEqual(ran.returncode, 1, ran.stderr)
        self.assertIn(b"no valid WebAssembly module", ran.stderr)

    def test_the_time_limit_of_the_tenant_holds(self):
        ran = self.deploy("--timeout", "300ms", self.wasm(module('(func (export "_start") (loop (br 0)))')))
        self.assertEqual(ran.returncode, 124, ran.stderr)
        self.assertIn(b"the time limit is over", ran.stderr)

    def test_results_of_a_function_are_private_too(self):
        adding = '(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))'
        ran = self.deploy("--invoke", "add", self.wasm(adding), "--", "40", "2")
        self.assertEqual((ran.returncode, ran.stdout), (0, b"42\n"), ran.stderr)

    def test_nobody_reading_ends_it_cleanly(self):
        endless = module("""(data (i32.const 16) "x\\n")
          (func (export "_start") (loop
            (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 2))
            (br_if 0 (i32.eqz (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))))""")
        process = subprocess.Popen(
            [self.stage.programs / "merlon", *map(str, self.words("--timeout", "20s", self.wasm(endless)))],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.stage.environment())
        self.assertEqual(process.stdout.read(4), b"x\nx\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), -signal.SIGTERM)
        process.stdout.close()
        process.stderr.close()

    def serve(self, handler, key, certificate):
        """A server of HTTPS until the test ends; gives its port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def test_a_package_may_lie_at_an_address(self):
        served = self.folder / "served"
        (served / "package").mkdir(parents=True)
        cat = self.wasm(CAT).read_bytes()
        (served / "app.wasm").write_bytes(cat)
        (served / "package/main.wasm").write_bytes(cat)
        (served / "package/Enarx.toml").write_text("files = [{kind = 'stdin'}, {kind = 'stdout'}]\n")
        (served / "bare").mkdir()
        (served / "bare/main.wasm").write_bytes(cat)

        class Server(SimpleHTTPRequestHandler):
            extensions_map = {".wasm": "application/wasm", "": "application/octet-stream"}

            def __init__(self, *words):
                super().__init__(*words, directory=served)

            def log_message(self, *words):
                pass

        authority = Authority(self.folder, "web")
        key, certificate = authority.vouch("server", "subjectAltName=DNS:localhost")
        web_port = self.serve(Server, key, certificate)
        at = f"https://localhost:{web_port}"
        folder = self.folder / "temporary"
        folder.mkdir()
        temporary = {"TMPDIR": str(folder)}
        for package in (f"{at}/app.wasm", f"{at}/package/", f"{at}/package", f"{at}/bare/",
                        f"file://{served}/app.wasm", f"file://{served}/package"):
            ran = self.deploy("--ca-bundle", authority.certificate, package, stdin=b"hello", environment=temporary)
            self.assertEqual((ran.returncode, ran.stdout), (7, b"hello"), (package, ran.stderr))
        for package, why in ((f"{at}/nothing/", b"no main.wasm (HTTP status 404)"),
                             ("http://192.0.2.1/", b"without TLS only on this machine")):
            ran = self.deploy("--ca-bundle", authority.certificate, package, environment=temporary)
            self.assertEqual(ran.returncode, 1)
            self.assertIn(why, ran.stderr)
        ran = self.deploy(f"{at}/app.wasm")  # nobody of the web vouches for it
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"no TLS with", ran.stderr)
        self.assertEqual(list(folder.iterdir()), [])  # nothing is left of what was fetched

    def test_a_steward_of_enarx_is_asked_again_as_enarx_asks(self):
        authority = Authority(self.folder, "root")
        key, certificate = authority.vouch("steward", "subjectAltName=DNS:localhost")
        requests = []

        class EnarxSteward(BaseHTTPRequestHandler):
            def do_POST(self):
                requests.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(400)  # as it says to all that it does not know, and here to everything
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *words):
                pass

        steward_port = self.serve(EnarxSteward, key, certificate)
        package = self.folder / "package"
        package.mkdir()
        (package / "main.wasm").write_bytes(self.wasm(printing("never")).read_bytes())
        (package / "root.pem").write_bytes(authority.certificate.read_bytes())
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{steward_port}/'\nsteward_trust = ['root.pem']\n"
            f"files = [{{kind = 'stdout'}}, {{kind = 'listen', name = 'l', addr = '127.0.0.1', port = {port}}}]\n")
        ran = self.deploy(package)
        self.assertEqual((ran.returncode, ran.stdout), (1, b""), ran.stderr)
        self.assertIn(b"refuses this keep (HTTP status 400)", ran.stderr)
        said = [subprocess.run(["openssl", "asn1parse", "-inform", "DER"], input=each, check=True,
                               capture_output=True).stdout for each in requests]
        self.assertEqual([b"1.3.6.1.5.5.7.1.35" in each for each in said], [True, False])
        self.assertTrue(all(b"1.3.6.1.4.1.58270.1." in each for each in said))

    def test_a_key_of_another_kind_is_refused(self):
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", key], check=True, capture_output=True)
        ran = self.deploy("--key", key, self.wasm(CAT))
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"P-256", ran.stderr)

    def test_without_a_word_no_keep_gets_it_that_nothing_attests(self):
        environment = {"MERLON_BACKEND": "", "ENARX_BACKEND": ""}
        for words in (["--backend", "nil"], ["--backend", "kvm"]):
            ran = subprocess.run([self.stage.programs / "merlon", "deploy", *words, str(self.wasm(CAT))],
                                 capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
                                 env={**self.stage.environment(), **environment})
            self.assertEqual((ran.returncode, ran.stdout), (3, b""), words)
            self.assertIn(b"--insecure-backend", ran.stderr)


@unittest.skipUnless(ATTESTED, "a keep that proves itself")
class Judged(Deploy):
    def refused(self, policy, check):
        ran = self.deploy(self.wasm(printing("secret")), policy=policy)
        self.assertEqual((ran.returncode, ran.stdout), (3, b""), ran.stderr)
        self.assertIn(check, ran.stderr)
        self.assertIn(b"nothing was delivered", ran.stderr)

    def test_the_claims_name_the_tenant_and_what_he_sent(self):
        key = self.folder / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-out", key], check=True, capture_output=True)
        spki = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"],
                              check=True, capture_output=True).stdout
        import hashlib
        wasm = self.wasm(reader("launch.json"))
        ran = self.deploy("--key", key, wasm)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        facts = json.loads(ran.stdout)["workload"]
        self.assertEqual(facts["from"], "tenant")
        self.assertEqual(facts["tenant_key_sha256"], hashlib.sha256(spki).hexdigest())
        self.assertEqual(facts["sha256"], hashlib.sha256(wasm.read_bytes()).hexdigest())

    def test_another_measurement_gets_nothing(self):
        other = "ab" * (len(self.stage.measured()) // 2)
        self.refused(self.stage.policy("other.toml", other),
                     b"sgx.mr-enclave" if self.stage.of_sgx else b"snp.measurement")

    def test_another_root_gets_nothing(self):
        self.refused(self.stage.policy("root.toml", self.stage.measured(), root="ab" * 32),
                     b"dcap.pck-anchor" if self.stage.of_sgx else b"snp.anchor")

    def test_a_revoked_machine_gets_nothing(self):
        platform = self.stage.new_platform("revoked")
        state = self.folder / "state"
        self.stage.make_usual(platform, state)
        policy = self.stage.policy("revoked.toml", self.stage.measured(), root=self.stage.root(platform))
        self.stage.merlon("platform", "simulate", "revoke", *self.stage.kind, "--dir", platform)
        ran = subprocess.run(
            [self.stage.programs / "merlon", "deploy", "--backend", BACKEND, "--policy", policy, "--no-memory",
             "--endorsements", platform, self.wasm(printing("secret"))],
            capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
            env={**self.stage.environment(), "XDG_STATE_HOME": str(state)})
        self.assertEqual((ran.returncode, ran.stdout), (3, b""), ran.stderr)
        self.assertIn(b"revoked", ran.stderr)

    def test_a_policy_that_takes_any_keep_is_none(self):
        policy = self.folder / "any.toml"
        any_of_its_kind = '["sgx"]' if self.stage.of_sgx else '["snp"]\nsnp.products = ["SIMULATOR"]'
        policy.write_text(f'roots = ["{self.stage.root()}"]\ntechnologies = {any_of_its_kind}\n')
        ran = self.deploy(self.wasm(printing("secret")), policy=policy)
        self.assertEqual(ran.returncode, 1)
        self.assertIn(b"compares no measurement and no signer", ran.stderr)

    def test_without_a_policy_a_simulation_is_refused(self):
        ran = subprocess.run([self.stage.programs / "merlon", "deploy", "--backend", BACKEND, "--no-memory",
                              "--endorsements", str(self.stage.platform), str(self.wasm(printing("secret")))],
                             capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
                             env=self.stage.environment())
        self.assertEqual((ran.returncode, ran.stdout), (3, b""), ran.stderr)


if __name__ == "__main__":
    if not ATTESTED:
        del Judged
    unittest.main()
