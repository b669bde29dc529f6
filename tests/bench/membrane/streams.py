"""The other side of a keep's pipes and sockets."""

import os
import socket
import threading
import time

PIECE = 65536
SECONDS = 0.5
PATIENCE_SECONDS = 20


class Drain(threading.Thread):
    """Reads a descriptor to its end; `total` is how much came. It keeps one of its own: whoever
    gives up on a keep closes his, and its number may soon be another file's."""

    def __init__(self, descriptor: int):
        super().__init__(daemon=True)
        self.descriptor = os.dup(descriptor)
        self.total = 0
        self.start()

    def run(self):
        buffer = bytearray(PIECE)
        while taken := os.readv(self.descriptor, [buffer]):
            self.total += taken
        os.close(self.descriptor)


def feed(descriptor: int) -> int:
    """Writes pieces for a while; returns how much went."""
    piece = bytes(PIECE)
    until = time.perf_counter() + SECONDS
    total = 0
    while time.perf_counter() < until:
        total += os.write(descriptor, piece)
    return total


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def connect(port: int, is_alive) -> socket.socket:
    """Waits until somebody listens, as long as the one who should is alive."""
    until = time.perf_counter() + PATIENCE_SECONDS
    while True:
        try:
            peer = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        except ConnectionRefusedError:
            if time.perf_counter() > until or not is_alive():
                raise
            time.sleep(0.01)
            continue
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return peer


def take(peer: socket.socket, size: int) -> None:
    buffer = memoryview(bytearray(min(size, PIECE)))
    while size > 0:
        taken = peer.recv_into(buffer[:size])
        if taken == 0:
            raise ConnectionError("the echo ended early")
        size -= taken


def round_trips(peer: socket.socket, size: int) -> float:
    """Per second: one message out, the same back, the next."""
    message = bytes(size)
    count = 0
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS:
        peer.sendall(message)
        take(peer, size)
        count += 1
    return count / elapsed


def both_ways(peer: socket.socket) -> float:
    """Bytes a second that went out and came back, in pieces of 64 KiB, both ways at once."""
    counts = []

    def send():
        piece, count = bytes(PIECE), 0
        until = time.perf_counter() + SECONDS
        try:
            while time.perf_counter() < until:
                peer.sendall(piece)
                count += 1
            counts.append(count)
        finally:
            peer.shutdown(socket.SHUT_WR)

    started = time.perf_counter()
    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    returned = 0
    buffer = bytearray(PIECE)
    while taken := peer.recv_into(buffer):
        returned += taken
    elapsed = time.perf_counter() - started
    sender.join()
    if returned != sum(counts) * PIECE:
        raise ConnectionError(f"{returned} bytes came back of {sum(counts) * PIECE}")
    return returned / elapsed
