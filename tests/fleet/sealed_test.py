#!/usr/bin/env python3
"""Containers whose workload comes sealed: an engine starts a keep that waits, its tenant judges it and delivers, and neither a
bundle nor a stranger decides what runs."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import bundles
from bundles import main, wait_until
from engines import WithContainerd, WithPodman
from tenant import BACKENDS, STREAMS, USUAL, Tenant, free_port, listening


LONG = "MERLON_FLEET_LONG" in os.environ


def page_of(port):
    """What a server in a keep answers, or nothing."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return peer.recv(4096)
    return b""


class Sealed(bundles.Containers):
    @classmethod
    def setUpClass(cls):
        if bundles.why_not():
            raise unittest.SkipTest(bundles.why_not())
        scratch = tempfile.TemporaryDirectory(prefix="merlon-sealed-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        cls.tenants = {backend: Tenant(backend) for backend in BACKENDS}
        for each in cls.tenants.values():
            cls.addClassCleanup(each.scratch.cleanup)
        cls.config = cls.scratch / "oci.toml"
        cls.config.write_text("".join(each.settings() for each in cls.tenants.values()) +
                              f'volumes = "{cls.scratch}/volumes"\n')
        cls.key = cls.scratch / "tenant.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", cls.key],
                       check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", cls.key, "-pubout", "-outform", "DER"], check=True,
                                capture_output=True).stdout
        cls.named = hashlib.sha256(public).hexdigest()
        cls.guests = {name: bundles.compiled(text, cls.scratch / f"{name}.wasm")
                      for name, text in (("cat", bundles.CAT), ("server", bundles.SERVER), ("words", bundles.WORDS),
                                         ("spin", bundles.SPIN))}

    def annotations(self, backend=USUAL, **more):
        self.door = free_port()
        return {bundles.BACKEND: backend, "org.merlon.workload": "sealed", "org.merlon.door": f"127.0.0.1:{self.door}",
                **{f"org.merlon.{name.replace('_', '-')}": value for name, value in more.items()}}

    @contextlib.contextmanager
    def waiting(self, backend=USUAL, **more):
        """A container that waits for its tenant: its runtime's process."""
        bundle, name = self.bundle(None, annotations=self.annotations(backend, **more)), self.name()
        self.log = self.folder / f"{name}.log"
        with self.log.open("wb") as file:
            runtime = subprocess.Popen([bundles.OCI, "--root", self.root, "--config", self.config, "run", "--bundle", bundle,
                                        name], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
        try:
            self.assertTrue(wait_until(lambda: "waits for its tenant" in self.said()), self.said())
            yield runtime
        finally:
            self.oci("delete", "--force", name)
            runtime.wait(bundles.PATIENCE)

    def said(self):
        return self.log.read_text(errors="replace")

    def deploy(self, guest, *words, stdin=b"", backend=USUAL, policy=None, door=None, arguments=()):
        workload = guest if isinstance(guest, Path) else self.guests[guest]
        return self.tenants[backend].deploy(door or self.door, *words, workload, *(["--", *arguments] if arguments else []),
                                            stdin=stdin, policy=policy)

    def refused(self, words, *arguments, **options):
        """The tenant hears why, in these words, and the container waits on."""
        ended = self.deploy(*arguments, **options)
        self.assertEqual(ended.returncode, 3, ended)
        self.assertIn(words, ended.stderr.decode())

    def test_a_tenant_delivers_and_hears(self):
        for backend in self.tenants:
            with self.subTest(backend), self.waiting(backend) as runtime:
                ended = self.deploy("cat", stdin=b"private words", backend=backend)
                self.assertEqual((ended.returncode, ended.stdout), (7, b"private words"), ended.stderr)
                self.assertEqual(runtime.wait(bundles.PATIENCE), 7)
                self.assertNotIn("private", self.said())

    def test_arguments_are_the_tenants(self):
        with self.waiting():
            ended = self.deploy("words", "--env", "MOOD=calm", arguments=["one"])
            self.assertEqual(ended.returncode, 0, ended.stderr)
            words = ended.stdout.split(b"\0")
            self.assertIn(b"one", words)
            self.assertIn(b"MOOD=calm", words)
            self.assertNotIn(b"COLOUR=blue", words)

    def test_what_the_container_does_not_grant(self):
        port = free_port()
        package = self.tenants[USUAL].package
        server = package(bundles.SERVER, listening(port), "server")
        reaching = package(bundles.CAT, f'{STREAMS}[[allow]]\nname = "169.254.169.254"\nport = 80\nprot = "tcp"\n', "reaching")
        vouched = package(bundles.CAT, f'steward = "https://steward.example"\n{STREAMS}', "vouched")
        kept = package(bundles.CAT, f'{STREAMS}[[mounts]]\npath = "/data"\nsource = "sealed"\nvolume = "data"\n', "kept")
        with self.waiting(listen="127.0.0.1:1", steward="https://other.example"):
            self.refused(f"listen on 127.0.0.1:{port}", server)
            self.refused("reach 169.254.169.254:80", reaching)
            self.refused("reach the Steward steward.example:443", vouched)
            self.refused("keep the volume 'data'", kept, "--key", self.key)
            self.assertEqual(self.deploy("cat").returncode, 7)

    def test_tenant_and_policy_of_the_annotations(self):
        policy = self.tenants[USUAL].policy
        digest = hashlib.sha256(policy.read_bytes()).hexdigest()
        longer = self.scratch / "longer.toml"
        longer.write_text(policy.read_text() + "# the same\n")
        with self.waiting(tenant=self.named, policy=f"sha256:{digest}") as runtime:
            self.refused("none was shown", "cat")
            other = self.scratch / "other.pem"
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", other],
                           check=True, capture_output=True)
            self.refused(f"this keep is for {self.named}", "cat", "--key", other)
            self.refused(f"judged by {digest}", "cat", "--key", self.key, policy=longer)
            for other in BACKENDS[1:]:
                self.refused(f"this keep is of {USUAL}, not of {other}", "cat", "--key", self.key, backend=other,
                             door=self.door)
            ended = self.deploy("cat", "--key", self.key, stdin=b"x")
            self.assertEqual((ended.returncode, ended.stdout), (7, b"x"), ended.stderr)
            self.assertEqual(runtime.wait(bundles.PATIENCE), 7)

    def test_who_names_a_tenant_and_is_not_he(self):
        """A stranger who knows the public key gets a keep, and it takes nothing that the key has not signed."""
        with self.waiting(tenant=self.named):
            # Of the tenant's own opening, which whoever carries it can read: replayed by another one.
            recorded = self.recorded_opening()
            with socket.create_connection(("127.0.0.1", self.door), 10) as stranger:
                stranger.settimeout(20)
                stranger.sendall(recorded)
                self.assertEqual(stranger.recv(8), b"MRLNPROF")
                stranger.sendall(b"MRLNSEAL" + bytes([1, 0, 0, 0, 64, 0, 0, 0]) + bytes(96))
                with contextlib.suppress(OSError):
                    while stranger.recv(65536):
                        pass
            self.assertNotIn("trap", self.said())

    def recorded_opening(self):
        """What a tenant says first, as somebody in between hears it."""
        listener = socket.create_server(("127.0.0.1", 0))
        got = []

        def between():
            peer = listener.accept()[0]
            with peer:
                head = peer.recv(16, socket.MSG_WAITALL)
                got.append(head + peer.recv(int.from_bytes(head[12:], "little"), socket.MSG_WAITALL))
        thread = threading.Thread(target=between)
        thread.start()
        ended = self.deploy("cat", "--key", self.key, door=listener.getsockname()[1])
        thread.join()
        listener.close()
        self.assertEqual(ended.returncode, 1, ended)
        return got[0]

    def test_a_proof_of_another_keep_is_refused(self):
        """Somebody between tenant and container answers with what an earlier keep has proved."""
        with self.waiting():
            with socket.create_connection(("127.0.0.1", self.door), 10) as first:
                first.settimeout(20)
                first.sendall(self.recorded_opening())
                head = first.recv(12, socket.MSG_WAITALL)
                proof = head + first.recv(int.from_bytes(head[8:], "little"), socket.MSG_WAITALL)
            listener = socket.create_server(("127.0.0.1", 0))

            def liar():
                peer = listener.accept()[0]
                with peer:
                    peer.recv(65536)
                    peer.sendall(proof)
                    self.leaked = peer.recv(65536)
            thread = threading.Thread(target=liar)
            thread.start()
            ended = self.deploy("cat", door=listener.getsockname()[1])
            thread.join()
            listener.close()
            self.assertEqual(ended.returncode, 3, ended)
            self.assertEqual(self.leaked, b"")

    def test_a_keep_that_the_policy_does_not_want(self):
        stage = self.tenants[USUAL].stage
        wrong = stage.policy("wrong.toml", "ab" * stage.digest_size)
        with self.waiting():
            self.refused("sgx.mr-enclave" if stage.of_sgx else "snp.measurement", "cat", policy=wrong)
            self.assertTrue(wait_until(lambda: "no workload came" in self.said()), self.said())
            self.assertEqual(self.deploy("cat").returncode, 7)

    def test_noise_at_the_door(self):
        with self.waiting():
            for noise in (b"", b"GET / HTTP/1.1\r\n\r\n", b"MRLNDOOR" + bytes([1, 0, 0, 0, 255, 255, 255, 255]),
                          b"MRLNDOOR" + bytes([1, 0, 0, 0, 3, 0, 0, 0]) + b"\0{}"):
                with socket.create_connection(("127.0.0.1", self.door), 10) as stranger:
                    stranger.settimeout(20)
                    with contextlib.suppress(OSError):
                        stranger.sendall(noise)
                        stranger.shutdown(socket.SHUT_WR)
                        while stranger.recv(4096):
                            pass
            if not LONG:
                return
            with socket.create_connection(("127.0.0.1", self.door), 10) as slow:
                # Each byte in time, and all of them never: others wait for ten seconds, and no longer.
                slow.sendall(b"MRLNDOOR")
                trickle = threading.Thread(target=self.trickle, args=(slow,))
                trickle.start()
                self.assertEqual(self.deploy("cat").returncode, 7)
                trickle.join()

    @staticmethod
    def trickle(slow):
        with contextlib.suppress(OSError):
            for _ in range(60):
                time.sleep(1)
                slow.sendall(b"\0")

    def test_a_service_goes_on_without_its_tenant(self):
        port = free_port()
        server = self.tenants[USUAL].package(bundles.SERVER, listening(port), "service")
        with self.waiting(listen=f"127.0.0.1:{port}") as runtime:
            ended = self.deploy(server, "--detach")
            self.assertEqual(ended.returncode, 0, ended.stderr)
            for _ in range(3):
                self.assertIn(b"200 OK", page_of(port))
            self.assertIsNone(runtime.poll())
            runtime.terminate()
            self.assertEqual(runtime.wait(bundles.PATIENCE), 143)

    def test_a_keep_ends_with_its_tenant(self):
        with self.waiting() as runtime:
            alice = self.tenants[USUAL]
            going = subprocess.Popen(alice.words(self.door, self.guests["spin"]), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=alice.stage.environment())
            self.assertEqual(going.stdout.read(5), b"ready")
            going.kill()
            going.wait()
            going.stdout.close()
            self.assertEqual(runtime.wait(bundles.PATIENCE), 143)

    def test_a_killed_door_takes_its_keep_along(self):
        with self.waiting() as runtime:
            alice = self.tenants[USUAL]
            going = subprocess.Popen(alice.words(self.door, self.guests["spin"]), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=alice.stage.environment())
            self.addCleanup(going.stdout.close)
            self.assertEqual(going.stdout.read(5), b"ready")
            name = next(each for each in os.listdir(self.root))
            state = json.loads(self.oci("state", name).stdout)
            others = json.loads(self.oci("ps", "--format", "json", name).stdout)
            self.assertGreater(len(others), 2)
            os.kill(state["pid"], signal.SIGKILL)
            self.assertEqual(runtime.wait(bundles.PATIENCE), 137)
            self.assertTrue(wait_until(lambda: not any(map(bundles.alive, others))), others)
            self.assertEqual(going.wait(bundles.PATIENCE), 1)

    def test_a_time_limit_of_the_container(self):
        with self.waiting(timeout="1s") as runtime:
            started = time.monotonic()
            self.assertNotEqual(self.deploy("spin").returncode, 0)
            self.assertEqual(runtime.wait(bundles.PATIENCE), 124)
            self.assertLess(time.monotonic() - started, 15)

    def test_bundles_that_say_more_are_refused(self):
        cases = (({"process": {"args": ["/app.wasm", "x"]}}, "process.args"),
                 ({"mounts": [{"destination": "/data", "type": "bind", "source": "/srv", "options": ["bind"]}]}, "mounts"),
                 ({"process": {"terminal": True}}, "process.terminal"))
        for change, words in cases:
            bundle = self.bundle(None, annotations=self.annotations(), **change)
            made = self.oci("--config", self.config, "create", "--console-socket", "/nothing", "--bundle", bundle, self.name())
            self.assertNotEqual(made.returncode, 0)
            self.assertIn(words, made.stderr)
        plain = self.bundle(bundles.HELLO, annotations={bundles.BACKEND: USUAL})
        made = self.oci("--config", self.config, "create", "--bundle", plain, self.name())
        self.assertIn("gets its workload from its tenant", made.stderr)
        images = self.bundle(bundles.HELLO, annotations={bundles.BACKEND: USUAL, "org.merlon.workload": "image"})
        self.assertEqual(self.oci("--config", self.config, "run", "--bundle", images, self.name()).stdout, "hello\n")


