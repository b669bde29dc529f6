#!/usr/bin/env python3
"""Shows an attestation, step by step: a keep proves itself, and whoever lies about it is refused.

    demo.py [kvm|tcg|sgx]

The security processor is a simulation, which protects nothing; the rest is what runs on SEV-SNP, or in
an enclave of SGX.
"""

import sys
import tempfile

from story import DEBUG_POLICY, Failed, Stage

NONCE = "0123456789abcdef" * 4
RED, GREEN, DIM, PLAIN = ("\033[31m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() \
    else ("", "", "", "")


def step(text):
    print(f"\n{text}")


def detail(name, value):
    print(f"  {DIM}{name:<12}{PLAIN} {value}")


class Demo:
    def __init__(self, folder, machine):
        self.wrong = 0
        step(f"1. A simulated machine of {'Intel' if machine == 'sgx' else 'AMD'}'s: keys, certificates, a "
             "revocation list.")
        self.stage = Stage(folder, machine)
        detail("root", self.stage.root())

    def expect(self, what, verdict, *checks):
        """Prints a verdict; it must be this one."""
        found, failed = verdict
        good = found == ("refused" if checks else "accepted") and sorted(failed) == sorted(checks)
        self.wrong += not good
        colour = GREEN if good else RED
        print(f"  {colour}{'✔' if good else '✘'}{PLAIN} {what}: {found}")
        for check, finding in failed.items():
            print(f"      {DIM}{check}: {finding['got']}{PLAIN}")

    def launch(self):
        step("2. A keep starts. The processor measures each page; the keep makes its keys and gets a\n"
             "   report that binds them to a nonce, and one for a Steward.")
        keep = self.stage.evidence("keep", NONCE)
        world = self.world = self.stage.world(keep["measurement"])
        detail("measured", keep["measurement"])
        where = "" if self.stage.of_sgx else f", in world {world}"
        detail("predicted", f"the same, from the two programs alone{where}" if world else "another one")
        self.wrong += world is None
        detail("TLS key", f"sha256 {keep['tls_key_sha256']}")
        detail("HPKE key", f"sha256 {keep['hpke_key_sha256']}")
        self.measurement = keep["measurement"]
        self.folder = self.stage.folder / "keep"
        self.lines = (self.folder / "report_data.toml").read_text()
        self.policy = self.stage.policy("policy.toml", self.measurement, self.lines)
        self.by_request = self.stage.policy("request.toml", self.measurement,
                                            "[report_data]\nrequest = true\n")

    def judge(self):
        step("3. A tenant judges: under a policy that names the simulator's root, this keep, these\n"
             "   keys and the nonce.")
        self.expect("its evidence", self.stage.verify(self.folder / "evidence.bin", self.policy))
        self.expect("its request", self.stage.verify(self.folder / "request.csr", self.by_request))

    def speak(self):
        step("4. A workload has what it says signed: /keep/fresh. Others judge it with the facts of its\n"
             "   launch and its words.")
        said = b"nonce 4711"
        report, facts = self.stage.words_of_a_workload(said)
        detail("it said", said.decode())
        detail("it runs", facts.decode().strip()[:96] + "…")
        self.expect("its evidence", self.stage.judge_words(report, facts, said))
        self.expect("with other words", self.stage.judge_words(report, facts, b"nonce 4712"),
                    "binding.report-data")

    def lie(self):
        step("5. Whoever lies is refused, each for its own reason.")
        stage, evidence = self.stage, self.folder / "evidence.bin"
        strange = ["dcap.pck-anchor", "dcap.tcb-signer-path"] if stage.of_sgx else ["snp.product", "snp.anchor"]
        strange += ["snp.host-data"] if self.world == "collapsed" else []
        self.expect("the default policy, of a simulator", stage.verify(evidence), *strange)
        newer = stage.policy("newer.toml", self.measurement, self.lines.replace(NONCE, "22" * 32))
        self.expect("an old nonce", stage.verify(evidence, newer), "binding.report-data")
        stage.evidence("another", NONCE)
        self.expect("another keep's report",
                    stage.verify(stage.folder / "another/evidence.bin", self.policy),
                    "binding.report-data")
        other = stage.request_for_another_key(self.folder / "request.csr", "other.csr")
        self.expect("a request for another key", stage.verify(other, self.by_request),
                    "binding.report-data")
        if stage.of_sgx:
            return
        data = evidence.read_bytes()[0x50:0x90].hex()
        self.expect("a guest that can be debugged",
                    stage.verify(stage.other_guest("debug.bin", data, DEBUG_POLICY), self.policy),
                    "snp.debug", "snp.measurement")
        self.expect("a guest at another privilege level",
                    stage.verify(stage.other_guest("level.bin", data, vmpl=1), self.policy),
                    "snp.vmpl", "snp.measurement")

    def change(self):
        self.stage.change_one_byte("merlon-keep", b"cannot be compiled")
        self.stage.evidence("changed", NONCE)
        folder = self.stage.folder / "changed"
        policy = self.stage.policy("changed.toml", self.measurement,
                                   (folder / "report_data.toml").read_text())
        self.expect("a keep of which one byte was changed",
                    self.stage.verify(folder / "evidence.bin", policy),
                    "sgx.mr-enclave" if self.stage.of_sgx else "snp.measurement")
        self.stage.merlon("platform", "simulate", "revoke", *self.stage.kind, "--dir", self.stage.platform)
        self.expect("a machine whose certificate was revoked",
                    self.stage.verify(self.folder / "evidence.bin", self.policy),
                    "dcap.pck-revocation" if self.stage.of_sgx else "snp.ca-revocation")

    def run(self):
        self.launch()
        self.judge()
        self.speak()
        self.lie()
        self.change()
        print(f"\n{RED}{self.wrong} of these are not as they should be{PLAIN}" if self.wrong
              else f"\n{GREEN}All as it should be.{PLAIN} The processor was simulated: on such a "
                   "machine its owner can read the keep.")
        return 1 if self.wrong else 0


def main():
    machine = sys.argv[1] if len(sys.argv) > 1 else "kvm"
    if machine not in ("kvm", "tcg", "sgx"):
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="merlon-demo-") as folder:
        try:
            return Demo(folder, machine).run()
        except Failed as failure:
            print(f"demo: {failure}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
