#!/usr/bin/env python3
"""merlon deploy --to: workloads for keeps of another machine, by way of its gatehouse."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "attest"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
from deploy_test import CAT, WORDS  # noqa: E402
from gatehouse import PATIENCE, Gatehouse, openssl  # noqa: E402
from sealed_test import FOREVER, STREAMS, SYNC, counting  # noqa: E402
from story import MACHINES, Stage  # noqa: E402
from support import EndToEnd, module, printing  # noqa: E402

BACKEND = os.environ.get("MERLON_BACKEND", "nil")
ATTESTED = BACKEND in MACHINES

# Says so, and then waits for input that does not come.
WAITING = printing("I wait\n", "(loop (br 0))")


class Waits(EndToEnd):
    def until(self, what, wanted):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if wanted(got := what()):
                return got
            time.sleep(0.02)
        raise AssertionError(f"it stays {got}")


class AtAGatehouse(Waits):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-gatehouse-")
        cls.addClassCleanup(scratch.cleanup)
        cls.stage = Stage(scratch.name, MACHINES.get(BACKEND, "kvm"))
        cls.stage.make_usual()
        cls.house = Gatehouse(Path(scratch.name) / "house", cls.stage.platform, (BACKEND,),
                              ("--allow-local", "--volume-size", "1"))
        cls.addClassCleanup(cls.house.end_keeps)
        cls.addClassCleanup(cls.house.stop)
        if ATTESTED:
            cls.policy = cls.stage.policy("policy.toml", cls.stage.measured())

    def merlon(self, *words, stdin=b"", environment=None):
        return subprocess.run([self.stage.programs / "merlon", *map(str, words)], input=stdin,
                              capture_output=True, check=False, timeout=120,
                              env={**self.stage.environment(), **(environment or {})})

    def judged_by(self):
        if not ATTESTED:
            return ["--backend", BACKEND, "--insecure-backend"]
        return ["--backend", BACKEND, "--policy", self.policy, "--no-memory", "--endorsements", self.stage.platform]

    def deploy(self, *words, tenant="alice", **keywords):
        return self.merlon("deploy", *self.judged_by(), *self.house.access(tenant), *words, **keywords)

    def detached(self, text, *words, tenant="alice"):
        ran = self.deploy("--detach", *words, self.wasm(text), tenant=tenant)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout.decode().strip()

    def state(self, keep, tenant="alice"):
        said = self.merlon("keeps", "list", "--json", *self.house.access(tenant))
        self.assertEqual(said.returncode, 0, said.stderr)
        return {each["id"]: each for each in json.loads(said.stdout)}.get(keep, {}).get("state")

    def test_a_workload_runs_with_private_streams(self):
        sent = os.urandom(150_000)
        ran = self.deploy(self.wasm(CAT), stdin=sent)
        self.assertEqual((ran.returncode, ran.stdout == sent), (7, True), ran.stderr)

    def test_arguments_and_environment_arrive(self):
        ran = self.deploy("--env", "SECRET=sea salt", self.wasm(WORDS), "--", "two words")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertIn(b"SECRET=sea salt", ran.stdout.split(b"\0"))

    def test_one_that_was_left_goes_on_and_is_heard_later(self):
        keep = self.detached(printing("early\n", "(call $proc_exit (i32.const 5))"))
        self.assertEqual(self.until(lambda: self.state(keep), lambda state: state == "ended"), "ended")
        heard = self.merlon("keeps", "attach", keep)
        self.assertEqual((heard.returncode, heard.stdout), (5, b"early\n"), heard.stderr)
        logs = self.merlon("keeps", "logs", keep)
        self.assertEqual((logs.returncode, logs.stdout), (0, b"early\n"))
        self.assertEqual(self.merlon("keeps", "forget", keep).returncode, 0)
        self.assertIsNone(self.state(keep))

    def test_one_can_be_stopped(self):
        keep = self.detached(WAITING)
        self.until(lambda: self.merlon("keeps", "logs", keep).stdout, lambda said: said == b"I wait\n")
        forget = self.merlon("keeps", "forget", keep)
        self.assertEqual(forget.returncode, 1)
        self.assertIn(b"has not ended", forget.stderr)
        self.assertEqual(self.merlon("keeps", "stop", keep).returncode, 0)
        self.until(lambda: self.state(keep), lambda state: state == "ended")
        heard = self.merlon("keeps", "attach", keep)
        self.assertEqual((heard.returncode, heard.stdout), (1, b"I wait\n"))
        self.assertIn(b"the talk with the keep was cut", heard.stderr)

    def sealing(self, text, name):
        """Options and package of a deploy whose workload has a sealed volume of this name."""
        key = self.folder / "tenant.pem"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        package = self.folder / "package"
        package.mkdir()
        (package / "main.wasm").write_bytes(Path(self.wasm(text)).read_bytes())
        (package / "Enarx.toml").write_text(
            f'{STREAMS}[[mounts]]\npath = "/sealed"\nsource = "sealed"\nvolume = "{name}"\n')
        return ["--key", key, package]

    def test_a_volume_holds_no_more_than_the_gatehouse_gives(self):
        fill = f"""
          (drop (memory.grow (i32.const 40))) (i32.store (i32.const 40) (i32.const 65536))
          (loop $fill
            (i32.store (i32.load (i32.const 40)) (i32.load (i32.const 40)))
            (i32.store (i32.const 40) (i32.add (i32.load (i32.const 40)) (i32.const 4)))
            (br_if $fill (i32.lt_u (i32.load (i32.const 40)) (i32.const 2162688))))
          (i32.store (i32.const 0) (i32.const 65536)) (i32.store (i32.const 4) (i32.const 2097152))
          (call $check (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))) {SYNC}"""
        ran = self.deploy(*self.sealing(counting(fill), "large"))
        self.assertEqual(ran.returncode, 51, ran.stderr)  # NOSPC of WASI's
        self.assertIn(b"cannot be written", ran.stderr)

    def test_a_tenant_lists_and_removes_his_volumes(self):
        sealing = self.sealing(counting(FOREVER), "data")

        def volumes(*words, tenant="alice"):
            return self.merlon("volumes", *words, *self.house.access(tenant))

        def in_use(tenant="alice"):
            listed = json.loads(volumes("list", "--json", tenant=tenant).stdout)
            return {each["name"]: each["in_use"] for each in listed}.get("data")

        keep = self.deploy("--detach", *sealing)
        self.assertEqual(keep.returncode, 0, keep.stderr)
        keep = keep.stdout.decode().strip()
        self.until(lambda: self.merlon("keeps", "logs", keep).stdout, lambda said: said == b"x")
        self.assertEqual((in_use(), in_use("bob")), (True, None))
        refused = volumes("remove", "data")
        self.assertEqual(refused.returncode, 1)
        self.assertIn(b"a keep uses the volume", refused.stderr)
        self.assertIn(b"no such volume", volumes("remove", "data", tenant="bob").stderr)
        self.assertEqual(self.merlon("keeps", "stop", keep).returncode, 0)
        self.until(lambda: self.state(keep), lambda state: state == "ended")
        self.until(lambda: volumes("remove", "data").returncode, lambda status: status == 0)
        self.assertIsNone(in_use())

    def test_keeps_go_on_when_the_gatehouse_is_killed(self):
        keep = self.detached(WAITING)
        self.house.kill()
        self.house.start()
        self.assertEqual(self.state(keep), "running")
        self.assertEqual(self.merlon("keeps", "logs", keep).stdout, b"I wait\n")
        self.assertEqual(self.merlon("keeps", "stop", keep).returncode, 0)
        self.until(lambda: self.state(keep), lambda state: state == "ended")

    def test_another_tenant_knows_nothing_of_them(self):
        keep = self.detached(WAITING)
        self.assertIsNone(self.state(keep, tenant="bob"))
        for path, words in (("", ()), ("/output", ()), ("/log", ()), ("/stop", ("-X", "POST")),
                            ("/input?at=0", ("-X", "POST", "-d", "x")), ("/delivery", ("-X", "PUT", "-d", "x")),
                            ("", ("-X", "DELETE"))):
            status, body = self.house.curl("bob", f"/v1/keeps/{keep}{path}", *words)
            self.assertEqual((status, json.loads(body)["code"]), (404, "keep.unknown"), path)
        self.assertEqual(self.state(keep), "running")
        self.merlon("keeps", "stop", keep)

    def test_a_second_delivery_is_refused(self):
        keep = self.detached(WAITING)
        status, body = self.house.curl("alice", f"/v1/keeps/{keep}/delivery", "-X", "PUT", "-d", "anything")
        self.assertEqual((status, json.loads(body)["code"]), (409, "delivery.second"))
        self.assertEqual(self.state(keep), "running")
        self.merlon("keeps", "stop", keep)

    def waiting_keep(self):
        request = {"backend": BACKEND, "nonce": "ab" * 32}
        status, body = self.house.curl("alice", "/v1/keeps", "-d", json.dumps(request))
        self.assertEqual(status, 201, body)
        keep = json.loads(body)["id"]
        self.assertEqual(self.state(keep), "waiting")
        return keep

    def hand_over(self, keep, content):
        """Status and code."""
        delivery = self.folder / "delivery"
        delivery.write_bytes(content)
        status, body = self.house.curl("alice", f"/v1/keeps/{keep}/delivery", "-X", "PUT",
                                       "--data-binary", f"@{delivery}")
        return status, json.loads(body)["code"] if body else None

    def test_what_is_no_delivery_ends_the_keep(self):
        keep = self.waiting_keep()
        text = os.urandom(5000)
        sealed = struct.pack("<8sII", b"MRLNSEAL", 1, len(text)) + os.urandom(32) + text
        # What is not as long as it says reaches no keep: it would be written to it without an end.
        for each in (text, sealed[:-1], sealed + bytes(8 << 20)):
            self.assertEqual(self.hand_over(keep, each), (400, "delivery.form"))
        self.assertEqual(self.state(keep), "waiting")
        self.assertEqual(self.hand_over(keep, sealed), (204, None))
        self.until(lambda: self.state(keep), lambda state: state == "ended")
        status, log = self.house.curl("alice", f"/v1/keeps/{keep}/log")
        self.assertIn(b"the delivery is refused", log)

    def test_nobody_without_a_certificate_gets_in(self):
        said = subprocess.run(["curl", "-sS", "--cacert", self.house.server.certificate,
                               f"https://localhost:{self.house.port}/v1/keeps"], capture_output=True, check=False,
                              timeout=PATIENCE)
        self.assertNotEqual(said.returncode, 0)
        self.assertEqual(said.stdout, b"")

    def test_what_it_does_not_know_is_refused_by_name(self):
        for body, code in (("{", "request.form"), ('{"backend":"nil"}', "request.form"),
                           ('{"backend":"%s","nonce":"%s","program":"x"}' % (BACKEND, "ab" * 32), "request.form")):
            status, said = self.house.curl("alice", "/v1/keeps", "-d", body)
            self.assertEqual((status, json.loads(said)["code"]), (400, code))
        other = "kvm" if BACKEND != "kvm" else "nil"
        status, said = self.house.curl("alice", "/v1/keeps", "-d",
                                       json.dumps({"backend": other, "nonce": "ab" * 32}))
        self.assertEqual((status, json.loads(said)["code"]), (403, "backend.refused"))
        self.assertEqual(self.house.curl("alice", "/v1/keeps/../../etc/passwd", "--path-as-is")[0], 404)
        self.assertEqual(self.house.curl("alice", "/nowhere")[0], 404)
        self.assertEqual(self.house.curl("alice", "/v1/keeps", "-X", "PATCH")[0], 405)

    def evidence(self, keep, *words):
        options = ["--policy", self.policy, "--no-memory", "--endorsements", self.stage.platform] if ATTESTED else []
        return self.merlon("keeps", "evidence", keep, *options, *words)

    def test_what_a_keep_proved_is_judged_again(self):
        keep = self.detached(WAITING)
        said = self.evidence(keep, "--json")
        if not ATTESTED:
            self.assertEqual((said.returncode, said.stdout), (3, b""), said.stderr)
            self.assertIn(b"nothing attests this keep", said.stderr)
            return
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertEqual(json.loads(said.stdout)["verdict"], "accepted")
        self.assertRegex(said.stderr.decode(), r"to a challenge of 20\S+ \(\d+ seconds ago\).*no later one")
        page = self.folder / "page.html"
        self.assertEqual(self.evidence(keep, "--quiet", "--html", page).returncode, 0)
        self.assertIn(f"keep {keep}", page.read_text())
        # Another policy judges otherwise, and another keep's proof does not do.
        strict = self.merlon("keeps", "evidence", keep, "--no-memory", "--endorsements", self.stage.platform)
        self.assertEqual(strict.returncode, 3, strict.stdout)
        other = self.detached(WAITING)
        proof = self.house.state / other / "proof"
        proof.write_bytes((self.house.state / keep / "proof").read_bytes())
        swapped = self.evidence(other)
        self.assertEqual(swapped.returncode, 3)
        self.assertIn("binding", swapped.stdout.decode())
        self.merlon("keeps", "stop", keep)
        self.until(lambda: self.state(keep), lambda state: state == "ended")
        self.assertEqual(self.evidence(keep, "--quiet").returncode, 0)
        self.merlon("keeps", "stop", other)

    def test_one_that_fails_is_delivered_again(self):
        ran = self.deploy("--restart", "on-failure", "--restarts", "1",
                          self.wasm(printing("again\n", "(call $proc_exit (i32.const 3))")))
        self.assertEqual((ran.returncode, ran.stdout), (3, b"again\nagain\n"), ran.stderr)
        self.assertIn(b"ended with status 3; delivered again, to a new keep, in 1 s", ran.stderr)
        done = self.deploy("--restart", "on-failure", self.wasm(printing("done\n")))
        self.assertEqual((done.returncode, done.stdout), (0, b"done\n"), done.stderr)

    def running(self):
        said = self.merlon("keeps", "list", "--json", *self.house.access("alice"))
        return {each["id"] for each in json.loads(said.stdout) if each["state"] == "running"}

    def test_one_whose_keep_is_lost_is_delivered_again_until_it_is_stopped(self):
        before = self.running()
        words = ["deploy", *self.judged_by(), *self.house.access("alice"), "--restart", "always", self.wasm(WAITING)]
        with subprocess.Popen([self.stage.programs / "merlon", *map(str, words)], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.stage.environment()) as ran:
            first = self.until(lambda: self.running() - before, len)
            self.assertEqual(ran.stdout.readline(), b"I wait\n")
            for each in self.house.wardens():
                if first & set(Path(f"/proc/{each}/cmdline").read_text().replace("\0", "/").split("/")):
                    os.kill(each, 9)
            second = self.until(lambda: self.running() - before - first, len)
            self.assertEqual(ran.stdout.readline(), b"I wait\n")
            # A gatehouse that is away for a moment is no reason for a third.
            self.house.kill()
            self.house.start()
            stopped = self.merlon("keeps", "stop", *second, *self.house.access("alice"))
            self.assertEqual(stopped.returncode, 0, stopped.stderr)
            self.assertEqual(ran.wait(PATIENCE), 1)
            self.assertIn(b"the talk with the keep was cut", ran.stderr.read())

    def test_one_that_is_left_is_not_delivered_again(self):
        ran = self.deploy("--detach", "--restart", "always", self.wasm(CAT))
        self.assertEqual(ran.returncode, 2)
        self.assertIn(b"only this command can judge a new keep", ran.stderr)

    def test_a_page_shows_a_tenants_own_keeps(self):
        keep = self.detached(WAITING)
        status, html = self.house.curl("alice", "/")
        self.assertEqual(status, 200)
        self.assertIn(keep, html.decode())
        self.assertIn("a simulation, which protects nothing" if ATTESTED else "nothing attests this keep", html.decode())
        self.assertNotIn(keep, self.house.curl("bob", "/")[1].decode())
        head = self.house.curl("alice", "/", "-D", "-", "-o", "/dev/null")[1].decode().lower()
        self.assertRegex(head, r"content-security-policy: default-src 'none'; style-src 'sha256-")
        self.merlon("keeps", "stop", keep)

    def test_neither_it_nor_what_it_starts_leaves_a_core(self):
        self.detached(WAITING)
        wardens = list(self.house.wardens())
        self.assertTrue(wardens)
        for each in (self.house.process.pid, *wardens):
            limits = Path(f"/proc/{each}/limits").read_text()
            self.assertRegex(limits, r"(?m)^Max core file size +[01] +[01] ", each)

    def test_it_says_how_it_is(self):
        self.assertEqual(self.house.curl("alice", "/health"), (200, b"ok\n"))
        metrics = self.house.curl("alice", "/metrics")[1].decode()
        self.assertRegex(metrics, r"(?m)^merlon_gatehouse_keeps_started_total \d+$")


class InGroups(Waits):
    """Control groups of this machine, where it lets us make some."""

    def setUp(self):
        super().setUp()
        stage = Stage(self.folder)
        self.house = Gatehouse(self.folder / "house", stage.platform, ("nil",),
                               ("--keep-memory", "700", "--keep-cpu", "150", "--keep-processes", "90"), cgroup=None)
        self.addCleanup(self.house.stop)
        log = self.house.folder / "log"
        self.until(lambda: log.read_text(), lambda said: '"cgroups"' in said)
        told = [each for each in map(json.loads, log.read_text().splitlines()) if each["event"] == "cgroups"]
        self.assertEqual(len(told), 1)
        if told[0]["refused"]:
            self.skipTest(f"no control groups here: {told[0]['refused']}")

    def start(self):
        status, said = self.house.curl("alice", "/v1/keeps", "-d", json.dumps({"backend": "nil", "nonce": "ab" * 32}))
        self.assertEqual(status, 201, said)
        keep = json.loads(said)["id"]
        lines = (self.house.state / keep / "groups").read_text().splitlines()
        return keep, [Path(line) for line in lines[::2]]

    def until_gone(self, groups):
        deadline = time.monotonic() + PATIENCE
        while any(each.exists() for each in groups):
            self.assertLess(time.monotonic(), deadline, groups)
            time.sleep(0.02)

    def test_a_keep_has_one_with_its_limits_as_long_as_it_lives(self):
        keep, groups = self.start()
        wanted = {"memory.max": "734003200", "memory.limit_in_bytes": "734003200", "cpu.max": "150000 100000",
                  "cpu.cfs_quota_us": "150000", "pids.max": "90"}
        seen = 0
        for group in groups:
            self.assertIn(str(self.house.wardens()[0]), (group / "cgroup.procs").read_text().split(), group)
            for name, limit in wanted.items():
                if (group / name).exists():
                    self.assertEqual((group / name).read_text().strip(), limit)
                    seen += 1
        self.assertGreaterEqual(seen, 1)
        self.assertEqual(self.house.curl("alice", f"/v1/keeps/{keep}/stop", "-X", "POST")[0], 204)
        self.until_gone(groups)

    def test_what_a_killed_warden_leaves_goes_with_the_keep_or_with_the_next_start(self):
        (keep, groups), (_, others) = self.start(), self.start()
        self.house.end_keeps()
        deadline = time.monotonic() + PATIENCE
        while self.house.wardens() or any((each / "cgroup.procs").read_text() for each in groups + others):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.assertEqual(self.house.curl("alice", f"/v1/keeps/{keep}", "-X", "DELETE")[0], 204)
        self.until_gone(groups)
        self.house.kill()
        self.house.start()
        self.until_gone(others)


class WithinBounds(Waits):
    def test_no_tenant_has_more_keeps_than_he_may(self):
        stage = Stage(self.folder)
        (self.folder / "options.toml").write_text("keeps-per-tenant = 2\nallow-local = true\n")
        house = Gatehouse(self.folder / "house", stage.platform, ("nil",), (f"@{self.folder / 'options.toml'}",))
        self.addCleanup(house.end_keeps)
        self.addCleanup(house.stop)
        request = json.dumps({"backend": "nil", "nonce": "ab" * 32})
        answers = [house.curl("alice", "/v1/keeps", "-d", request) for _ in range(3)]
        self.assertEqual([status for status, _ in answers], [201, 201, 429])
        self.assertEqual(json.loads(answers[2][1])["code"], "quota.keeps")
        self.assertEqual(house.curl("bob", "/v1/keeps", "-d", request)[0], 201)

    def test_no_workload_connects_with_the_machine_itself(self):
        stage = Stage(self.folder)
        house = Gatehouse(self.folder / "house", stage.platform, ("nil",), ())
        self.addCleanup(house.end_keeps)
        self.addCleanup(house.stop)
        own = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked, contextlib.suppress(OSError):
            asked.connect(("198.51.100.7", 9))  # sends nothing; fails where there is no network
            own = [asked.getsockname()[0]]
        with socket.create_server(("", 0)) as inner:
            for name in ("127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", *own):
                wish = {"kind": "connect", "host": name, "port": inner.getsockname()[1]}
                status, said = house.curl("alice", "/v1/keeps", "-d", json.dumps(
                    {"backend": "nil", "nonce": "ab" * 32, "wishes": [wish]}))
                self.assertEqual((status, json.loads(said)["code"]), (503, "keep.start"), name)
                self.assertIn("this machine itself", json.loads(said)["title"])
            inner.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                inner.accept()

    def test_a_keep_is_known_however_many_connect(self):
        stage = Stage(self.folder)
        house = Gatehouse(self.folder / "house", stage.platform, ("nil",), files=(256, 768))
        self.addCleanup(house.end_keeps)
        self.addCleanup(house.stop)
        request = json.dumps({"backend": "nil", "nonce": "ab" * 32})
        status, body = house.curl("alice", "/v1/keeps", "-d", request)
        self.assertEqual(status, 201, body)
        keep = json.loads(body)["id"]
        trust = ssl.create_default_context(cafile=house.server.certificate)
        key, certificate = house.tenant["alice"]
        trust.load_cert_chain(certificate, key)
        held = http.client.HTTPSConnection("localhost", house.port, context=trust, timeout=PATIENCE)
        self.addCleanup(held.close)

        def told():
            held.request("GET", f"/v1/keeps/{keep}")
            answer = held.getresponse()
            return answer.status, json.loads(answer.read()).get("state")

        self.assertEqual(told(), (200, "waiting"))
        for number in range(1000):
            each = socket.socket()
            self.addCleanup(each.close)
            each.bind((f"127.0.1.{1 + number % 5}", 0))  # of one address there are 256 at most
            each.connect(("127.0.0.1", house.port))
        self.assertEqual(told(), (200, "waiting"))
        self.assertLess(len(list(Path(f"/proc/{house.process.pid}/fd").iterdir())), 600)
        status, body = house.curl("alice", f"/v1/keeps/{keep}")
        self.assertEqual((status, json.loads(body).get("state")), (200, "waiting"))

    def test_one_that_starts_slowly_holds_up_nobody(self):
        stage = Stage(self.folder)
        house = Gatehouse(self.folder / "house", stage.platform, ("nil",))
        self.addCleanup(house.end_keeps)
        self.addCleanup(house.stop)
        # Nobody answers there, and nobody says that nobody does.
        full = socket.socket()
        self.addCleanup(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        taken = [socket.socket() for _ in range(2)]
        for each in taken:
            self.addCleanup(each.close)
            each.setblocking(False)
            try:
                each.connect(full.getsockname())
            except BlockingIOError:
                pass
        slow = {"backend": "nil", "nonce": "ab" * 32,
                "wishes": [{"kind": "connect", "host": "127.0.0.1", "port": full.getsockname()[1]}]}

        def ask():
            with contextlib.suppress(subprocess.CalledProcessError):  # the gatehouse is killed meanwhile
                house.curl("alice", "/v1/keeps", "-d", json.dumps(slow))

        waiting = threading.Thread(target=ask, daemon=True)
        waiting.start()
        quick = {"backend": "nil", "nonce": "ab" * 32}
        self.assertEqual(house.curl("bob", "/v1/keeps", "-d", json.dumps(quick))[0], 201)
        # Nor can it be taken away from under itself: it would run in no list and no quota.
        starting, = self.until(lambda: json.loads(house.curl("alice", "/v1/keeps")[1]), len)
        self.assertEqual(starting["state"], "starting")
        for method, path in (("DELETE", ""), ("POST", "/stop"), ("PUT", "/delivery")):
            status, body = house.curl("alice", f"/v1/keeps/{starting['id']}{path}", "-X", method)
            self.assertEqual((status, json.loads(body)["code"]), (409, "keep.starts"), path)
        self.assertTrue(waiting.is_alive())
        self.assertEqual(len(house.wardens()), 2)
        # Who has forgotten that he starts it can give it up, and then it ends by itself.
        house.kill()
        house.start()
        waiting.join(PATIENCE)
        self.assertEqual(house.curl("alice", f"/v1/keeps/{starting['id']}", "-X", "DELETE")[0], 204)
        for each in taken:
            each.close()
        full.setblocking(False)

        def wardens():
            with contextlib.suppress(BlockingIOError):
                full.accept()[0].close()
            return len(house.wardens())

        self.until(wardens, lambda count: count == 1)
        self.assertEqual(json.loads(house.curl("alice", "/v1/keeps")[1]), [])


if __name__ == "__main__":
    unittest.main()
