#!/usr/bin/env python3
"""Makes Debian packages of programs that are built already.

    build_debs.py [--programs BIN] [--library PREFIX] [--out DIR] [--version VERSION] [--fast] [PACKAGE…]

Each folder beside this file is a package: `control` (fields), `files` (what goes where), and maintainer scripts,
units and configuration that `files` names; README.md tells the lines of `files`. BIN has the programs
(build/release/bin); PREFIX has the library as `cmake --install` laid it, for libmerlon-dev only. The bytes that come
out are the same for the same input, wherever and whenever: times are SOURCE_DATE_EPOCH, else the commit's.
"""

import argparse
import email.utils
import gzip
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
COMPLETIONS = {"bash": "usr/share/bash-completion/completions/{}",
               "zsh": "usr/share/zsh/vendor-completions/_{}",
               "fish": "usr/share/fish/vendor_completions.d/{}.fish"}
# As long as it is, a text of Debian's policy is delivered compressed.
COMPRESSED_FROM = 4096


class Refused(Exception):
    pass


def run(*command, **options):
    said = subprocess.run([str(word) for word in command], check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **options)
    if said.returncode != 0:
        raise Refused(f"{' '.join(str(word) for word in command)}: {said.stderr.strip() or said.returncode}")
    return said.stdout


def fields(path):
    """A paragraph of Debian's control files, in its order."""
    found = {}
    name = None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if line.startswith((" ", "\t")):
            found[name] += "\n" + line
        else:
            name, _, value = line.partition(":")
            found[name] = value.strip()
    return found


def source_of(package):
    """`openssl (= 3.0.17-1)`, what a package that is linked statically was made of."""
    return run("dpkg-query", "-W", "-f", "${source:Package} (= ${source:Version})", package)


