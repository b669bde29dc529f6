#!/usr/bin/env python3
"""merlon platform simulate: a simulated machine is made, shown and revoked, and says what it is."""

import json
import os
import stat
import unittest

from support import EndToEnd

PEM = ("ark.pem", "ask.pem", "vcek.pem", "crl.pem")


class Simulate(EndToEnd):
    def simulate(self, command, *options, **environment):
        return self.merlon("platform", "simulate", command, *options,
                           env={**os.environ, **environment})

    def shown(self, command="show", place=None):
        result = self.simulate(command, "--json", "--dir", place or self.folder / "machine")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        return json.loads(result.stdout)

    def test_what_is_made_is_shown(self):
        made = self.shown("init")
        self.assertEqual(made, self.shown())
        self.assertEqual((made["product"], made["confidential"], made["revoked"]),
                         ("SIMULATOR", False, False))
        self.assertTrue(bytes.fromhex(made["chip_id"]).startswith(b"SIMULATOR"))
        self.assertEqual(len(made["root_sha256"]), 64)
        text = self.simulate("show", "--dir", self.folder / "machine").stdout
        for word in (made["root_sha256"], made["chip_id"], "SIMULATOR", "Protects", "nothing",
                     made["policy"]):
            self.assertIn(word, text)

    def test_one_with_sgx_is_made_shown_updated_and_revoked(self):
        place = self.folder / "machine"
        def sgx(command, *options):
            result = self.simulate(command, *options, "--json", "--dir", place)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            return json.loads(result.stdout)
        made = sgx("init", "--kind", "sgx")
        self.assertEqual(made, sgx("show"))  # which is seen by what lies there
        self.assertEqual((made["kind"], made["confidential"], made["revoked"], made["tcb_status"]),
                         ("sgx", False, False, "UpToDate"))
        self.assertTrue(bytes.fromhex(made["ppid"]).startswith(b"SIMULATOR"))
        self.assertEqual(bytes.fromhex(made["fmspc"]), b"SIMSGX")
        for path in (place, place / "keys"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o700)
        policy = self.folder / "policy.toml"
        policy.write_text(made["policy"])
        checked = self.merlon("evidence", "policy", "check", policy)
        self.assertEqual(checked.returncode, 0, checked.stderr)
        for name in ("root.pem", "ca.pem", "pck.pem", "tcb-signer.pem"):
            self.assertIn("SIMULATOR", self.merlon("evidence", "inspect", place / name).stdout)
        self.assertEqual(sgx("update", "--tcb", "2")["tcb_status"], "OutOfDate")
        self.assert_refused(self.simulate("update", "--tcb", "1.2.3.4", "--dir", place), 2, "LEVEL")
        self.assertTrue(sgx("revoke")["revoked"])
        self.assertEqual(sgx("show")["root_sha256"], made["root_sha256"])
        again = self.simulate("update", "--tcb", "9", "--dir", place)
        self.assert_refused(again, 1, "revoked")
        own = self.simulate("init", "--kind", "sgx", XDG_STATE_HOME=str(self.folder))
        self.assertIn("merlon/simulator-sgx", own.stdout)

    def test_only_its_owner_may_enter(self):
        self.shown("init")
        machine = self.folder / "machine"
        for path in (machine, machine / "keys"):
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o700)
        for path in (machine / "keys").iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        self.assertEqual(sorted(path.name for path in machine.iterdir()), sorted((*PEM, "keys")))

    def test_each_certificate_says_that_it_is_a_simulators(self):
        self.shown("init")
        for name in PEM[:3]:
            text = self.merlon("evidence", "inspect", self.folder / "machine" / name)
            self.assertEqual(text.returncode, 0, text)
            self.assertIn("SIMULATOR", text.stdout)

    def test_nothing_is_overwritten(self):
        made = self.shown("init")
        again = self.simulate("init", "--dir", self.folder / "machine")
        self.assert_refused(again, 1, "machine", "already")
        self.assertEqual(made, self.shown())

    def test_a_revoked_machine_stays_revoked(self):
        made = self.shown("init")
        revoked = self.shown("revoke")
        self.assertTrue(revoked["revoked"])
        self.assertEqual(revoked["root_sha256"], made["root_sha256"])
        self.assertEqual(revoked, self.shown())
        self.assertTrue(self.shown("revoke")["revoked"])

    def test_an_update_changes_the_versions_alone(self):
        made = self.shown("init")
        place = self.folder / "machine"
        for tcb in ("3.0.20.209", "1.0.1.1"):
            result = self.simulate("update", "--json", "--tcb", tcb, "--dir", place)
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            updated = json.loads(result.stdout)
            self.assertEqual(updated, self.shown())
            self.assertEqual(".".join(str(updated["tcb"][name]) for name in
                                      ("bootloader", "tee", "snp", "microcode")), tcb)
            for same in ("root_sha256", "chip_id", "policy", "revoked"):
                self.assertEqual(updated[same], made[same])
        for wrong in ("", "1", "1.2.3", "1.2.3.256", "1.2.3.4.", "1.2.3.-4", "a.b.c.d", "1.2.3.4.5"):
            self.assert_refused(self.simulate("update", "--tcb", wrong, "--dir", place), 2, "--tcb")
        self.assert_refused(self.simulate("update", "--dir", place), 2, "--tcb")
        self.shown("revoke")
        self.assert_refused(self.simulate("update", "--tcb", "9.9.9.9", "--dir", place), 1, "revoked")

    def test_its_place_is_the_users_own_unless_named(self):
        state = self.folder / "state"
        made = self.simulate("init", "--json", XDG_STATE_HOME=str(state))
        self.assertEqual(json.loads(made.stdout)["directory"], str(state / "merlon/simulator"))
        shown = self.simulate("show", "--json", XDG_STATE_HOME=str(state))
        self.assertEqual(made.stdout, shown.stdout)
        home = self.folder / "home"
        made = self.simulate("init", "--json", XDG_STATE_HOME="", HOME=str(home))
        self.assertEqual(json.loads(made.stdout)["directory"],
                         str(home / ".local/state/merlon/simulator"))
        self.assert_refused(self.simulate("show", XDG_STATE_HOME="", HOME=""), 1, "--dir")

    def test_its_policy_is_one_and_said_to_be_weak(self):
        policy = self.folder / "policy.toml"
        policy.write_text(self.shown("init")["policy"])
        result = self.merlon("evidence", "policy", "check", policy)
        self.assertEqual(result.returncode, 0, result)
        self.assertIn("SNP", result.stdout.upper())
        self.assertIn("no hardware at all", result.stdout)

    def test_what_is_missing_or_spoilt_is_told_in_a_line(self):
        machine = self.folder / "machine"
        for command in ("show", "revoke"):
            self.assert_refused(self.simulate(command, "--dir", machine), 1, "machine", "init")
        self.assert_refused(self.simulate("init", "--dir", machine / "deeper"), 1, "deeper")
        self.shown("init")
        for name in PEM:
            before = (machine / name).read_bytes()
            (machine / name).write_bytes(before[:-40])
            for command in ("show", "revoke"):
                self.assert_refused(self.simulate(command, "--dir", machine), 1, "machine")
            (machine / name).write_bytes(before)
        (machine / "keys/ark.pem").unlink()
        self.assert_refused(self.simulate("revoke", "--dir", machine), 1, "machine")
        self.assertFalse(self.shown()["revoked"])

    def test_parts_of_two_machines_are_none(self):
        self.shown("init")
        self.shown("init", self.folder / "other")
        (self.folder / "machine/vcek.pem").write_bytes(
            (self.folder / "other/vcek.pem").read_bytes())
        self.assert_refused(self.simulate("show", "--dir", self.folder / "machine"), 1, "machine")


if __name__ == "__main__":
    unittest.main()
