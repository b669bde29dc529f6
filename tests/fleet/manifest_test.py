#!/usr/bin/env python3
"""The manifests of docs/container.md as kubectl reads them, beside an API server that knows two kinds and keeps nothing."""

import json
import re
import shutil
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bundles import main

PAGE = Path(__file__).resolve().parents[2] / "docs/container.md"


def kinds(group, name, kind, namespaced):
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group,
            "resources": [{"name": name, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind,
                           "verbs": ["create", "get"]}]}


ANSWERS = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
        {"name": "node.k8s.io", "versions": [{"groupVersion": "node.k8s.io/v1", "version": "v1"}],
         "preferredVersion": {"groupVersion": "node.k8s.io/v1", "version": "v1"}}]},
    "/api/v1": kinds("v1", "pods", "Pod", True),
    "/apis/node.k8s.io/v1": kinds("node.k8s.io/v1", "runtimeclasses", "RuntimeClass", False),
}


class Discovery(BaseHTTPRequestHandler):
    def do_GET(self):
        answer = ANSWERS.get(self.path.split("?")[0])
        body = json.dumps(answer or {}).encode()
        self.send_response(200 if answer else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def is_within(part, whole):
    """Whether each member of `part` is in `whole` as it is there."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(name in whole and is_within(value, whole[name]) for name, value in part.items())
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) == len(whole) and all(map(is_within, part, whole))
    return part == whole


class Manifests(unittest.TestCase):
    def setUp(self):
        if not shutil.which("kubectl"):
            self.skipTest("kubectl is not here")
        scratch = tempfile.TemporaryDirectory(prefix="merlon-kube-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        text = re.search(r"```yaml\n(apiVersion: node.*?)```", PAGE.read_text(), re.S).group(1)
        self.runtime_class, self.pod = (self.written(f"{index}.yaml", part) for index, part in enumerate(text.split("---\n")))

    def written(self, name, text):
        (self.folder / name).write_text(text)
        return self.folder / name

    def kubectl(self, *words):
        return subprocess.run(["kubectl", "--kubeconfig", "/dev/null", "--cache-dir", self.folder / "cache", *map(str, words)],
                              capture_output=True, text=True, check=False, timeout=60)

    def test_created_without_a_cluster(self):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Discovery)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        for file, name in ((self.runtime_class, "runtimeclass.node.k8s.io/merlon"), (self.pod, "pod/hello")):
            made = self.kubectl("--server", f"http://127.0.0.1:{server.server_port}", "create", "--dry-run=client",
                                "--validate=false", "-f", file)
            self.assertEqual(made.returncode, 0, made)
            self.assertIn(f"{name} created (dry run)", made.stdout)

    def test_no_field_that_pods_do_not_have(self):
        """What kubectl's own types do not know, it leaves out."""
        def kept(file):
            given = json.loads(self.kubectl("label", "--local", "-f", file, "-o", "json", "a=b").stdout)
            typed = self.kubectl("set", "env", "--local", "-f", file, "-o", "json", "A=b")
            self.assertEqual(typed.returncode, 0, typed)
            del given["metadata"]["labels"]
            return is_within(given, json.loads(typed.stdout))
        self.assertTrue(kept(self.pod))
        wrong = self.written("wrong.yaml", self.pod.read_text().replace("runtimeClassName", "runtimeClasName"))
        self.assertFalse(kept(wrong))


if __name__ == "__main__":
    main()
