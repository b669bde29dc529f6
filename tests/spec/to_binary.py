#!/usr/bin/env python3
"""Turns a script in the text format into the binary form that merlon-spec reads.

    to_binary.py SCRIPT.wast OUTPUT.wast

wat2wasm makes the modules; whether they are valid is not its business.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOKEN = re.compile(r'\s+|;;[^\n]*|"(?:[^"\\]|\\.)*"|\(|\)|[^\s()"]+')


def forms(text):
    """The top-level lists of a script, as texts."""
    depth = start = 0
    for token in TOKEN.finditer(text):
        if token[0] == "(":
            start = token.start() if depth == 0 else start
            depth += 1
        elif token[0] == ")":
            depth -= 1
            if depth == 0:
                yield text[start:token.end()]


def module_in(form):
    """Where a text module begins and ends in a form, or None."""
    begin = form.find("(module")
    if begin < 0:
        return None
    depth = 0
    for token in TOKEN.finditer(form, begin):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return begin, token.end()
    return None


def binary(text, scratch):
    source, target = Path(scratch, "module.wat"), Path(scratch, "module.wasm")
    source.write_text(text)
    subprocess.run(["wat2wasm", "--enable-all", "--no-check", source, "-o", target], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    name = re.match(r"\(module\s+(\$\S+)", text)
    content = "".join(f"\\{byte:02x}" for byte in target.read_bytes())
    return f'(module {name[1] if name else ""} binary "{content}")'


def main():
    source, target = map(Path, sys.argv[1:])
    made = []
    with tempfile.TemporaryDirectory() as scratch:
        for form in forms(source.read_text()):
            found = module_in(form)
            if found:
                try:
                    made.append(form[:found[0]] + binary(form[found[0]:found[1]], scratch) +
                                form[found[1]:])
                except subprocess.CalledProcessError as error:
                    print(f"{source.name}: {form[:60]} …: {error.stderr.decode()}", file=sys.stderr)
                    return 1
            else:
                made.append(form)
    target.write_text("\n".join(made) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
