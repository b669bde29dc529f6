"""Where a registry's packages can be: a folder, PostgreSQL 15 (Debian's), an S3 (s3rver from npm), in each combination."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
MODULES = HERE.parents[1] / "build" / "s3rver" / "node_modules"
S3RVER = "s3rver@3.7.1"
DONE = MODULES.parent / S3RVER
PROGRAMS = Path("/usr/lib/postgresql/15/bin")
COMBINATIONS = ("folder", "folder+s3", "postgres", "postgres+s3")
PATIENCE = 60


def why_no_postgres():
    return None if (PROGRAMS / "postgres").exists() else "PostgreSQL 15 is not installed (postgresql-15)"


def why_no_s3():
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not here"
    MODULES.parent.mkdir(parents=True, exist_ok=True)
    # One test gets it, and no other takes it while it is half there.
    with (MODULES.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return None if DONE.exists() else got_s3rver()


def got_s3rver():
    got = subprocess.run(["npm", "install", "--prefix", MODULES.parent, "--no-save", "--ignore-scripts", "--no-audit",
                          "--no-fund", "--loglevel=error", S3RVER], capture_output=True, text=True, check=False,
                         timeout=120)
    if got.returncode != 0:
        return f"npm does not give {S3RVER}"
    DONE.touch()
    return None


def why_not(combination):
    return ("postgres" in combination and why_no_postgres()) or ("s3" in combination and why_no_s3()) or None


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Postgres:
    """On a socket in a folder that its user can enter, and with TLS on one of this machine's ports. It ends when this
    program does. `settings` are words of its command line, `environment` is its own; without them nothing is synchronised.
    Without an `address` it is on its socket only: a port may be somebody else's while it is started again."""

    def __init__(self, folder, settings=("fsync=off",), environment=None, address="127.0.0.1"):
        self.folder, self.settings, self.environment, self.address = Path(folder), settings, environment, address
        self.folder.mkdir(mode=0o755)
        self.prefix = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            self.prefix += ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
            shutil.chown(self.folder, "postgres")
            for each in self.folder.parents:  # of the test's own, which nobody else may enter
                if each.stat().st_uid == 0 and each.stat().st_mode & 0o077 == 0:
                    each.chmod(0o711)
        self.data = self.folder / "data"
        self.tool("initdb", "-D", self.data, "-A", "trust", "-U", "merlon", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8",
                  "--data-checksums", "--wal-segsize=1")
        self.certificate, self.port = self.folder / "tls.crt", free_port()
        subprocess.run([*self.prefix, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", self.folder / "tls.key", "-out", self.certificate, "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True, cwd="/")
        self.start()

    def tool(self, name, *words, **options):
        return subprocess.run([*self.prefix, PROGRAMS / name, *map(str, words)], check=True, capture_output=True,
                              text=True, timeout=PATIENCE, cwd="/", **options).stdout

    def start(self):
        self.process = subprocess.Popen(
            [*self.prefix, PROGRAMS / "postgres", "-D", self.data, "-k", self.folder, "-p", str(self.port),
             "-c", f"listen_addresses={self.address}", "-c", "ssl=on", "-c", f"ssl_cert_file={self.certificate}", "-c",
             f"ssl_key_file={self.folder / 'tls.key'}", "-c", "shared_buffers=16MB", "-c", "dynamic_shared_memory_type=mmap",  # which goes with the folder
             *(word for each in self.settings for word in ("-c", each))], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/", env={**os.environ, **(self.environment or {})}, start_new_session=True)
        deadline = time.monotonic() + PATIENCE
        while subprocess.run([PROGRAMS / "pg_isready", "-q", "-h", self.folder, "-p",
                              str(self.port)], check=False).returncode:
            assert self.process.poll() is None, f"PostgreSQL ended with {self.process.returncode}"
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            time.sleep(0.02)

    def create(self, name):
        self.tool("createdb", "-h", self.folder, "-p", self.port, "-U", "merlon", "-T", "template0", name)
        return self.url(name)

    def url(self, name):
        return f"postgresql://merlon@{str(self.folder).replace('/', '%2F')}:{self.port}/{name}"

    def stop(self, how=signal.SIGQUIT):
        self.process.send_signal(how)
        self.process.wait(PATIENCE)

    def kill_all(self):
        """All of its processes at once, until none is left."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                return
            self.process.poll()
            assert time.monotonic() < deadline, "PostgreSQL does not end"
            time.sleep(0.01)


class S3:
    """s3rver, whose signatures count; over TLS with `tls`, a key and a certificate."""

    SCRIPT = """
const [modules, directory, port, key, cert] = process.argv.slice(1);
const fs = require('fs'), S3rver = require(modules + '/s3rver');
const tls = key ? {key: fs.readFileSync(key), cert: fs.readFileSync(cert)} : {};
new S3rver({address: '127.0.0.1', port: +port, silent: true, directory, vhostBuckets: false,
            configureBuckets: [{name: 'registry'}], ...tls}).run().then(at => console.log(at.port));
process.stdin.resume().on('end', () => process.exit());
"""

    def __init__(self, folder, tls=()):
        self.folder, self.tls, self.port = Path(folder), tls, 0
        self.folder.mkdir()
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["node", "-e", self.SCRIPT, MODULES, self.folder, str(self.port), *map(str, self.tls)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline())
        self.endpoint = f"http{'s' if self.tls else ''}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}"

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        for each in (self.process.stdin, self.process.stdout):
            each.close()

    def chunks(self):
        return [each for each in self.folder.rglob("*_object") if each.is_file()]


KEYS = {"AWS_ACCESS_KEY_ID": "S3RVER", "AWS_SECRET_ACCESS_KEY": "S3RVER"}


class Place:
    """Words of a command line that say where packages are, and the environment that they need."""

    def __init__(self, folder=None, database=None, s3=None, prefix=""):
        self.folder, self.database, self.s3, self.prefix = folder, database, s3, prefix

    def words(self, to=""):
        words = []
        if self.folder:
            words += [f"--{to}store", str(self.folder)]
        if self.database:
            words += [f"--{to}database", self.database]
        if self.s3:
            words += [f"--{to}objects", f"s3://registry/{self.prefix}".rstrip("/"), f"--{to}s3-endpoint", self.s3.endpoint]
        return words

    @property
    def environment(self):
        return KEYS if self.s3 else {}


class Stores:
    """Servers as they are asked for, one of each, and a new place for each who asks."""

    def __init__(self, folder):
        self.folder, self.count, self.postgres, self.s3 = Path(folder), 0, None, None

    def place(self, combination):
        self.count += 1
        place = Place()
        if combination != "postgres+s3":
            place.folder = self.folder / f"store{self.count}"
        if "postgres" in combination:
            self.postgres = self.postgres or Postgres(self.folder / "postgres")
            place.database = self.postgres.create(f"registry{self.count}")
        if "s3" in combination:
            self.s3 = self.s3 or S3(self.folder / "s3")
            place.s3, place.prefix = self.s3, f"p{self.count}"
        return place

    def stop(self):
        for each in (self.postgres, self.s3):
            if each:
                each.stop()
