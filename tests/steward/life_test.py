#!/usr/bin/env python3
"""From start to end: load, reload, limits, log, signals."""

import concurrent.futures
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

from service import PATIENCE, PKCS10, PROBLEM, StewardTest, make_server_certificate
from support import main


class Load:
    """Clients that ask one after the other, each over one connection, until they are told to end."""

    def __init__(self, steward, clients, authority=None):
        self.steward, self.authority = steward, authority
        self.ending = threading.Event()
        self.answered = self.lost = 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]
        for each in self.threads:
            each.start()

    def run(self):
        connection = None
        while not self.ending.is_set():
            sent = False
            try:
                if connection is None:
                    connection = self.steward.connection(self.authority)
                    connection.connect()  # apart from the request: a refusal here is no loss
                connection.putrequest("POST", "/")
                connection.putheader("Content-Type", PKCS10)
                connection.putheader("Content-Length", "5")
                connection.endheaders(b"hello")
                sent = True
                response = connection.getresponse()
                response.read()
                with self.lock:
                    self.answered += response.status == 400
                if response.getheader("Connection") == "close":
                    connection.close()
                    connection = None
            except ConnectionRefusedError:
                break
            except (OSError, http.client.HTTPException):
                # The server may end a connection that is idle; a request of which it has seen a byte it must answer.
                with self.lock:
                    self.lost += sent
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def end(self):
        self.ending.set()
        for each in self.threads:
            each.join(PATIENCE)


