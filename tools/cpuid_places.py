#!/usr/bin/env python3
"""Prints where a program has the instruction CPUID: one address on each line, in hexadecimal.

    cpuid_places.py FILE

An enclave has no such instruction, and a simulated enclave must be told where it would fault: on most processors
nothing else stops it (merlon/host/sgx/simulated). Bytes that only look like it, within other instructions, are not it.
"""

import re
import subprocess
import sys

INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+cpuid\b", re.M)


def main():
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", sys.argv[1]], capture_output=True, text=True, check=True)
    for address in INSTRUCTION.findall(code.stdout):
        print(address)


if __name__ == "__main__":
    main()
