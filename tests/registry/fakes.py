"""A registry after docs/drawbridge.md, an issuer of OpenID Connect and a proxy, as small as tests of a client need them."""

import base64
import hashlib
import json
import secrets
import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

API = "/api/v0.1.0/"


def serve(handler, certificate=None, key=None, **state):
    """A server on loopback whose handlers see `state` as attributes of `server`; gives it once it listens."""
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


def digests(content):
    return ",".join(f"{name}=:{base64.b64encode(hashlib.new(name.replace('-', ''), content).digest()).decode()}:"
                    for name in ("sha-224", "sha-256", "sha-384", "sha-512"))


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def answer(self, status, body=b"", kind="text/plain", **fields):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.close_connection = True

    def json(self, status, value):
        self.answer(status, json.dumps(value, separators=(",", ":")).encode(), "application/json")

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))


class Registry(Answering):
    """`server.subjects`: token → subject. `server.asked`: (method, path, authorization). `server.cut`: a path whose next
    upload is cut off at its half. `server.ends`: a path at which every token of before ends."""

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def do_any(self):
        server, split = self.server, urlsplit(self.path)
        self.query = parse_qs(split.query)
        path = split.path.removeprefix(API)
        server.asked.append((self.command, path, self.headers.get("Authorization")))
        if server.ends and path.endswith(server.ends):
            server.ends = None
            server.subjects.clear()
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        self.subject = server.subjects.get(token)
        parts = path.split("/")
        if parts == ["_repositories"] or parts[1:] == ["_repositories"]:
            return self.repositories(parts[0] if len(parts) == 2 else None)
        if len(parts) == 1:
            return self.user(parts[0])
        return self.repository(parts[0], parts[1], parts[2:])

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = do_any

    def repositories(self, user):
        words = self.query.get("search", [""])[0]
        found = [{"name": f"{who}/{name}", "public": each["public"], "tags": len(each["tags"]), "bytes": 1}
                 for (who, name), each in sorted(self.server.repositories.items())
                 if (user in (None, who)) and words in name and (each["public"] or self.owns(who))]
        self.json(200, {"repositories": found})

    def owns(self, user):
        return self.subject is not None and self.server.users.get(user) == self.subject

    def user(self, name):
        if self.command == "GET":
            return self.json(200, {"subject": self.subject}) if self.owns(name) else self.answer(401, b"no")
        wanted = json.loads(self.body())
        if self.subject is None or wanted != {"subject": self.subject}:
            return self.answer(401, b"OpenID Connect subject mismatch")
        if name in self.server.users:
            return self.answer(409, b"Already exists")
        self.server.users[name] = self.subject
        return self.answer(201)

    def repository(self, user, name, rest):
        repositories = self.server.repositories
        if not rest and self.command == "PUT":
            if not self.owns(user):
                return self.answer(401, b"Invalid token provided")
            if (user, name) in repositories:
                return self.answer(409, b"Already exists")
            repositories[user, name] = {**json.loads(self.body()), "tags": {}, "tokens": {}}
            return self.answer(201)
        found = repositories.get((user, name))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        may = self.owns(user) or (found and token in found["tokens"].values())
        if found is None:
            return self.answer(404, b"Repository does not exist")
        if not may and not (self.command in ("GET", "HEAD") and rest and found["public"]):
            return self.answer(401, b"Bearer token header missing")
        if not rest:
            return self.json(200, {"public": found["public"]})
        if rest == ["_tag"]:
            return self.json(200, [tag for tag, each in found["tags"].items() if each["whole"]])
        if rest == ["_versions"]:
            return self.versions(found)
        if rest[0] == "_token":
            return self.token(found, rest[1:])
        return self.tag(found, rest[1], rest[2:], may)

    def versions(self, found):
        made = []
        for tag, each in found["tags"].items():
            root = json.loads(each["entry"])
            digest = base64.b64decode(root["digest"]["sha-256"]).hex()
            made.append({"tag": tag, "digest": f"sha-256={digest}", "length": root["length"], "files": len(each["nodes"]),
                         "signed": False, "created": "2026-01-01T00:00:00Z",
                         **({"yanked": each["yanked"]} if each["yanked"] else {})})
        self.json(200, {"versions": made})

    def token(self, found, rest):
        if self.command == "POST":
            wanted, name, token = json.loads(self.body()), secrets.token_hex(4), secrets.token_hex(8)
            found["tokens"][name] = token
            found.setdefault("rights", {})[name] = wanted["rights"]
            return self.json(201, {"id": name, "token": token, "expires": "2027-01-01T00:00:00Z"})
        if self.command == "GET":
            return self.json(200, {"tokens": [{"id": name, "rights": found["rights"][name],
                                               "expires": "2027-01-01T00:00:00Z"} for name in found["tokens"]]})
        return self.answer(200 if found["tokens"].pop(rest[0], None) else 404)

    def tag(self, found, tag, rest, may):
        each = found["tags"].get(tag)
        if self.command == "PUT" and not rest:
            body = self.body()
            if each and (each["whole"] or each["entry"] != body):
                return self.answer(409, b"Already exists")
            if not each:
                found["tags"][tag] = {"entry": body, "nodes": {}, "kinds": {}, "kept": {}, "whole": False, "yanked": None}
            return self.answer(201)
        if each is None:
            return self.answer(404, b"Not found")
        if rest == ["yank"]:
            each["yanked"] = json.loads(self.body())["reason"] if self.command == "PUT" else None
            return self.answer(200)
        path = "/".join(rest[1:])
        if rest and rest[0] == "upload":
            kept = each["kept"].get(path)
            return self.answer(404, b"Not found") if kept is None else self.answer(200, Upload_Offset=len(kept))
        if self.command == "PUT":
            return self.put_node(each, path)
        root = json.loads(each["entry"])["digest"]["sha-256"]
        named = self.query.get("digest", [""])[0] == f"sha-256={base64.b64decode(root).hex()}"
        if each["yanked"] and not named and not may:
            return self.answer(410, each["yanked"].encode())
        if not rest:
            return self.answer(200, self.server.moved or each["entry"], "application/vnd.drawbridge.entry.v1+json")
        content = each["nodes"].get(path)
        if content is None:
            return self.answer(404, b"Not found")
        if self.server.lies == path:
            content = content[:-1] + b"!"
        return self.answer(200, content, each["kinds"][path], Content_Digest=digests(content))

    def put_node(self, each, path):
        offset = int(self.headers.get("Upload-Offset", 0))
        kept = each["kept"].get(path, b"")
        size = int(self.headers["Content-Length"])
        if self.server.cut == path:
            self.server.cut = None
            each["kept"][path] = kept[:offset] + self.rfile.read(size // 2)
            self.close_connection = True
            self.connection.close()
            return None
        content = kept[:offset] + self.rfile.read(size)
        if self.headers["Content-Digest"] != digests(content):
            return self.answer(400, b"Content digest mismatch")
        if each["nodes"].get(path) == content:
            return self.answer(200)
        each["nodes"][path], each["kinds"][path] = content, self.headers["Content-Type"]
        wanted = set()

        def walk(at):
            wanted.add(at)
            if at in each["nodes"] and "directory" in each["kinds"][at]:
                for name in json.loads(each["nodes"][at]):
                    walk(f"{at}/{name}".lstrip("/"))
        walk("")
        each["whole"] = wanted == set(each["nodes"])
        return self.answer(201)


def registry(certificate=None, key=None):
    return serve(Registry, certificate, key, subjects={}, users={}, repositories={}, asked=[], cut=None, ends=None,
                 lies=None, moved=None)


class Issuer(Answering):
    """Devices get their token at the second question. `server.registry` learns of each token."""

    def do_GET(self):
        split = urlsplit(self.path)
        query = parse_qs(split.query)
        base = self.server.base
        if split.path == "/.well-known/openid-configuration":
            return self.json(200, {"issuer": base, "token_endpoint": f"{base}/token",
                                   "authorization_endpoint": f"{base}/auth", "device_authorization_endpoint": f"{base}/device"})
        self.server.challenge = query["code_challenge"][0]
        back = f"{query['redirect_uri'][0]}?code=the-code&state={query['state'][0]}"
        return self.answer(302, Location=back)

    def do_POST(self):
        form = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
        self.server.forms.append(form)
        if self.path == "/device":
            return self.json(200, {"device_code": "d", "user_code": "AB-CD", "verification_uri": f"{self.server.base}/v",
                                   "expires_in": 60, "interval": 1})
        kind = form["grant_type"]
        if kind.endswith("device_code") and self.server.pending:
            self.server.pending -= 1
            return self.json(400, {"error": "authorization_pending"})
        if kind == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") != self.server.challenge:
                return self.json(400, {"error": "invalid_grant"})
        if kind == "refresh_token" and form["refresh_token"] != self.server.refresh:
            return self.json(400, {"error": "invalid_grant"})
        claims = base64.urlsafe_b64encode(json.dumps({"sub": "the-subject", "n": secrets.token_hex(4)}).encode())
        token = f"e30.{claims.decode().rstrip('=')}.x"
        self.server.registry.subjects[token] = "the-subject"
        self.server.refresh = secrets.token_hex(8)
        return self.json(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600,
                               "refresh_token": self.server.refresh})


def issuer(of, certificate, key):
    server = serve(Issuer, certificate, key, registry=of, forms=[], pending=1, refresh=None, challenge=None)
    server.base = f"https://localhost:{server.server_address[1]}"
    return server


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
