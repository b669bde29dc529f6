#!/usr/bin/env python3
"""The commands beside run."""

import hashlib
import json
import shutil
import subprocess
import unittest
from pathlib import Path

from support import HELLO, MERLON, SANITIZED, EndToEnd, main


class Commands(EndToEnd):
    def test_version(self):
        result = self.merlon("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout, r"^merlon \d+\.\d+\.\d+\n$")

    def test_help_of_everything(self):
        for words in ([], ["run"], ["inspect"], ["keep", "measure"], ["platform", "info"],
                      ["config", "init"], ["completion"]):
            result = self.merlon(*words, "--help")
            self.assertEqual(result.returncode, 0)
            self.assertTrue(result.stdout.startswith("usage: merlon"))

    def test_config_init_writes_a_template_that_runs(self):
        self.wasm(HELLO, "main.wasm")
        self.assertEqual(self.merlon("config", "init", cwd=self.folder).returncode, 0)
        result = self.merlon("run", self.folder)
        self.assertEqual((result.returncode, result.stdout), (0, "hello\n"))
        again = self.merlon("config", "init", cwd=self.folder)
        self.assert_refused(again, 1, '"Enarx.toml" does already exist.')

    def test_platform_info_looks_at_every_backend(self):
        text = self.merlon("platform", "info")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        result = self.merlon("platform", "info", "--json")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        report = json.loads(result.stdout)
        self.assertEqual([each["backend"] for each in report["backends"]],
                         ["nil", "kvm", "sgx", "snp"])
        for backend in report["backends"]:
            self.assertRegex(text.stdout, f"(?m)^. Backend: {backend['backend']}")
            self.assert_remedies(backend["data"])
            alone = self.merlon("platform", "info", "--backend", backend["backend"])
            self.assertEqual(alone.returncode, 0 if backend["ready"] else 1)
        self.assertTrue(report["backends"][0]["ready"])

    def assert_remedies(self, data):
        for datum in data:
            self.assertEqual(datum["mesg"] is None, datum["pass"], datum)
            self.assert_remedies(datum["data"])

    def test_platform_info_wants_a_backend_that_exists(self):
        result = self.merlon("platform", "info", "--backend", "tdx")
        self.assert_refused(result, 2, "--backend")

    def test_the_man_page_has_no_roff_errors(self):
        page = self.merlon("man").stdout
        self.assertIn(".TH MERLON 1", page)
        if shutil.which("groff") is None:
            self.skipTest("groff is not installed")
        result = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page, text=True,
                                capture_output=True, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def complete(self, *words):
        script = self.folder / "merlon.bash"
        script.write_text(self.merlon("completion", "bash").stdout)
        listed = " ".join(f"'{word}'" for word in words)
        command = (f"source {script}; COMP_WORDS=(merlon {listed}); COMP_CWORD={len(words)}; "
                   "_merlon; printf '%s\\n' \"${COMPREPLY[@]}\"")
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True,
                                cwd=self.folder)
        return result.stdout.split()

    def test_bash_completes_commands_options_values_and_files(self):
        self.assertEqual(self.complete("ru"), ["run"])
        self.assertEqual(self.complete("config", ""), ["init", "--help"])
        self.assertEqual(self.complete("run", "--ti"), ["--timeout"])
        self.assertEqual(self.complete("run", "--backend", ""), ["nil", "kvm", "snp", "snp-sim", "sgx", "sgx-sim", "sev"])
        self.assertEqual(self.complete("completion", ""), ["bash", "zsh", "fish"])
        (self.folder / "app.wasm").touch()
        self.assertEqual(self.complete("run", "app"), ["app.wasm"])

    def test_zsh_and_fish_can_read_their_scripts(self):
        missing = [shell for shell in ("zsh", "fish") if shutil.which(shell) is None]
        for shell in ("zsh", "fish"):
            script = self.merlon("completion", shell)
            self.assertEqual(script.returncode, 0)
            if shell not in missing:
                path = self.folder / shell
                path.write_text(script.stdout)
                subprocess.run([shell, "-n", path], check=True)
        if missing:
            self.skipTest(f"not installed: {' '.join(missing)}")