def epoch():
    """When all that is in the packages was made, in seconds."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    said = subprocess.run(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if said.returncode == 0 and said.stdout.strip():
        return int(said.stdout)
    date = re.search(r"^ -- .*>  (.*)$", (HERE / "changelog").read_text(encoding="utf-8"), re.M).group(1)
    return int(email.utils.parsedate_to_datetime(date).timestamp())


class Package:
    """One package while it is laid out in a folder."""

    def __init__(self, name, options, work):
        self.name = name
        self.here = HERE / name
        self.options = options
        self.root = work / name
        self.conffiles = []
        self.dynamic = []
        self.scripts = {}

    def put(self, mode, source, place):
        target = self.root / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(mode)
        return target

    def write(self, text, place, compress=False):
        data = text if isinstance(text, bytes) else text.encode()
        target = self.root / (place + ".gz" if compress else place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(data, 9, mtime=0) if compress else data)
        target.chmod(0o644)

    def built(self, program):
        path = self.options.programs / program
        if not path.exists():
            raise Refused(f"{path} is not there; ./dev package builds it")
        return path

    # Lines of `files`, by their first word.

    def program(self, name, folder):
        target = self.put(0o755, self.built(name), f"{folder}/{name}")
        run("strip", "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", target)
        if "Shared library" in run("readelf", "-d", target):
            self.dynamic.append(target)

    def measured(self, name, folder):
        """As it was built to the byte, since keeps are measured as these bytes: whoever builds the sources compares."""
        self.put(0o755, self.built(name), f"{folder}/{name}")

    def beside(self, name, folder):
        self.put(0o644, self.built(name), f"{folder}/{name}")

    def manual(self, program):
        self.write(run(self.built(program), "man"), f"usr/share/man/man1/{program}.1", compress=True)

    def completion(self, program):
        for shell, place in COMPLETIONS.items():
            self.write(run(self.built(program), "completion", shell), place.format(program))

    def service(self, *units):
        """Units of systemd, and the maintainer scripts of a service: `service/`, with the package's own lines."""
        for name in units:
            self.put(0o644, self.here / name, f"usr/lib/systemd/system/{name}")
        for script in SCRIPTS:
            template = HERE / "service" / script
            if not template.exists():
                continue
            text = template.read_text(encoding="utf-8").replace("@PACKAGE@", self.name).replace("@UNITS@", " ".join(units))
            for word in ("first", "last"):
                own = self.here / word
                lines = own.read_text(encoding="utf-8").splitlines() if own.exists() else []
                text = re.sub(rf"^( *)@{word.upper()}@\n", lambda found, lines=lines: "".join(
                    f"{found.group(1)}{line}\n" for line in lines), text, flags=re.M)
            self.scripts[script] = text

    def sysusers(self, name):
        self.put(0o644, self.here / name, f"usr/lib/sysusers.d/{self.name}.conf")

    def script(self, name, folder):
        self.put(0o755, self.here / name, f"{folder}/{name}")

    def configuration(self, name, folder):
        self.put(0o644, self.here / name, f"{folder}/{name}")
        self.conffiles.append(f"/{folder}/{name}")

    def folder(self, place):
        (self.root / place).mkdir(parents=True)

    def document(self, name):
        text = (ROOT / name).read_bytes()
        self.write(text, f"usr/share/doc/{self.name}/{Path(name).name}", compress=len(text) > COMPRESSED_FROM)

    def example(self, name):
        """Those of a folder of its own in examples/ stay in one: several have a main.cc."""
        place = Path(name).relative_to("examples") if name.startswith("examples/") else Path(name).name
        self.put(0o644, ROOT / name, f"usr/share/doc/{self.name}/examples/{place}")

    def library(self):
        if self.options.library is None:
            raise Refused(f"{self.name} needs --library PREFIX; ./dev package makes one")
        for path in sorted(self.options.library.rglob("*")):
            if path.is_file():
                target = self.put(0o644, path, f"usr/{path.relative_to(self.options.library)}")
                if target.suffix == ".a":
                    run("strip", "--strip-debug", "--enable-deterministic-archives", "--remove-section=.comment", target)

    # What every package has.

    def lay_out(self):
        for number, line in enumerate((self.here / "files").read_text(encoding="utf-8").splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            step = getattr(self, words[0], None)
            if step is None or words[0] in ("put", "write", "built", "lay_out"):
                raise Refused(f"{self.name}/files:{number}: what is {words[0]}?")
            step(*words[1:])
        documents = f"usr/share/doc/{self.name}"
        self.put(0o644, HERE / "copyright", f"{documents}/copyright")
        self.write(self.changelog(), f"{documents}/changelog.Debian", compress=True)
        self.write((ROOT / "CHANGELOG.md").read_bytes(), f"{documents}/changelog", compress=True)
        overrides = [path for path in (HERE / "lintian-overrides", self.here / "lintian-overrides") if path.exists()]
        self.write("".join(path.read_text(encoding="utf-8") for path in overrides),
                   f"usr/share/lintian/overrides/{self.name}")

    def changelog(self):
        text = (HERE / "changelog").read_text(encoding="utf-8")
        return re.sub(r"\(.*?\)", f"({self.options.version})", text, count=1)

    def shared_libraries(self):
        """What the programs need of Debian, as the packages of this machine say."""
        if not self.dynamic:
            return ""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "debian").mkdir()
            (Path(folder) / "debian/control").write_text("Source: merlon\n\nPackage: merlon\nArchitecture: any\n")
            said = run("dpkg-shlibdeps", "-O", *[f"-e{path}" for path in self.dynamic], cwd=folder)
        return said.strip().partition("=")[2]

    def control(self):
        own = fields(self.here / "control")
        depends = own.get("Depends", "").replace("${shlibs}", self.shared_libraries())
        own["Depends"] = ", ".join(each for each in re.split(r",\s*", depends) if each)
        size = sum(max(1, -(-path.lstat().st_size // 1024)) if path.is_file() else 1
                   for path in self.root.rglob("*") if "DEBIAN" not in path.parts)
        first = {"Package": self.name, "Source": "merlon" if self.name != "merlon" else "",
                 "Version": self.options.version, "Architecture": run("dpkg", "--print-architecture").strip(),
                 "Maintainer": "The Merlon maintainers <maintainers@merlon.invalid>", "Installed-Size": str(size)}
        if "Static-Built-Using" in own:
            own["Static-Built-Using"] = ", ".join(sorted({source_of(each) for each in own["Static-Built-Using"].split(", ")}))
        text = {**first, **own}
        text = {name: value.replace("${version}", self.options.version) for name, value in text.items()}
        return "".join(f"{name}: {value}\n" for name, value in text.items() if value)

    def finish(self, seconds):
        debian = self.root / "DEBIAN"
        debian.mkdir()
        for name, text in self.scripts.items():
            (debian / name).write_text(text, encoding="utf-8")
            (debian / name).chmod(0o755)
        if self.conffiles:
            (debian / "conffiles").write_text("".join(f"{path}\n" for path in sorted(self.conffiles)))
        files = sorted(path for path in self.root.rglob("*") if path.is_file() and debian not in path.parents)
        places = [str(path.relative_to(self.root)) for path in files]
        (debian / "md5sums").write_text(run("md5sum", *places, cwd=self.root))
        (debian / "control").write_text(self.control(), encoding="utf-8")
        for path in [self.root, *self.root.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
            elif path.parent == debian and path.name not in SCRIPTS:
                path.chmod(0o644)
            os.utime(path, (seconds, seconds), follow_symlinks=False)
        # One thread, since the number of them shows in what xz makes.
        how = ["-Zgzip", "-z1"] if self.options.fast else ["-Zxz", "--threads-max=1"]
        run("dpkg-deb", "--root-owner-group", *how, "--build", self.root, self.options.out,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(seconds)})


def known_packages():
    return sorted(path.parent.name for path in HERE.glob("*/control"))


def program_version(options):
    for program in sorted(options.programs.glob("merlon")) or sorted(options.programs.glob("merlon-*[a-z]")):
        return run(program, "--version").split()[1] + "-1"
    raise Refused(f"{options.programs} has no programs; ./dev package builds them")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--programs", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--library", type=Path)
    parser.add_argument("--out", type=Path, default=Path("."))
    parser.add_argument("--fast", action="store_true", help="compress little, for tests")
    parser.add_argument("--version", help="instead of the one that the programs tell")
    parser.add_argument("package", nargs="*", choices=[[], *known_packages()])
    options = parser.parse_args()
    os.umask(0o022)
    options.out.mkdir(parents=True, exist_ok=True)
    options.programs, options.out = options.programs.resolve(), options.out.resolve()
    try:
        options.version = options.version or program_version(options)
        seconds = epoch()
        with tempfile.TemporaryDirectory() as work:
            for name in options.package or known_packages():
                package = Package(name, options, Path(work))
                package.lay_out()
                package.finish(seconds)
    except Refused as refusal:
        print(f"build_debs.py: {refusal}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
