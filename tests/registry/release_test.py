#!/usr/bin/env python3
"""A tenant leaves a package with a broker and goes; hosts start keeps, and the broker judges and supplies them in his place."""

import http.client
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
for each in ("attest", "deploy", "e2e", "steward"):
    sys.path.insert(0, str(HERE.parent / each))
import servers  # noqa: E402
from gatehouse import Gatehouse  # noqa: E402
from keeps import BACKEND, KeepsTest, free_port  # noqa: E402
from service import PROBLEM, make_ca, make_server_certificate  # noqa: E402
from story import MERLON  # noqa: E402
from support import HELLO, main  # noqa: E402

AUDIENCE = "https://broker.example/"
DEPOSITS = "/release/v1/deposits"
OF_SGX = BACKEND == "sgx-sim"
TECHNOLOGY = "SGX" if OF_SGX else "SEV-SNP"
# Why a keep is refused that is measured otherwise; bytes of the evidence, and why it is refused with one altered.
OTHERWISE = "sgx.mr-enclave" if OF_SGX else "snp.measurement"
ALTERED = (((112, "dcap.quote-signature"), (368, "binding.report-data"), (450, "dcap.quote-signature")) if OF_SGX else
           ((0x90, "snp.signature"), (0x50, "binding.report-data"), (0x2A0, "snp.signature")))


class Host(servers.Answering):
    """Stands between `merlon release run` and the broker, and keeps what it sees. `withholds`: claims go no further."""

    def do_POST(self):
        body = self.body()
        server = self.server
        if self.path == DEPOSITS:
            server.deposits.append(body)
        if self.path.endswith("/release"):
            server.claims.append(body)
            if server.withholds:
                return self.answer(503)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, content = server.test.broker("POST", self.path, body, token=token)
        return self.answer(status, content)


