#!/usr/bin/env python3
"""What the validation of runtimes (runtime-tools of the Open Container Initiative) asks, by merlon-oci's command line: what commands
refuse in which state, and that what they refuse has no effect [OCI-RUNTIME 1.1 runtime.md]."""

import json

import bundles
from bundles import Containers, alive, main, wait_until


class Validation(Containers):
    def state(self, name):
        told = self.oci("state", name)
        return json.loads(told.stdout) if told.returncode == 0 else None

    def refused(self, *words):
        ended = self.oci(*words)
        self.assertNotEqual(ended.returncode, 0, words)
        self.assertTrue(ended.stderr.strip(), words)
        return ended

    def created(self, text=bundles.SLEEP, **changes):
        bundle, name = self.bundle(text, **changes), self.name()
        made = self.oci("create", "--bundle", bundle, name)
        self.assertEqual(made.returncode, 0, made)
        return bundle, name

    def stopped(self):
        _, name = self.created(bundles.EXIT_42)
        self.assertEqual(self.oci("start", name).returncode, 0)
        self.assertTrue(wait_until(lambda: self.state(name)["status"] == "stopped"))
        return name

    def test_create_wants_a_bundle_and_a_name_of_its_own(self):
        bundle, name = self.created()
        self.refused("create", "--bundle", bundle)
        self.refused("create", "--bundle", self.folder / "nothing", self.name())
        before = self.state(name)
        self.refused("create", "--bundle", self.bundle(bundles.HELLO), name)
        self.assertEqual(self.state(name), before)

    def test_state_has_what_it_must(self):
        bundle, name = self.created(annotations={bundles.BACKEND: "nil", "org.example.key": "value"})
        state = self.state(name)
        self.assertEqual((state["ociVersion"].split(".")[0], state["id"], state["status"], state["bundle"]),
                         ("1", name, "created", str(bundle)))
        self.assertTrue(alive(state["pid"]))
        self.assertEqual(state["annotations"]["org.example.key"], "value")
        self.refused("state", "nobody")
        self.refused("state")

    def test_start_of_what_is_not_created(self):
        _, name = self.created()
        self.assertEqual(self.oci("start", name).returncode, 0)
        before = self.state(name)
        self.assertEqual(before["status"], "running")
        self.refused("start", name)
        self.assertEqual(self.state(name), before)
        self.refused("start", self.stopped())
        self.refused("start", "nobody")
        self.refused("start")

    def test_kill_of_what_does_not_run(self):
        name = self.stopped()
        before = self.state(name)
        self.refused("kill", name, "KILL")
        self.assertEqual(self.state(name), before)
        self.refused("kill", "nobody", "KILL")
        _, running = self.created()
        self.oci("start", running)
        for signal in ("NOSUCH", "0", "65", "-1", "TERM9"):
            self.refused("kill", running, signal)
        self.assertEqual(self.state(running)["status"], "running")

    def test_delete_of_what_runs(self):
        """What is created and not started may be deleted, as engines expect it."""
        _, name = self.created()
        self.oci("start", name)
        self.refused("delete", name)
        self.assertEqual(self.state(name)["status"], "running")
        self.refused("delete", "nobody")
        self.assertEqual(self.oci("kill", name, "KILL").returncode, 0)
        self.assertTrue(wait_until(lambda: self.state(name)["status"] == "stopped"))
        self.assertEqual(self.oci("delete", name).returncode, 0)
        self.assertIsNone(self.state(name))
        self.assertEqual(self.oci("create", "--bundle", self.bundle(bundles.HELLO), name).returncode, 0)

    def test_a_bundle_that_changes_after_its_making(self):
        bundle, name = self.created(bundles.EXIT_42)
        config = json.loads((bundle / "config.json").read_text())
        config["process"]["args"] = ["/nothing"]
        (bundle / "config.json").write_text(json.dumps(config))
        pid = self.state(name)["pid"]
        self.assertEqual(self.oci("start", name).returncode, 0)
        self.assertTrue(wait_until(lambda: not alive(pid)))
        self.assertEqual(self.state(name)["status"], "stopped")

    def test_properties_that_nobody_knows(self):
        for change in ({"unknown": {"a": 1}}, {"annotations": {bundles.BACKEND: "nil", "org.example": "", "": "x"}}):
            bundle = self.bundle(bundles.EXIT_42, **change)
            self.assertEqual(self.oci("run", "--bundle", bundle, self.name()).returncode, 42, change)

    def test_hooks_hear_the_state(self):
        """On standard input, each at its time; deletion goes on where the last one fails."""
        def hook(name):
            return [{"path": "/bin/sh", "args": ["sh", "-c", f"cat > {self.folder}/{name}"]}]
        names = ("prestart", "createRuntime", "createContainer", "poststart", "poststop")
        hooks = {name: hook(name) for name in names}
        hooks["poststop"] = [{"path": "/bin/false"}, *hooks["poststop"]]
        bundle, name = self.created(bundles.SLEEP, hooks=hooks)
        self.oci("start", name)
        self.oci("kill", name, "KILL")
        self.assertTrue(wait_until(lambda: self.state(name)["status"] == "stopped"))
        self.assertEqual(self.oci("delete", name).returncode, 0)
        told = {each: json.loads((self.folder / each).read_text()) for each in names}
        self.assertEqual([told[each]["status"] for each in names], ["creating", "creating", "creating", "running", "stopped"])
        for each in told.values():
            self.assertEqual((each["id"], each["bundle"]), (name, str(bundle)))

    def test_features_are_what_it_has(self):
        features = json.loads(self.oci("features").stdout)
        self.assertEqual(set(features["hooks"]), {"prestart", "createRuntime", "createContainer", "poststart", "poststop"})
        self.assertIn("org.merlon.workload", features["potentiallyUnsafeConfigAnnotations"])
        self.assertTrue(features["ociVersionMax"].startswith("1."))


if __name__ == "__main__":
    main()
