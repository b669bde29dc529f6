"""The real merlon-drawbridge on this machine, an issuer whose tokens it believes, and packages to bring."""

import base64
import hashlib
import http.client
import json
import os
import re
import signal
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM = str(Path(os.environ.get("MERLON_DRAWBRIDGE", "build/dev/bin/merlon-drawbridge")).absolute())
API = "/api/v0.1.0"
AUDIENCE = "https://registry.example/"
SCOPES = "manage:drawbridge_users manage:drawbridge_repositories manage:drawbridge_tags"
DIRECTORY = "application/vnd.drawbridge.directory.v1+json"
ENTRY = "application/vnd.drawbridge.entry.v1+json"
PATIENCE = 30
HASHES = ("sha-224", "sha-256", "sha-384", "sha-512")


def openssl(*words, **options):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, **options).stdout


def url64(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """OpenID Connect as far as a service that believes its tokens sees it; RS256."""

    def __init__(self, folder):
        self.key = Path(folder) / "issuer.pem"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.key)
        modulus = bytes.fromhex(openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1])
        keys = {"keys": [{"kty": "RSA", "kid": "k", "alg": "RS256", "n": url64(modulus), "e": "AQAB"}]}

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words):
                pass

            def do_GET(self):
                document = keys if self.path == "/keys" else {"issuer": self.server.name,
                                                              "jwks_uri": f"{self.server.name}/keys"}
                body = json.dumps(document).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.name = self.server.name = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def token(self, subject, scopes=SCOPES, audience=AUDIENCE, lifetime=3600):
        now = int(time.time())
        claims = {"iss": self.name, "sub": subject, "aud": audience, "iat": now, "exp": now + lifetime, "scope": scopes}
        text = f"{url64(json.dumps({'alg': 'RS256', 'kid': 'k'}).encode())}.{url64(json.dumps(claims).encode())}"
        return f"{text}.{url64(openssl('dgst', '-sha256', '-sign', self.key, input=text.encode()))}"


class Drawbridge:
    """`store`: a folder, or a stores.Place. `options` besides it, --development and the issuer; `environment` besides this
    process' own."""

    def __init__(self, store, issuer, *options, environment=None, tls=None):
        self.place = store if hasattr(store, "words") else None
        self.store = None if self.place else Path(store)
        self.issuer, self.options, self.tls = issuer, options, tls
        self.environment = {**os.environ, **(self.place.environment if self.place else {}), **(environment or {})}
        self.start()

    def words(self):
        """Where its store is."""
        return self.place.words() if self.place else ["--store", str(self.store)]

    def start(self, port=0):
        words = ["--development"] if self.tls is None else ["--key", self.tls[0], "--cert", self.tls[1]]
        self.log = []
        # An issuer without TLS is for --development only.
        issuer = ["--oidc-issuer", self.issuer.name, "--oidc-audience", AUDIENCE] if self.tls is None else []
        self.process = subprocess.Popen(
            [PROGRAM, "serve", *self.words(), "--listen", f"127.0.0.1:{port}", *issuer, *map(str, words),
             *map(str, self.options)], stderr=subprocess.PIPE, text=True, env=self.environment)
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r'"event":"listen","address":"127.0.0.1:(\d+)"', line):
                self.port = int(found[1])
                break
        else:
            raise AssertionError(f"it does not start: {self.log}")
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True)
        self.reader.start()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        self.process.stderr.close()
        return code

    def connect(self):
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE,
                                           context=ssl._create_unverified_context())

    def ask(self, method, path, token=None, body=None, kind=None, **fields):
        """(status, headers, body) of one request; what is told of a body is what it is, unless `fields` say more."""
        connection = self.connect()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers |= {"Content-Type": kind, "Content-Digest": digests(body)}
        headers |= {name.replace("_", "-"): value for name, value in fields.items()}
        try:
            connection.request(method, API + path if not path.startswith("//") else path[1:], body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def register(self, user, repository, token, public=True):
        subject = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==="))["sub"]
        for path, body in ((f"/{user}", {"subject": subject}), (f"/{user}/{repository}", {"public": public})):
            status, _, said = self.ask("PUT", path, token, json.dumps(body, separators=(",", ":")).encode(),
                                       "application/json")
            assert status in (201, 409), (path, status, said)

    def push(self, repository, tag, package, token):
        """As Enarx' client does it; the statuses."""
        statuses = [self.ask("PUT", f"/{repository}/_tag/{tag}", token, package.entry, ENTRY)[0]]
        for path, (content, kind) in package.nodes.items():
            at = f"/{repository}/_tag/{tag}/tree" + (f"/{path}" if path else "")
            statuses.append(self.ask("PUT", at, token, content, kind)[0])
        return statuses

    def pull(self, repository, tag, package):
        """Whether the tag is there, and each byte of it."""
        status, _, body = self.ask("GET", f"/{repository}/_tag/{tag}")
        if (status, body) != (200, package.entry):
            return False
        for path, (content, _) in package.nodes.items():
            at = f"/{repository}/_tag/{tag}/tree" + (f"/{path}" if path else "")
            if self.ask("GET", at)[::2] != (200, content):
                return False
        return True

    def run(self, command, *words):
        return subprocess.run([PROGRAM, command, *self.words(), *map(str, words)], capture_output=True,
                              text=True, check=False, timeout=120, env=self.environment)


def digests(content):
    return ",".join(f"{name}=:{base64.b64encode(hashlib.new(name.replace('-', ''), content).digest()).decode()}:"
                    for name in HASHES)


def meta(content, kind):
    """As Enarx' client writes it."""
    return {"digest": {name: base64.b64encode(hashlib.new(name.replace("-", ""), content).digest()).decode()
                       for name in HASHES}, "length": len(content), "type": kind}


def compact(value):
    return json.dumps(value, separators=(",", ":")).encode()


def kind_of(name):
    return {"wasm": "application/wasm", "toml": "application/toml"}.get(name.rsplit(".", 1)[-1],
                                                                        "application/octet-stream")


class Package:
    """A package of files by their paths, with "/" between names."""

    def __init__(self, files):
        directories, nodes = {"": {}}, {}
        for path, content in files.items():
            nodes[path] = (content, kind_of(path))
            parent = path
            while parent:
                parent = parent.rpartition("/")[0]
                directories.setdefault(parent, {})
        for path, (content, kind) in nodes.items():
            folder, _, name = path.rpartition("/")
            directories[folder][name] = meta(content, kind)
        for path in sorted(directories, key=lambda each: (-each.count("/") - bool(each), each)):
            content = compact(dict(sorted(directories[path].items())))
            nodes[path] = (content, DIRECTORY)
            if path:
                folder, _, name = path.rpartition("/")
                directories[folder][name] = meta(content, DIRECTORY)
        self.nodes = dict(sorted(nodes.items()))
        self.entry = compact(meta(*self.nodes[""]))
