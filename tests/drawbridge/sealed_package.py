#!/usr/bin/env python3
"""Another reader and writer of sealed packages, after docs/sealed-package.md and the standards alone: AES and GCM by hand.

    sealed_package.py seal KEY SALT < package > sealed      (KEY and SALT in hexadecimal)
    sealed_package.py open KEY < sealed > package
"""

import hashlib
import hmac
import struct
import sys

SEGMENT = 65536


def hkdf_extract(salt, secret):
    return hmac.new(salt, secret, hashlib.sha256).digest()


def hkdf_expand(key, info, size):
    made, block = b"", b""
    for number in range(1, 256):
        block = hmac.new(key, block + info + bytes([number]), hashlib.sha256).digest()
        made += block
        if len(made) >= size:
            return made[:size]
    raise ValueError(size)


def _sbox():
    box, p, q = [0] * 256, 1, 1
    while True:
        p = p ^ ((p << 1) & 0xFF) ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        turned = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        box[p] = (turned ^ 0x63) & 0xFF
        if p == 1:
            break
    box[0] = 0x63
    return box


SBOX = _sbox()
DOUBLE = [(x << 1) ^ (0x11B if x & 0x80 else 0) for x in range(256)]
# One round of a column at once.
TABLES = [[0] * 256 for _ in range(4)]
for each in range(256):
    s = SBOX[each]
    column = [DOUBLE[s], s, s, DOUBLE[s] ^ s]
    for turn in range(4):
        TABLES[turn][each] = int.from_bytes(bytes(column[-turn:] + column[:-turn] if turn else column), "big")


class Aes256:
    def __init__(self, key):
        words = [int.from_bytes(key[i:i + 4], "big") for i in range(0, 32, 4)]
        constant = 1
        for i in range(8, 60):
            word = words[-1]
            if i % 8 == 0:
                word = (word << 8 | word >> 24) & 0xFFFFFFFF
            if i % 4 == 0:
                word = int.from_bytes(bytes(SBOX[b] for b in word.to_bytes(4, "big")), "big")
            if i % 8 == 0:
                word ^= constant << 24
                constant = DOUBLE[constant]
            words.append(words[-8] ^ word)
        self.rounds = [words[i:i + 4] for i in range(0, 60, 4)]

    def encrypt(self, block):
        state = [int.from_bytes(block[4 * i:4 * i + 4], "big") ^ self.rounds[0][i] for i in range(4)]
        t0, t1, t2, t3 = TABLES
        for keys in self.rounds[1:-1]:
            state = [t0[state[i] >> 24] ^ t1[state[(i + 1) % 4] >> 16 & 255] ^ t2[state[(i + 2) % 4] >> 8 & 255]
                     ^ t3[state[(i + 3) % 4] & 255] ^ keys[i] for i in range(4)]
        out = b""
        for i in range(4):
            word = bytes([SBOX[state[i] >> 24], SBOX[state[(i + 1) % 4] >> 16 & 255],
                          SBOX[state[(i + 2) % 4] >> 8 & 255], SBOX[state[(i + 3) % 4] & 255]])
            out += (int.from_bytes(word, "big") ^ self.rounds[-1][i]).to_bytes(4, "big")
        return out


class Gcm:
    """Of NIST SP 800-38D, with nonces of 12 bytes."""

    def __init__(self, key):
        self.aes = Aes256(key)
        h = int.from_bytes(self.aes.encrypt(bytes(16)), "big")
        # h times each bit, from the most significant one on, which is 1.
        powers = []
        for _ in range(128):
            powers.append(h)
            h = h >> 1 ^ (0xE1 << 120 if h & 1 else 0)
        # Of each byte at each place.
        self.table = []
        for place in range(16):
            row = [0] * 256
            for byte in range(256):
                for bit in range(8):
                    if byte >> (7 - bit) & 1:
                        row[byte] ^= powers[8 * place + bit]
            self.table.append(row)

    def hash(self, beside, text):
        value = 0
        for part in (beside, text):
            for i in range(0, len(part), 16):
                value = self.times(value ^ int.from_bytes(part[i:i + 16].ljust(16, b"\0"), "big"))
        return self.times(value ^ (len(beside) * 8 << 64 | len(text) * 8))

    def times(self, value):
        made = 0
        for row, byte in zip(self.table, value.to_bytes(16, "big")):
            made ^= row[byte]
        return made

    def stream(self, nonce, text):
        out = bytearray()
        for i in range(0, len(text), 16):
            key = self.aes.encrypt(nonce + struct.pack(">I", 2 + i // 16))
            out += bytes(a ^ b for a, b in zip(text[i:i + 16], key))
        return bytes(out)

    def tag(self, nonce, beside, text):
        mask = int.from_bytes(self.aes.encrypt(nonce + struct.pack(">I", 1)), "big")
        return (self.hash(beside, text) ^ mask).to_bytes(16, "big")

    def seal(self, nonce, beside, plain):
        text = self.stream(nonce, plain)
        return text + self.tag(nonce, beside, text)

    def open(self, nonce, beside, sealed):
        text, tag = sealed[:-16], sealed[-16:]
        if not hmac.compare_digest(tag, self.tag(nonce, beside, text)):
            raise ValueError("not as it was sealed")
        return self.stream(nonce, text)


def padded(size):
    whole = max(size + 8, 4096)
    exponent = whole.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (whole + mask) & ~mask


class Keys:
    def __init__(self, key, salt):
        secret = hkdf_extract(salt, key)
        expand = lambda name, size: hkdf_expand(secret, b"merlon/sealed-package/1/" + name, size)  # noqa: E731
        self.gcm, self.prefix, self.check = Gcm(expand(b"key", 32)), expand(b"prefix", 7), expand(b"check", 32)

    def nonce(self, number, last):
        return self.prefix + struct.pack(">I", number) + bytes([last])


def seal(package, key, salt):
    keys = Keys(key, salt)
    header = b"MRLNSEAL" + struct.pack("<II", 1, 0) + salt + keys.check
    plain = (struct.pack("<Q", len(package)) + package).ljust(padded(len(package)), b"\0")
    parts = [plain[i:i + SEGMENT] for i in range(0, len(plain), SEGMENT)]
    return header + b"".join(keys.gcm.seal(keys.nonce(number, number == len(parts) - 1), header, part)
                             for number, part in enumerate(parts))


def open_sealed(sealed, key):
    header, rest = sealed[:80], sealed[80:]
    if header[:16] != b"MRLNSEAL" + struct.pack("<II", 1, 0):
        raise ValueError("no sealed package")
    keys = Keys(key, header[16:48])
    if keys.check != header[48:]:
        raise ValueError("another key")
    parts = [rest[i:i + SEGMENT + 16] for i in range(0, len(rest), SEGMENT + 16)]
    plain = b"".join(keys.gcm.open(keys.nonce(number, number == len(parts) - 1), header, part)
                     for number, part in enumerate(parts))
    size = struct.unpack("<Q", plain[:8])[0]
    if padded(size) != len(plain):
        raise ValueError("no sealed package")
    return plain[8:8 + size]


if __name__ == "__main__":
    wanted, arguments = sys.argv[1], [bytes.fromhex(each) for each in sys.argv[2:]]
    work = seal if wanted == "seal" else open_sealed
    sys.stdout.buffer.write(work(sys.stdin.buffer.read(), *arguments))
