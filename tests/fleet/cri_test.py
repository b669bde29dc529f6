#!/usr/bin/env python3
"""Keeps as Kubernetes has them: containerd's CRI plugin is asked as a kubelet asks it, for a pod of handler "merlon"."""

import contextlib
import os
import shutil
import unittest

import bundles
import cri
from bundles import main, wait_until
from cri import message
from engines import WithContainerd
from platforms import EveryPlatform

RUNNING, EXITED = 1, 2
OF_THE_NODE = 2


class Pods(EveryPlatform, WithContainerd):
    ENGINE = "CRI"
    NEEDED = ("containerd", "ctr", "curl", "runc", "busybox")
    NAMESPACE = "k8s.io"
    MORE = f"""
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "native"
  default_runtime_name = "merlon"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.merlon]
  runtime_type = "io.containerd.runc.v2"
  pod_annotations = ["org.merlon.*"]
  container_annotations = ["org.merlon.*"]
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.merlon.options]
    BinaryName = "{bundles.OCI}"
"""

    def ask(self, method, **fields):
        return cri.call(self.socket, method, message(**fields))

    def pod(self):
        security = message(f1=message(f1=OF_THE_NODE))
        config = message(f1=message(f1="pod", f2=f"uid-{os.getpid()}-{self.id()}", f3="default"), f3=str(self.folder),
                         f7={bundles.BACKEND: "nil"}, f8=message(f2=security))
        pod = self.ask("RunPodSandbox", f1=config, f2="merlon")[1].decode()
        self.addCleanup(self.remove_pod, pod)
        return pod, config

    def remove_pod(self, pod):
        for method in ("StopPodSandbox", "RemovePodSandbox"):
            with contextlib.suppress(cri.Refused):
                self.ask(method, f1=pod)

    def container(self, pod, config, name, *words, image=None):
        own = message(f1=message(f1=name), f2=message(f1=image or self.image), f3=list(words), f6=[message(f1="POD", f2="here")],
                      f10={bundles.BACKEND: "nil"}, f11=f"{name}.log", f15=message(f2=message(f3=message(f1=OF_THE_NODE))))
        made = self.ask("CreateContainer", f1=pod, f2=own, f3=config)[1].decode()
        self.ask("StartContainer", f1=made)
        return made

    def pull_and_run(self, image):
        try:
            cri.call(self.socket, "PullImage", message(f1=message(f1=image)), "ImageService")
            pod, config = self.pod()
            ended = self.container(pod, config, "app", image=image)
        except cri.Refused as refused:
            return 1, str(refused)
        self.assertTrue(wait_until(lambda: self.status(ended)[3] == EXITED))
        status = self.status(ended)[7]
        self.remove_pod(pod)
        return status, ""

    def status(self, container):
        return cri.fields(self.ask("ContainerStatus", f1=container)[1])

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def test_a_pod_with_a_keep_and_a_sidecar(self):
        pod, config = self.pod()
        sidecar = self.container(pod, config, "sidecar", "/bin/busybox", "sleep", "86400")
        keep = self.container(pod, config, "keep", "/spin.wasm")
        self.assertEqual(self.status(sidecar)[3], RUNNING)
        self.assertEqual(self.status(keep)[3], RUNNING)
        self.assertTrue(wait_until(lambda: "ready" in self.log("keep")))

        def used():
            stats = cri.fields(self.ask("ContainerStats", f1=keep)[1])
            return [cri.fields(cri.fields(stats.get(part, b"")).get(2, b"")).get(1, 0) for part in (2, 3)]
        self.assertTrue(wait_until(lambda: min(used()) > 0), used())
        with self.assertRaises(cri.Refused) as refused:
            self.ask("ExecSync", f1=keep, f2=["/bin/sh"], f3=5)
        self.assertIn("keep", str(refused.exception))
        self.ask("StopContainer", f1=keep, f2=5)
        status = self.status(keep)
        self.assertEqual((status[3], status.get(7)), (EXITED, 143))
        self.ask("RemoveContainer", f1=keep)

    def test_ends_and_words(self):
        pod, config = self.pod()
        ended = self.container(pod, config, "ended", "/exit42.wasm")
        self.assertTrue(wait_until(lambda: self.status(ended)[3] == EXITED))
        self.assertEqual(self.status(ended)[7], 42)
        words = self.container(pod, config, "words", "/words.wasm", "a b")
        self.assertTrue(wait_until(lambda: self.status(words)[3] == EXITED))
        self.assertIn("POD=here", self.log("words"))
        with self.assertRaises(cri.Refused) as refused:
            self.container(pod, config, "missing", "/nothing.wasm")
        self.assertTrue(str(refused.exception))


if __name__ == "__main__":
    if not shutil.which("curl"):
        raise unittest.SkipTest("curl is not here")
    main()
