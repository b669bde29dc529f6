"""containerd's own services asked directly: containers and tasks as a client of its API makes them, over one connection each.

As much of HTTP/2 and gRPC as that needs: requests of one frame of headers and one of data, answers of data; what is refused has no
data, and its trailers say why.
"""

import contextlib
import json
import socket
import struct
import threading

from cri import fields, message

DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE = 0, 1, 4, 6, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1


class Refused(Exception):
    """No answer; the trailers as they came."""


def literal(name, value):
    """A header that is in no table, without compression (RFC 7541 section 6.2.2)."""
    def text(content):
        content = content.encode()
        assert len(content) < 127
        return bytes([len(content)]) + content
    return b"\0" + text(name) + text(value)


class Connection:
    def __init__(self, path, namespace):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.namespace = namespace
        self.stream = -1
        self.rest = b""
        # No table of headers, so that nothing has to be kept of those that come.
        settings = struct.pack(">HI", 1, 0) + struct.pack(">HI", 4, (1 << 31) - 1)
        self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + self.frame(SETTINGS, 0, 0, settings) +
                            self.frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", (1 << 31) - 1 - 65535)))

    @staticmethod
    def frame(kind, flags, stream, content):
        return struct.pack(">I", len(content))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + content

    def take(self, size):
        while len(self.rest) < size:
            got = self.socket.recv(65536)
            if not got:
                raise Refused("the connection was closed")
            self.rest += got
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken

    def ask(self, service, method, **request):
        """The fields of the answer."""
        content = message(**request)
        self.stream += 2
        head = b"".join((literal(":method", "POST"), literal(":scheme", "http"), literal(":authority", "localhost"),
                         literal(":path", f"/containerd.services.{service}/{method}"),
                         literal("content-type", "application/grpc"), literal("te", "trailers"),
                         literal("containerd-namespace", self.namespace)))
        content = b"\0" + struct.pack(">I", len(content)) + content
        assert len(content) < 16384
        self.socket.sendall(self.frame(HEADERS, END_HEADERS, self.stream, head) +
                            self.frame(DATA, END_STREAM, self.stream, content))
        answer, last = b"", b""
        while True:
            head = self.take(9)
            size, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            stream = int.from_bytes(head[5:], "big")
            content = self.take(size)
            if kind == SETTINGS and not flags & ACK:
                self.socket.sendall(self.frame(SETTINGS, ACK, 0, b""))
            elif kind == PING and not flags & ACK:
                self.socket.sendall(self.frame(PING, ACK, 0, content))
            elif stream == self.stream and kind == DATA:
                answer += content
                if content:
                    self.socket.sendall(self.frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", len(content))))
            elif stream == self.stream and kind == HEADERS:
                last = content
            if stream == self.stream and flags & END_STREAM and kind in (DATA, HEADERS):
                break
        if not answer:
            raise Refused(f"{method}: {last!r}")
        return fields(answer[5:])

    def close(self):
        self.socket.close()


def container(name, spec, binary):
    """A container whose runtime is `binary`, by containerd's shim for such programs."""
    options = message(f1="containerd.runc.v1.Options", f2=message(f6=str(binary)))
    return {"f1": name, "f4": message(f1="io.containerd.runc.v2", f2=options),
            "f5": message(f1="types.containerd.io/opencontainers/runtime-spec/1/Spec", f2=json.dumps(spec).encode())}


def run(connection, name, spec, binary):
    """One task from its making to its end, and nothing left of it; its exit status."""
    connection.ask("containers.v1.Containers", "Create", f1=message(**container(name, spec, binary)))
    try:
        connection.ask("tasks.v1.Tasks", "Create", f1=name)
        connection.ask("tasks.v1.Tasks", "Start", f1=name)
        status = connection.ask("tasks.v1.Tasks", "Wait", f1=name).get(1, 0)
        connection.ask("tasks.v1.Tasks", "Delete", f1=name)
    finally:
        connection.ask("containers.v1.Containers", "Delete", f1=name)
    return status


@contextlib.contextmanager
def waiting(path, name, spec, binary):
    """A task that is made and never started."""
    connection = Connection(path, "default")
    connection.ask("containers.v1.Containers", "Create", f1=message(**container(name, spec, binary)))
    connection.ask("tasks.v1.Tasks", "Create", f1=name)
    try:
        yield
    finally:
        connection.ask("tasks.v1.Tasks", "Kill", f1=name, f3=9)
        connection.ask("tasks.v1.Tasks", "Wait", f1=name)
        connection.ask("tasks.v1.Tasks", "Delete", f1=name)
        connection.ask("containers.v1.Containers", "Delete", f1=name)
        connection.close()


def run_many(path, namespace, count, workers, one):
    """`one(connection, number)` for each number, by so many at once; the first trouble, or None."""
    numbers, trouble = iter(range(count)), []
    lock = threading.Lock()

    def work():
        connection = Connection(path, namespace)
        try:
            while not trouble:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                one(connection, number)
        except Exception as error:  # whatever it is, it is told once all have ended
            trouble.append(error)
        finally:
            connection.close()
    threads = [threading.Thread(target=work) for _ in range(workers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return trouble[0] if trouble else None
