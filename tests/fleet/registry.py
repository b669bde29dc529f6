"""docker-registry on this machine, without TLS, and images of one guest for each platform that people name."""

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from bundles import wait_until
from images import ended_by_id

# Of Debian's path for daemons as well.
PROGRAM = shutil.which("docker-registry", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
WASM_CONFIG = "application/vnd.wasm.config.v0+json"
WASM_LAYER = "application/wasm"
PLATFORMS = ("linux/amd64", "linux/wasm", "wasi/wasm", "wasip1/wasm")


def digest_of(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer_with(module):
    """A tar with nothing but /app.wasm, which nobody may execute."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("app.wasm")
        entry.size, entry.mode = len(module), 0o644
        tar.addfile(entry, io.BytesIO(module))
    return out.getvalue()


class Registry:
    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="merlon-reg-")
        folder = Path(self.scratch.name)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"
        (folder / "config.yml").write_text(json.dumps({
            "version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
            "storage": {"filesystem": {"rootdirectory": str(folder / "store")}}, "http": {"addr": self.host}}))
        with (folder / "log").open("w") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", folder / "config.yml"], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        if not wait_until(lambda: self.answers()):
            raise AssertionError((folder / "log").read_text())

    def answers(self):
        try:
            return self.ask("GET", "/v2/").status == 200
        except OSError:
            return False

    def ask(self, method, path, body=None, **headers):
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        request = urllib.request.Request(url, data=body, method=method,
                                         headers={key.replace("_", "-"): value for key, value in headers.items()})
        return urllib.request.urlopen(request, timeout=20)

    def put_blob(self, name, content):
        place = self.ask("POST", f"/v2/{name}/blobs/uploads/", b"").headers["Location"]
        between = "&" if "?" in place else "?"
        self.ask("PUT", f"{place}{between}digest={digest_of(content)}", content, Content_Type="application/octet-stream")
        return {"digest": digest_of(content), "size": len(content)}

    def push(self, name, config, config_type, layer, layer_type, **annotations):
        """What its name at this registry is."""
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST,
                    "config": {"mediaType": config_type, **self.put_blob(name, config)},
                    "layers": [{"mediaType": layer_type, **self.put_blob(name, layer), **({"annotations": annotations}
                                                                                         if annotations else {})}]}
        self.ask("PUT", f"/v2/{name}/manifests/1", json.dumps(manifest).encode(), Content_Type=MANIFEST)
        return f"{self.host}/{name}:1"

    def push_image(self, platform, module):
        """FROM scratch with a module as its entry point."""
        layer = layer_with(module)
        system, architecture = platform.split("/")
        config = {"architecture": architecture, "os": system, "config": {"Entrypoint": ["/app.wasm"], "Env": ["FROM=image"]},
                  "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)]}, "history": [{}]}
        return self.push(f"image-{platform.replace('/', '-')}", json.dumps(config).encode(), CONFIG, layer, LAYER)

    def push_artifact(self, module):
        """The layout of wasm artifacts: one module, and no files."""
        config = {"created": "1970-01-01T00:00:00Z", "architecture": "wasm", "os": "wasip1",
                  "layerDigests": [digest_of(module)]}
        return self.push("artifact", json.dumps(config).encode(), WASM_CONFIG, module, WASM_LAYER,
                         **{"org.opencontainers.image.title": "app.wasm"})

    def push_module_layer(self, module):
        """An image whose layer is the module itself, as shims for wasm have it."""
        config = {"architecture": "wasm", "os": "wasip1", "config": {"Entrypoint": ["app.wasm"]},
                  "rootfs": {"type": "layers", "diff_ids": [digest_of(module)]}}
        return self.push("module-layer", json.dumps(config).encode(), CONFIG, module, WASM_LAYER)

    def end(self):
        ended_by_id(self.process)
        self.scratch.cleanup()
