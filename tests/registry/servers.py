"""A registry, the real one; somebody between it and its clients, an issuer of OpenID Connect, and a proxy."""

import base64
import hashlib
import http.client
import json
import os
import secrets
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

DRAWBRIDGE = Path(os.environ.get("MERLON_DRAWBRIDGE_PROGRAM", "build/dev/bin/merlon-drawbridge")).absolute()
AUDIENCE = "https://registry.example/"
API = "/api/v0.1.0/"
PATIENCE = 60


def base64url(content):
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def serve(handler, certificate=None, key=None, **state):
    """A server on loopback whose handlers see `state` as attributes of `server`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    for name, value in state.items():
        setattr(server, name, value)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


def stop(server):
    server.shutdown()
    server.server_close()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def answer(self, status, body=b"", fields=()):
        self.send_response(status)
        for name, value in [*fields, ("Content-Length", str(len(body))), ("Connection", "close")]:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True

    def json(self, status, value):
        self.answer(status, json.dumps(value).encode(), [("Content-Type", "application/json")])

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


class Registry:
    """merlon-drawbridge; without TLS of its own who stands between has it."""

    def __init__(self, folder, issuer, ca_bundle, tls=("--development",)):
        self.store = Path(folder) / "store"
        self.log = (Path(folder) / "drawbridge.log").open("w+")
        self.process = subprocess.Popen(
            [DRAWBRIDGE, "serve", *tls, "--listen", "127.0.0.1:0", "--store", self.store,
             "--oidc-issuer", issuer.base, "--oidc-audience", AUDIENCE, "--ca-bundle", ca_bundle],
            stdin=subprocess.DEVNULL, stderr=self.log)
        self.port = self.wait()

    def wait(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in Path(self.log.name).read_text().splitlines():
                said = json.loads(line) if line.startswith("{") else {}
                if said.get("event") == "listen":
                    return int(said["address"].rsplit(":", 1)[1])
            time.sleep(0.01)
        raise AssertionError(f"the registry does not start: {Path(self.log.name).read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


class Between(Answering):
    """Carries requests to the registry on `server.port`, and does what it is told to:

    `asked`: (method, path, authorization) of each, `rests` how much came with it, `bodies` what · `cut`: breaks off the next upload of this path at its half ·
    `slow`: (path, seconds), for which uploads of it would take so long ·
    `ends`: the tokens of before end when this path is asked for · `lies`: changes the last byte of this path, but for the first `lies_after` answers ·
    `renamed`: (from, to) in paths."""

    def do_any(self):
        server = self.server
        path = urlsplit(self.path).path.removeprefix(API)
        token = self.headers.get("Authorization")
        server.asked.append((self.command, path, token))
        server.rests.append(int(self.headers.get("Content-Length", 0)))
        if server.ends and path.endswith(server.ends):
            server.ends = None
            server.ended = {each[2] for each in server.asked}
        if token and token in server.ended:
            self.body()
            return self.answer(401, b"Invalid token provided")
        try:
            return self.carry(path)
        except http.client.HTTPException:
            self.close_connection = True
            return None

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_any

    def carry(self, path):
        server = self.server
        there = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        there.putrequest(self.command, self.path.replace(*server.renamed), skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("host", "connection"):
                there.putheader(name, value)
        there.endheaders()
        size = int(self.headers.get("Content-Length", 0))
        if server.cut and path.endswith(server.cut) and self.command == "PUT":
            server.cut = None
            self.pass_on(there, path, size // 2)
            there.close()
            self.close_connection = True
            self.connection.close()
            return
        server.bodies.append(self.pass_on(there, path, size))
        said = there.getresponse()
        content = said.read()
        fields = [each for each in said.getheaders() if each[0].lower() not in ("content-length", "connection")]
        before = sum(each[1] == path for each in server.asked) - 1
        if server.lies is not None and path.endswith(server.lies) and before >= server.lies_after:
            content = content[:-1] + bytes([content[-1] ^ 1])
        if self.command == "HEAD":
            fields = [each for each in fields if each[0].lower() != "content-length"]
        there.close()
        self.answer(said.status, content, fields)

    def pass_on(self, there, path, size):
        """So many bytes of the body, each piece as it comes; slowly, if so wanted."""
        seconds = self.server.slow[1] if self.server.slow and path.endswith(self.server.slow[0]) else 0
        whole = int(self.headers.get("Content-Length", 0)) + int(self.headers.get("Upload-Offset", 0))
        piece, body = (max(1, whole // 100), b"") if seconds else (size, b"")
        while len(body) < size:
            part = self.rfile.read(min(piece, size - len(body)))
            if not part:
                break
            there.send(part)
            body += part
            time.sleep(seconds / 100)
        return body


def between(registry, certificate, key):
    return serve(Between, certificate, key, port=registry.port, asked=[], rests=[], bodies=[], cut=None, slow=None, ends=None, ended=set(), lies=None,
                 lies_after=0, renamed=("", ""))


class IssuerHandler(Answering):
    def do_GET(self):
        issuer, split = self.server.issuer, urlsplit(self.path)
        query = parse_qs(split.query)
        if split.path == "/.well-known/openid-configuration":
            return self.json(200, {"issuer": issuer.base, "jwks_uri": f"{issuer.base}/keys",
                                   "token_endpoint": f"{issuer.base}/token",
                                   "authorization_endpoint": f"{issuer.base}/auth",
                                   "device_authorization_endpoint": f"{issuer.base}/device"})
        if split.path == "/keys":
            return self.json(200, {"keys": [issuer.public]})
        issuer.challenge = query["code_challenge"][0]
        back = f"{query['redirect_uri'][0]}?code=the-code&state={query['state'][0]}&iss={issuer.base}"
        return self.answer(302, fields=[("Location", back)])

    def do_POST(self):
        issuer = self.server.issuer
        form = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
        issuer.forms.append(form)
        if self.path == "/device":
            return self.json(200, {"device_code": "d", "user_code": "AB-CD", "verification_uri": f"{issuer.base}/v",
                                   "expires_in": 60, "interval": 1})
        kind = form["grant_type"]
        if kind.endswith("device_code") and issuer.pending:
            issuer.pending -= 1
            return self.json(400, {"error": "authorization_pending"})
        proof = base64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        wrong = (kind == "authorization_code" and proof != issuer.challenge
                 or kind == "refresh_token" and form["refresh_token"] != issuer.refresh)
        if wrong:
            return self.json(400, {"error": "invalid_grant"})
        issuer.refresh = secrets.token_hex(8)
        return self.json(200, {"access_token": issuer.token(), "token_type": "Bearer", "expires_in": 3600,
                               "refresh_token": issuer.refresh})


class Issuer:
    """Its tokens are signed with RS256 by openssl. A device gets its token at the second question."""

    def __init__(self, folder, certificate, key):
        self.signing = Path(folder) / "issuer-signing.key"
        subprocess.run(["openssl", "genrsa", "-out", self.signing, "2048"], check=True, capture_output=True)
        modulus = subprocess.run(["openssl", "rsa", "-in", self.signing, "-modulus", "-noout"], check=True,
                                 capture_output=True, text=True).stdout.strip().removeprefix("Modulus=")
        self.public = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "one", "e": "AQAB",
                       "n": base64url(bytes.fromhex(modulus))}
        self.server = serve(IssuerHandler, certificate, key, issuer=self)
        self.base = f"https://localhost:{self.server.server_address[1]}"
        self.reset()

    def reset(self):
        self.forms, self.pending, self.refresh, self.challenge = [], 1, None, None
        self.lifetime = 3600

    def token(self, subject="the-subject", scope=None, audience=AUDIENCE, lasts=None):
        now = int(time.time())
        rights = " ".join(f"manage:drawbridge_{each}" for each in ("users", "repositories", "tags"))
        # A registry's clock may be a minute behind.
        ends = now + (self.lifetime if lasts is None else lasts) - 60
        claims = {"iss": self.base, "aud": audience, "sub": subject, "iat": now - 7200, "exp": ends, "scope": scope or rights,
                  "jti": secrets.token_hex(8)}
        text = ".".join(base64url(json.dumps(each).encode()) for each in ({"alg": "RS256", "kid": "one"}, claims))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.signing], input=text.encode(), check=True,
                                capture_output=True).stdout
        return f"{text}.{base64url(signed)}"


class Proxy(Answering):
    """Connects whoever asks for `store.example` with `server.target`, a port."""

    def do_CONNECT(self):
        self.server.asked.append((self.path, self.headers.get("Proxy-Authorization")))
        if not self.path.startswith("store.example:"):
            return self.answer(403)
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(("127.0.0.1", self.server.target)) as there:
            one = threading.Thread(target=self.pump, args=(self.connection, there))
            one.start()
            self.pump(there, self.connection)
            one.join()
        self.close_connection = True
        return None

    @staticmethod
    def pump(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass
