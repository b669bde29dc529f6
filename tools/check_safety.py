#!/usr/bin/env python3
"""Checks that what the compiler cannot check says why it is right, and stands where it belongs.

    check_safety.py [ROOT]

Each reinterpret_cast, const_cast and asm under merlon/ (tests aside) has a `// SAFETY:` comment: on
its line, in its statement, or in the comment above that statement. Consecutive lines that need one
share it, up to the next empty line: the nearest paragraph of code is what it speaks of. Only `os` reads
errno. Only `codec` calls toml++. Only `cli`, `cli_keys`, `cli_evidence` and the main program of a room print. A function has at most 60
lines. A constant table is `constexpr auto name = std::array{…}`: g++ 12 lays `constexpr std::array name{…}` into
memory that can be written where its elements have a constructor. A directory is not read by a loop over
std::filesystem's iterators, whose every step throws what the file system refuses; os::names_in() hands it up.
"""

import re
import sys
from pathlib import Path

NEEDS_REASON = re.compile(r"\b(?:reinterpret_cast|const_cast|asm|__asm__)\b")
PARSES_TOML = re.compile(r"\btoml::parse(?:_file)?\s*\(")
READS_ERRNO = re.compile(r"(?<![\w/\"<.])errno(?![\w.])")
PRINTS = re.compile(r"\b(?:v?f?printf|f?puts|perror|v?dprintf)\s*\(|\bstd::(?:cout|cerr)\b")
WRITABLE_TABLE = re.compile(r"\bconstexpr\s+(?:std::)?array\s+\w+\s*[={]")
THROWING_LOOP = re.compile(r"\bfor\s*\([^;]*[^:]:(?!:)[^;]*directory_iterator\b")
MAY_PRINT = {"cli", "cli_keys", "cli_evidence"}
LONGEST = 60
# Longer; the list only ever gets shorter. policy_template is one text.
STILL_LONG = {
    "merlon/verify/policy_template.cc policy_template",
}
TEST_SUFFIX = re.compile(r"_test(?:_\w+)?$|_bench$")


def code_of(line):
    """The line without its comment and the insides of its strings."""
    if line.startswith("#include"):
        return ""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
    return line.split("//", 1)[0]


def has_reason(lines, index):
    """Whether `// SAFETY:` stands on line `index` or above it with no empty line between."""
    while index >= 0 and lines[index].strip():
        if "// SAFETY:" in lines[index] or "/// SAFETY:" in lines[index]:
            return True
        index -= 1
    return False


def functions_of(lines):
    """(name, first line, lines) of each function that starts at the left margin, as ours do."""
    start = None
    for index, line in enumerate(lines):
        if line == "}" and start is not None:
            name = re.search(r"([\w~]+(?:::[\w~]+)*)\s*\(", lines[start])
            if name:
                yield name[1], start, index - start + 1
            start = None
        elif line and line[0].isalpha() and "(" in code_of(line) and not line.startswith("using"):
            start = index


def check_lengths(lines, name):
    for function, start, count in functions_of(lines):
        if count > LONGEST and f"{name} {function}" not in STILL_LONG:
            yield f"{name}:{start + 1}: {function} has {count} lines, more than {LONGEST}"


def check_file(path, name):
    room = name.split("/")[1]
    lines = path.read_text(encoding="utf-8").split("\n")
    yield from check_lengths(lines, name)
    for index, line in enumerate(lines):
        code = code_of(line)
        place = f"{name}:{index + 1}"
        if NEEDS_REASON.search(code) and not has_reason(lines, index):
            yield f"{place}: a cast or asm without `// SAFETY:` at or above it"
        if room != "os" and READS_ERRNO.search(code):
            yield f"{place}: only os reads errno"
        if room != "codec" and PARSES_TOML.search(code):
            yield f"{place}: toml++ without codec::parse_toml, which bounds its depth"
        if room not in MAY_PRINT and path.name != "main.cc" and PRINTS.search(code):
            yield f"{place}: a room that prints"
        if THROWING_LOOP.search(code):
            yield f"{place}: a loop over a directory that throws; use os::names_in()"
        if WRITABLE_TABLE.search(code):
            yield f"{place}: a table that can be written; say `constexpr auto name = std::array{{…}}`"


def is_test(path):
    return bool(TEST_SUFFIX.search(path.stem)) or "testing" in path.parts


def check(root):
    for path in sorted((root / "merlon").rglob("*")):
        if path.suffix in {".h", ".cc"} and not is_test(path):
            yield from check_file(path, path.relative_to(root).as_posix())


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    found = list(check(root))
    for line in found:
        print(line)
    print(f"check_safety: {len(found)} wrong" if found else "check_safety: all is well")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
