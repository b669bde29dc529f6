"""containerd, private to a test."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import bundles
from bundles import wait_until
from images import archive_of, ended_by_id


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
