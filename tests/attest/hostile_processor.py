#!/usr/bin/env python3
"""Takes the place of merlon-simulator: carries messages to the real one and back, and is not to be
trusted. A file beside it, `hostile`, has the seed and the real program's path: `SEED:PATH`.

Requests and answers of guests are altered, cut, withheld, repeated, put off and put in the place of
others; what happens to each follows from the seed. The launch itself is passed on.
"""

import os
import random
import socket
import struct
import subprocess
import sys

GUEST = 4
UPDATE = 2
UNANSWERED = (6, 7)
FILLED_PAGES = (5, 6)
BUSY = 0x100
REQUEST_HEAD = struct.Struct("<IIQII")
ANSWER_HEAD = struct.Struct("<II")


def receive(stream, size):
    data = b""
    while len(data) < size:
        more = stream.recv(size - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


class Between:
    def __init__(self, seed, program, words):
        self.choice = random.Random(seed)
        self.host = socket.socket(fileno=3)
        self.real, there = socket.socketpair()
        # The channel, and the files that parts of the launch come from (--sources).
        sources = int(words[words.index("--sources") + 1])
        self.process = subprocess.Popen([program, *words], pass_fds=range(3, 4 + sources),
                                        preexec_fn=lambda: os.dup2(there.fileno(), 3))
        there.close()
        self.messages = []
        self.answers = []

    def ask(self, head, payload):
        self.real.sendall(head + payload)
        status, size = ANSWER_HEAD.unpack(receive(self.real, ANSWER_HEAD.size))
        return status, receive(self.real, size)

    def spoil(self, data):
        data = bytearray(data)
        for _ in range(self.choice.choice((1, 1, 3, 50))):
            data[self.choice.randrange(len(data))] ^= 1 << self.choice.randrange(8)
        return bytes(data)

    def guest(self, head, payload):
        """The answer that the keep gets."""
        self.messages.append(payload)
        act = self.choice.choice(("pass", "pass", "pass", "pass", "busy", "spoil", "repeat", "late",
                                  "other", "status", "short", "empty", "old"))
        if act == "busy":
            return BUSY, b""
        if act == "spoil" and self.choice.random() < 0.5:
            payload = self.spoil(payload)
        if act == "other":
            payload = self.choice.choice(self.messages)
        status, answer = self.ask(head, payload)
        self.answers.append(answer)
        if act == "repeat":
            self.ask(head, payload)
        if act == "late":
            return BUSY, b""
        if act == "status":
            return self.choice.choice((0x01, 0x02, 0x16, 0x1D)), answer
        if act == "short":
            return status, answer[:self.choice.randrange(len(answer) + 1)]
        if act == "empty":
            return 0, b""
        if act == "old":
            return 0, self.choice.choice(self.answers)
        if act == "spoil" and answer:
            return status, self.spoil(answer)
        return status, answer

    def serve(self):
        while True:
            head = receive(self.host, REQUEST_HEAD.size)
            command, kind, _, size, _ = REQUEST_HEAD.unpack(head)
            payload = receive(self.host, size)
            if command in UNANSWERED or (command == UPDATE and kind not in FILLED_PAGES):
                self.real.sendall(head + payload)
                continue
            status, answer = (self.guest if command == GUEST else self.ask)(head, payload)
            self.host.sendall(ANSWER_HEAD.pack(status, len(answer)) + answer)


def main():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "hostile"),
              encoding="utf-8") as file:
        seed, program = file.read().split(":", 1)
    Between(int(seed), program.strip(), sys.argv[1:]).serve()


if __name__ == "__main__":
    main()
