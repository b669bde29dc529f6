#!/usr/bin/env python3
"""Keeps of a simulated platform, and genuine requests of others, ask the real merlon-steward for certificates."""

import concurrent.futures
import json
import os
import re
import subprocess
import unittest
from pathlib import Path

from keeps import PlatformTest
from service import BUNDLE, Steward, StewardTest, make_request, openssl, run
from support import MERLON, main

VECTORS = Path(os.environ.get("MERLON_SHARED", Path(__file__).parents[3] / "shared")) / "vectors"


def sequence(*parts):
    """DER."""
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else (lambda tail: bytes([0x80 | len(tail)]) + tail)(
        size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return b"\x30" + length + content


def parts_of(der):
    """The values inside of a SEQUENCE, whole."""
    def header(at):
        size, start = der[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, start = int.from_bytes(der[start:start + count], "big"), start + count
        return start, size
    start, size = header(0)
    end, found = start + size, []
    while start < end:
        inner, length = header(start)
        found.append(der[start:inner + length])
        start = inner + length
    return found


class Enclaves(StewardTest):
    """A keep in an enclave on a simulated machine with SGX."""

    def setUp(self):
        super().setUp()
        self.platform = self.folder / "sgx"
        self.merlon("platform", "simulate", "init", "--kind", "sgx", "--dir", self.platform)
        self.policy = self.folder / "sgx.toml"

    def merlon(self, *words):
        return subprocess.run([MERLON, *words], capture_output=True, text=True, check=True).stdout

    def request(self):
        """Of a new keep; and the policy that accepts it."""
        said = self.merlon("keep", "evidence", "--backend", "sgx-sim", "--simulator", self.platform, self.folder / "keep")
        measurement = re.search(r"Measurement +([0-9a-f]{64})\n", said).group(1)
        shown = json.loads(self.merlon("platform", "simulate", "show", "--json", "--dir", self.platform))
        self.policy.write_text(f'{shown["policy"]}mr_enclave = ["{measurement}"]\n')
        return openssl("req", "-in", self.folder / "keep" / "request.csr", "-outform", "DER").stdout

    def answer(self, request, *words):
        # Enarx's evidence has no identity of the quoting enclave: the Steward must have it.
        steward = self.start("--policy", self.policy, "--endorsements", self.platform, *words)
        return steward, steward.post(request)

    def test_one_gets_a_certificate_where_simulators_do(self):
        request = self.request()
        steward, answer = self.answer(request, "--development")
        self.assertEqual(answer.status, 200, answer.body)
        line = steward.wait_for("request")
        self.assertEqual((line["technology"], line["simulator"]), (["SGX"], ["true"]))
        _, answer = self.answer(request)
        self.assertEqual((answer.status, answer.json()["code"]), (400, "request.simulator"))

    def test_of_an_outdated_or_revoked_machine_none_does(self):
        for command, code in ((("update", "--tcb", "2"), "dcap.tcb-status"), (("revoke",), "dcap.pck-revocation")):
            self.merlon("platform", "simulate", *command, "--dir", self.platform)
            _, answer = self.answer(self.request(), "--development")
            self.assertEqual((answer.status, answer.json()["code"]), (400, code))


class Keeps(PlatformTest):
    """One platform and one keep for all."""

    def steward(self, *words, policy=None, development=True, **options):
        words = ["--policy", policy or self.policy, "--endorsements", self.stage.platform, *words]
        return self.start(*words, *(["--development"] if development else []), **options)

    def assert_refused(self, steward, body, status, code, **options):
        answer = steward.post(body, **options)
        self.assertEqual((answer.status, answer.json()["code"]), (status, code), answer.body)
        return answer

    def certificate_text(self, der):
        return openssl("x509", "-inform", "DER", "-noout", "-text", input=der).stdout.decode()

    def test_a_keep_gets_a_certificate_that_its_ca_vouches_for(self):
        key, crt = self.ca()
        steward = self.steward("--key", key, "--crt", crt, "--san", "keep.example", "--lifetime", "1h")
        answer = steward.post(self.request, accept=None)
        self.assertEqual(answer.status, 200, "".join(steward.lines))
        self.assertEqual(answer.headers["content-type"], "application/octet-stream")
        issuer, leaf = parts_of(answer.body)
        self.assertEqual(issuer, openssl("x509", "-in", crt, "-outform", "DER").stdout)
        (self.folder / "leaf.crt").write_bytes(openssl("x509", "-inform", "DER", input=leaf).stdout)
        openssl("verify", "-CAfile", crt, "-purpose", "sslserver", "-verify_hostname", "keep.example",
                self.folder / "leaf.crt")
        self.assertIn("DNS:keep.example", self.certificate_text(leaf))
        said = self.stage.merlon("evidence", "inspect", self.folder / "leaf.crt", check=False)
        wanted = openssl("req", "-inform", "DER", "-noout", "-pubkey", input=self.request).stdout
        self.assertEqual(openssl("x509", "-inform", "DER", "-noout", "-pubkey", input=leaf).stdout, wanted, said)

    def test_the_log_and_the_metrics_tell_of_it(self):
        steward = self.steward()
        self.assertEqual(steward.post(self.request).status, 200)
        line = steward.wait_for("request")
        self.assertEqual(line["measurement"], [self.measurement])
        self.assertEqual(line["simulator"], ["true"])
        self.assertEqual(line["policy"], [steward.ask("GET", "/ready").json()["policy"]])
        self.assertEqual(steward.metric(f'certificates_total{{technology="{line["technology"][0]}"}}'), 1)
        self.assertNotIn(self.request.hex()[:64], "".join(steward.lines))

    def test_a_bundle_gets_a_certificate_for_each(self):
        steward = self.steward()
        answer = steward.post(sequence(self.request, self.request), BUNDLE)
        self.assertEqual(answer.status, 200, answer.body)
        chain, issued = parts_of(answer.body)
        self.assertEqual((len(parts_of(chain)), len(parts_of(issued))), (1, 2))
        answer = self.assert_refused(steward, sequence(self.request, make_request(self.folder)), 401,
                                     "request.evidence", form=BUNDLE)
        self.assertEqual(answer.json()["request"], 1)

    def test_without_development_a_simulator_has_no_place(self):
        if self.stage.of_sgx:
            # No name in a policy of SGX says SIMULATOR: it is the evidence that does.
            self.assert_refused(self.steward(development=False), self.request, 400, "request.simulator")
        else:
            self.assertEqual(run("--host", "h", "--policy", self.policy).returncode, 1)
        plain = self.folder / "plain.toml"
        plain.write_text("")
        steward = self.steward(policy=plain, development=False)
        answer = steward.post(self.request)
        self.assertEqual(answer.status, 400)
        self.assertIn(answer.json()["code"], ("snp.anchor", "snp.product", "dcap.pck-anchor", "request.simulator"))

    def test_another_measurement_is_refused_and_the_answer_says_which(self):
        policy = self.stage.policy("other.toml", "00" * self.stage.digest_size, "")
        code = "sgx.mr-enclave" if self.stage.of_sgx else "snp.measurement"
        answer = self.assert_refused(self.steward(policy=policy), self.request, 400, code)
        self.assertIn(self.measurement[:16], answer.json()["got"])

    def test_the_keeps_report_with_another_key_is_refused(self):
        """What a replay is: genuine evidence in a request of one's own."""
        theft = self.stage.request_for_another_key(self.stage.folder / "keep" / "request.csr", "theft.csr")
        theft = openssl("req", "-in", theft, "-outform", "DER").stdout
        self.assert_refused(self.steward(), theft, 400, "binding.report-data")

    def test_a_byte_that_was_changed_is_noticed(self):
        steward = self.steward()
        for at in range(100, len(self.request), 97):
            altered = bytearray(self.request)
            altered[at] ^= 0x10
            self.assertIn(steward.post(bytes(altered)).status, (400, 401, 503))
        self.assertEqual(steward.post(self.request).status, 200)

    def test_without_endorsements_one_is_told_to_come_again(self):
        steward = self.start("--policy", self.policy, "--development")
        answer = steward.post(self.request)
        self.assertIn(answer.status, (400, 503))
        if answer.status == 503:
            self.assertEqual(answer.headers["retry-after"], "60")

    def test_endorsements_that_come_later_count_without_a_new_start(self):
        directory = self.folder / "endorsements"
        directory.mkdir()
        steward = self.start("--policy", self.policy, "--development", "--endorsements", directory, "--watch", "1s")
        self.assertNotEqual(steward.post(self.request).status, 200)
        for each in Path(self.stage.platform).iterdir():
            if each.is_file():
                (directory / each.name).write_bytes(each.read_bytes())
        steward.hang_up()
        steward.wait_for("reload")
        self.assertEqual(steward.post(self.request).status, 200, "".join(steward.lines))

    def test_many_at_the_same_time_each_get_their_own(self):
        steward = self.steward()
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: steward.post(self.request), range(200)))
        self.assertEqual({each.status for each in answers}, {200})
        serials = {self.serial(parts_of(each.body)[1]) for each in answers[:50]}
        self.assertEqual(len(serials), 50)

    def serial(self, der):
        return openssl("x509", "-inform", "DER", "-noout", "-serial", input=der).stdout

    def test_check_prints_the_rules_that_are_compared(self):
        said = run("check", "--host", "h", "--policy", self.policy, "--development", "--endorsements",
                   self.stage.platform)
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn(self.measurement, said.stdout)
        self.assertIn("until ", said.stdout)


