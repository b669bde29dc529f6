#!/usr/bin/env python3
"""No name of a file, a module, a host or a configuration reaches a terminal or a JSON text with a
character that acts: C0, DEL, C1, what turns the order of texts, what has no width."""

import json
import os

from support import EndToEnd, main, module

# Escape, DEL, CSI of C1, override and isolate of directions, zero width, line separator, a tag.
ACTING = "\x1b[2J\x7f\u009b31m\u202e\u2066\u200b\u2028\u061c\U000e0041"
# In the text format as bytes.
IN_MODULE = "".join(f"\\{byte:02x}" for byte in ACTING.encode())


def acts(character):
    code = ord(character)
    return (code < 0x20 and character != "\n" or 0x7F <= code <= 0x9F or code in (0x61C, 0xFEFF)
            or 0x200B <= code <= 0x200F or 0x2028 <= code <= 0x202E or 0x2060 <= code <= 0x206F
            or 0xE0000 <= code <= 0xE007F)


class Printable(EndToEnd):
    def assert_harmless(self, result):
        for text in (result.stdout, result.stderr):
            self.assertEqual([hex(ord(each)) for each in text if acts(each)], [], result)

    def named_module(self):
        """Imports, exports and a custom section with such names; traps when it runs."""
        return module(f"""
          (func $f (export "{IN_MODULE}") unreachable)
          (func (export "_start") (call $f))
          (@custom "{IN_MODULE}" (after data) "x")""")

    def test_names_of_a_module(self):
        path = self.wasm(self.named_module())
        for command in (("inspect", path), ("inspect", "--json", path), ("run", path),
                        ("run", "--invoke", "x", path), ("run", "--invoke", ACTING, path)):
            with self.subTest(command=command):
                self.assert_harmless(self.merlon(*command))
        exports = json.loads(self.merlon("inspect", "--json", path).stdout)["exports"]
        self.assertIn(ACTING, [each["name"] for each in exports])

    def test_names_of_imports(self):
        path = self.wasm(f'(module (import "{IN_MODULE}" "{IN_MODULE}" (func)))')
        for command in (("run", path), ("inspect", path), ("inspect", "--json", path)):
            with self.subTest(command=command):
                self.assert_harmless(self.merlon(*command))

    def test_names_of_files(self):
        path = self.wasm(self.named_module(), f"{ACTING}.wasm".replace("/", ""))
        missing = self.folder / f"missing{ACTING}"
        empty = self.folder / f"empty{ACTING}"
        empty.write_text("")
        for command in (("inspect", path), ("inspect", "--json", path), ("run", path),
                        ("run", missing), ("inspect", missing), ("run", empty), ("inspect", empty),
                        ("run", "--config", missing, path), ("run", "--dir", missing, path),
                        ("run", "--env", ACTING, path), ("run", "--timeout", ACTING, path),
                        ("run", "--backend", ACTING, path), (ACTING,), ("run", ACTING, ACTING),
                        ("evidence", "inspect", missing), ("evidence", "inspect", empty),
                        ("evidence", "verify", "--policy", missing, path),
                        ("evidence", "verify", "--endorsements", missing, path),
                        ("evidence", "verify", "--at", ACTING, path),
                        ("evidence", "policy", "check", missing),
                        ("evidence", "policy", "init", empty),
                        ("evidence", "fetch", missing, missing),
                        ("evidence", "fetch", "--amd-url", ACTING, missing, missing)):
            with self.subTest(command=command):
                self.assert_harmless(self.merlon(*command))

    def test_a_program_named_by_bytes_that_are_no_utf8(self):
        path = os.fsencode(self.folder) + b"/\xff\x9b.wasm"
        self.wasm(self.named_module(), "app.wasm").rename(os.fsdecode(path))
        for command in ("run", "inspect"):
            self.assert_harmless(self.merlon(command, os.fsdecode(path)))

    def test_values_of_an_enarx_toml(self):
        path = self.wasm(self.named_module())
        escaped = "".join(f"\\U{ord(each):08x}" for each in ACTING)
        config = self.folder / f"Enarx{ACTING}.toml"
        for text in (f'["{escaped}"]\n', f'steward = "{escaped}"\n', f'steward = "http://{escaped}"\n',
                     f'[[files]]\nkind = "{escaped}"\n', f'[[files]]\nkind = "null"\n"{escaped}" = 1\n',
                     f'[[files]]\nkind = "connect"\nprot = "tcp"\nhost = "{escaped}"\n',
                     f'[[files]]\nkind = "listen"\nprot = "tcp"\nname = "{escaped}"\naddr = "{escaped}"\n',
                     f'[[files]]\nkind = "listen"\nprot = "tls"\nname = "{escaped}"\n',
                     f'args = [1]\n{ACTING[:1]}', f'[env]\n"{escaped}" = 1\n'):
            with self.subTest(text=text):
                config.write_text(text)
                self.assert_harmless(self.merlon("run", "--config", config, path))


if __name__ == "__main__":
    main()