class Release(KeepsTest):
    """A Steward that is a broker as well, for each test; registry, issuer and platform for all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        scratch = tempfile.TemporaryDirectory(prefix="merlon-release-")
        cls.addClassCleanup(scratch.cleanup)
        cls.common_folder = Path(scratch.name)
        for name in ("merlon-registry", "merlon-resolve"):
            shutil.copy(MERLON.with_name(name), cls.stage.programs / name)
        cls.stage.make_usual()
        cls.key, cls.crt = make_ca(cls.common_folder)
        cls.tls = key, certificate = make_server_certificate(cls.common_folder)
        cls.port = free_port()
        cls.issuer = servers.Issuer(cls.common_folder, certificate, key)
        cls.addClassCleanup(servers.stop, cls.issuer.server)
        cls.registry = servers.Registry(cls.common_folder, cls.issuer, certificate,
                                        ("--key", key, "--cert", certificate, "--ca", cls.crt))
        cls.addClassCleanup(cls.registry.stop)
        cls.host = f"localhost:{cls.registry.port}"
        cls.package = f"{cls.host}/acme/app:1.0.0"
        cls.content_key = cls.common_folder / "app.key"
        cls.common = {"MERLON_DRAWBRIDGE": cls.host, "MERLON_CA_BUNDLE": str(certificate), "ENARX_CA_BUNDLE": str(certificate)}
        cls.owner = {"ENARX_INSECURE_AUTH_TOKEN": cls.issuer.token()}
        cls.administers, cls.lists = (cls.issuer.token(scope=each, audience=AUDIENCE) for each in ("write:release", "read:release"))
        package = cls.package_of_hello()
        for words in (("user", "register", "acme"), ("repo", "register", "--private", "acme/app"),
                      ("package", "publish", "--seal", cls.content_key, "acme/app:1.0.0", package)):
            cls.merlon(*words, **cls.owner)

    def setUp(self):
        super().setUp()
        (self.folder / "release.key").write_text(secrets.token_hex(32))
        self.issuing = self.start_broker()

    def token(self, scope, subject="the-subject", **options):
        return self.issuer.token(subject, scope=scope, audience=options.pop("audience", AUDIENCE), **options)

    def start_broker(self, *words):
        return self.steward("--release-store", self.folder / "release.db", "--release-key", self.folder / "release.key",
                            "--state", self.folder / "state", "--oidc-issuer", self.issuer.base, "--oidc-audience", AUDIENCE,
                            "--ca-bundle", self.tls[1], *(words or ("--release-pace", 0)), listen=f"127.0.0.1:{self.port}")

    @classmethod
    def merlon(cls, *words, **environment):
        return subprocess.run([cls.stage.programs / "merlon", *map(str, words)], text=True, capture_output=True, check=False,
                              timeout=120, stdin=subprocess.DEVNULL, cwd=cls.common_folder,
                              env={**cls.stage.environment(), **cls.common, **environment})

    def do(self, *words, status=0, tenant=False, **environment):
        """The host's own command, or the tenant's, who alone has tokens."""
        ran = self.merlon(*words, **(self.owner if tenant else {}), **environment)
        self.assertEqual(ran.returncode, status, ran)
        return ran

    @classmethod
    def package_of_hello(cls):
        package = cls.common_folder / "hello"
        package.mkdir()
        source = cls.common_folder / "hello.wat"
        source.write_text(HELLO)
        subprocess.run(["wat2wasm", source, "-o", package / "main.wasm"], check=True)
        (package / "steward-tls.pem").write_bytes(Path(cls.tls[1]).read_bytes())
        (package / "Enarx.toml").write_text(
            f"steward = 'https://localhost:{cls.port}/'\nsteward_trust = ['steward-tls.pem']\n"
            "files = [{kind = 'null'}, {kind = 'stdout'}, {kind = 'stderr'}]\n")
        return package

    def url(self):
        return f"https://localhost:{self.issuing.port}"

    def deposit(self, *words, policy=None, status=0):
        """The id of a new deposit, and the tenant's name at the broker."""
        said = self.do("release", "deposit", "--broker", self.url(), "--policy", policy or self.policy, "--content-key", self.content_key,
                       "--json", *words, self.package, status=status, tenant=True, MERLON_TOKEN=self.administers)
        if status:
            return said
        answer = json.loads(said.stdout)
        return answer["deposit"]["id"], answer["tenant"]

    def admit(self, **rule):
        file = self.folder / "rule.json"
        file.write_text(json.dumps({"keeps": [{"technology": self.stage.technology, "insecure": True, **rule}]}))
        self.do("repo", "admission", "acme/app", file, tenant=True)

    def run_deposit(self, deposit, *words, status=0, broker=None):
        return self.do("release", "run", "--broker", broker or self.url(), "--backend", BACKEND, "--grant-network", *words,
                       deposit, status=status)

    def broker(self, method, path, body=None, token=None, certificate=None):
        context = ssl.create_default_context(cafile=self.tls[1])
        if certificate:
            context.load_cert_chain(*certificate)
        connection = http.client.HTTPSConnection("localhost", self.issuing.port, timeout=60, context=context)
        try:
            connection.request(method, path, body, {"Accept": PROBLEM} | ({"Authorization": f"Bearer {token}"} if token else {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def code(self, *words, **options):
        """Its refusal's code; its status where nothing was refused."""
        status, content = self.broker(*words, **options)
        return json.loads(content)["code"] if status >= 400 else status

    def document(self, releases=5, lasts=86400, policy=None, offer=None):
        """A deposit, by the format that docs/release.md names; the delivery in it is the command's own."""
        if not hasattr(self, "original"):
            between = servers.serve(Host, test=self, claims=[], deposits=[], withholds=False)
            self.addCleanup(servers.stop, between)
            url = f"http://127.0.0.1:{between.server_address[1]}"
            self.do("release", "deposit", "--broker", url, "--policy", self.policy, "--content-key", self.content_key, "--releases", 1,
                    self.package, tenant=True, MERLON_TOKEN=self.administers)
            self.original = between.deposits[0]
        head, rest = self.original[:16], self.original[29:]
        parts = []
        for _ in range(5):
            size = int.from_bytes(rest[:4], "little")
            parts.append(rest[4:4 + size])
            rest = rest[4 + size:]
        parts[1] = policy.encode() if policy else parts[1]
        parts[2] = parts[2] if offer is None else offer.encode()
        body = releases.to_bytes(4, "little") + (int(time.time()) + lasts).to_bytes(8, "little") + b"\0"
        body += b"".join(len(each).to_bytes(4, "little") + each for each in parts)
        return head[:12] + len(body).to_bytes(4, "little") + body

    def made(self, subject="the-subject", **options):
        """A deposit by the wire."""
        status, content = self.broker("POST", DEPOSITS, self.document(**options), token=self.token("write:release", subject))
        self.assertEqual(status, 201, content)
        return json.loads(content)["deposit"]["id"]

    def ending(self):
        """A deposit that is over soon, however slow this machine is."""
        for lasts in (1, 2, 4, 8, 16, 32):
            status, content = self.broker("POST", DEPOSITS, self.document(lasts=lasts), token=self.administers)
            if status == 201:
                return json.loads(content)["deposit"]["id"]
        raise AssertionError(content)

    def claims(self, deposit, count=1):
        """Genuine claims of new keeps, which were carried no further."""
        between = servers.serve(Host, test=self, claims=[], deposits=[], withholds=True)
        self.addCleanup(servers.stop, between)
        for _ in range(count):
            self.run_deposit(deposit, broker=f"http://127.0.0.1:{between.server_address[1]}", status=1)
        return between.claims

    def released(self, deposit):
        status, content = self.broker("GET", f"{DEPOSITS}/{deposit}", token=self.lists)
        self.assertEqual(status, 200, content)
        return json.loads(content)["deposit"]["released"]

    def test_a_host_starts_what_the_tenant_left(self):
        deposit, tenant = self.deposit("--host-hears", "--releases", 2)
        self.admit(measurement="ab" * self.stage.digest_size)
        said = self.run_deposit(deposit, status=1)
        self.assertIn("HTTP status 401", said.stderr)  # the keep was good, and was counted; the repository does not admit it yet
        self.admit(measurement=self.measurement, tenant=tenant)
        self.assertEqual(self.run_deposit(deposit).stdout, "hello\n")
        self.assertIn("release.exhausted", self.run_deposit(deposit, status=3).stderr)
        # The tenant looks after it, allows one more, and this time lets nobody hear.
        self.assertEqual(self.deposit("--releases", 1, "--replace", deposit), (deposit, tenant))
        listed = self.do("release", "list", "--broker", self.url(), MERLON_TOKEN=self.lists).stdout
        self.assertIn(deposit, listed)
        self.assertRegex(listed, r"2 +given +1 +left")
        said = self.run_deposit(deposit)
        self.assertEqual(said.stdout, "")
        self.assertIn("lets nobody here know", said.stderr)
        self.do("release", "remove", "--broker", self.url(), deposit, MERLON_TOKEN=self.administers)
        self.assertIn("release.removed", self.run_deposit(deposit, status=3).stderr)
        log = "".join(self.issuing.lines)
        self.assertNotIn(deposit, log)  # whoever reads it could have releases counted
        self.assertIn(f'"release":["{TECHNOLOGY}"],"version":["2"],"left":["0"],"measurement":["{self.measurement}"]', log)
        for secret in (self.content_key.read_text().strip(), self.administers, self.lists):
            self.assertNotIn(secret, log)
        metrics = self.broker("GET", "/metrics")[1].decode()
        self.assertIn(f'merlon_steward_releases_total{{technology="{TECHNOLOGY}"}} 3\n', metrics)
        self.assertIn('merlon_steward_release_refusals_total{code="release.exhausted"} 1\n', metrics)

    def test_a_host_grants_its_own_network(self):
        run = ["release", "run", "--broker", self.url(), "--backend", BACKEND]
        deposit, _ = self.deposit("--host-hears")
        said = self.do(*run, deposit, status=1)
        self.assertIn("the deposit asks to reach the registry", said.stderr)
        self.assertIn("this machine", said.stderr)
        wish = {"kind": "listen", "host": "::", "port": 8080, "tls": True}
        asks = self.made(offer=json.dumps({"backend": BACKEND, "nonce": "00" * 32, "wishes": [wish]}))
        self.assertIn("--grant-network lets it", self.do(*run, asks, status=3).stderr)
        self.assertIn("no broker supplies it", self.do(*run[:-1], "nil", deposit, status=3).stderr)
        # An offer that is none starts nothing.
        for offer in ("", "[]", json.dumps({"backend": BACKEND, "nonce": "00" * 32, "wishes": [{"kind": "shell"}]})):
            self.assertIn("the deposit's offer", self.do(*run, self.made(offer=offer), status=1).stderr)

    def test_at_a_gatehouse(self):
        house = Gatehouse(self.folder / "house", self.stage.platform, (BACKEND,))
        self.addCleanup(house.end_keeps)
        self.addCleanup(house.stop)
        bundle = self.folder / "bundle.pem"
        bundle.write_bytes(Path(self.tls[1]).read_bytes() + house.server.certificate.read_bytes())
        access = [bundle if each == house.server.certificate else each for each in house.access("alice")]
        deposit, tenant = self.deposit("--host-hears", "--releases", 2)
        self.admit(measurement=self.measurement, tenant=tenant)
        run = ["release", "run", "--backend", BACKEND, "--broker", self.url(), *access]
        self.assertEqual(self.do(*run, deposit).stdout, "hello\n")
        keep = self.do(*run, "--detach", deposit).stdout.strip()
        self.assertRegex(keep, "^[0-9a-z-]+$")
        self.assertIn("release.exhausted", self.do(*run, deposit, status=3).stderr)

    def test_the_matrix_of_askers_and_routes(self):
        """Administration, listing and release: none opens another."""
        deposit, other = self.made(releases=9), self.made(releases=9)
        foreign = self.made(subject="another")
        strict = self.made(policy=self.policy.read_text().replace(self.measurement, "ab" * self.stage.digest_size))
        claim, unused = self.claims(deposit, 2)
        elsewhere = self.claims(strict)[0]
        document = self.document()
        steward = (self.tls[1], self.tls[0])
        askers = {
            "administration": {"token": self.administers},
            "listing": {"token": self.lists},
            "both": {"token": self.token("read:release write:release")},
            "another's administration": {"token": self.token("write:release", "another")},
            "another's listing": {"token": self.token("read:release", "another")},
            "a registry's rights": {"token": self.issuer.token(audience=AUDIENCE)},
            "another audience": {"token": self.token("read:release write:release", audience=servers.AUDIENCE)},
            "expired": {"token": self.token("read:release write:release", lasts=-300)},
            "spoilt": {"token": self.administers[:-6] + "AAAAAA"},
            "nobody": {},
            "a certificate": {"certificate": steward},
        }
        no = "release.token"
        scope = "release.scope"
        hidden = "release.unknown"
        path = f"{DEPOSITS}/{deposit}"
        routes = {  # what each asker gets, in the order above
            ("POST", DEPOSITS, document): (201, scope, 201, 201, scope, scope, no, no, no, no, no),
            ("GET", DEPOSITS, None): (scope, 200, 200, scope, 200, scope, no, no, no, no, no),
            ("GET", path, None): (scope, 200, 200, scope, hidden, scope, no, no, no, no, no),
            ("PUT", path, self.document(releases=9)): (200, scope, 200, hidden, scope, scope, no, no, no, no, no),
            # A claim of a challenge that was answered, and one of a keep that the policy refuses: no token makes it better.
            ("POST", f"{path}/release", claim): ("release.answered",) * 11,
            ("POST", f"{DEPOSITS}/{strict}/release", elsewhere): (OTHERWISE,) * 11,
            # The challenge of another deposit, of this tenant or of another.
            ("POST", f"{DEPOSITS}/{other}/release", claim): ("release.challenge",) * 11,
            ("POST", f"{DEPOSITS}/{foreign}/release", claim): ("release.challenge",) * 11,
            ("POST", f"{path}/challenge", None): (200,) * 11,
            ("DELETE", f"{DEPOSITS}/{other}", None): (204, scope, "release.removed", hidden, scope, scope, no, no, no, no, no),
        }
        self.assertEqual(self.broker("POST", f"{path}/release", claim)[0], 200)
        for (method, route, body), expected in routes.items():
            for (name, asker), wanted in zip(askers.items(), expected, strict=True):
                with self.subTest(asker=name, method=method, route=route):
                    self.assertEqual(self.code(method, route, body, **asker), wanted)
        # With a keep's evidence nobody administers or lists.
        for method, route in (("GET", DEPOSITS), ("PUT", path), ("DELETE", path), ("POST", DEPOSITS)):
            self.assertEqual(self.code(method, route, unused), no)
        # What one lists is his own.
        mine = json.loads(self.broker("GET", DEPOSITS, token=self.lists)[1])
        theirs = json.loads(self.broker("GET", DEPOSITS, token=self.token("read:release", "another"))[1])
        self.assertNotEqual(mine["tenant"], theirs["tenant"])
        self.assertFalse({each["id"] for each in mine["deposits"]} & {each["id"] for each in theirs["deposits"]})
        for secret in (self.content_key.read_text().strip(), self.measurement, "technologies", "acme/app"):
            self.assertNotIn(secret, json.dumps(mine))

    def test_a_challenge_ends_with_the_deposit_that_it_was_made_for(self):
        deposit = self.made(releases=2)
        before, = self.claims(deposit, 1)
        self.assertEqual(self.code("PUT", f"{DEPOSITS}/{deposit}", self.document(releases=2), token=self.administers), 200)
        release = f"{DEPOSITS}/{deposit}/release"
        self.assertEqual(self.code("POST", release, before), "release.changed")
        self.assertEqual(self.code("POST", release, self.claims(deposit, 1)[0]), 200)

    def test_a_hostile_host(self):
        deposit = self.made(releases=2)
        over = self.ending()
        claim, second, third = self.claims(deposit, 3)
        release = f"{DEPOSITS}/{deposit}/release"
        # Between challenge and proof: token, evidence, keys, all of it.
        evidence = 8 + 64 + 12 + 1 + 4
        for at, wanted in ((0, "release.claim"), (9, "release.challenge"), (30, "release.challenge"), (78, "release.claim"),
                           *((evidence + at, code) for at, code in ALTERED)):
            spoilt = bytearray(claim)
            spoilt[at] ^= 1
            with self.subTest(at=at):
                self.assertEqual(self.code("POST", release, bytes(spoilt)), wanted)
        # Many at once, some of them other bytes: the last ones are the request for a Steward, which the broker does not look at.
        other = claim[:-1] + bytes([claim[-1] ^ 1])
        with ThreadPoolExecutor(12) as hosts:
            codes = list(hosts.map(lambda each: self.code("POST", release, each), [claim, other] * 6))
        self.assertEqual(sorted(map(str, codes)), ["200"] + ["release.answered"] * 11)
        self.assertEqual(self.code("POST", release, second[:72] + third[72:]), "binding.report-data")
        self.assertEqual(self.code("POST", release, second[:-1]), "release.claim")
        self.assertEqual(self.code("POST", release, b"x" * (1 << 20)), "release.claim")
        self.assertEqual(self.code("POST", release, b""), "release.claim")
        self.assertEqual(self.code("POST", f"{DEPOSITS}/{'0' * 32}/challenge"), "release.unknown")
        for path in ("x", "../..", "0" * 31, "0" * 33, f"{deposit}/other", f"{deposit}/release/", "%00" * 32):
            self.assertIn(self.code("POST", f"{DEPOSITS}/{path}"), ("request.path", "request.method"))
        # A new life forgets nothing: neither what was answered, nor how often, nor its challenges.
        self.issuing.stop(signal.SIGKILL)
        self.issuing = self.start_broker()
        self.assertEqual(self.code("POST", release, claim), "release.answered")
        self.assertEqual(self.code("POST", release, second), 200)
        self.assertEqual(self.code("POST", release, third), "release.exhausted")
        self.assertEqual(self.released(deposit), 2)
        deadline = time.monotonic() + servers.PATIENCE
        while self.code("POST", f"{DEPOSITS}/{over}/challenge") == 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(self.code("POST", f"{DEPOSITS}/{over}/challenge"), "release.expired")

    def test_a_store_that_is_put_back_ends_the_start(self):
        deposit = self.made()
        claim, other = self.claims(deposit, 2)
        self.issuing.stop()
        store, copy = self.folder / "release.db", self.folder / "copy.db"
        shutil.copy(store, copy)
        self.issuing = self.start_broker()
        self.assertEqual(self.code("POST", f"{DEPOSITS}/{deposit}/release", claim), 200)
        # A service that runs knows what it has counted.
        store.write_bytes(copy.read_bytes())
        store.with_name("release.db-wal").unlink(missing_ok=True)
        self.assertNotEqual(self.code("POST", f"{DEPOSITS}/{deposit}/release", claim), 200)
        self.assertIn(self.code("POST", f"{DEPOSITS}/{deposit}/release", other), ("release.rolled-back", "release.store", 200))
        self.issuing.stop(signal.SIGKILL)
        for each in self.folder.glob("release.db*"):
            each.unlink()
        shutil.copy(copy, store)
        with self.assertRaisesRegex(AssertionError, "it was put back"):
            self.start_broker()
        store.unlink()
        with self.assertRaisesRegex(AssertionError, "it was put back"):
            self.start_broker()

    def test_a_kill_between_count_and_answer_loses_no_limit(self):
        """MERLON_RELEASE_KILLS of them, 3 by default."""
        kills = int(os.environ.get("MERLON_RELEASE_KILLS", "3"))
        deposit = self.made(releases=kills)
        claims = self.claims(deposit, kills + 1)
        release, answers = f"{DEPOSITS}/{deposit}/release", 0
        for number, claim in enumerate(claims[:kills]):
            # Somewhere from before the judgement to behind the answer.
            killer = threading.Timer(0.001 + 0.02 * number / kills, self.issuing.process.send_signal, (signal.SIGKILL,))
            killer.start()
            try:
                answers += self.broker("POST", release, claim)[0] == 200
            except (OSError, http.client.HTTPException):
                pass
            killer.join()
            self.issuing.stop(signal.SIGKILL)
            self.issuing = self.start_broker()
            counted = self.released(deposit)
            self.assertGreaterEqual(counted, answers)
            if counted > answers:
                answers = counted  # counted, and the answer never left
                self.assertEqual(self.code("POST", release, claim), "release.answered" if counted < kills else "release.exhausted")
        for claim in claims:
            answers += self.code("POST", release, claim) == 200
        self.assertEqual(answers, kills)
        self.assertEqual(self.released(deposit), kills)

    def test_a_flood_of_challenges_fills_nothing(self):
        deposit = self.made()
        path = f"{DEPOSITS}/{deposit}/challenge"

        def resident():
            status = Path(f"/proc/{self.issuing.process.pid}/status").read_text()
            return int(status.split("VmRSS:")[1].split()[0])

        def store():
            return sum(each.stat().st_size for each in self.folder.glob("release.db*"))

        context = ssl.create_default_context(cafile=self.tls[1])
        connection = http.client.HTTPSConnection("localhost", self.issuing.port, timeout=60, context=context)

        def ask(count):
            for _ in range(count):
                connection.request("POST", path)
                self.assertEqual(connection.getresponse().read()[:10], b'{"token":"')

        ask(100)
        before, size = resident(), store()
        ask(int(os.environ.get("MERLON_RELEASE_FLOOD", "500")))
        self.assertEqual(store(), size)
        self.assertLess(resident() - before, 4096)
        connection.close()
        self.issuing.stop()
        self.issuing = self.start_broker("--release-pace", 3)
        codes = [self.code("POST", path) for _ in range(8)]
        self.assertIn("release.pace", codes)
        self.assertIn(200, codes)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    main()
