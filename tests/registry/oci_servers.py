"""OCI registries: the real docker-registry, and one that misbehaves when it is told to."""

import base64
import hashlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from servers import PATIENCE, Answering, base64url, serve

# Of debian's path for daemons as well.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.wasm.config.v0+json"
# Of the user "me", whose password is "s3cret".
HTPASSWD = "me:$2y$04$abcdefghijklmnopqrstuuLZYjhNQAOdpbzt4WxWlUHjv1wsyH5DG\n"


def missing(*programs):
    """Why a test cannot run here; nothing if it can."""
    gone = [each for each in programs if not shutil.which(each, path=PATH)]
    return f"not installed: {', '.join(gone)}" if gone else ""


def digest(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class DockerRegistry:
    """docker-registry over TLS; with a password if it is `private`, or by the tokens of a TokenServer."""

    def __init__(self, folder, certificate, key, private=False, tokens=None):
        self.folder = Path(folder)
        self.folder.mkdir()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = {"version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
                  "storage": {"filesystem": {"rootdirectory": str(self.folder / "store")}},
                  "http": {"addr": f"127.0.0.1:{self.port}", "tls": {"certificate": str(certificate), "key": str(key)}}}
        if private:
            (self.folder / "htpasswd").write_text(HTPASSWD)
            config["auth"] = {"htpasswd": {"realm": "a registry", "path": str(self.folder / "htpasswd")}}
        if tokens:
            config["auth"] = {"token": {"realm": f"{tokens.base}/token", "service": "a registry", "issuer": "tokens",
                                        "rootcertbundle": str(tokens.certificate)}}
        (self.folder / "config.yml").write_text(json.dumps(config))
        self.log = (self.folder / "log").open("w")
        self.process = subprocess.Popen([shutil.which("docker-registry", path=PATH), "serve", self.folder / "config.yml"],
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.host = f"localhost:{self.port}"
        self.wait()

    def wait(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError(f"docker-registry does not start: {(self.folder / 'log').read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


class TokenHandler(Answering):
    """Gives tokens for the user "me" with her password, or for the refresh token "refresh"."""

    def do_any(self):
        tokens, form = self.server.tokens, parse_qs(urlsplit(self.path).query)
        body = self.body().decode()
        known = self.headers.get("Authorization") == "Basic " + base64.b64encode(b"me:s3cret").decode()
        if body:
            form = parse_qs(body)
            known = form.get("refresh_token") == ["refresh"]
        tokens.asked.append((form["scope"][0], known))
        return self.json(200, {"token": tokens.token(form["scope"][0] if known else None)})

    do_GET = do_POST = do_any


class TokenServer:
    """What docker-registry calls its auth server. Without a known user a token is good for nothing."""

    def __init__(self, folder, authority, certificate, key):
        self.key, signing = authority.vouch("tokens", "keyUsage=digitalSignature")
        self.folder, self.certificate = Path(folder), authority.certificate
        der = subprocess.run(["openssl", "x509", "-in", signing, "-outform", "DER"], check=True, capture_output=True).stdout
        self.chain, self.asked = [base64.b64encode(der).decode()], []
        self.server = serve(TokenHandler, certificate, key, tokens=self)
        self.base = f"https://localhost:{self.server.server_address[1]}"

    def token(self, scope):
        now = int(time.time())
        access = []
        if scope:
            kind, name, rights = scope.split(":")
            access = [{"type": kind, "name": name, "actions": rights.split(",")}]
        claims = {"iss": "tokens", "sub": "me", "aud": "a registry", "exp": now + 60, "nbf": now - 60, "iat": now,
                  "jti": secrets.token_hex(8), "access": access}
        text = ".".join(base64url(json.dumps(each).encode())
                        for each in ({"typ": "JWT", "alg": "ES256", "x5c": self.chain}, claims))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=text.encode(), check=True,
                                capture_output=True).stdout
        # Two integers of DER, each of up to 33 bytes.
        first = 4 + signed[3]
        halves = (signed[4:first], signed[first + 2:])
        return f"{text}.{base64url(b''.join(each[-32:].rjust(32, bytes(1)) for each in halves))}"


class Misbehaving(Answering):
    """Gives what `server.blobs` (by digest) and `server.documents` (by tag or digest: type and text) have.

    `asked`: (method, path, authorization) · `twist`: called with the handler, its path and what would be answered; an
    answer of its own ends there."""

    def do_any(self):
        server = self.server
        server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        name = self.path.rpartition("/")[2]
        body, fields = None, []
        if "/manifests/" in self.path and name in server.documents:
            kind, body = server.documents[name]
            fields = [("Content-Type", kind), ("Docker-Content-Digest", digest(body))]
        elif "/blobs/" in self.path and name in server.blobs:
            body = server.blobs[name]
            fields = [("Content-Type", "application/octet-stream"), ("Docker-Content-Digest", name)]
        if server.twist and server.twist(self, body):
            return None
        if body is None:
            return self.json(404, {"errors": [{"code": "NAME_UNKNOWN", "message": "nothing here"}]})
        return self.answer(200, body, fields)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_any


class Elsewhere(Answering):
    """Storage that a registry leads to, or a thief: notes who says that he is who."""

    def do_any(self):
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        body = self.server.blobs.get(self.path.rpartition("/")[2])
        return self.answer(404) if body is None else self.answer(200, body)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_any


def misbehaving(certificate, key):
    return serve(Misbehaving, certificate, key, asked=[], blobs={}, documents={}, twist=None)


def elsewhere(certificate, key):
    return serve(Elsewhere, certificate, key, asked=[], blobs={})


def descriptor(server, kind, content, **more):
    server.blobs[digest(content)] = content
    return {"mediaType": kind, "digest": digest(content), "size": len(content), **more}


def put_manifest(server, tag, layers, config=(CONFIG, None), annotations=None):
    """A manifest of (type, content, title) that a registry gives under a tag; gives its digest."""
    made = [descriptor(server, kind, content, **({"annotations": {"org.opencontainers.image.title": title}} if title else {}))
            for kind, content, title in layers]
    kind, text = config
    if text is None:
        text = json.dumps({"architecture": "wasm", "os": "wasip1", "layerDigests": [each["digest"] for each in made]}).encode()
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(server, kind, text), "layers": made}
    if annotations:
        manifest["annotations"] = annotations
    text = json.dumps(manifest).encode()
    server.documents[tag] = server.documents[digest(text)] = (MANIFEST, text)
    return digest(text)


def gives(blob, body, status=200):
    """A twist: other bytes for this blob, with its digest in the header."""
    def twist(handler, real):
        if not handler.path.endswith(blob):
            return False
        handler.answer(status, body, [("Docker-Content-Digest", blob)])
        return True
    return twist


def cuts(blob, content):
    """A twist: the connection ends after ten bytes of this blob."""
    def twist(handler, real):
        if not handler.path.endswith(blob):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:10])
        handler.close_connection = True
        return True
    return twist


def floods(handler, real):
    """A twist: a manifest of 100 MiB."""
    if "/manifests/" not in handler.path:
        return False
    handler.send_response(200)
    handler.send_header("Content-Type", MANIFEST)
    handler.send_header("Content-Length", str(100 << 20))
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b" " * (1 << 20))
    except OSError:
        pass
    handler.close_connection = True
    return True


def calls_other(text):
    """A twist: another manifest under the digest of `text`."""
    def twist(handler, real):
        if "/manifests/" not in handler.path:
            return False
        handler.answer(200, text + b" ", [("Content-Type", MANIFEST), ("Docker-Content-Digest", digest(text))])
        return True
    return twist
