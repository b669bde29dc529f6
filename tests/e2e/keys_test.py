#!/usr/bin/env python3
"""merlon key, merlon sign and merlon signature check, with OpenSSL's command as the other party."""

import hashlib
import json
import os
import shutil
import stat
import struct
import subprocess
import unittest

from support import MERLON, EndToEnd, main

SNP_DIGEST = "ab" * 48
SGX_DIGEST = "cd" * 32
HAVE_OPENSSL = shutil.which("openssl") is not None


def openssl(*words, data=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True,
                          timeout=60, check=True).stdout


def der_number(value):
    size = value.bit_length() // 8 + 1
    return bytes([2, size]) + value.to_bytes(size, "big")


def der_signature(firmware_form):
    """r and s of 72 bytes each, least significant first, as OpenSSL wants them."""
    numbers = b"".join(der_number(int.from_bytes(firmware_form[at:at + 72], "little"))
                       for at in (0, 72))
    return bytes([0x30, len(numbers)]) + numbers


def firmware_key(public_der):
    """The 1028 bytes that SEV-SNP has for a key of P-384; its point ends the DER."""
    x, y = public_der[-96:-48], public_der[-48:]
    key = struct.pack("<I", 2) + x[::-1] + bytes(24) + y[::-1] + bytes(24)
    return key + bytes(1028 - len(key))


class Keys(EndToEnd):
    # Making one of RSA takes a good part of a second: keys of the same name serve all tests but those of their making.
    kept = {}

    def setUp(self):
        super().setUp()
        if not HAVE_OPENSSL:
            self.skipTest("openssl is not installed")

    def path(self, name):
        return self.folder / name

    def made(self, kind, name):
        if (kind, name) not in self.kept:
            self.kept[kind, name] = self.made_anew(kind, name).read_bytes()
        self.path(name).write_bytes(self.kept[kind, name])
        self.path(name).chmod(0o600)
        return self.path(name)

    def made_anew(self, kind, name):
        result = self.merlon("key", kind, "create", "--out", self.path(name))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        return self.path(name)

    def public(self, key):
        public = key.with_suffix(".pub")
        openssl("pkey", "-in", key, "-pubout", "-out", public)
        return public

    def digest(self, kind, key):
        result = self.merlon("key", kind, "digest", key)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return result.stdout

    def author_signature(self, author, id_key, name="id-key.sig"):
        result = self.merlon("key", "snp", "sign", "--author-key", author, "--id-key", id_key,
                             "--out", self.path(name))
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        return self.path(name)

    def assert_ecdsa(self, key, firmware_form, message):
        (self.path("message")).write_bytes(message)
        (self.path("signature")).write_bytes(der_signature(firmware_form))
        said = openssl("dgst", "-sha384", "-verify", self.public(key), "-signature",
                       self.path("signature"), self.path("message"))
        self.assertEqual(said, b"Verified OK\n")