@unittest.skipUnless(VECTORS.is_dir(), "genuine requests are not here; MERLON_SHARED names the folder with vectors/")
class Genuine(StewardTest):
    """Requests of Enarx's keeps, from its Steward's own tests."""

    def test_accepted_at_their_date_and_refused_today(self):
        policy = self.folder / "policy.toml"
        waivers = ", ".join(f'{{ advisory = "AMD-SB-{number}", until = 2099-12-31 }}'
                            for number in (3016, 3019, 3020, 3023, 3027, 3030))
        author = ("7dc22240a8344fce6ba5f22ffbedabc52d4123ae0ba1c59796e521b953916b503f223b15c4429e7d8c5489ad71f1e193")
        policy.write_text(f'technologies = ["snp"]\ncarried_lists = true\n[snp]\nauthor_key_sha384 = ["{author}"]\n'
                          f'waivers = [ {waivers} ]\n')
        request = (VECTORS / "steward/milan.signed.crl.csr").read_bytes()
        words = ["--policy", policy, "--endorsements", VECTORS / "amd-chains/ask_ark_milan.pem"]
        then = self.start(*words, "--development", "--at", "2023-05-01T00:00:00Z")
        answer = then.post(request)
        self.assertEqual(answer.status, 200, answer.body)
        today = self.start(*words)
        answer = today.post(request)
        self.assertEqual(answer.status, 503, answer.body)
        self.assertTrue(answer.json()["code"].startswith("snp."), answer.body)
        self.assertEqual(today.post(request, accept=None).body, b"")


if __name__ == "__main__":
    main()
