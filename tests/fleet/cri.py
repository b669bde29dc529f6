"""As much of Kubernetes' container runtime interface as tests need: gRPC by curl, messages of protocol buffers by hand."""

import struct
import subprocess
import tempfile
from pathlib import Path


def number(value):
    """A varint."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(**fields):
    """Fields by names like f3; texts, bytes, numbers, lists of them, and mappings of texts."""
    out = b""
    for name, value in fields.items():
        index = int(name[1:])
        if isinstance(value, dict):
            value = [message(f1=key, f2=text) for key, text in value.items()]
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int):
                out += number(index << 3) + number(each)
            else:
                content = each.encode() if isinstance(each, str) else each
                out += number(index << 3 | 2) + number(len(content)) + content
    return out


def fields(content):
    """The last value of each field, by its number."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value
    while at < len(content):
        key = varint()
        if key & 7 == 0:
            found[key >> 3] = varint()
        elif key & 7 == 2:
            size = varint()
            found[key >> 3] = content[at:at + size]
            at += size
        else:
            size = {1: 8, 5: 4}[key & 7]
            found[key >> 3] = content[at:at + size]
            at += size
    return found


class Refused(Exception):
    """The other side's own words."""


def call(socket, method, request, service="RuntimeService"):
    """The fields of the answer of runtime.v1.RuntimeService, or another one."""
    with tempfile.TemporaryDirectory() as folder:
        sent, heads = Path(folder, "sent"), Path(folder, "heads")
        sent.write_bytes(b"\0" + struct.pack(">I", len(request)) + request)
        answer = subprocess.run(["curl", "--silent", "--http2-prior-knowledge", "--unix-socket", socket, "--max-time", "60",
                                 "-H", "content-type: application/grpc", "-H", "te: trailers", "--data-binary", f"@{sent}",
                                 "-D", heads, f"http://localhost/runtime.v1.{service}/{method}"],
                                capture_output=True, check=True).stdout
        told = dict(line.split(": ", 1) for line in heads.read_text().splitlines() if ": " in line)
    if told.get("grpc-status", "0") != "0":
        raise Refused(told.get("grpc-message", ""))
    return fields(answer[5:])
