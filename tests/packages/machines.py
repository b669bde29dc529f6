"""Bare machines of Debian's releases: made by debootstrap from the mirror that this machine uses, kept below build/machines,
and entered by chroot or started, with systemd as its first process, by systemd-nspawn. Nothing of a machine stays mounted."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build/machines"
TOOLS = {"debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "unshare": "util-linux"}
PATIENCE = 900
ENVIRONMENT = {"HOME": "/root", "USER": "root", "TERM": "dumb", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
               "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
# Into namespaces of its own, so that whatever ends this leaves no mount and no process behind. Devices are the machine's
# own, since packages give groups to those of the host where they see them; and nothing of the kernel can be set.
ENTER = """set -e; mount --make-rprivate /; cd "$1"
mount -t proc proc proc; mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys; mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 dev dev; mkdir dev/pts dev/shm; mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
while read -r name major minor; do mknod -m 666 dev/$name c $major $minor; done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
mount --bind "$2" var/cache/apt/archives
exec chroot . /bin/bash -c "$3"
"""


class Trouble(Exception):
    pass


def why_not():
    """Why there can be no machines here, or None."""
    if os.geteuid() != 0:
        return "only root can make machines"
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            return f"{tool} is not here ({package})"
    if not own_sources():
        return "no mirror of Debian's in /etc/apt"
    said = subprocess.run(["unshare", "--mount", "mount", "--make-rprivate", "/"], check=False, capture_output=True)
    return "nothing may be mounted here" if said.returncode else None


def own_release():
    return re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(), re.M).group(1)


def own_sources():
    """(address, suite) of each source of Debian's main packages that this machine's apt has for its release."""
    release = own_release()
    found = []
    for path in [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("*"))]:
        if path.suffix == ".list" and path.exists():
            for line in re.findall(r"^deb +(?:\[[^\]]*\] +)?(\S+) +(\S+) +(.*)$", path.read_text(), re.M):
                if "main" in line[2].split():
                    found.append(line[:2])
        elif path.suffix == ".sources":
            for paragraph in path.read_text().split("\n\n"):
                fields = dict(re.findall(r"^(\w[\w-]*): *(.*)$", paragraph, re.M))
                if fields.get("Types", "").split()[:1] == ["deb"] and "main" in fields.get("Components", "").split():
                    found += [(address, suite) for address in fields.get("URIs", "").split()
                              for suite in fields.get("Suites", "").split()]
    return [(address.rstrip("/"), suite) for address, suite in found if suite.partition("-")[0] == release]


def sources_of(release):
    own = own_release()
    return [(address, suite.replace(own, release, 1)) for address, suite in own_sources()]


def run(*command, **options):
    said = subprocess.run([str(word) for word in command], check=False, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **{"timeout": PATIENCE, **options})
    if said.returncode != 0:
        raise Trouble(f"{' '.join(str(word) for word in command)[:200]}: status {said.returncode}\n{said.stdout[-3000:]}")
    return said.stdout


class Machine:
    """A folder with a whole Debian in it."""

    def __init__(self, release, folder):
        self.release = release
        self.folder = folder
        self.archives = KEPT / release / "archives"
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)

    def run(self, command, **options):
        """As root at a shell of it; the output, or Trouble."""
        return run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "enter", self.folder, self.archives, command,
                   env=ENVIRONMENT, **options)

    def put(self, source, place, mode=0o644):
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        target.chmod(mode)

    def write(self, text, place, mode=0o644):
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def boot(self, script, patience=300):
        """Starts it, runs `script` when all else is up, and stops it. What the script said, with its status in front."""
        self.write(script, "root/at-boot", 0o755)
        unit = ("[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\nExecStart=/bin/bash -c '/root/at-boot "
                ">/root/said 2>&1; echo $? >/root/status'\nExecStopPost=/bin/systemctl --force poweroff\n"
                "[Install]\nWantedBy=default.target\n")
        self.write(unit, "etc/systemd/system/at-boot.service")
        for name in ("said", "status"):
            (self.folder / "root" / name).unlink(missing_ok=True)
        self.run("systemctl enable at-boot.service")
        process = subprocess.run(["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-network",
                                  "--console=pipe", "--boot", f"--directory={self.folder}"],
                                 check=False, text=True, errors="replace", timeout=patience, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        status = self.folder / "root/status"
        if not status.exists():
            raise Trouble(f"the machine did not come up:\n{process.stdout[-3000:]}")
        return int(status.read_text()), (self.folder / "root/said").read_text(errors="replace")

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def kept(release, name, make):
    """A folder that is made once: `make(part)` fills it."""
    folder = KEPT / release / name
    if not folder.exists():
        part = folder.with_name(f"{name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.parent.mkdir(parents=True, exist_ok=True)
        make(part)
        part.rename(folder)
    os.utime(folder)
    return folder


def forget_unused(release, since):
    """Removes machines that were kept for packages nobody wants any more: not used since then, in seconds."""
    for folder in (KEPT / release).glob("with-*"):
        if folder.stat().st_mtime < since:
            shutil.rmtree(folder, ignore_errors=True)


def bare(release):
    """What debootstrap calls a minimal base, with the sources of this machine, in another release."""
    def make(part):
        mirror = sources_of(release)[0][0]
        run("debootstrap", "--variant=minbase", release, part, mirror, env={**os.environ, "LC_ALL": "C.UTF-8"})
        lines = [f"deb {address} {suite} main\n" for address, suite in sources_of(release)]
        (part / "etc/apt/sources.list").write_text("".join(lines))
        shutil.copyfile("/etc/resolv.conf", part / "etc/resolv.conf")
        # A mirror may stand still on purpose; this machine's apt knows.
        said = run("apt-config", "dump", "Acquire::Check-Valid-Until", "Acquire::Check-Date")
        (part / "etc/apt/apt.conf.d/90mirror").write_text(said)
        Machine(release, part).run("apt-get update")
    return kept(release, "bare", make)


def with_packages(release, packages):
    """The bare machine with packages more; they are part of the name under which it is kept."""
    def make(part):
        run("cp", "-a", bare(release), part)
        Machine(release, part).run(f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}")
    name = hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:12]
    return kept(release, f"with-{name}", make)


def copy_of(release, source, name):
    folder = KEPT / release / name
    shutil.rmtree(folder, ignore_errors=True)
    run("cp", "-a", source, folder)
    return Machine(release, folder)
