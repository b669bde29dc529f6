"""What goes on while things happen to a fleet."""

import random
import threading
import time


class Deploying:
    """One deposit after the other, made unless it is there, and started by a host, or by the next one where the first does not."""

    def __init__(self, fleet, what, pause=0):
        self.fleet, self.what, self.pause = fleet, what, pause
        self.end, self.refused = threading.Event(), {}
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        choice = random.Random(21)
        for each in self.what:
            if self.end.wait(self.pause):
                return
            deposit = each
            if each not in self.fleet.deposited:
                try:
                    deposit, _ = self.fleet.deposit(each)
                except AssertionError as error:
                    self.refused[each] = str(error)
                    continue
            hosts = list(self.fleet.hosts)
            choice.shuffle(hosts)
            self.fleet.release_somewhere(deposit, hosts)

    def finish(self):
        self.thread.join()

    def stop(self):
        self.end.set()
        self.thread.join()


class Pushing:
    """Packages that are published, each until the registry has acknowledged it."""

    def __init__(self, fleet):
        self.fleet, self.end = fleet, threading.Event()
        self.tried, self.failed, self.longest = 0, [], 0.0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        number, last = 0, time.monotonic()
        while not self.end.is_set():
            number += 1
            while not self.end.is_set():
                self.tried += 1
                ran = self.fleet.push(f"1.{number}.0")
                if ran.returncode == 0:
                    break
                self.failed.append(ran.stderr.strip()[-300:])
                time.sleep(0.2)
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now

    def stop(self):
        self.end.set()
        self.thread.join()
