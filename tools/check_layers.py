#!/usr/bin/env python3
"""Checks that the rooms of merlon/ include only what merlon/layers.txt allows, and draws the graph.

    check_layers.py [ROOT]

Rules: every room is listed; a room includes only rooms it lists, all of them in lower layers; the
walls hold, also through other rooms; a folder of a room that has a wall to another one includes nothing
of it; our own headers are included by their full path; the DEPS of
a room's CMakeLists.txt name allowed rooms only. Tests of a room (x_test.cc, testing/) may include what
its line `tests` names as well, also of lower layers only; no program links that. Prints the graph; exit 1 and one line each if broken.
"""

import re
import sys
from pathlib import Path

SOURCES = {".h", ".cc", ".c", ".S", ".def", ".inc"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
CMAKE_CALL = re.compile(r"\bmerlon_(room|program|testing|test)\s*\(([^)]*)\)", re.S)
CMAKE_WORDS = {"SOURCES", "DEPS", "LIBS", "TESTS", "TEST_DEPS", "LABEL", "STATIC_PIE", "STATIC_RUNTIME", "CORPUS"}


class Layers:
    """The content of layers.txt."""

    def __init__(self, text):
        self.layer = {}   # room -> number
        self.allowed = {}  # room -> set of rooms
        self.never = {}   # room -> set of rooms
        self.only = {}    # room -> set of rooms
        self.headers = {}  # room -> set of headers
        self.folders = {}  # folder of a room -> set of folders
        self.tests = {}   # room -> set of rooms that its tests may include as well
        self.errors = []
        for number, line in enumerate(text.splitlines(), 1):
            self._line(number, line.split("#")[0].split())

    def _line(self, number, words):
        if not words:
            return
        if re.fullmatch(r"L\d+", words[0]) and len(words) >= 2:
            self.layer[words[1]] = int(words[0][1:])
            self.allowed[words[1]] = set(words[2:])
        elif words[0] == "tests" and len(words) > 2:
            self.tests[words[1]] = set(words[2:])
        elif words[0] == "wall" and len(words) > 3 and words[2] == "never" and "/" in words[1]:
            self.folders.setdefault(words[1], set()).update(words[3:])
        elif words[0] == "wall" and len(words) > 3 and words[2] in ("never", "only", "only-headers"):
            wall = {"never": self.never, "only": self.only, "only-headers": self.headers}[words[2]]
            wall.setdefault(words[1], set()).update(words[3:])
        else:
            self.errors.append(f"layers.txt:{number}: not understood: {' '.join(words)}")

    def check_itself(self):
        for room, allowed in self.allowed.items():
            for other in sorted(allowed | self.tests.get(room, set())):
                if other not in self.layer:
                    self.errors.append(f"layers.txt: {room} may include {other}, which is not listed")
                elif self.layer[other] >= self.layer[room]:
                    self.errors.append(f"layers.txt: {room} (L{self.layer[room]}) may not include "
                                       f"{other} (L{self.layer[other]}): only lower layers")
        return self.errors


def room_of(path):
    """Room of a path below merlon/: its first folder; x/abi is the freestanding part x_abi."""
    parts = path.split("/")
    if len(parts) > 2 and parts[1] == "abi":
        return f"{parts[0]}_abi"
    return parts[0]


def base_room(name, layers):
    """host_nil -> host; sgx_abi and plain rooms stay."""
    return name if name in layers.layer or name.endswith("_abi") else name.split("_")[0]


def includes_of(root):
    """Yields (file, line, room, quote, included) for every #include below merlon/."""
    for path in sorted((root / "merlon").rglob("*")):
        if path.suffix not in SOURCES or not path.is_file():
            continue
        inner = path.relative_to(root / "merlon").as_posix()
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield path.relative_to(root), number, room_of(inner), match[1], match[2]


def cmake_deps_of(root):
    """Yields (file, room, dependency, of tests) for every DEPS of a room's CMakeLists.txt."""
    for path in sorted((root / "merlon").rglob("CMakeLists.txt")):
        room = path.relative_to(root / "merlon").parts[0]
        if room == "CMakeLists.txt":
            continue
        for call in CMAKE_CALL.finditer(path.read_text(encoding="utf-8")):
            key = None
            of_tests = call[1] in ("testing", "test")
            for word in re.sub(r"#.*", "", call[2]).split()[1:]:
                if word in CMAKE_WORDS:
                    key = word
                elif key in ("DEPS", "TEST_DEPS"):
                    yield path.relative_to(root), room, word, of_tests or key == "TEST_DEPS"


def is_of_tests(path):
    return path.name.endswith("_test.cc") or "testing" in path.parts


def within(path, folder):
    return path.startswith(f"{folder}/")


def check_folders(layers, where, inner, included):
    """Of one include, both paths below merlon/."""
    for folder, forbidden in layers.folders.items():
        for other in sorted(forbidden):
            if within(inner, folder) and within(included, other):
                yield f"{where}: wall: {folder} may not include {other}"


def check_edge(layers, where, room, other, of_tests=False):
    if room not in layers.layer and room not in layers.only:
        return f"{where}: room {room} is not listed in layers.txt"
    if other == room or room.removesuffix("_abi") == other.removesuffix("_abi"):
        return None
    if room in layers.allowed and other not in layers.allowed[room]:
        if of_tests and other in layers.tests.get(room, ()):
            return None
        return f"{where}: {room} may not include {other}"
    return None


def reachable(graph, start):
    seen, todo = set(), [start]
    while todo:
        for other in graph.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def check_walls(layers, graph):
    for room, forbidden in layers.never.items():
        for other in sorted(reachable(graph, room) & forbidden):
            yield f"wall: {room} must never reach {other}, and does"
    for room, permitted in layers.only.items():
        for other in sorted(reachable(graph, room) - permitted - {room}):
            yield f"wall: {room} may reach only {' '.join(sorted(permitted))}, and reaches {other}"


def check(root):
    """Returns (errors, graph) of the tree at root."""
    layers = Layers((root / "merlon" / "layers.txt").read_text(encoding="utf-8"))
    errors = list(layers.check_itself())
    graph = {}
    for path, line, room, quote, included in includes_of(root):
        where = f"{path}:{line}"
        if included.startswith("merlon/"):
            if not (root / included).is_file():
                errors.append(f"{where}: there is no {included}")
            errors.extend(check_folders(layers, where, path.relative_to("merlon").as_posix(),
                                        included.removeprefix("merlon/")))
            other = room_of(included.removeprefix("merlon/"))
            error = check_edge(layers, where, room, other, is_of_tests(path))
            if error:
                errors.append(error)
            graph.setdefault(room, set())
            if other != room and not (is_of_tests(path) and other in layers.tests.get(room, ())):
                graph[room].add(other)
        elif quote == '"':
            errors.append(f'{where}: "{included}" is not a path from the root (merlon/…)')
        elif (room in layers.headers and included not in layers.headers[room]
              and not is_of_tests(path)):  # they run on this machine, with its library
            errors.append(f"{where}: wall: {room} may not include <{included}>")
    for path, room, dependency, of_tests in cmake_deps_of(root):
        other = base_room(dependency, layers)
        error = check_edge(layers, path, room, other, of_tests)
        if error:
            errors.append(error.replace("include", "link"))
        if other != room and not (of_tests and other in layers.tests.get(room, ())):
            graph.setdefault(room, set()).add(other)
    for room in sorted(p.name for p in (root / "merlon").iterdir() if p.is_dir()):
        if room not in layers.layer and room not in layers.only:
            errors.append(f"merlon/{room}: not listed in layers.txt")
    errors.extend(check_walls(layers, graph))
    return errors, graph, layers


def draw(graph, layers):
    order = list(layers.layer)
    for level in sorted(set(layers.layer.values()), reverse=True):
        for room in (r for r in layers.layer if layers.layer[r] == level and r in graph):
            print(f"L{level}  {room:9} -> {' '.join(sorted(graph[room], key=order.index)) or '-'}")


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    errors, graph, layers = check(root)
    if errors:
        print("\n".join(dict.fromkeys(errors)), file=sys.stderr)
        return 1
    draw(graph, layers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
