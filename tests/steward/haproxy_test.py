#!/usr/bin/env python3
"""Two Stewards behind the real haproxy, as docs/haproxy.cfg has it: one is killed under load."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
from pathlib import Path

from evidence_test import parts_of
from keeps import PlatformTest
from service import PATIENCE, PKCS10, Steward
from support import main

CONFIGURATION = Path(__file__).parents[2] / "docs" / "haproxy.cfg"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Clients:
    """Each asks for certificates, one after the other."""

    def __init__(self, port, request, count):
        self.port, self.request = port, request
        self.ending = threading.Event()
        self.statuses, self.lost = [], []
        self.threads = [threading.Thread(target=self.run) for _ in range(count)]
        for each in self.threads:
            each.start()

    def run(self):
        while not self.ending.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                connection.request("POST", "/", self.request, {"Content-Type": PKCS10})
                response = connection.getresponse()
                body = response.read()
                self.statuses.append(response.status if len(parts_of(body)) == 2 else -1)
            except (OSError, http.client.HTTPException, IndexError) as error:
                self.lost.append(repr(error))
            finally:
                connection.close()

    def end(self):
        self.ending.set()
        for each in self.threads:
            each.join()


@unittest.skipUnless(shutil.which("haproxy"), "haproxy is not here")
class Haproxy(PlatformTest):
    def setUp(self):
        super().setUp()
        self.key, self.crt = self.ca()
        self.ports = [free_port(), free_port()]
        self.stewards = [self.begin(0), self.begin(1)]
        self.port = free_port()
        environment = {**os.environ, "STEWARD_BIND": f"127.0.0.1:{self.port}",
                       "STEWARD_ONE": f"127.0.0.1:{self.ports[0]}", "STEWARD_TWO": f"127.0.0.1:{self.ports[1]}"}
        self.haproxy = subprocess.Popen(["haproxy", "-db", "-f", CONFIGURATION], env=environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.haproxy.wait, PATIENCE)
        self.addCleanup(self.haproxy.terminate)
        self.wait_until_it_serves()

    def begin(self, number):
        steward = Steward("--policy", self.policy, "--endorsements", self.stage.platform, "--development", "--key",
                          self.key, "--crt", self.crt, "--state", self.folder / f"state{number}", "--listen",
                          f"127.0.0.1:{self.ports[number]}")
        self.addCleanup(steward.stop)
        return steward

    def wait_until_it_serves(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/ready")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.05)
            finally:
                connection.close()
        self.fail("haproxy does not serve")

    def under_load(self, number):
        """Ends one with this signal in the middle, then starts it again; what clients have seen."""
        clients = Clients(self.port, self.request, 8)
        time.sleep(0.7)
        self.stewards[0].process.send_signal(number)
        time.sleep(0.7)
        self.stewards[0].stop()
        self.stewards[0] = self.begin(0)
        time.sleep(0.7)
        clients.end()
        return clients

    def test_one_that_is_killed_under_load_loses_no_request(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            clients = self.under_load(number)
            self.assertEqual((set(clients.statuses), clients.lost), ({200}, []))
            self.assertGreater(len(clients.statuses), 100)
            print(f"{number.name}: {len(clients.statuses)} certificates, none lost")


if __name__ == "__main__":
    main()
