"""A TLS keep under mixed load: nothing fails, and it holds no more at the end than after its start.
MERLON_LOAD_SECONDS says for how long (4)."""

import collections
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from support import MERLON, main
from tls_support import TlsTest

SECONDS = float(os.environ.get("MERLON_LOAD_SECONDS", "4"))
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PIECE = os.urandom(16384)


def keep_of(merlon):
    """The process of the keep below one of merlon's."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, fields = path.read_text().rsplit(")", 1)
        except OSError:
            continue
        if name.endswith("(merlon-keep") and int(fields.split()[1]) == merlon:
            return int(path.parent.name)
    raise AssertionError("there is no keep")


def held(keep):
    """Resident bytes, and open descriptors."""
    pages = int(Path(f"/proc/{keep}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(list(Path(f"/proc/{keep}/fd").iterdir()))


@unittest.skipUnless(shutil.which("clang-22"), "no clang-22 for the example")
class Load(TlsTest):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-load-")
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = Path(scratch.name)
        subprocess.run([EXAMPLES / "build.sh", cls.scratch, "echo-tcp"], check=True, stdout=subprocess.DEVNULL)

    def start_server(self):
        self.port = self.free_port()
        package = self.folder / "package"
        package.mkdir()
        shutil.copy(self.scratch / "echo-tcp.wasm", package / "main.wasm")
        (package / "Enarx.toml").write_text("files = [{kind='stdin'}, {kind='stdout'}, {kind='stderr'}, "
                                            f"{{kind='listen', name='echo', addr='127.0.0.1', port={self.port}}}]\n")
        self.merlon_process = subprocess.Popen([MERLON, "run", "--backend", "nil", package], text=True,
                                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                               stderr=subprocess.PIPE)
        for end in (self.merlon_process.stdout.close, self.merlon_process.stderr.close,
                    self.merlon_process.wait, self.merlon_process.kill):
            self.addCleanup(end)
        self.reach(self.port).close()

    def work(self, one_turn):
        """Turns of one kind until the load is over."""
        while not self.over.is_set():
            try:
                one_turn()
            except OSError as error:  # of TLS too
                self.failures.append(f"{one_turn.__name__}: {error!r}")
            self.turns[one_turn.__name__] += 1

    def greet(self):
        with self.connect(self.port) as connection:
            self.echo(connection, b"hello")
            connection.unwrap()

    def carry(self):
        """Much over one connection, in both directions."""
        with self.connect(self.port) as connection:
            for _ in range(200):
                if self.over.is_set():
                    break
                self.echo(connection, PIECE)
            connection.unwrap()

    def cut_off(self):
        """A client that goes away in the middle; that is its own error, and nobody else's."""
        connection = self.connect(self.port)
        connection.sendall(PIECE)
        connection.close()
        time.sleep(0.02)

    def talk_nonsense(self):
        with self.reach(self.port) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            try:
                plain.recv(100)
            except ConnectionResetError:
                pass
        time.sleep(0.02)

    def stall(self):
        """Half a hello, and then nothing for a while."""
        with self.reach(self.port) as plain:
            plain.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03half")
            self.over.wait(0.5)

    def refuse_old(self):
        older = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)
        try:
            self.connect(self.port, older).close()
        except (ssl.SSLError, ConnectionResetError):
            time.sleep(0.02)
            return
        raise AssertionError("an old version was spoken")

    def files_at_rest(self, keep):
        """With one connection, which says that those before it are gone."""
        with self.connect(self.port) as connection:
            self.echo(connection, b"hello")
            count = held(keep)[1]
            connection.unwrap()
        return count

    def test_it_holds_no_more_at_the_end_than_after_its_start(self):
        self.start_server()
        keep = keep_of(self.merlon_process.pid)
        quiet_before = self.files_at_rest(keep)
        self.over, self.failures, self.turns = threading.Event(), [], collections.Counter()
        kinds = [self.greet, self.greet, self.carry, self.carry, self.cut_off, self.talk_nonsense, self.stall,
                 self.stall, self.refuse_old]
        threads = [threading.Thread(target=self.work, args=(each,)) for each in kinds]
        for each in threads:
            each.start()
        self.addCleanup(self.over.set)
        samples = []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            time.sleep(min(0.2, max(SECONDS / 100, 0.02)))
            samples.append(held(keep))
        self.over.set()
        for each in threads:
            each.join(120)
        self.assertEqual(self.failures, [])
        self.assertIsNone(self.merlon_process.poll())
        quiet = self.files_at_rest(keep)
        with self.connect(self.port) as connection:
            connection.sendall(b"quit\n")
            self.assertEqual(connection.recv(100), b"quit\n")
            connection.unwrap()
        said, errors = self.merlon_process.communicate(timeout=60)
        self.assertEqual((self.merlon_process.returncode, errors), (0, ""), said)
        # A third of the time is the start: caches, the library's tables, the largest buffers.
        third = len(samples) // 3
        early, late = samples[third:2 * third], samples[2 * third:]
        most_early, most_late = max(size for size, _ in early), max(size for size, _ in late)
        files_early, files_late = max(count for _, count in early), max(count for _, count in late)
        print(f"{SECONDS:.0f} s, {dict(self.turns)}, resident at most {most_early >> 10} and {most_late >> 10} KiB, "
              f"descriptors at most {files_early} and {files_late}, at rest {quiet_before} and {quiet}; {said.splitlines()[-1]}")
        self.assertLessEqual(most_late, most_early * 1.05)
        self.assertLessEqual(files_late, files_early + 2)
        self.assertEqual(quiet, quiet_before)


if __name__ == "__main__":
    main()
