"""Certificates, keeps that listen, and those who connect: what the tests of TLS share."""

import socket
import ssl
import subprocess
import threading

from support import MERLON, EndToEnd


class TlsTest(EndToEnd):
    def authority(self, name):
        """A certificate authority: NAME.key and NAME.pem."""
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}",
                     "-days", "30")

    def issue(self, authority, name, host, *options, extensions=None):
        """NAME.key and NAME.pem, for HOST."""
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(extensions or f"subjectAltName=DNS:{host}\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
                     f"{authority}.key", "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext",
                     "-out", f"{name}.pem", *options)

    def issue_below(self, authority, name, host, *options):
        """The same by another authority, which NAME.pem has behind the certificate; `options` of its signature."""
        self.issue(authority, f"{name}-ca", "", *options, extensions="basicConstraints=critical,CA:TRUE\n")
        self.issue(f"{name}-ca", name, host)
        above = self.folder / f"{name}-ca.pem"
        with open(self.folder / f"{name}.pem", "a", encoding="ascii") as chain:
            chain.write(above.read_text())
        above.unlink()  # the keep must get it from its peer

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                              capture_output=True, text=True, timeout=60).stdout

    @staticmethod
    def free_port():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            return listener.getsockname()[1]

    def start(self, text, keys=""):
        """A keep that listens on descriptor 1; gives its process and its port."""
        port = self.free_port()
        package = self.package(text, "files = [{kind='stderr'}, {kind='listen', name='web', "
                                     f"addr='127.0.0.1', port={port}{keys}}}]")
        for each in self.folder.glob("*.pem"):
            (package / each.name).write_bytes(each.read_bytes())
        keep = subprocess.Popen([MERLON, "run", "--timeout", "60s", package], text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        self.addCleanup(keep.stdout.close)
        self.addCleanup(keep.stderr.close)
        self.addCleanup(keep.wait, 60)
        self.addCleanup(keep.kill)
        return keep, port

    @staticmethod
    def context(**options):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        for name, value in options.items():
            setattr(context, name, value)
        return context

    @staticmethod
    def reach(port):
        """A TCP connection, as soon as somebody listens."""
        for _ in range(600):
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=60)
            except ConnectionRefusedError:
                threading.Event().wait(0.05)
        raise AssertionError("nobody listens")

    def connect(self, port, context=None):
        return (context or self.context()).wrap_socket(self.reach(port), server_hostname="localhost")

    def echo(self, connection, data):
        """Piece by piece: one connection of Python's ssl is not for two threads."""
        piece = 50_000
        for start in range(0, len(data), piece):
            sent = data[start:start + piece]
            connection.sendall(sent)
            got = bytearray()
            while len(got) < len(sent):
                part = connection.recv(65536)
                self.assertTrue(part, "the connection ended")
                got += part
            self.assertEqual(bytes(got), sent)

    def assert_served(self, keep, status=0):
        self.assertEqual(keep.wait(60), status, keep.stderr.read())

    def server_context(self, certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # it is the keep that refuses what is weak
        context.load_cert_chain(self.folder / f"{certificate}.pem", self.folder / f"{certificate}.key")
        return context

    def serve_once(self, certificate):
        """An echo server of Python's that serves one connection; gives its port."""
        context = self.server_context(certificate)
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            with listener:
                try:
                    raw, _ = listener.accept()
                    with context.wrap_socket(raw, server_side=True) as connection:
                        data = b""
                        while part := connection.recv(100):  # up to its end
                            data += part
                        connection.sendall(data + b", world\n")
                        connection.unwrap()
                except OSError:
                    pass

        server = threading.Thread(target=serve)
        server.start()
        self.addCleanup(server.join, 60)
        return listener.getsockname()[1]
