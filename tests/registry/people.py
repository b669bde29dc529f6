"""People who log in: oidc-provider from npm with its own pages, and Chromium that goes through them."""

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / each) for each in ("deploy", "e2e", "attest")]
import servers  # noqa: E402
from oidc_test import MODULES, why_no_provider  # noqa: E402

BROWSER = HERE.parents[1] / "build" / "browser"
PLAYWRIGHT = Path(os.environ.get("MERLON_PLAYWRIGHT", BROWSER / "node_modules" / "playwright-core")).absolute()
PLAYWRIGHT_VERSION = "playwright-core@1.65.1"
PATIENCE = 60


def why_no_browser():
    if not shutil.which("chromium"):
        return "chromium is not here"
    if PLAYWRIGHT.is_dir():
        return None
    BROWSER.mkdir(parents=True, exist_ok=True)
    got = subprocess.run(["npm", "install", "--prefix", BROWSER, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund",
                          "--loglevel=error", PLAYWRIGHT_VERSION], capture_output=True, text=True, check=False, timeout=120)
    return None if got.returncode == 0 else f"npm does not give {PLAYWRIGHT_VERSION}"


def why_nobody():
    return why_no_provider() or why_no_browser()


def key_digest(certificate):
    """As Chromium names a key that it is to believe."""
    public = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], check=True, capture_output=True, input=public).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


class Provider:
    """An issuer; whoever types a name is that subject."""

    def __init__(self, folder, certificate, key):
        self.certificate = certificate
        self.log = (Path(folder) / "provider.log").open("w")
        self.process = subprocess.Popen(["node", HERE / "provider.mjs", MODULES, certificate, key, servers.AUDIENCE],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.base = ""
        for line in self.process.stdout:
            if line.startswith("issuer "):
                self.base = line.split()[1]
                break
        assert self.base, Path(self.log.name).read_text()

    def stop(self):
        self.process.kill()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.log.close()

    def visit(self, url, name, code):
        """Titles of the pages that somebody went through."""
        ran = subprocess.run(["node", HERE / "login.js", PLAYWRIGHT, shutil.which("chromium"), key_digest(self.certificate),
                              name, code, url], capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()

    def log_in(self, command, name, environment):
        """Runs `merlon user login …`, and does in a browser what it says; its exit status, what it said, the pages' titles."""
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment)
        titles, said = [], []
        watch = threading.Timer(2 * PATIENCE, process.kill)
        watch.start()
        try:
            for line in process.stderr:
                said.append(line)
                if found := re.match(r"Open (\S+)(?: and type (\S+))?$", line.strip()):
                    titles = self.visit(found[1], name, found[2] or "")
            return process.wait(PATIENCE), "".join(said), titles
        finally:
            watch.cancel()
            process.stdout.close()
            process.stderr.close()
