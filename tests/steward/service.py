"""The real merlon-steward on this machine, and what tests need around it: keys, requests, clients."""

import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

PROGRAM = str(Path(os.environ.get("MERLON_STEWARD", "build/dev/bin/merlon-steward")).absolute())
PKCS10 = "application/pkcs10"
BUNDLE = "application/vnd.steward.pkcs10-bundle.v1"
PROBLEM = "application/problem+json"
# Long enough for a machine that does other things as well; nothing waits for so long when all is well.
PATIENCE = 30


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, **options)


def make_ca(folder, name="ca", curve="P-256"):
    """NAME.key and NAME.crt as Enarx's documents make them."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    text = openssl("ecparam", "-genkey", "-name", {"P-256": "prime256v1", "P-384": "secp384r1"}[curve]).stdout
    key.write_bytes(openssl("pkcs8", "-topk8", "-nocrypt", input=text).stdout)
    openssl("req", "-new", "-x509", "-days", "30", "-key", key, "-out", crt, "-subj", f"/CN={name}", "-addext",
            "keyUsage=critical,keyCertSign", "-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-config",
            empty_configuration(folder))
    return key, crt


def empty_configuration(folder):
    path = folder / "openssl.cnf"
    path.write_text("[req]\ndistinguished_name=d\n[d]\n")
    return path


def make_server_certificate(folder, name="tls"):
    """Self-signed, for 127.0.0.1 and localhost."""
    key, crt = folder / f"{name}.key", folder / f"{name}.crt"
    openssl("req", "-new", "-x509", "-days", "30", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", key, "-out", crt, "-subj", f"/CN={name}", "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1", "-config", empty_configuration(folder))
    return key, crt


def make_request(folder, name="plain"):
    """A certification request without evidence."""
    key, csr = folder / f"{name}.key", folder / f"{name}.csr"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-subj",
            "/", "-outform", "DER", "-out", csr, "-config", empty_configuration(folder))
    return csr.read_bytes()


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Steward:
    """A running service; `address` and `port` are where it listens, `lines` what it has logged."""

    def __init__(self, *words, environment=None):
        self.lines = []
        self.ended = threading.Event()
        self.process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        env={**clean_environment(), **(environment or {})})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        try:
            listen = self.wait_for("listen")
        except (AssertionError, ValueError):
            self.stop()
            raise AssertionError(f"it did not start: {''.join(self.lines)}") from None
        self.address, port = listen["address"].rsplit(":", 1)
        self.address, self.port = self.address.strip("[]"), int(port)
        self.tls = listen["tls"] == "yes"

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)
        self.ended.set()

    def events(self, event):
        return [each for each in map(json.loads, list(self.lines)) if each["event"] == event]

    def wait_for(self, event, count=1):
        """The count-th line of that event."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.events(event)
            if len(found) >= count:
                return found[count - 1]
            if self.ended.is_set():
                break
            time.sleep(0.01)
        raise AssertionError(f"no line {event!r} in: {''.join(self.lines)}")

    def connection(self, authority=None, timeout=PATIENCE):
        host = "::1" if self.address == "::" else self.address
        if not self.tls:
            return http.client.HTTPConnection(host, self.port, timeout=timeout)
        context = ssl.create_default_context(cafile=authority)
        return http.client.HTTPSConnection("localhost", self.port, timeout=timeout, context=context)

    def ask(self, method, path, body=None, headers=None, authority=None):
        connection = self.connection(authority)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def post(self, body, form=PKCS10, accept=PROBLEM):
        headers = {"Content-Type": form} | ({"Accept": accept} if accept else {})
        return self.ask("POST", "/", body, headers)

    def metric(self, line):
        """The value of a line of the metrics, 0 if there is none."""
        deadline = time.monotonic() + PATIENCE
        answer = self.ask("GET", "/metrics")
        while answer.status != 200 and time.monotonic() < deadline:
            answer = self.ask("GET", "/metrics")
        text = answer.body.decode()
        found = re.search(rf"^merlon_steward_{re.escape(line)} (\S+)$", text, re.M)
        return float(found[1]) if found else 0.0

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, number=signal.SIGTERM):
        """Its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        return status


def clean_environment():
    variables = ("STEWARD_", "ROCKET_", "RENDER_")
    return {name: value for name, value in os.environ.items() if not name.startswith(variables)}


def run(*words, environment=None):
    """The program where it ends by itself."""
    return subprocess.run([PROGRAM, *map(str, words)], text=True, capture_output=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          env={**clean_environment(), **(environment or {})})


class StewardTest(unittest.TestCase):
    """One scratch directory for each test, `self.folder`, with a CA in it."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="merlon-steward-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def ca(self, name="ca", curve="P-256"):
        return make_ca(self.folder, name, curve)

    def start(self, *words, listen="127.0.0.1:0", environment=None, host="steward.example"):
        """With a CA that is made at the start, unless the words name one or `host` is None."""
        words = list(words)
        if host and "--key" not in words:
            words += ["--host", host]
        if listen:
            words += ["--listen", listen]
        steward = Steward(*words, environment=environment)
        self.addCleanup(steward.stop)
        return steward
