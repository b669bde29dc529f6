#!/usr/bin/env python3
"""Checks that the documents say what the code says.

    check_docs.py [ROOT]

Exit statuses, error codes, trap reasons and refusals of the sources stand in docs/errors.md; types that the
glossary names exist; keys of specifications that comments cite stand in docs/specs.md; every room
has a README of at most 40 lines and stands in ARCHITECTURE.md; the graph drawn there is the real
one; relative links lead somewhere;
the source files that READMEs name exist; each row of a room's README leads to a file, and its heading
says the room's layer.
"""

import contextlib
import io
import re
import sys
from pathlib import Path

import check_layers

SOURCES = {".h", ".cc", ".def"}
KEY = re.compile(r"(?<![\w\]])\[([A-Z][A-Z0-9-]{2,}(?: \d{4})?)(?: [^\]\n]*)?\](?!\()")
NO_KEYS = {"OPTION", "SKIPPED"}


def read(path):
    return path.read_text(encoding="utf-8")


def check_errors(root):
    text = read(root / "docs/errors.md")
    statuses = re.findall(r"^\s+\w+ = (\d+),", read(root / "merlon/launch/exit_status.h"), re.M)
    for status in statuses:
        if not re.search(rf"^\| {status} \|", text, re.M):
            yield f"docs/errors.md: exit status {status} of launch/exit_status.h is missing"
    codes = re.findall(r'return "([^"]+)";', read(root / "merlon/core/error.h"))
    for code in dict.fromkeys(codes):
        if f"| {code} |" not in text:
            yield f"docs/errors.md: error code {code!r} of core/error.h is missing"
    traps = re.findall(r'case TrapKind::(\w+): return "([^"]+)";',
                       read(root / "merlon/wasm/exec/trap.cc"))
    for kind, reason in traps:
        if kind != "Exit" and reason not in text:
            yield f"docs/errors.md: trap {reason!r} is missing"
    refusals = re.findall(r'^MERLON_(?:CHECK|REFUSAL|SERVICE|ADMISSION|STATEMENT)_ROW\(\w+, (?:\d+, )?"([^"]+)"',
                          read(root / "merlon/verify/checks.def") +
                          read(root / "merlon/steward/refusals.def") +
                          read(root / "merlon/release/refusals.def") +
                          read(root / "merlon/credential/refusals.def") +
                          read(root / "merlon/statement/refusals.def") +
                          read(root / "merlon/steward_service/codes.def"), re.M)
    described = re.findall(r"^\| `([a-z]+\.[a-z0-9-]+)` \|", text, re.M)
    for code in refusals:
        if code not in described:
            yield f"docs/errors.md: refusal {code!r} is missing"
    for code in described:
        if code not in refusals:
            yield f"docs/errors.md: nothing is refused as {code!r}"
    if not statuses or not codes or not traps or not refusals:
        yield "check_docs.py: found no statuses, codes or traps in the sources"


def check_glossary(root):
    headers = {}
    for room, name in re.findall(r"`(\w+)::(\w+)`", read(root / "docs/glossary.md")):
        if room not in headers:
            headers[room] = "\n".join(read(p) for p in (root / "merlon" / room).rglob("*.h"))
        if not re.search(rf"\b(?:class|struct|enum class) (?:\[\[\w+\]\] )?{name}\b", headers[room]):
            yield f"docs/glossary.md: there is no type {room}::{name}"


def check_specs(root):
    known = set(re.findall(r"[A-Z][A-Z0-9-]+(?: \d{4})?",
                           " ".join(re.findall(r"^\| ([^|]+) \|", read(root / "docs/specs.md"),
                                               re.M))))
    for path in sorted((root / "merlon").rglob("*")):
        if path.suffix not in SOURCES:
            continue
        for number, line in enumerate(read(path).splitlines(), 1):
            comment = line.partition("//")[2]
            for key in KEY.findall(comment):
                if key not in known and key not in NO_KEYS:
                    yield f"{path.relative_to(root)}:{number}: docs/specs.md has no key {key}"


def check_rooms(root):
    architecture = read(root / "ARCHITECTURE.md")
    errors, graph, layers = check_layers.check(root)
    if errors:
        yield "the layer check fails; the graph cannot be compared"
        return
    drawn = io.StringIO()
    with contextlib.redirect_stdout(drawn):
        check_layers.draw(graph, layers)
    for line in drawn.getvalue().splitlines():
        if " ".join(line.split()) not in [" ".join(each.split()) for each in
                                          architecture.splitlines()]:
            yield f"ARCHITECTURE.md: the graph lacks the line: {line}"
    for room in graph:
        readme = root / "merlon" / room / "README.md"
        if not readme.exists():
            yield f"merlon/{room}: has no README.md"
        elif len(read(readme).splitlines()) > 40:
            yield f"merlon/{room}/README.md: is longer than 40 lines"
        elif f"# {room} (L{layers.layer[room]})" != read(readme).splitlines()[0]:
            yield f"merlon/{room}/README.md: its first line is not '# {room} (L{layers.layer[room]})'"
        if f"| [`{room}`](merlon/{room}/README.md) |" not in architecture:
            yield f"ARCHITECTURE.md: room {room} is missing"


def check_named_files(root):
    """A README's `file.ext` is a file of its folder, of merlon/ or of the whole repository."""
    for folder in ("merlon", "tests"):
        for readme in (root / folder).rglob("README.md"):
            places = [readme.parent, root / "merlon", root]
            for name in re.findall(r"`([\w/]+\.(?:h|cc|def|py|S|ld))`", read(readme)):
                if not any((place / name).exists() for place in places) and \
                        not any(readme.parent.rglob(name)):
                    yield f"{readme.relative_to(root)}: there is no file {name}"


def snake_case(name):
    return re.sub(r"(?<!^)(?<![A-Z_])([A-Z])", r"_\1", name).lower()


def check_rows(root):
    """A row of a room's table has a type or function whose file bears its name, or names a file or folder."""
    for readme in sorted((root / "merlon").rglob("README.md")):
        inside = list(readme.parent.rglob("*"))
        places = {path.name for path in inside} | {path.stem for path in inside if path.is_file()}
        for number, line in enumerate(read(readme).splitlines(), 1):
            if not line.startswith("| `"):
                continue
            words = {re.split(r"[(<.:]", word)[0].rstrip("/").split("/")[-1] for word in re.findall(r"`([^`]+)`", line)}
            if not places & (words | {snake_case(word) for word in words}):
                yield f"{readme.relative_to(root)}:{number}: no file for {line.split('|')[1].strip()}"


def check_links(root):
    documents = [*root.glob("*.md"), *(root / "docs").rglob("*.md"),
                 *(root / "merlon").rglob("*.md"), *(root / "tests").rglob("*.md"),
                 *(root / "examples").rglob("*.md")]
    for path in documents:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", read(path)):
            if not (path.parent / target).exists():
                yield f"{path.relative_to(root)}: link to {target} leads nowhere"


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    errors = [error for check in (check_errors, check_glossary, check_specs, check_rooms, check_links,
                                  check_named_files, check_rows)
              for error in check(root)]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
