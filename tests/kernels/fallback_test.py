#!/usr/bin/env python3
"""The strongest backend is the strongest that works: a KVM that cannot run compiled code is not
taken, and that is said."""

import json
import os
import subprocess
import unittest

from support import HELLO, MERLON, EndToEnd, main

REFUSE = os.environ["MERLON_REFUSE"]
SET_XCRS = 0x4188AEA7
SET_CPUID2 = 0x4008AE90
CREATE_VM = 0xAE01
NOTICE = ("merlon: running in a confined process (nil): the owner of this machine can read it; "
          "no micro-VM: ")


class Fallback(EndToEnd):
    def merlon_without(self, request, *arguments, error="EINVAL"):
        return subprocess.run([REFUSE, f"ioctl:{request}={error}", "--", MERLON, *arguments],
                              env={}, capture_output=True, text=True, timeout=60, check=False,
                              stdin=subprocess.DEVNULL)

    def test_without_a_name_the_next_backend_is_taken(self):
        wasm = self.wasm(HELLO)
        for request, reason in ((SET_XCRS, "lacks AVX, AVX2"), (SET_CPUID2, "Invalid argument"),
                                (CREATE_VM, "Invalid argument")):
            with self.subTest(reason):
                result = self.merlon_without(request, "run", wasm)
                self.assertEqual((result.returncode, result.stdout), (0, "hello\n"), result)
                lines = result.stderr.splitlines()
                self.assertEqual(len(lines), 1, result)
                self.assertTrue(lines[0].startswith(NOTICE), lines)
                self.assertIn(reason, lines[0])

    def test_a_backend_that_was_named_is_not_replaced(self):
        result = self.merlon_without(SET_XCRS, "run", "--backend", "kvm", self.wasm(HELLO))
        self.assertEqual(result.stdout, "")
        self.assert_refused(result, 125, "backend kvm: ", "AVX", "--backend nil")

    def test_platform_info_says_the_same(self):
        for request, ready in ((SET_XCRS, False), (0xdead, True)):
            result = self.merlon_without(request, "platform", "info", "--json", "--backend", "kvm")
            self.assertEqual(result.returncode, 0 if ready else 1, result)
            kvm = json.loads(result.stdout)["backends"][0]
            self.assertEqual(kvm["ready"], ready)
            found = "lacks AVX" in result.stdout
            self.assertEqual(found, not ready)


if __name__ == "__main__":
    main()
