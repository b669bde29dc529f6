"""Engines that are private to a test."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import bundles
from bundles import wait_until
from images import archive_of, ended_by_id, layer_of


class WithContainerd(unittest.TestCase):
    NEEDED = ("containerd", "ctr")
    NAMESPACE = "default"
    MORE = 'disabled_plugins = ["io.containerd.grpc.v1.cri"]'

    @classmethod
    def setUpClass(cls):
        missing = [each for each in cls.NEEDED if not shutil.which(each)]
        reason = bundles.why_not() or (f"{missing[0]} is not here" if missing else None)
        if reason:
            raise unittest.SkipTest(reason)
        cls.folder = Path(tempfile.mkdtemp(prefix="merlon-ctd-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.socket = cls.folder / "sock"
        (cls.folder / "config.toml").write_text(f"""
version = 2
root = "{cls.folder}/root"
state = "{cls.folder}/state"
{cls.MORE}
[grpc]
  address = "{cls.socket}"
""")
        (cls.folder / "oci.toml").write_text(f'native-runtime = "{shutil.which("runc") or "runc"}"\n')
        log = (cls.folder / "log").open("wb")
        cls.daemon = subprocess.Popen(["containerd", "-c", cls.folder / "config.toml"], stdout=log, stderr=log,
                                      stdin=subprocess.DEVNULL,
                                      env=os.environ | {"MERLON_OCI_CONFIG": str(cls.folder / "oci.toml")})
        log.close()
        cls.addClassCleanup(ended_by_id, cls.daemon)
        if not wait_until(lambda: cls.socket.exists() and cls.ctr("version").returncode == 0):
            raise unittest.SkipTest("containerd does not start here")
        loaded = cls.ctr("images", "import", "--snapshotter", "native", archive_of(cls.folder))
        if loaded.returncode != 0:
            raise AssertionError(loaded.stderr)
        cls.image = "localhost/guests:1"
        cls.count = 0

    @classmethod
    def ctr(cls, *words):
        return subprocess.run(["ctr", "-a", cls.socket, "-n", cls.NAMESPACE, *map(str, words)], text=True, capture_output=True,
                              check=False, timeout=60, stdin=subprocess.DEVNULL, errors="replace")


class WithPodman(unittest.TestCase):
    """podman with images and containers of this test's own."""

    @classmethod
    def setUpClass(cls):
        reason = bundles.why_not() or (None if shutil.which("podman") else "podman is not here")
        if reason:
            raise unittest.SkipTest(reason)
        cls.folder = Path(tempfile.mkdtemp(prefix="merlon-podman-"))
        cls.addClassCleanup(cls.clean)
        native = shutil.which("runc") or ""
        (cls.folder / "oci.toml").write_text(f'native-runtime = "{native}"\nbackend = "nil"\n' if native
                                             else 'backend = "nil"\n')
        (cls.folder / "containers.conf").write_text(f"""
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "merlon"
[engine.runtimes]
merlon = ["{bundles.OCI}"]
""")
        cls.environment = os.environ | {"CONTAINERS_CONF": str(cls.folder / "containers.conf"),
                                        "TMPDIR": str(cls.folder)}
        made = cls.podman("import", "-c", 'ENTRYPOINT ["/hello.wasm"]', "-c", "ENV FROM=image", layer_of(cls.folder),
                          "localhost/guests:1")
        if made.returncode != 0:
            raise unittest.SkipTest(f"podman keeps no images here: {made.stderr.strip()[-200:]}")

    @classmethod
    def clean(cls):
        cls.podman("rm", "--all", "--force", "--time", "0")
        cls.podman("rmi", "--all", "--force")
        subprocess.run(["umount", cls.folder / "images/overlay"], check=False, capture_output=True)
        shutil.rmtree(cls.folder, ignore_errors=True)

    @classmethod
    def podman(cls, *words, **options):
        return subprocess.run(["podman", "--root", cls.folder / "images", "--runroot", cls.folder / "run",
                               "--storage-driver", "vfs", "--runtime-flag", f"config={cls.folder}/oci.toml",
                               "--tmpdir", cls.folder / "tmp", *map(str, words)],
                              env=cls.environment, text=True, capture_output=True, check=False, timeout=120,
                              stdin=subprocess.DEVNULL, errors="replace", **options)


class Dockerd:
    """One dockerd with a containerd of its own; `within` are words that have it run somewhere else."""

    def __init__(self, folder, within=()):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.socket = folder / "docker.sock"
        (folder / "oci.toml").write_text(f'backend = "nil"\nnative-runtime = "{shutil.which("runc") or "runc"}"\n')
        (folder / "daemon.json").write_text(json.dumps({
            "data-root": str(folder / "data"), "exec-root": str(folder / "exec"), "pidfile": str(folder / "pid"),
            "hosts": [f"unix://{self.socket}"], "storage-driver": "vfs", "bridge": "none", "iptables": False,
            "ip6tables": False,
            "runtimes": {"merlon": {"path": bundles.OCI, "runtimeArgs": [f"--config={folder}/oci.toml"]}},
            "default-runtime": "merlon",
            "default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}}))
        self.within = within
        self.start()

    def start(self):
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([*self.within, "dockerd", "--config-file", self.folder / "daemon.json"], stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL)

    def why_not(self):
        """Waits until it answers; why it does not, or None."""
        wait_until(lambda: self.process.poll() is not None or self.docker("version").returncode == 0, 30)
        if self.process.poll() is None:
            return None
        text = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        return f"dockerd does not start here: {text[-1][-200:] if text else ''}"

    def docker(self, *words):
        return subprocess.run(["docker", "-H", f"unix://{self.socket}", *map(str, words)], text=True, check=False,
                              capture_output=True, timeout=120, stdin=subprocess.DEVNULL, errors="replace",
                              env=os.environ | {"DOCKER_CONFIG": str(self.folder)})


class WithDocker(unittest.TestCase):
    """dockerd, private to a test."""

    @classmethod
    def setUpClass(cls):
        missing = [each for each in ("dockerd", "docker", "containerd") if not shutil.which(each)]
        reason = bundles.why_not() or (f"{missing[0]} is not here" if missing else None)
        if reason:
            raise unittest.SkipTest(reason)
        cls.folder = Path(tempfile.mkdtemp(prefix="merlon-dkr-"))
        cls.addClassCleanup(cls.clean)
        cls.daemons = cls.start_daemons()
        for each in cls.daemons:
            cls.addClassCleanup(lambda each=each: ended_by_id(each.process))
        archive = archive_of(cls.folder)
        for each in cls.daemons:
            if each.why_not():
                raise unittest.SkipTest(each.why_not())
            loaded = each.docker("load", "-i", archive)
            if loaded.returncode != 0:
                raise AssertionError(loaded.stderr)

    @classmethod
    def start_daemons(cls):
        return [Dockerd(cls.folder / "one")]

    @classmethod
    def docker(cls, *words):
        return cls.daemons[0].docker(*words)

    @classmethod
    def clean(cls):
        for mount in reversed(Path("/proc/mounts").read_text().split()):
            if mount.startswith(str(cls.folder)):
                subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
        shutil.rmtree(cls.folder, ignore_errors=True)
