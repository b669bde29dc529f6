#!/usr/bin/env python3
"""How long good clients wait beside 500 that are stalled, over plain HTTP and over TLS.

    stalled.py [STALLED [REQUESTS]]

Prints p50 and p99 without and with them, and the ratio; wants a quiet machine. Each request has a connection, and over
TLS a handshake, of its own.
"""

import http.client
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

from service import Steward, make_server_certificate

# What each of them says before it says no more.
PLAIN = (b"", b"POST / HTTP/1.1\r\nHost: h\r\n", b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
TLS = (b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\n")


def one(steward, context):
    started = time.perf_counter()
    if context:
        connection = http.client.HTTPSConnection("localhost", steward.port, timeout=30, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", steward.port, timeout=30)
    connection.request("GET", "/health")
    assert connection.getresponse().read() == b"ok\n"
    connection.close()
    return (time.perf_counter() - started) * 1000


def times(steward, context, requests):
    all_of_them = sorted(one(steward, context) for _ in range(requests))
    return all_of_them[requests // 2], all_of_them[requests * 99 // 100]


def stall(steward, count, words):
    stalled = []
    for number in range(count):
        connection = socket.create_connection(("127.0.0.1", steward.port), 10)
        connection.sendall(words[number % len(words)])
        stalled.append(connection)
    return stalled


def measure(name, words, context, stalled, requests, says):
    steward = Steward("--host", "h", "--listen", "127.0.0.1:0", "--per-address", "5000", *words)
    times(steward, context, requests // 10)  # until all is warm
    alone = times(steward, context, requests)
    held = stall(steward, stalled, says)
    beside = times(steward, context, requests)
    still_open = sum(1 for each in held if is_open(each))
    print(f"{name}: alone p50 {alone[0]:.2f} ms, p99 {alone[1]:.2f} ms; beside {stalled} stalled p50 {beside[0]:.2f} ms, "
          f"p99 {beside[1]:.2f} ms; ratio of p99 {beside[1] / alone[1]:.2f}; {still_open} of them still open", flush=True)
    for each in held:
        each.close()
    steward.stop()


def is_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def main():
    stalled = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    requests = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    with tempfile.TemporaryDirectory(prefix="merlon-stalled-") as folder:
        key, crt = make_server_certificate(Path(folder))
        measure("plain", [], None, stalled, requests, PLAIN)
        measure("TLS", ["--tls-key", key, "--tls-crt", crt], ssl.create_default_context(cafile=crt), stalled, requests, TLS)


if __name__ == "__main__":
    main()