class Create(Keys):
    def test_openssl_reads_the_keys(self):
        snp = self.made_anew("snp", "snp.pem")
        self.assertTrue(snp.read_text().startswith("-----BEGIN PRIVATE KEY-----\n"))
        text = openssl("pkey", "-in", snp, "-noout", "-text", "-check").decode()
        self.assertIn("secp384r1", text)
        self.assertIn("Key is valid", text)
        sgx = self.made_anew("sgx", "sgx.pem")
        self.assertTrue(sgx.read_text().startswith("-----BEGIN RSA PRIVATE KEY-----\n"))
        text = openssl("rsa", "-in", sgx, "-noout", "-text", "-check").decode()
        self.assertIn("3072 bit", text)
        self.assertIn("publicExponent: 3 (0x3)", text)
        self.assertIn("RSA key ok", text)

    def test_each_key_is_another(self):
        self.assertNotEqual(self.made_anew("snp", "a").read_text(), self.made_anew("snp", "b").read_text())

    def test_a_key_is_its_owners_alone_whatever_the_umask(self):
        before = os.umask(0)
        try:
            for kind in ("snp", "sgx"):
                mode = stat.S_IMODE(self.made_anew(kind, kind).stat().st_mode)
                self.assertEqual(mode, 0o600)
        finally:
            os.umask(before)

    def test_a_file_that_is_there_stays_unless_forced(self):
        key = self.made_anew("snp", "key.pem")
        before = key.read_text()
        again = self.merlon("key", "snp", "create", "--out", key)
        self.assert_refused(again, 1, "key.pem: is there already", "--force")
        self.assertEqual(key.read_text(), before)
        key.chmod(0o644)
        forced = self.merlon("key", "snp", "create", "--out", key, "--force")
        self.assertEqual((forced.returncode, forced.stderr), (0, ""))
        self.assertNotEqual(key.read_text(), before)
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        self.assertEqual([each.name for each in self.folder.iterdir()], ["key.pem"])

    def test_a_link_is_not_followed_to_a_file_that_is_not_there(self):
        self.path("link").symlink_to(self.path("target"))
        self.assert_refused(self.merlon("key", "snp", "create", "--out", self.path("link")), 1,
                            "is there already")
        self.assertFalse(self.path("target").exists())

    def test_without_a_file_the_key_goes_to_standard_output(self):
        for words in ([], ["--out", "-"], ["--out", "/dev/stdout"]):
            result = self.merlon("key", "snp", "create", *words)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            openssl("pkey", "-noout", "-check", data=result.stdout.encode())

    def test_json_tells_the_digest_of_the_new_key(self):
        for kind, member in (("snp", "key_sha384"), ("sgx", "mr_signer")):
            path = self.path(kind)
            report = json.loads(self.merlon("key", kind, "create", "--out", path, "--json").stdout)
            self.assertEqual(report, {"file": str(path), "technology": kind,
                                      member: self.digest(kind, path)})
        self.assert_refused(self.merlon("key", "snp", "create", "--json"), 2, "--out FILE")
        self.assert_refused(self.merlon("key", "snp", "create", "--force"), 2, "--out FILE")

    def test_what_cannot_be_written_is_told(self):
        with open("/dev/full", "wb") as full:
            lost = subprocess.run([MERLON, "key", "snp", "create"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assert_refused(lost, 74, "standard output")
        for path in ("/dev/full", self.folder, self.path("gone") / "key.pem"):
            result = self.merlon("key", "snp", "create", "--out", path)
            self.assert_refused(result, 1, "cannot be written")


class Digest(Keys):
    def test_of_snp_is_sha384_of_the_key_as_the_firmware_has_it(self):
        key = self.made("snp", "key.pem")
        der = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
        wanted = hashlib.sha384(firmware_key(der)).hexdigest()
        self.assertEqual(self.digest("snp", key), wanted)
        self.assertEqual(self.digest("sev", key), wanted)
        self.assertEqual(self.digest("snp", self.public(key)), wanted)

    def test_of_sgx_is_sha256_of_the_modulus(self):
        key = self.made("sgx", "key.pem")
        modulus = openssl("rsa", "-in", key, "-noout", "-modulus").decode().strip()[8:]
        wanted = hashlib.sha256(bytes.fromhex(modulus)[::-1]).hexdigest()
        self.assertEqual(self.digest("sgx", key), wanted)
        self.assertEqual(self.digest("sgx", self.public(key)), wanted)
        pkcs1 = self.path("pkcs1.pub")
        openssl("rsa", "-in", key, "-RSAPublicKey_out", "-out", pkcs1)
        self.assertEqual(self.digest("sgx", pkcs1), wanted)

    def test_keys_that_openssl_made_are_read(self):
        forms = {
            "pkcs8": ("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
            "sec1": ("ecparam", "-name", "secp384r1", "-genkey"),  # with EC PARAMETERS in front
        }
        for name, words in forms.items():
            key = self.path(name)
            key.write_bytes(openssl(*words))
            der = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
            self.assertEqual(self.digest("snp", key),
                             hashlib.sha384(firmware_key(der)).hexdigest())
        rsa = self.path("rsa")
        rsa.write_bytes(openssl("genrsa", "-3", "3072"))
        self.assertRegex(self.digest("sgx", rsa), "^[0-9a-f]{64}$")

    def test_goes_to_a_file_or_becomes_json(self):
        key = self.made("snp", "key.pem")
        digest = self.digest("snp", key)
        out = self.path("digest")
        for words, wanted in (([], digest), (["--json"], None)):
            result = self.merlon("key", "snp", "digest", key, "--out", out, *words)
            self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
            if wanted is not None:
                self.assertEqual(out.read_text(), wanted)
        self.assertEqual(json.loads(out.read_text())["key_sha384"], digest)

    def test_a_key_may_come_from_standard_input(self):
        key = self.made("snp", "key.pem")
        with key.open() as stream:
            result = self.merlon("key", "snp", "digest", "-", stdin=stream)
        self.assertEqual((result.returncode, result.stdout), (0, self.digest("snp", key)))

    def test_keys_that_do_not_fit_are_named_with_what_would(self):
        self.path("p256").write_bytes(openssl("ecparam", "-name", "prime256v1", "-genkey"))
        self.path("p521").write_bytes(openssl("ecparam", "-name", "secp521r1", "-genkey"))
        self.path("ed25519").write_bytes(openssl("genpkey", "-algorithm", "ED25519"))
        self.path("rsa2048").write_bytes(openssl("genrsa", "-3", "2048"))
        self.path("f4").write_bytes(openssl("genrsa", "3072"))
        snp, sgx = self.made("snp", "snp"), self.made("sgx", "sgx")
        for name, words in (("p256", "a key of P-256"), ("p521", "another curve"),
                            ("ed25519", "neither RSA nor"), (sgx, "an RSA key of 3072 bits")):
            result = self.merlon("key", "snp", "digest", self.path(name))
            self.assert_refused(result, 1, words, "P-384", "merlon key snp create")
        for name, words in (("rsa2048", "2048 bits with exponent 3"),
                            ("f4", "3072 bits with exponent 65537"), (snp, "a key of P-384")):
            result = self.merlon("key", "sgx", "digest", self.path(name))
            self.assert_refused(result, 1, words, "merlon key sgx create")
            if name != snp:
                result = self.merlon("key", "sgx", "digest", self.public(self.path(name)))
                self.assert_refused(result, 1, words)

    def test_what_is_no_key_is_told(self):
        key = self.made("snp", "key.pem")
        openssl("pkcs8", "-topk8", "-in", key, "-out", self.path("pkcs8"), "-passout", "pass:x")
        openssl("ec", "-aes128", "-in", key, "-out", self.path("sec1"), "-passout", "pass:x")
        for name in ("pkcs8", "sec1"):
            self.assert_refused(self.merlon("key", "snp", "digest", self.path(name)), 1,
                                "an encrypted key", "openssl pkey")
        self.path("text").write_text("no key\n")
        self.assert_refused(self.merlon("key", "snp", "digest", self.path("text")), 1, "PEM")
        self.path("large").write_text("x" * 40000)
        self.assert_refused(self.merlon("key", "snp", "digest", self.path("large")), 1, "larger")
        self.assert_refused(self.merlon("key", "snp", "digest", self.path("gone")), 1, "No such")
        self.assert_refused(self.merlon("key", "snp", "digest", self.folder), 1, "directory")
        public = self.public(key)
        self.assert_refused(
            self.merlon("key", "snp", "sign", "--author-key", public, "--id-key", key, "--out",
                        self.path("s")), 1, "a public key, where the private one is needed")


class SignIdKey(Keys):
    def test_openssl_verifies_the_authors_signature(self):
        author, id_key = self.made("snp", "author.pem"), self.made("snp", "id.pem")
        blob = self.author_signature(author, id_key).read_bytes()
        self.assertEqual(len(blob), 1540)
        id_der = openssl("pkey", "-in", id_key, "-pubout", "-outform", "DER")
        author_der = openssl("pkey", "-in", author, "-pubout", "-outform", "DER")
        self.assertEqual(blob[144:512], bytes(368))
        self.assertEqual(blob[512:], firmware_key(author_der))
        self.assert_ecdsa(author, blob, firmware_key(id_der))

    def test_the_id_keys_public_half_is_enough(self):
        author, id_key = self.made("snp", "author.pem"), self.made("snp", "id.pem")
        signature = self.author_signature(author, self.public(id_key))
        result = self.merlon("signature", "check", signature, "--id-key", id_key)
        self.assertEqual(result.returncode, 0, result)

    def test_json_names_both_keys(self):
        author, id_key = self.made("snp", "author.pem"), self.made("snp", "id.pem")
        out = self.path("out")
        result = self.merlon("key", "sev", "sign", "--author-key", author, "--id-key", id_key,
                             "--out", out, "--json")
        self.assertEqual(json.loads(result.stdout),
                         {"file": str(out), "id_key_sha384": self.digest("snp", id_key),
                          "author_key_sha384": self.digest("snp", author)})

    def test_the_signature_can_go_to_a_pipe(self):
        author, id_key = self.made("snp", "author.pem"), self.made("snp", "id.pem")
        result = subprocess.run([MERLON, "key", "snp", "sign", "--author-key", author, "--id-key",
                                 id_key, "--out", "-"], capture_output=True, timeout=60, check=True)
        self.assertEqual(len(result.stdout), 1540)

    def test_options_that_are_missing_are_named(self):
        key = self.made("snp", "key.pem")
        all_words = ["--author-key", key, "--id-key", key, "--out", self.path("out")]
        for at, name in ((0, "--author-key"), (2, "--id-key"), (4, "--out")):
            words = all_words[:at] + all_words[at + 2:]
            self.assert_refused(self.merlon("key", "snp", "sign", *words), 2, name, "missing")
        self.assert_refused(
            self.merlon("key", "snp", "sign", "--author-key", "-", "--id-key", "-", "--out",
                        self.path("out")), 2, "standard input")

    def test_a_private_key_is_never_replaced_by_what_is_none(self):
        key = self.made("snp", "key.pem")
        before = key.read_text()
        result = self.merlon("key", "snp", "sign", "--author-key", key, "--id-key", key, "--out",
                             key)
        self.assert_refused(result, 1, "holds a private key")
        self.assert_refused(self.merlon("key", "snp", "digest", key, "--out", key), 1,
                            "holds a private key")
        self.assertEqual(key.read_text(), before)


class Sign(Keys):
    def setUp(self):
        super().setUp()
        self.author, self.id_key = self.made("snp", "author.pem"), self.made("snp", "id.pem")
        self.sgx_key = self.made("sgx", "sgx.pem")
        self.signature = self.author_signature(self.author, self.id_key)
        self.snp = ["--snp-id-key", self.id_key, "--snp-id-key-signature", self.signature,
                    "--snp-digest", SNP_DIGEST]
        self.sgx = ["--sgx-key", self.sgx_key, "--sgx-digest", SGX_DIGEST]

    def signed(self, *words):
        out = self.path("keep.sig")
        result = self.merlon("sign", *words, "--out", out)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", ""))
        text = out.read_text()
        file = json.loads(text)
        self.assertEqual(text, json.dumps(file, separators=(",", ":")))  # as serde writes it
        self.assertEqual(list(file), ["version", "sev", "sgx"])
        self.assertEqual(list(file["sev"]), ["id_block", "id_auth"])
        return file

    def test_openssl_verifies_all_of_a_file(self):
        file = self.signed(*self.snp, *self.sgx)
        self.assertEqual(file["version"], "0.7.1")
        block, auth = bytes(file["sev"]["id_block"]), bytes(file["sev"]["id_auth"])
        self.assertEqual((len(block), len(auth), len(file["sgx"])), (96, 4096, 1808))
        self.assertEqual(block, bytes.fromhex(SNP_DIGEST) + bytes(32) +
                         struct.pack("<IIQ", 1, 1, 0x30133))
        id_der = openssl("pkey", "-in", self.id_key, "-pubout", "-outform", "DER")
        self.assertEqual(auth[:8], struct.pack("<II", 1, 1))
        self.assertEqual(auth[576:576 + 1028], firmware_key(id_der))
        self.assertEqual(auth[1664:1664 + 1540], self.signature.read_bytes())
        self.assert_ecdsa(self.id_key, auth[64:], block)
        self.assert_ecdsa(self.author, auth[1664:], firmware_key(id_der))
        self.assert_sigstruct(bytes(file["sgx"]))

    def assert_sigstruct(self, enclave):
        self.path("message").write_bytes(enclave[:128] + enclave[900:1028])
        self.path("signature").write_bytes(enclave[516:900][::-1])
        said = openssl("dgst", "-sha256", "-verify", self.public(self.sgx_key), "-signature",
                       self.path("signature"), self.path("message"))
        self.assertEqual(said, b"Verified OK\n")
        n, s, q1, q2 = (int.from_bytes(enclave[at:at + 384], "little")
                        for at in (128, 516, 1040, 1424))
        self.assertEqual(q1, s * s // n)
        self.assertEqual(q2, (s ** 3 - q1 * s * n) // n)
        self.assertEqual(enclave[960:992].hex(), SGX_DIGEST)
        self.assertEqual(enclave[900:908], struct.pack("<II", 1, 0xFFFFFFFF))
        self.assertEqual(enclave[928:960], struct.pack("<QQQQ", 4, 0xE7, 2**64 - 1, 2**64 - 1))

    def test_each_technology_can_stand_alone(self):
        self.assertEqual(self.signed(*self.snp)["sgx"], [])
        self.assertEqual(self.signed(*self.sgx)["sev"], {"id_block": [], "id_auth": []})

    def test_enarx_names_of_options_mean_the_same(self):
        words = [str(word).replace("--snp-id", "--sev-id") for word in self.snp]
        file = self.signed(*words)
        self.assertEqual(len(file["sev"]["id_auth"]), 4096)
        result = self.merlon("sign", *self.snp, "--sev-id-key", self.id_key)
        self.assert_refused(result, 2, "--sev-id-key", "another name")

    def test_what_is_signed_can_be_said(self):
        file = self.signed(*self.snp, "--snp-policy", "0x20000", "--snp-svn", "7",
                           "--snp-family-id", "11" * 16, "--snp-image-id", "22" * 16, *self.sgx,
                           "--sgx-product-id", "5", "--sgx-svn", "0x6", "--sgx-xfrm", "0x7",
                           "--enarx-version", "0.8.0-rc1")
        self.assertEqual(bytes(file["sev"]["id_block"])[48:],
                         b"\x11" * 16 + b"\x22" * 16 + struct.pack("<IIQ", 1, 7, 0x20000))
        self.assertEqual(bytes(file["sgx"])[1024:1028], struct.pack("<HH", 5, 6))
        self.assertEqual(file["sgx"][936], 7)
        self.assertEqual(file["version"], "0.8.0-rc1")

    def test_without_a_file_it_goes_to_standard_output(self):
        result = self.merlon("sign", *self.sgx)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(len(json.loads(result.stdout)["sgx"]), 1808)

    def test_json_says_what_was_signed_and_by_whom(self):
        result = self.merlon("sign", *self.snp, *self.sgx, "--out", self.path("out"), "--json")
        self.assertEqual(json.loads(result.stdout), {
            "file": str(self.path("out")),
            "snp": {"measurement": SNP_DIGEST, "id_key_sha384": self.digest("snp", self.id_key),
                    "author_key_sha384": self.digest("snp", self.author)},
            "sgx": {"mr_enclave": SGX_DIGEST, "mr_signer": self.digest("sgx", self.sgx_key)}})

    def test_without_a_digest_the_own_keep_is_signed(self):
        made = self.path("own.sig")
        signed = self.merlon("sign", *self.snp[:4], "--out", made, "--json")
        self.assertEqual((signed.returncode, signed.stderr), (0, ""), signed)
        keep = self.merlon("keep", "measure", "--backend", "snp", "--json")
        self.assertEqual(json.loads(signed.stdout)["snp"]["measurement"],
                         json.loads(keep.stdout)["launch_digest"])

    def test_without_a_digest_it_is_this_installations_enclave(self):
        self.merlon("sign", *self.sgx[:2], "--out", self.folder / "own.sig")
        told = json.loads(self.merlon("signature", "check", self.folder / "own.sig", "--json").stdout)
        keep = json.loads(self.merlon("keep", "measure", "--backend", "sgx", "--json").stdout)
        self.assertIn(keep["mr_enclave"], json.dumps(told))

    def test_what_is_missing_or_wrong_is_one_line_that_says_what_to_give(self):
        for words, *said in (
                ([], "nothing to sign with", "--snp-id-key", "--sgx-key"),
                (self.snp[:2], "--snp-id-key-signature FILE is missing", "merlon key snp sign"),
                (self.snp[2:], "--snp-id-key FILE is missing", "merlon key snp create"),
                (self.sgx[2:], "--sgx-key FILE is missing"),
                (["app", *self.sgx], "'app'", "--sgx-digest"),
                ([*self.snp[:4], "--snp-digest", SGX_DIGEST], "--snp-digest wants 96"),
                ([*self.sgx[:2], "--sgx-digest", "x" * 64], "--sgx-digest wants 64"),
                ([*self.snp, "--snp-policy", "0x10133"], "--snp-policy", "bit 17"),
                ([*self.snp, "--snp-policy", "0x7"], "--snp-policy"),
                ([*self.snp, "--snp-svn", "-1"], "--snp-svn", "no number"),
                ([*self.snp, "--snp-svn", "4294967296"], "--snp-svn", "4294967295"),
                ([*self.snp, "--snp-svn", "0x"], "--snp-svn"),
                ([*self.sgx, "--sgx-svn", "65536"], "--sgx-svn"),
                ([*self.sgx, "--sgx-xfrm", "4"], "--sgx-xfrm"),
                ([*self.sgx, "--enarx-version", "0 7"], "--enarx-version"),
                ([*self.sgx, "--json"], "--json needs --out")):
            self.assert_refused(self.merlon("sign", *words), 2, *said)

    def test_a_signature_by_another_author_or_of_another_key_is_refused(self):
        other = self.made("snp", "other.pem")
        result = self.merlon("sign", "--snp-id-key", other, *self.snp[2:])
        self.assert_refused(result, 1, "id-key.sig: is no author's signature of", "other.pem")
        blob = bytearray(self.signature.read_bytes())
        of_other = self.author_signature(other, self.id_key, "other.sig").read_bytes()
        blob[512:] = of_other[512:]  # one author's signature beside another's key
        self.signature.write_bytes(blob)
        self.assert_refused(self.merlon("sign", *self.snp), 1, "is no author's signature of")

    def test_files_that_are_no_signature_are_refused(self):
        blob = self.signature.read_bytes()
        for content in (blob[:1539], blob + b"\0", b"", blob[:512] + b"\1" + blob[513:],
                        blob[:200] + b"\1" + blob[201:]):
            self.signature.write_bytes(content)
            self.assert_refused(self.merlon("sign", *self.snp), 1, "id-key.sig: ")
        self.signature.write_bytes(bytes(70000))
        self.assert_refused(self.merlon("sign", *self.snp), 1, "larger than 65536")

    def test_keys_that_do_not_fit_are_refused(self):
        self.path("f4").write_bytes(openssl("genrsa", "3072"))
        result = self.merlon("sign", "--sgx-key", self.path("f4"), *self.sgx[2:])
        self.assert_refused(result, 1, "f4: ", "exponent 65537", "exponent 3")
        result = self.merlon("sign", "--snp-id-key", self.sgx_key, *self.snp[2:])
        self.assert_refused(result, 1, "sgx.pem: ", "P-384")

    def test_a_policy_with_debugging_is_told(self):
        result = self.merlon("sign", *self.snp, "--snp-policy", "0xb0133", "--out",
                             self.path("out"))
        self.assertEqual(result.returncode, 0)
        self.assertIn("note: ", result.stderr)
        check = self.merlon("signature", "check", self.path("out"))
        self.assertIn("! the policy lets the host debug", check.stdout)


class Check(Keys):
    def setUp(self):
        super().setUp()
        self.author, self.id_key = self.made("snp", "author.pem"), self.made("snp", "id.pem")
        self.sgx_key = self.made("sgx", "sgx.pem")
        self.signature = self.author_signature(self.author, self.id_key)
        self.file = self.path("keep.sig")
        self.merlon("sign", "--snp-id-key", self.id_key, "--snp-id-key-signature", self.signature,
                    "--snp-digest", SNP_DIGEST, "--sgx-key", self.sgx_key, "--sgx-digest",
                    SGX_DIGEST, "--out", self.file)

    def checked(self, path, *words):
        result = self.merlon("signature", "check", path, "--json", *words)
        self.assertEqual(result.stderr, "")
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, 0 if report["holds"] else 3)
        return report

    def test_names_the_digests_that_a_policy_takes(self):
        report = self.checked(self.file)
        self.assertTrue(report["holds"])
        self.assertEqual(report["snp"]["measurement"], SNP_DIGEST)
        self.assertEqual(report["snp"]["id_key_sha384"], self.digest("snp", self.id_key))
        self.assertEqual(report["snp"]["author_key_sha384"], self.digest("snp", self.author))
        self.assertEqual(report["snp"]["guest_svn"], 1)
        self.assertEqual(report["sgx"]["mr_enclave"], SGX_DIGEST)
        self.assertEqual(report["sgx"]["mr_signer"], self.digest("sgx", self.sgx_key))
        self.assertIsNone(report["sgx"]["warning"])
        text = self.merlon("signature", "check", self.file)
        self.assertEqual(text.returncode, 0)
        for value in ("Verdict: all signatures hold", SNP_DIGEST, SGX_DIGEST,
                      report["snp"]["id_key_sha384"], report["sgx"]["mr_signer"]):
            self.assertIn(value, text.stdout)

    def test_the_digests_are_what_policies_take(self):
        report = self.checked(self.file)
        policy = self.path("policy.toml")
        snp, sgx = report["snp"], report["sgx"]
        policy.write_text(f"""[snp]
measurement = ["{snp['measurement']}"]
id_key_sha384 = ["{snp['id_key_sha384']}"]
author_key_sha384 = ["{snp['author_key_sha384']}"]
[sgx]
mr_enclave = ["{sgx['mr_enclave']}"]
mr_signer = ["{sgx['mr_signer']}"]
""")
        result = self.merlon("evidence", "policy", "check", policy)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_one_altered_byte_of_what_is_signed_refuses(self):
        original = json.loads(self.file.read_text())
        for keys, at, finding in ((("sev", "id_block"), 0, ("snp", "id_block_signed")),
                                  (("sev", "id_block"), 84, ("snp", "id_block_signed")),
                                  (("sev", "id_auth"), 64, ("snp", "id_block_signed")),
                                  (("sev", "id_auth"), 1664, ("snp", "id_key_signed")),
                                  (("sgx",), 960, ("sgx", "enclave_signed")),
                                  (("sgx",), 1040, ("sgx", "enclave_signed"))):
            file = json.loads(json.dumps(original))
            part = file
            for key in keys:
                part = part[key]
            part[at] ^= 1
            self.path("altered").write_text(json.dumps(file))
            report = self.checked(self.path("altered"))
            self.assertFalse(report["holds"])
            self.assertFalse(report[finding[0]][finding[1]], (keys, at))
        result = self.merlon("signature", "check", self.path("altered"))
        self.assertEqual(result.returncode, 3)
        self.assertIn("✘ the signer has signed the enclave", result.stdout)

    def test_an_authors_signature_is_of_one_id_key(self):
        self.assertTrue(self.checked(self.signature, "--id-key", self.public(self.id_key))["holds"])
        self.assertFalse(self.checked(self.signature, "--id-key", self.author)["holds"])
        self.assert_refused(self.merlon("signature", "check", self.signature), 2, "--id-key")
        self.assert_refused(
            self.merlon("signature", "check", self.file, "--id-key", self.id_key), 2, "--id-key")

    def test_an_authors_signature_may_begin_as_json_does(self):
        blob = self.signature.read_bytes()
        self.signature.write_bytes(b"{" + blob[1:])  # one in 256 does; this one does not hold
        report = self.checked(self.signature, "--id-key", self.id_key)
        self.assertEqual(report["snp"]["author_key_sha384"], self.digest("snp", self.author))

    def test_a_sigstruct_alone_is_read_and_its_mask_judged(self):
        enclave = bytearray(json.loads(self.file.read_text())["sgx"])
        self.path("sigstruct").write_bytes(enclave)
        self.assertTrue(self.checked(self.path("sigstruct"))["holds"])
        enclave[944] &= ~2  # of the mask: whoever starts it may set DEBUG
        self.path("sigstruct").write_bytes(enclave)
        report = self.checked(self.path("sigstruct"))
        self.assertFalse(report["holds"])
        self.assertIn("debug", report["sgx"]["warning"])

    def test_what_is_no_file_of_signatures_is_one_line(self):
        original = self.file.read_text()
        file = json.loads(original)
        bad = self.path("bad")
        for text in ("", "{}", "[]", original[:-1], original + "x",
                     json.dumps({**file, "tdx": []}), json.dumps({**file, "sgx": file["sgx"][1:]}),
                     json.dumps({**file, "sgx": [256] * 1808}),
                     json.dumps({**file, "version": "\x1b[2J"}),
                     json.dumps({**file, "sev": {"id_block": [], "id_auth": []}, "sgx": []}),
                     original.replace('{"version"', '{"sgx":[],"version"', 1)):
            bad.write_text(text)
            self.assert_refused(self.merlon("signature", "check", bad), 1, "bad: ")
        bad.write_text(" " * (256 * 1024 + 1))
        self.assert_refused(self.merlon("signature", "check", bad), 1, "larger")
        bad.write_bytes(bytes(1808))
        self.assert_refused(self.merlon("signature", "check", bad), 1, "bad: ")
        self.assert_refused(self.merlon("signature", "check", self.path("gone")), 1, "No such")


if __name__ == "__main__":
    main()
