#!/usr/bin/env python3
"""Shows what a credential is for: a keep that its Steward has accepted shows that it is one of the accepted, many times,
and nobody can tell which one it is, nor that two showings are of one keep. Whoever cheats is refused.

    demo.py [snp-sim|sgx-sim] [SHOWINGS]

The security processor is a simulation, which protects nothing; the rest is what runs on SEV-SNP and SGX.
"""

import base64
import os
import sys
import tempfile
import time
from pathlib import Path

from credentials import AUDIENCE, World

RED, GREEN, DIM, PLAIN = ("\033[31m", "\033[32m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "", "")
# So long a piece is the same by chance once in 2^64 comparisons.
PIECE = 8


class Broken(Exception):
    """Something was not as it has to be."""


def step(text):
    print(f"\n{text}", flush=True)


def expect(what, got, wanted):
    good = got == wanted
    print(f"  {GREEN if good else RED}{'✓' if good else '✗'}{PLAIN} {what}: {got}", flush=True)
    if not good:
        raise Broken(f"{what}: {got}, not {wanted}")


def pieces(data):
    return {data[at:at + PIECE] for at in range(len(data) - PIECE + 1)}


def decoded(token):
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def common(tokens, others):
    """How many pieces of a token stand in another one, or in what else has left the keep, beyond the key's name."""
    seen, found = set().union(*(pieces(each) for each in others)), 0
    for token in tokens:
        here = pieces(decoded(token)[32:])
        found += len(here & seen)
        seen |= here
    return found


def show(world, showings, between):
    step(f"1. A keep ({world.backend}) proves itself to its Steward, gets a credential, and shows it {showings} times.")
    carrier = between(world)
    began = time.monotonic()
    tokens = world.tokens_by(carrier, showings)
    print(f"  {len(tokens)} tokens of {len(tokens[0])} characters in {time.monotonic() - began:.2f} s, the keep's start and "
          f"its talk with the Steward included\n  {DIM}{tokens[0][:100]}…{PLAIN}")
    step("2. A site that has the Steward's key admits them all; it learns that the policy accepts the keep, and nothing else.")
    few = tokens[:10]
    expect("the first ten", [world.verify(each) for each in few], ["admitted"] * len(few))
    expect("one of them again", world.verify(few[0]), "credential.again")
    step("3. Nothing links them: every byte that left the keep is compared.")
    left_keep = [body for _, body in carrier.requests if body] + [said for _, _, said in carrier.statuses if said]
    expect(f"pieces of {PIECE} bytes that a token shares with another, or with what the keep said to the Steward",
           common(tokens, left_keep), 0)
    expect("and the search would find one", common([tokens[0], tokens[0]], left_keep) > 0, True)
    return tokens, carrier


def cheat(world, tokens):
    step("4. Whoever cheats is refused by name.")
    token = tokens[-1]
    at = len(token) - 60
    digit = "B" if token[at] == "A" else "A"
    expect("a token that was altered", world.verify(token[:at] + digit + token[at + 1:]), "credential.proof")
    expect("a token for another site", world.verify(token, audience="https://other.example"), "credential.proof")
    expect("a simulator's, where only hardware counts", world.verify(token, development=False), "credential.development")
    stranger = world.start(world.folder / "stranger")
    foreign = world.keep(AUDIENCE, 1, package=world.package("foreign", stranger)).stdout.strip()
    stranger.stop()
    expect("one of another Steward", world.verify(foreign), "credential.key")
    said = world.keep(AUDIENCE, world.limit + 1, check=False)
    expect("a keep that shows one too many: tokens that it gets", len(said.stdout.split()), world.limit)


def epochs(folder, backend):
    step("5. When its epoch is over, a key counts no more.")
    (Path(folder) / "short").mkdir()
    world = World(Path(folder) / "short", backend, limit=2, epoch="10s")
    try:
        token = world.tokens(1)[0]
        time.sleep(11)
        expect("a token of the epoch before", world.verify(token), "credential.epoch")
    finally:
        world.steward.stop()


def main():
    backend = sys.argv[1] if len(sys.argv) > 1 else "snp-sim"
    showings = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    if backend == "snp-sim" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
        print("skipped: attested keeps that serve need /dev/kvm")
        return 77
    from credential_test import Between
    with tempfile.TemporaryDirectory(prefix="merlon-credential-demo-") as folder:
        world = World(folder, backend, limit=showings)
        carriers = []

        def between(of):
            carriers.append(Between(of))
            return carriers[-1]
        try:
            tokens, _ = show(world, showings, between)
            cheat(world, tokens)
            epochs(folder, backend)
        except Broken as reason:
            print(f"\n{RED}This is not as it has to be: {reason}{PLAIN}")
            return 1
        finally:
            for each in carriers:
                each.stop()
            world.steward.stop()
    print(f"\n{GREEN}Everything was as it has to be.{PLAIN} docs/zero-knowledge.md says what is proven to whom, and what is not.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