@unittest.skipIf(SANITIZED, "a sanitized keep is not a static program, and runs in no machine")
class KeepMeasure(EndToEnd):
    def measured(self, *options, program=MERLON):
        result = subprocess.run([program, "keep", "measure", "--json", *options],
                                capture_output=True, text=True, timeout=60, check=True)
        return json.loads(result.stdout)

    def installed(self):
        """A copy of Merlon as it is installed."""
        programs = self.folder / "libexec" / "merlon"
        programs.mkdir(parents=True)
        (self.folder / "bin").mkdir()
        for name in ("merlon-evidence", "merlon-vmm", "merlon-keep", "merlon-shim-kvm"):
            shutil.copy(Path(MERLON).with_name(name), programs / name)
        return Path(shutil.copy(MERLON, self.folder / "bin" / "merlon")), programs

    def test_the_digest_is_stable_and_each_world_has_its_own(self):
        keep = self.measured()
        self.assertEqual(keep, self.measured())
        self.assertFalse(keep["signed"])
        worlds = {self.measured("--world", world)["sha384"]
                  for world in ("ring0", "collapsed", "isolated")}
        self.assertEqual(len(worlds), 3)
        self.assertIn(keep["sha384"], worlds)

    def test_the_launch_digest_of_snp_is_another_one_and_signed(self):
        keep = self.measured("--backend", "snp")
        self.assertTrue(keep["signed"])
        self.assertEqual(len(keep["launch_digest"]), 96)
        self.assertEqual(keep, self.measured("--backend", "snp"))
        self.assertNotEqual(keep["launch_digest"], self.measured()["sha384"])
        text = self.merlon("keep", "measure", "--backend", "snp")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        self.assertIn(keep["launch_digest"], text.stdout)

    def test_the_text_for_people_says_the_same(self):
        keep = self.measured()
        text = self.merlon("keep", "measure")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        self.assertIn("for comparison only", text.stdout)
        for fact in (keep, *keep["programs"]):
            self.assertIn(fact["sha384"], text.stdout)

    def test_both_programs_are_told_with_size_and_digest(self):
        for program in self.measured()["programs"]:
            content = Path(program["path"]).read_bytes()
            self.assertEqual(Path(program["path"]).name, program["name"])
            self.assertEqual(program["size"], len(content))
            self.assertEqual(program["sha384"], hashlib.sha384(content).hexdigest())

    def test_one_byte_of_a_program_changes_the_digest(self):
        merlon, programs = self.installed()
        before = self.measured(program=merlon)["sha384"]
        self.assertEqual(before, self.measured()["sha384"])
        for name, text in (("merlon-keep", b"merlon: "), ("merlon-shim-kvm", b"the shim failed")):
            content = bytearray((programs / name).read_bytes())
            at = content.index(text)
            content[at] ^= 0x20
            (programs / name).write_bytes(content)
            self.assertNotEqual(before, self.measured(program=merlon)["sha384"], name)
            content[at] ^= 0x20
            (programs / name).write_bytes(content)
        self.assertEqual(before, self.measured(program=merlon)["sha384"])

    def test_what_is_missing_or_broken_is_named(self):
        merlon, programs = self.installed()

        def refusal():
            return subprocess.run([merlon, "keep", "measure"], capture_output=True, text=True,
                                  timeout=60, check=False)

        (programs / "merlon-shim-kvm").write_bytes(b"no program")
        self.assert_refused(refusal(), 125, "merlon-shim-kvm: ")
        (programs / "merlon-keep").unlink()
        self.assert_refused(refusal(), 125, "cannot read", "merlon-keep", "build or install")
        (programs / "merlon-vmm").unlink()
        self.assert_refused(refusal(), 125, "cannot find merlon-vmm", "build or install")
        (programs / "merlon-evidence").write_text("no program")
        self.assert_refused(refusal(), 1, "merlon-evidence: cannot be started")
        (programs / "merlon-evidence").unlink()
        self.assert_refused(refusal(), 1, "cannot find merlon-evidence", "build or install")

    def test_a_kind_of_keep_without_a_digest_is_refused(self):
        self.assert_refused(self.merlon("keep", "measure", "--backend", "nil"), 2, "--backend")
        self.assert_refused(self.merlon("keep", "measure", "--world", "ring3"), 2, "--world")


class Inspect(EndToEnd):
    def test_a_table_for_people(self):
        result = self.merlon("inspect", self.wasm(HELLO))
        self.assertEqual(result.returncode, 0, result)
        for words in ("wasi_snapshot_preview1.fd_write", "(i32 i32 i32 i32) -> (i32)", "_start",
                      "its own end", "none beyond WebAssembly 1.0"):
            self.assertIn(words, result.stdout)

    def test_json_for_programs(self):
        path = self.wasm("""(module
          (import "env" "f\\"\\0a" (func (param i64)))
          (memory (export "memory") 1 5)
          (func (export "swap") (param i32 v128) (result v128 i32) (local.get 1) (local.get 0)))""")
        report = json.loads(self.merlon("inspect", "--json", path).stdout)
        self.assertEqual(report["size"], path.stat().st_size)
        self.assertEqual(report["imports"], [{"module": "env", "name": 'f"\n', "kind": "function",
                                              "type": "(i64) -> ()"}])
        self.assertEqual([entry["name"] for entry in report["exports"]], ["memory", "swap"])
        self.assertEqual(report["exports"][0]["type"], "1 to 5 pages")
        self.assertEqual(set(report["features"]), {"simd", "multi-value"})
        self.assertEqual(report["capabilities"][0]["name"], "unknown imports")
        offsets = [section["offset"] for section in report["sections"]]
        self.assertEqual(offsets, sorted(offsets))

    def test_what_cannot_be_inspected(self):
        self.assert_refused(self.merlon("inspect", self.folder / "gone"), 1, "No such file")
        path = self.folder / "bad.wasm"
        path.write_bytes(b"\0asm")
        self.assert_refused(self.merlon("inspect", path), 1, "bad.wasm", "byte")


if __name__ == "__main__":
    main()
