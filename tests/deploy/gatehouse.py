"""A gatehouse with two tenants, by the real programs: what the tests and the demo share."""

import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

GATEHOUSE = Path(os.environ.get("MERLON_GATEHOUSE_PROGRAM", "build/dev/bin/merlon-gatehouse")).absolute()
WARDEN = GATEHOUSE.with_name("merlon-warden")
PATIENCE = 60


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class Authority:
    """A CA of this test's own, and what it vouches for."""

    def __init__(self, folder, name):
        self.folder = Path(folder)
        self.key, self.certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate)

    def vouch(self, name, extension):
        key, request, made = (self.folder / f"{name}{end}" for end in (".key", ".csr", ".pem"))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"{extension}\nbasicConstraints=critical,CA:FALSE\n")
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", "1",
                "-extfile", extensions, "-out", made)
        return key, made


class Gatehouse:
    def __init__(self, folder, platform, backends=("snp-sim",), options=("--allow-local",), by_certificate=True,
                 cgroup="none", files=None):
        """`files`: that it may have open."""
        self.folder = Path(folder)
        self.folder.mkdir()
        self.server = Authority(self.folder, "gatehouse-ca")
        self.tenants = Authority(self.folder, "tenants-ca")
        self.key, self.certificate = self.server.vouch("gatehouse", "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.tenant = {name: self.tenants.vouch(name, "extendedKeyUsage=clientAuth") for name in ("alice", "bob")}
        self.state = self.folder / "state"
        self.port = 0
        self.files = files
        self.words = ["--state", self.state, "--tls-key", self.key, "--tls-crt", self.certificate,
                      "--simulator-sgx" if "sgx-sim" in backends else "--simulator", platform, *options]
        if cgroup is not None:
            self.words += ["--cgroup", cgroup]
        if by_certificate:
            self.words += ["--tenants", self.tenants.certificate]
        for each in backends:
            self.words += ["--backend", each]
        self.start()

    def start(self):
        self.log = (self.folder / "log").open("a")
        before = (self.folder / "log").stat().st_size
        self.process = subprocess.Popen(
            [GATEHOUSE, "serve", "--listen", f"127.0.0.1:{self.port}", *map(str, self.words)],
            stdin=subprocess.DEVNULL, stderr=self.log,
            preexec_fn=self.files and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, self.files)))
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            said = (self.folder / "log").read_text()[before:]
            lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
            heard = [each for each in lines if each["event"] == "listen"]
            if heard:
                self.port = int(heard[0]["address"].rsplit(":", 1)[1])
                return
            if self.process.poll() is not None:
                raise AssertionError(f"the gatehouse ended: {said}")
            time.sleep(0.01)
        raise AssertionError("the gatehouse does not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE)
        self.log.close()

    def stop(self):
        """Ends it and every keep that it still has."""
        self.process.terminate()
        status = self.process.wait(PATIENCE)
        self.log.close()
        return status

    def wardens(self):
        """The process ids of the wardens of this gatehouse's keeps."""
        found = []
        for each in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = each.read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0] == b"merlon-warden" and words[1].startswith(str(self.state).encode()):
                found.append(int(each.parent.name))
        return found

    def end_keeps(self):
        for each in self.wardens():
            os.kill(each, signal.SIGKILL)

    def access(self, tenant):
        """Options of merlon by which this tenant reaches it."""
        key, certificate = self.tenant[tenant]
        return ["--to", f"https://localhost:{self.port}", "--ca-bundle", self.server.certificate,
                "--cert", certificate, "--cert-key", key]

    def curl(self, tenant, path, *words):
        """Status and body; a tenant of None shows no certificate."""
        shown = []
        if tenant is not None:
            key, certificate = self.tenant[tenant]
            shown = ["--cert", certificate, "--key", key]
        said = subprocess.run(
            ["curl", "-sS", "--cacert", self.server.certificate, *shown,
             "-w", "\n%{http_code}", *map(str, words), f"https://localhost:{self.port}{path}"],
            check=True, capture_output=True, timeout=PATIENCE)
        body, _, status = said.stdout.rpartition(b"\n")
        return int(status), body
