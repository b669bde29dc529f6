#!/usr/bin/env python3
"""Shows what a Steward is for: it vouches for a keep by a certificate, and any peer that trusts the
Steward alone talks to the keep by TLS that ends inside. Whoever cheats gets no certificate.

    demo.py [ECHO.wasm] [snp-sim|sgx-sim]

The processor is a simulation, which protects nothing; the rest is what runs on SEV-SNP, or in an enclave
of SGX.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from keeps import Keep
from service import PKCS10, PROBLEM, Steward, make_ca, make_server_certificate, openssl
from story import DEBUG_POLICY, KEEP_POLICY, MACHINES, Failed, Stage, evidence_of
from tls_test import echo_server

RED, GREEN, DIM, PLAIN = ("\033[31m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() \
    else ("", "", "", "")
REPORT_SIZE = 1184
NAME = "keep.example"


def step(text):
    print(f"\n{text}", flush=True)


def detail(name, value):
    print(f"  {DIM}{name:<12}{PLAIN} {value}", flush=True)


def der_of(csr):
    return openssl("req", "-in", csr, "-outform", "DER").stdout


class Demo:
    def __init__(self, folder, echo, backend):
        self.wrong = 0
        self.folder = Path(folder)
        self.echo = Path(echo).read_bytes() if echo else self.made_echo()
        self.backend = backend
        self.stage = Stage(folder, MACHINES[backend])
        step(f"1. A simulated machine of {'Intel' if self.stage.of_sgx else 'AMD'}'s, and a Steward: a certificate "
             "authority that judges evidence.")
        keep = self.stage.evidence("first")
        self.measurement = self.stage.predicted(self.stage.world(keep["measurement"]))
        self.policy = self.stage.policy("policy.toml", self.measurement)
        self.key, self.root = make_ca(self.folder)
        self.tls_key, self.tls = make_server_certificate(self.folder)
        self.steward = Steward("--policy", self.policy, "--endorsements", self.stage.platform, "--development",
                               "--key", self.key, "--crt", self.root, "--san", NAME, "--tls-key", self.tls_key,
                               "--tls-crt", self.tls, "--listen", "127.0.0.1:0")
        detail("Steward", f"https://localhost:{self.steward.port}")
        detail("it accepts", f"measurement {self.measurement[:32]}… of the simulator, and nothing else")

    def made_echo(self):
        source = self.folder / "echo.wat"
        source.write_text(echo_server(3))
        subprocess.run(["wat2wasm", source, "-o", source.with_suffix(".wasm")], check=True)
        return source.with_suffix(".wasm").read_bytes()

    def check(self, good, what, found=""):
        self.wrong += not good
        print(f"  {GREEN if good else RED}{'✔' if good else '✘'}{PLAIN} {what}", flush=True)
        if found:
            print(f"      {DIM}{found}{PLAIN}", flush=True)

    def serve(self):
        step(f"2. An echo server starts in a keep of {self.backend}. The keep makes its keys, proves itself to the\n"
             "   Steward, and serves TLS with the certificate that it gets.")
        package = self.folder / "package"
        package.mkdir()
        (package / "steward-tls.pem").write_bytes(self.tls.read_bytes())
        self.keep = Keep(self.stage, package, self.echo, self.steward.port, backend=self.backend)
        self.keep.reach().close()
        line = self.steward.wait_for("request")
        detail("keep", f"127.0.0.1:{self.keep.port}")
        detail("issued", f"serial {line['serial'][0] if 'serial' in line else '?'}, for {NAME}")

    def talk(self):
        step("3. Three peers that trust the Steward's root, and nothing else, talk to it.")
        where = f"127.0.0.1:{self.keep.port}"
        client = subprocess.Popen(["openssl", "s_client", "-connect", where, "-CAfile", self.root,
                                   "-verify_return_error", "-verify_hostname", NAME, "-servername", NAME, "-quiet", "-no_ign_eof"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        client.stdin.write(b"hello by s_client\n")
        client.stdin.flush()
        said = client.stdout.readline()
        client.communicate(timeout=30)
        self.check(said == b"hello by s_client\n", "openssl s_client", said.decode(errors="replace").strip())
        got, self.der = self.keep.echo(self.root, b"hello by Python's ssl\n")
        self.check(got == b"hello by Python's ssl\n", "Python's ssl", got.decode().strip())
        said = subprocess.run(["curl", "--silent", "--http0.9", "--cacert", self.root, "--connect-to",
                               f"{NAME}:443:{where}", "--max-time", "2", f"https://{NAME}/"],
                              capture_output=True, check=False, timeout=30)
        self.check(said.stdout.startswith(b"GET / HTTP/1.1"), "curl, which gets its own request back",
                   said.stdout.decode(errors="replace").splitlines()[0] if said.stdout else said.stderr.decode())

    def inspect(self):
        step("4. The certificate says what runs.")
        crt = self.folder / "keep.crt"
        crt.write_bytes(openssl("x509", "-inform", "DER", input=self.der).stdout)
        said = self.stage.merlon("evidence", "inspect", crt, "--json").stdout
        self.check(self.measurement in said, "the measurement that `merlon keep measure` predicts from the programs",
                   self.measurement)
        self.check('"SIMULATOR":"yes"' in said, "that the processor was simulated")

    def request(self, keep):
        return self.stage.folder / keep / "request.csr"

    def ask(self, der):
        answer = self.steward.ask("POST", "/", der, {"Content-Type": PKCS10, "Accept": PROBLEM}, self.tls)
        return answer.status, json.loads(answer.body) if answer.status != 200 else {}

    def expect(self, what, der, *codes):
        status, problem = self.ask(der)
        code = problem.get("code", "certified")
        self.check(status == 400 and code in codes, f"{what}: HTTP status {status}, {code}",
                   f"{problem.get('detail', '')} wanted {problem.get('wanted')}, got {problem.get('got')}")

    def forged(self, name, report):
        """A request with the keep's certificates around another report, for a key of one's own."""
        key = self.folder / f"{name}.key"
        key.write_bytes(openssl("ecparam", "-genkey", "-name", "secp384r1", "-noout").stdout)
        spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER").stdout
        content = evidence_of(der_of(self.request("first")))
        made = report((hashlib.sha384(spki).digest() + bytes(16)).hex())
        content = content[:-REPORT_SIZE] + Path(made).read_bytes()[:REPORT_SIZE]
        configuration = self.folder / "forged.cnf"
        configuration.write_text("[req]\ndistinguished_name=d\nreq_extensions=e\n[d]\n[e]\n"
                                 f"1.3.6.1.4.1.58270.1.3=DER:{content.hex(':')}\n")
        return openssl("req", "-new", "-key", key, "-subj", "/", "-sha384", "-outform", "DER", "-config",
                       configuration).stdout

    def cheat(self):
        step("5. Whoever cheats gets no certificate, each for its own reason.")
        stage = self.stage
        thief = stage.request_for_another_key(self.request("first"), "thief.csr")
        self.expect("a keep's request with another key", der_of(thief), "binding.report-data")
        if not stage.of_sgx:
            self.expect("a guest that can be debugged",
                        self.forged("debug", lambda data: stage.other_guest("debug.bin", data, DEBUG_POLICY)),
                        "snp.debug", "snp.measurement")
            self.expect("a guest at another privilege level",
                        self.forged("level", lambda data: stage.other_guest("level.bin", data, KEEP_POLICY, 1)),
                        "snp.vmpl", "snp.measurement")
        altered = bytearray(der_of(self.request("first")))
        altered[len(altered) // 2] ^= 1
        status, problem = self.ask(bytes(altered))
        self.check(status in (400, 401), f"a request of which one bit was changed: HTTP status {status}, "
                   f"{problem.get('code')}")
        other = stage.new_platform("other")
        stage.evidence("elsewhere", platform=other)
        self.expect("a keep of another simulator", der_of(self.request("elsewhere")), "snp.anchor",
                    "snp.chain-signatures", "dcap.pck-anchor", "dcap.tcb-signer-path")
        stage.change_one_byte("merlon-keep", b"cannot be compiled")
        stage.evidence("changed")
        self.expect("a keep of which one byte was changed", der_of(self.request("changed")),
                    "sgx.mr-enclave" if stage.of_sgx else "snp.measurement")
        stage.merlon("platform", "simulate", "revoke", *stage.kind, "--dir", stage.platform)
        self.steward.hang_up()
        self.steward.wait_for("reload")
        self.expect("a machine whose certificate was revoked", der_of(self.request("first")),
                    "dcap.pck-revocation" if stage.of_sgx else "snp.ca-revocation")

    def run(self):
        try:
            self.serve()
            self.talk()
            self.inspect()
            self.cheat()
        finally:
            self.steward.stop()
            if hasattr(self, "keep"):
                self.keep.stop()
        print(f"\n{RED}{self.wrong} of these are not as they should be{PLAIN}" if self.wrong
              else f"\n{GREEN}All as it should be.{PLAIN} The processor was simulated: on such a "
                   "machine its owner can read the keep.")
        return 1 if self.wrong else 0


def main():
    words = sys.argv[1:]
    backend = words.pop() if words and words[-1] in MACHINES else "snp-sim"
    with tempfile.TemporaryDirectory(prefix="merlon-demo-") as folder:
        try:
            return Demo(folder, words[0] if words else None, backend).run()
        except (Failed, AssertionError, subprocess.CalledProcessError) as failure:
            print(f"demo: {failure}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