class Life(StewardTest):
    def test_it_ends_when_it_is_told(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            steward = self.start()
            self.assertEqual(steward.stop(number), 0)
            self.assertEqual(steward.events("stop")[0]["signal"], signal.Signals(number).name)
            self.assertEqual(len(steward.events("end")), 1)

    def test_no_request_that_was_accepted_is_lost_when_it_ends(self):
        """As many answers as the server says it owed, and none after a connection was cut."""
        for _ in range(3):
            steward = self.start()
            load = Load(steward, 16)
            time.sleep(0.5)
            self.assertEqual(steward.stop(), 0)
            load.end()
            self.assertGreater(load.answered, 100)
            complete = [each["complete"] for each in steward.events("request")]
            self.assertEqual(complete.count(False), 0)
            self.assertEqual(load.answered, len(complete))
            self.assertEqual(int(steward.events("end")[0]["requests"]), len(complete))

    def test_each_line_of_the_log_is_an_object_and_no_line_has_a_secret(self):
        steward = self.start()
        headers = {"Authorization": "Bearer hush", "Cookie": "hush", "Content-Type": PKCS10}
        steward.ask("POST", "/?token=hush", b"hush hush", headers)
        steward.ask("GET", '/"\\x7f%0a{', None, {})
        steward.stop()
        requests = steward.events("request")
        self.assertEqual([each["path"] for each in requests], ["/", '/"\\x7f%0a{'])
        self.assertEqual(requests[0]["received"], 9)
        self.assertEqual(requests[0]["code"], ["request.form"])
        self.assertNotIn("hush", "".join(steward.lines))

    def test_a_new_policy_counts_without_a_new_start(self):
        policy = self.folder / "policy.toml"
        policy.write_text("revocation = \"required\"\n")
        steward = self.start("--policy", policy, "--watch", "1s")
        first = steward.ask("GET", "/ready").json()["policy"]
        policy.write_text("# another\nrevocation = \"required\"\n")
        steward.wait_for("reload")
        second = steward.ask("GET", "/ready").json()["policy"]
        self.assertNotEqual(first, second)
        # A bad one leaves the good one in force, and says so.
        policy.write_text("nonsense = 1\n")
        self.assertIn("nonsense", steward.wait_for("reload", 2)["refused"])
        self.assertEqual(steward.ask("GET", "/ready").json()["policy"], second)
        self.assertEqual(steward.metric("reload_failures_total"), 1)
        policy.write_text("revocation = \"required\"\n")
        self.assertEqual(steward.wait_for("reload", 3)["policy"], first)

    def test_a_signal_has_files_read_at_once(self):
        policy = self.folder / "policy.toml"
        policy.write_text("")
        steward = self.start("--policy", policy, "--watch", "0")
        policy.write_text("# changed\n")
        steward.hang_up()
        steward.wait_for("reload")
        steward.hang_up()
        steward.wait_for("reload", 2)
        self.assertEqual(steward.metric("reloads_total"), 2)

    def test_what_ends_within_days_is_told_before(self):
        key, crt = self.ca()
        subprocess.run(["openssl", "x509", "-in", crt, "-signkey", key, "-days", "2", "-out", crt], check=True,
                       capture_output=True)
        steward = self.start("--key", key, "--crt", crt)
        self.assertEqual(steward.wait_for("expiry")["kind"], "ca")
        self.assertEqual(self.start().events("expiry"), [])

    def test_a_ca_is_replaced_while_it_serves(self):
        key, crt = self.ca()
        steward = self.start("--key", key, "--crt", crt, "--watch", "1s")
        before = steward.ask("GET", "/ready").json()["ca_not_after"]
        subprocess.run(["openssl", "x509", "-in", crt, "-signkey", key, "-days", "5", "-out", crt], check=True,
                       capture_output=True)
        steward.wait_for("reload")
        self.assertLess(steward.ask("GET", "/ready").json()["ca_not_after"], before)


class Tls(StewardTest):
    def setUp(self):
        super().setUp()
        self.key, self.crt = make_server_certificate(self.folder)
        self.steward = self.start("--tls-key", self.key, "--tls-crt", self.crt, "--watch", "1s")

    def test_python_curl_and_openssl_speak_with_it(self):
        self.assertEqual(self.steward.ask("GET", "/health", authority=self.crt).body, b"ok\n")
        url = f"https://localhost:{self.steward.port}/health"
        said = subprocess.run(["curl", "-s", "--cacert", self.crt, url], capture_output=True, text=True, check=True)
        self.assertEqual(said.stdout, "ok\n")
        said = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{self.steward.port}", "-CAfile",
                               self.crt, "-verify_return_error", "-brief"], input="GET /health HTTP/1.0\r\n\r\n",
                              capture_output=True, text=True, check=True)
        self.assertIn("TLSv1.3", said.stderr)

    def test_older_versions_are_refused(self):
        context = ssl.create_default_context(cafile=self.crt)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.assertRaises(ssl.SSLError), socket.create_connection(("localhost", self.steward.port), 10) as plain:
            context.wrap_socket(plain, server_hostname="localhost")
        self.assertEqual(self.steward.ask("GET", "/health", authority=self.crt).status, 200)

    def test_its_certificate_is_replaced_while_connections_go_on(self):
        """As tools of ACME do: both files are put in the places of the old ones."""
        old = self.folder / "old.crt"
        shutil.copy(self.crt, old)
        connection = self.steward.connection(old)
        connection.request("GET", "/health")
        self.assertEqual(connection.getresponse().read(), b"ok\n")
        make_server_certificate(self.folder)
        self.steward.wait_for("reload")
        self.assertEqual(self.steward.ask("GET", "/health", authority=self.crt).status, 200)
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.steward.ask("GET", "/health", authority=old)
        connection.request("GET", "/health")
        self.assertEqual(connection.getresponse().read(), b"ok\n")
        connection.close()

    def test_a_key_that_is_not_the_certificates_leaves_the_old_one(self):
        other, _ = make_server_certificate(self.folder, "other")
        good = self.folder / "good.crt"
        shutil.copy(self.crt, good)
        shutil.copy(other, self.key)
        self.assertIn("refused", self.steward.wait_for("reload"))
        self.assertEqual(self.steward.ask("GET", "/health", authority=good).status, 200)

    def test_no_request_that_was_accepted_is_lost_when_it_ends(self):
        load = Load(self.steward, 8, self.crt)
        time.sleep(0.5)
        self.assertEqual(self.steward.stop(), 0)
        load.end()
        complete = [each["complete"] for each in self.steward.events("request")]
        self.assertEqual(complete.count(False), 0)
        self.assertEqual(load.answered, len(complete))


