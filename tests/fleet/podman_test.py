#!/usr/bin/env python3
"""Keeps as podman's containers: everything a user of podman does, by podman itself."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import bundles
import registry
from bundles import main, wait_until
from engines import WithPodman
from platforms import EveryPlatform


class Podman(EveryPlatform, WithPodman):
    ENGINE = "podman"

    def test_an_artifact_becomes_an_image(self):
        if not registry.PROGRAM:
            self.skipTest("docker-registry is not here")
        images = registry.Registry()
        self.addCleanup(images.end)
        name = images.push_artifact(bundles.compiled(bundles.EXIT_42, self.folder / "app.wasm").read_bytes())
        folder = self.folder / "fetched"
        subprocess.run([Path(bundles.OCI).with_name("merlon"), "package", "fetch", f"oci+http://{name}", folder], check=True,
                       capture_output=True, env=os.environ | {"HOME": str(self.folder)})
        subprocess.run(["tar", "-C", folder, "-cf", self.folder / "fetched.tar", "."], check=True)
        self.podman("import", "-c", 'ENTRYPOINT ["/main.wasm"]', self.folder / "fetched.tar", "localhost/fetched:1")
        ended = self.podman("run", "--rm", "--network", "none", "localhost/fetched:1")
        self.assertEqual(ended.returncode, 42, ended)

    def pull_and_run(self, image):
        ended = self.podman("run", "--rm", "--network", "none", "--tls-verify=false", image)
        return ended.returncode, ended.stderr

    def run_guest(self, guest, *words, options=()):
        return self.podman("run", "--rm", "--network", "none", *options, "--entrypoint", f"/{guest}",
                           "localhost/guests:1", *words)

    def detached(self, guest, *options):
        made = self.podman("run", "-d", "--network", "none", *options, "--entrypoint", f"/{guest}.wasm",
                           "localhost/guests:1")
        self.assertEqual(made.returncode, 0, made)
        name = made.stdout.strip()
        self.addCleanup(self.podman, "rm", "--force", "--time", "0", name)
        self.assertTrue(wait_until(lambda: "ready" in self.podman("logs", name).stdout or guest == "hog"))
        return name

    def inspected(self, name):
        return json.loads(self.podman("inspect", name).stdout)[0]["State"]

    def test_run_with_each_end(self):
        for guest, status in (("hello.wasm", 0), ("exit42.wasm", 42), ("trap.wasm", 134), ("nothing", 127), ("text", 126)):
            if guest == "text" and shutil.which("runc"):
                continue  # then it is runc's, and its exit status
            ended = self.run_guest(guest)
            self.assertEqual(ended.returncode, status, ended)
        self.assertIn("hello", self.podman("run", "--rm", "--network", "none", "localhost/guests:1").stdout)

    def test_arguments_environment_and_directories(self):
        told = self.run_guest("words.wasm", "a b", "c", options=["--env", "MINE=here"]).stdout.split("\0")
        self.assertEqual(told[:3], ["/words.wasm", "a b", "c"])
        self.assertLessEqual({"MINE=here", "FROM=image"}, set(told))
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        self.assertEqual(self.run_guest("writes.wasm", options=["-v", f"{data}:/data"]).returncode, 0)
        self.assertTrue((data / "made").exists())
        (data / "made").unlink()
        self.assertNotEqual(self.run_guest("writes.wasm", options=["-v", f"{data}:/data:ro"]).returncode, 0)
        self.assertFalse((data / "made").exists())
        refused = self.run_guest("hello.wasm", options=["--device", "/dev/null"])
        self.assertIn("linux.devices", refused.stderr)

    def test_stop_kill_and_stats(self):
        name = self.detached("spin")
        ids = {}

        def measured():
            told = json.loads(self.podman("stats", "--no-stream", "--format", "json", name).stdout)[0]
            ids.update(told)
            return float(told["cpu_percent"].rstrip("%")) > 20 and told["mem_usage"]
        self.assertTrue(wait_until(measured), ids)
        self.assertNotEqual(ids["mem_usage"].split()[0], "0B")
        self.assertGreater(int(ids["pids"]), 1)
        self.assertNotEqual(self.podman("exec", name, "/bin/sh").returncode, 0)
        started = time.monotonic()
        self.assertEqual(self.podman("stop", "--time", "10", name).returncode, 0)
        self.assertLess(time.monotonic() - started, 8)
        self.assertEqual(self.inspected(name)["ExitCode"], 143)
        name = self.detached("sleep")
        self.podman("kill", name)
        self.assertTrue(wait_until(lambda: self.inspected(name)["Status"] == "exited"))
        self.assertEqual(self.inspected(name)["ExitCode"], 137)

    def test_the_memory_limit_ends_it(self):
        # conmon 2.1.6 sets no OOM flag on hybrid control groups, for runc's containers neither.
        name = self.detached("hog", "--memory", "64m")
        self.assertTrue(wait_until(lambda: self.inspected(name)["Status"] == "exited"))
        self.assertEqual(self.inspected(name)["ExitCode"], 137)

    def test_a_pod_with_a_native_program_beside_a_keep(self):
        for program in ("runc", "busybox", "catatonit"):
            if not shutil.which(program):
                self.skipTest(f"{program} is not here")
        pod = self.folder / "pod.yml"
        pod.write_text("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: fleet}
spec:
  replicas: 1
  selector: {matchLabels: {app: fleet}}
  template:
    metadata: {labels: {app: fleet}}
    spec:
      hostNetwork: true
      containers:
      - {name: keep, image: localhost/guests:1, imagePullPolicy: Never, command: [/sleep.wasm]}
      - {name: beside, image: localhost/guests:1, imagePullPolicy: Never, command: [/bin/busybox, sleep, "60"]}
""")
        played = self.podman("kube", "play", "--network", "none", pod)
        self.addCleanup(self.podman, "kube", "down", pod)
        self.assertEqual(played.returncode, 0, played)
        listed = json.loads(self.podman("ps", "--format", "json").stdout)
        running = [each for each in listed if each["Pod"] and each["State"] == "running"]
        self.assertEqual(len(running), 3, listed)
        keep = next(each for each in running if "keep" in each["Names"][0])
        self.assertIn("ready", self.podman("logs", keep["Id"]).stdout)


if __name__ == "__main__":
    main()
