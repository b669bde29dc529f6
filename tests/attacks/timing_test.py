#!/usr/bin/env python3
"""Instructions do not depend on secrets: counted by valgrind, which no other load of the machine changes. A control that
depends on its secret must be seen to.

    timing_test.py PROBE
"""

import re
import subprocess
import sys
import unittest

ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
# Small ones, as bits and numbers of showings are, and such as come by chance. Near 2^224, where one lies by chance once in
# 2^200 times, OpenSSL's own code takes a dozen instructions more or less.
SECRETS = [1, 5, 255, 2**63, 2**200, ORDER - 2, ORDER // 3, ORDER // 7]
PROBE = ""


def instructions(what, secret):
    said = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", PROBE, what],
                          input=secret.to_bytes(32, "big"), capture_output=True, check=True, timeout=300, env={"PATH": "/usr/bin:/bin"})
    return int(re.search(rb"Collected : (\d+)", said.stderr)[1])


class Timing(unittest.TestCase):
    def counts(self, what, secrets):
        return {instructions(what, each) for each in secrets}

    def test_counts_do_not_depend_on_secrets(self):
        for what in ("scalars", "multiply", "combine"):
            with self.subTest(what):
                self.assertEqual(len(self.counts(what, SECRETS)), 1)

    def test_nor_on_the_bits_of_a_number(self):
        self.assertEqual(len(self.counts("split", (0, 0x5555, 0x8000, 0xffff))), 1)

    def test_the_control_is_seen_to_depend(self):
        self.assertGreater(len(self.counts("control", SECRETS[:2])), 1)


if __name__ == "__main__":
    PROBE = sys.argv.pop(1)
    unittest.main()
