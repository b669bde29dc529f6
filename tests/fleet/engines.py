"""Engines that are private to a test."""

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
