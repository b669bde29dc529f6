#!/usr/bin/env python3
"""A registry that is killed, or whose machine loses its power, while clients push: what it has acknowledged is there."""

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "e2e"))
from registry import Drawbridge, Issuer, Package  # noqa: E402
from stores import COMBINATIONS, Place, Postgres, Stores, why_no_postgres, why_not  # noqa: E402
from support import main  # noqa: E402

KILLS = int(os.environ.get("MERLON_REGISTRY_KILLS", "6"))
# Of each combination of stores, besides the folder.
OTHER_KILLS = int(os.environ.get("MERLON_REGISTRY_KILLS", "2"))
STORES = os.environ.get("MERLON_REGISTRY_STORES", "postgres+s3").split(",")
POWER_CUT = os.environ.get("MERLON_POWER_CUT_LIBRARY", "build/dev/tests/libmerlon_power_cut.so")
NOT_BUILT = "the library that notes what is synchronised is not built"
SHM = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Noted:
    """What a disk must have kept (power_cut.cc)."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def file(self, inode):
        path = self.folder / str(inode)
        return path.read_bytes() if path.exists() else None

    def names(self, inode):
        listing = self.file(inode) or b""
        return {name: int(number) for number, name in (line.split(" ", 1) for line in listing.decode().splitlines())}

    def note_what_is_there(self, store):
        """What was there before is on the disk."""
        for path in [store, *store.rglob("*")]:
            at = self.folder / str(path.stat().st_ino)
            if at.exists() or path.name.endswith(("-shm", "-wal")):
                continue
            at.write_bytes("".join(f"{each.stat().st_ino} {each.name}\n" for each in path.iterdir()).encode()
                           if path.is_dir() else path.read_bytes())

    def restore(self, now, to, chance):
        """A directory as a disk may have it after the cut, of what it is now: what was synchronised is there, and of the
        rest whatever chance wills."""
        to.mkdir(mode=0o700)
        kept = self.names(now.stat().st_ino)
        there = {each.name: each for each in now.iterdir()}
        for name in sorted(kept.keys() | there.keys()):
            if name.endswith("-shm") or (not (name in kept and name in there) and chance.random() < 0.5):
                continue
            path = there.get(name)
            if path is not None and path.is_dir():
                self.restore(path, to / name, chance)
            else:
                (to / name).write_bytes(self.content(kept.get(name), path, chance))

    def content(self, inode, path, chance):
        current = path.read_bytes() if path is not None else b""
        noted = self.file(path.stat().st_ino if path is not None else inode)
        if noted is None:  # never synchronised: any part of it
            return current[:chance.randint(0, len(current))]
        return chance.choice([noted, current]) if path is not None else noted


class Pushing(threading.Thread):
    """One package after the other, until the service is gone; which were acknowledged."""

    def __init__(self, service, token, packages, seed):
        super().__init__(daemon=True)
        self.service, self.token, self.packages, self.seed = service, token, packages, seed
        self.done, self.tried = [], []

    def run(self):
        chance = random.Random(self.seed)
        for number in range(10_000):
            tag, package = f"1.{self.seed}.{number}", chance.choice(self.packages)
            self.tried.append((tag, package))
            try:
                statuses = self.service.push("bob/app", tag, package, self.token)
            except OSError:
                return
            except Exception:  # half an answer
                return
            if set(statuses) != {201}:
                raise AssertionError(statuses)
            self.done.append((tag, package))


class Killed(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-drawbridge-", dir=SHM)
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        self.issuer = Issuer(self.folder)
        self.addCleanup(self.issuer.stop)
        self.bob = self.issuer.token("s|bob")
        self.chance = random.Random(18)
        self.packages = [Package({"main.wasm": os.urandom(size), "lib/same": b"of all", "lib/own": bytes([size % 251])})
                         for size in (10, 5_000, 300_000)]
        self.acknowledged = {}

    def start(self, store, environment=None):
        service = Drawbridge(store, self.issuer, environment=environment)
        self.addCleanup(lambda: service.process.poll() is None and service.stop(signal.SIGKILL))
        service.register("bob", "app", self.bob)
        return service

    def push_until_killed(self, service, turn):
        clients = [Pushing(service, self.bob, self.packages, 10 * turn + each) for each in range(2)]
        for each in clients:
            each.start()
        time.sleep(self.chance.uniform(0.02, 0.25))
        service.stop(signal.SIGKILL)
        tried = {}
        for each in clients:
            each.join(60)
            self.acknowledged |= dict(each.done)
            tried |= dict(each.tried)
        return tried

    def judge(self, service, tried):
        for tag, package in self.acknowledged.items():
            self.assertTrue(service.pull("bob/app", tag, package), tag)
        for tag, package in tried.items():
            if tag in self.acknowledged:
                continue
            if service.ask("GET", f"/bob/app/_tag/{tag}")[0] == 200:
                self.assertTrue(service.pull("bob/app", tag, package), tag)
            else:  # a repeat succeeds
                self.assertLessEqual(set(service.push("bob/app", tag, package, self.bob)), {200, 201})
            self.acknowledged[tag] = package
        found = service.run("fsck")
        self.assertEqual(found.returncode, 0, found.stdout)

    def test_at_any_moment(self):
        self.kill(self.folder / "store", KILLS)

    def test_at_any_moment_in_other_stores(self):
        stores = Stores(self.folder)
        self.addCleanup(stores.stop)
        for combination in STORES:
            with self.subTest(combination):
                self.assertIn(combination, COMBINATIONS)
                if reason := why_not(combination):
                    self.skipTest(reason)
                self.acknowledged = {}
                self.kill(stores.place(combination), OTHER_KILLS)

    def kill(self, store, kills):
        service = self.start(store)
        for turn in range(kills):
            tried = self.push_until_killed(service, turn)
            service = self.start(store)
            self.judge(service, tried)
            self.forget_most()
        service.stop()

    def forget_most(self):
        self.acknowledged = dict(self.chance.sample(sorted(self.acknowledged.items(), key=lambda each: each[0]),
                                                    min(6, len(self.acknowledged))))

    def noting(self, name):
        """A folder for what is synchronised, and the environment of who writes into it."""
        noted = self.folder / name
        noted.mkdir()
        library = self.folder / "power_cut.so"  # where everybody can read it
        shutil.copy(POWER_CUT, library)
        return noted, {"LD_PRELOAD": str(library), "MERLON_POWER_CUT": str(noted)}

    @unittest.skipUnless(os.path.exists(POWER_CUT), NOT_BUILT)
    def test_when_the_power_goes(self):
        store = self.folder / "store0"
        for turn in range(KILLS):
            noted, environment = self.noting(f"noted{turn}")
            service = self.start(store, environment=environment)
            Noted(noted).note_what_is_there(store)
            tried = self.push_until_killed(service, turn)
            after = self.folder / f"store{turn + 1}"
            Noted(noted).restore(store, after, self.chance)
            shutil.rmtree(store)
            shutil.rmtree(noted)
            store = after
            service = self.start(store)
            self.judge(service, tried)
            service.stop()
            self.forget_most()

    @unittest.skipUnless(os.path.exists(POWER_CUT), NOT_BUILT)
    @unittest.skipIf(why_no_postgres(), why_no_postgres())
    def test_when_the_power_goes_over_a_database(self):
        """Of the machine that has the objects and of the one that has PostgreSQL, at the same moment."""
        server = Postgres(self.folder / "postgres", ("checkpoint_timeout=30s", "max_wal_size=4MB"), address="")
        place = Place(self.folder / "objects", server.create("registry"))
        self.start(place).stop()  # makes the tables
        server.stop(signal.SIGINT)
        for turn in range(OTHER_KILLS):
            of_objects, environment = self.noting(f"noted{turn}")
            of_database, server.environment = self.noting(f"noted-database{turn}")
            shutil.chown(of_database, server.data.owner())
            Noted(of_database).note_what_is_there(server.data)
            Noted(of_objects).note_what_is_there(place.folder)
            server.start()
            tried = self.push_until_killed(self.start(place, environment=environment), turn)
            server.kill_all()
            for noted, now in ((of_objects, place.folder), (of_database, server.data)):
                after, owner = now.with_name(f"{now.name}-after"), now.owner()
                Noted(noted).restore(now, after, self.chance)
                shutil.rmtree(now)
                shutil.rmtree(noted)
                after.rename(now)
                for each in [now, *now.rglob("*")]:
                    shutil.chown(each, owner)
            server.environment = None
            server.start()
            service = self.start(place)
            self.judge(service, tried)
            service.stop()
            server.stop(signal.SIGINT)
            self.forget_most()


if __name__ == "__main__":
    main()
