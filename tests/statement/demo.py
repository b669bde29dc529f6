#!/usr/bin/env python3
"""Shows what a statement is for: a bank's keep proves that a balance reaches a threshold, and who asked learns nothing else.
Whoever cheats is refused.

    demo.py [snp-sim|sgx-sim]

The security processor is a simulation, which protects nothing; the rest is what runs on SEV-SNP and SGX.
"""

import os
import subprocess
import sys
import tempfile
import time

from statements import MERLON, Bank, Verifier

RED, GREEN, DIM, PLAIN = ("\033[31m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "", "")
# So long a piece is the same by chance once in 2^64 comparisons.
PIECE = 8
BITS = 40
THRESHOLD = 250_000_000_000


class Broken(Exception):
    """Something was not as it has to be."""


def step(text):
    print(f"\n{text}", flush=True)


def expect(what, got, wanted):
    good = got == wanted
    print(f"  {GREEN if good else RED}{'✓' if good else '✗'}{PLAIN} {what}: {got}", flush=True)
    if not good:
        raise Broken(f"{what}: {got}, not {wanted}")


def forms(balance, blinding):
    """All that would tell them: digits, and the bytes of the numbers either way round, as they are and in hexadecimal digits."""
    size = (balance.bit_length() + 7) // 8
    raw = [balance.to_bytes(size, order) for order in ("big", "little")] + [blinding, blinding[::-1]]
    return [str(balance).encode()] + raw + [each.hex().encode() for each in raw]


def told(lines, secrets):
    """How often one of them stands in what left the keep, as it was written or in what that stands for."""
    written = "".join(lines).encode()
    meant = b"|".join(bytes.fromhex(line.split()[1]) for line in lines if line.split()[0] != "refused")
    return sum(where.count(each) for each in secrets for where in (written, meant))


def pieces(data):
    return {data[at:at + PIECE] for at in range(len(data) - PIECE + 1)}


def common(proofs):
    seen, found = set(), 0
    for each in map(pieces, proofs):
        found += len(seen & each)
        seen |= each
    return found


def ask(bank, verifier):
    step(f"1. A bank's ledger runs in a keep ({bank.backend}). A landlord asks: is the balance at least {THRESHOLD:,}?")
    balance, blinding = THRESHOLD + int.from_bytes(os.urandom(4), "big") + 2**38, os.urandom(31).rjust(32, b"\1")
    ledger = bank.ledger(questions=6)
    ledger.tell(f"balance {balance} {blinding.hex()}")
    contexts = [verifier.context() for _ in range(3)]
    began = time.monotonic()
    said = [ledger.ask(THRESHOLD, BITS, each) for each in contexts]
    print(f"  three answers in {1000 * (time.monotonic() - began):.0f} ms; a proof has {len(said[0]['proof'])} bytes\n"
          f"  {DIM}commitment {said[0]['commitment']}{PLAIN}")
    step("2. He judges the keep's evidence, which vouches for the commitment and for his question, and then the proof.")
    expect("each of three answers, to a question of its own",
           [verifier.judge(each, THRESHOLD, BITS, of) for each, of in zip(said, contexts)], ["holds"] * 3)
    step("3. Nothing else was told: every byte that left the keep is looked through.")
    secrets = forms(balance, blinding)
    expect("the balance or its blinding, in digits or bytes", told(ledger.left, secrets), 0)
    expect("and the search would find each",
           all(told([f"told {each.hex()}\n"], secrets) for each in (secrets[0], *secrets[1:5])), True)
    expect(f"pieces of {PIECE} bytes that two proofs share", common([each["proof"] for each in said]), 0)
    expect("and the search would find one", common([said[0]["proof"]] * 2) > 0, True)
    return ledger, said[0], contexts[0]


def cheat(bank, verifier, ledger, said, context):
    step("4. Whoever cheats is refused by name.")
    judge = lambda what, least=THRESHOLD, of=context: verifier.judge(what, least, BITS, of)  # noqa: E731
    altered = bytearray(said["proof"])
    altered[len(altered) // 2] ^= 1
    expect("a proof that was altered", judge({**said, "proof": bytes(altered)}), "statement.proof")
    expect("shown for a higher threshold", judge(said, THRESHOLD + 1), "statement.proof")
    other = verifier.context()
    expect("shown again, to another question", judge(said, of=other), "binding.report-data")
    expect("and its proof alone", verifier.judge_proof(said, THRESHOLD, BITS, other), "statement.proof")
    opening = bank.folder / "forged"
    forged = subprocess.run([MERLON, "statement", "commit", opening], input=f"{THRESHOLD * 2}\n", text=True, check=True,
                            capture_output=True).stdout.strip()
    proof = bank.folder / "forged.proof"
    subprocess.run([MERLON, "statement", "prove", proof, "--opening", opening, "--at-least", str(THRESHOLD), "--bits", str(BITS),
                    "--context-hex", context], check=True)
    own = {**said, "commitment": forged, "proof": proof.read_bytes()}
    expect("a commitment of somebody's own, with a proof that holds", verifier.judge_proof(own, THRESHOLD, BITS, context), "holds")
    expect("but no keep vouches for it", judge(own), "binding.report-data")
    expect("that proof, with the commitment that the keep vouches for", judge({**said, "proof": own["proof"]}), "statement.proof")
    ledger.tell(f"balance {THRESHOLD - 1}")
    expect("a balance of one less: the keep itself", ledger.ask(THRESHOLD, BITS, context), "statement.false")
    ledger.ask(THRESHOLD, BITS, context)
    ledger.ask(THRESHOLD, BITS, context)
    expect("who asks on and on, to find it by halving", ledger.ask(THRESHOLD, BITS, context), "asked-too-often")
    expect("the keep ends", ledger.stop(), 0)


def answer_of(bank, verifier, module):
    ledger, context = bank.ledger(module=module), verifier.context()
    ledger.tell(f"balance {2 * THRESHOLD}")
    said = ledger.ask(THRESHOLD, BITS, context)
    ledger.stop()
    return said, context


def strangers(bank, verifier, folder):
    step("5. So is a keep that is not the bank's.")
    module = bank.folder / "other.wasm"
    module.write_bytes(bank.module.read_bytes() + b"\0\2\1x")  # the same program, by one section another one
    said, context = answer_of(bank, verifier, module)
    expect("another program in a keep of this machine", verifier.judge(said, THRESHOLD, BITS, context), "another program")
    other = Bank(folder, bank.backend)
    said, context = answer_of(other, verifier, other.module)
    expect("a keep on a machine whose processor nobody vouches for", verifier.judge(said, THRESHOLD, BITS, context),
           {"snp-sim": "snp.signature", "sgx-sim": "dcap.pck-anchor"}[bank.backend])


def main():
    backend = sys.argv[1] if len(sys.argv) > 1 else "snp-sim"
    if backend == "snp-sim" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("skipped: keeps that attest themselves need /dev/kvm")
        return 77
    with tempfile.TemporaryDirectory(prefix="merlon-threshold-") as one, tempfile.TemporaryDirectory(
            prefix="merlon-threshold-") as other:
        try:
            bank = Bank(one, backend)
            verifier = Verifier(bank)
            cheat(bank, verifier, *ask(bank, verifier))
            strangers(bank, verifier, other)
        except Broken as reason:
            print(f"\n{RED}This is not as it has to be: {reason}{PLAIN}")
            return 1
    print(f"\n{GREEN}Everything was as it has to be.{PLAIN} docs/statements.md says what a proof says, and what it does not.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