class InPodman(WithPodman):
    def test_a_pod_waits_for_its_tenant(self):
        alice = Tenant()
        self.addCleanup(alice.scratch.cleanup)
        config = self.folder / "oci.toml"
        config.write_text(alice.settings())
        door, port = free_port(), free_port()
        made = self.podman("run", "-d", "--network", "host", "--annotation", f"{bundles.BACKEND}={USUAL}",
                           "--annotation", "org.merlon.workload=sealed", "--annotation", f"org.merlon.door=127.0.0.1:{door}",
                           "--annotation", f"org.merlon.listen=127.0.0.1:{port}", "localhost/guests:1")
        self.assertEqual(made.returncode, 0, made)
        name = made.stdout.strip()
        self.addCleanup(self.podman, "rm", "--force", "--time", "0", name)
        self.assertTrue(wait_until(lambda: "waits for its tenant" in self.podman("logs", name).stderr))
        ended = alice.deploy(door, "--detach", alice.package(bundles.SERVER, listening(port)))
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn(b"keep", page_of(port))
        self.assertEqual(self.podman("stop", "--time", "5", name).returncode, 0)
        self.assertEqual(self.podman("wait", name).stdout.strip(), "143")


class InContainerd(WithContainerd):
    def test_a_task_waits_for_its_tenant(self):
        alice = Tenant()
        self.addCleanup(alice.scratch.cleanup)
        (self.folder / "oci.toml").write_text(alice.settings())
        door = free_port()
        made = self.ctr("run", "-d", "--net-host", "--snapshotter", "native", "--runc-binary", bundles.OCI,
                        "--annotation", f"{bundles.BACKEND}={USUAL}", "--annotation", "org.merlon.workload=sealed",
                        "--annotation", f"org.merlon.door=127.0.0.1:{door}", self.image, "sealed")
        self.assertEqual(made.returncode, 0, made)
        self.addCleanup(self.ctr, "containers", "delete", "sealed")
        self.addCleanup(self.ctr, "tasks", "delete", "--force", "sealed")
        ended = alice.deploy(door, alice.guest(bundles.CAT), stdin=b"private words")
        self.assertEqual((ended.returncode, ended.stdout), (7, b"private words"), ended.stderr)
        self.assertTrue(wait_until(lambda: "STOPPED" in self.ctr("tasks", "list").stdout))


if __name__ == "__main__":
    main()