class Limits(StewardTest):
    def test_connections_of_one_address_have_a_bound(self):
        steward = self.start("--per-address", "4")
        held = [steward.connection() for _ in range(4)]
        for each in held:
            each.request("GET", "/health")
            each.getresponse().read()
        answer = steward.ask("GET", "/health", headers={"Accept": PROBLEM})
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "1"))
        held[0].close()
        deadline = time.monotonic() + PATIENCE
        while steward.ask("GET", "/health").status != 200:
            self.assertLess(time.monotonic(), deadline)
        for each in held:
            each.close()
        self.assertGreater(steward.metric('connections_refused_total{limit="address"}'), 0)

    def test_the_longest_idle_connection_makes_room(self):
        steward = self.start("--connections", "8")
        held = [steward.connection() for _ in range(8)]
        for each in held:
            each.request("GET", "/health")
            each.getresponse().read()
        for _ in range(20):
            self.assertEqual(steward.ask("GET", "/health").status, 200)
        for each in held:
            each.close()

    def test_it_leaves_no_core(self):
        steward = self.start()
        with open(f"/proc/{steward.process.pid}/limits", encoding="ascii") as limits:
            self.assertRegex(limits.read(), r"(?m)^Max core file size +[01] +[01] ")

    def test_peers_that_leave_at_once_leave_nothing_behind(self):
        steward = self.start()
        files = f"/proc/{steward.process.pid}/fd"
        steward.ask("GET", "/health")
        before = len(os.listdir(files))
        for i in range(500):
            plain = socket.create_connection(("127.0.0.1", steward.port), 10)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            if i % 2:
                plain.sendall(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx")
            plain.close()
        deadline = time.monotonic() + PATIENCE
        while len(os.listdir(files)) > before:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.assertEqual(steward.metric("body_bytes"), 0)

    def test_goes_on_beside_hundreds_that_are_stalled(self):
        steward = self.start("--per-address", "2000")
        stalled = [socket.create_connection(("127.0.0.1", steward.port), 10) for _ in range(500)]
        for number, each in enumerate(stalled):
            each.sendall((b"", b"POST / HTTP/1.1\r\nHost: h\r\n", b"POST / HTTP/1.1\r\nHost: h\r\n"
                          b"Content-Length: 9\r\n\r\nabc")[number % 3])
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: steward.post(b"x").status, range(200)))
        self.assertEqual(set(answers), {400})
        for each in stalled:
            each.close()


class Prometheus(StewardTest):
    @unittest.skipUnless(shutil.which("promtool"), "promtool is not here (package prometheus)")
    def test_promtool_finds_nothing_wrong_with_the_metrics(self):
        steward = self.start()
        steward.post(b"x")
        text = steward.ask("GET", "/metrics").body
        said = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        self.assertEqual((said.returncode, said.stdout + said.stderr), (0, b""))

    @unittest.skipUnless(shutil.which("prometheus"), "prometheus is not here")
    def test_prometheus_scrapes_it(self):
        steward = self.start()
        steward.post(b"x")
        steward.post(b"x")
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(f"""
scrape_configs:
  - job_name: steward
    scrape_interval: 200ms
    scrape_timeout: 200ms
    static_configs: [{{targets: ["127.0.0.1:{steward.port}"]}}]
""")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        prometheus = subprocess.Popen(["prometheus", f"--config.file={configuration}",
                                       f"--storage.tsdb.path={self.folder}/data",
                                       f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
        self.addCleanup(prometheus.wait, PATIENCE)
        self.addCleanup(prometheus.terminate)
        query = '/api/v1/query?query=merlon_steward_refusals_total%7Bcode="request.form"%7D'
        found = []
        deadline = time.monotonic() + PATIENCE
        while not found and time.monotonic() < deadline:
            time.sleep(0.1)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            try:
                connection.request("GET", query)
                found = json.loads(connection.getresponse().read())["data"]["result"]
            except (OSError, KeyError, ValueError):
                continue
            finally:
                connection.close()
        self.assertEqual([each["value"][1] for each in found], ["2"])


if __name__ == "__main__":
    main()
