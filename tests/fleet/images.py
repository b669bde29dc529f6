"""An image of guests, for engines: made of nothing but these files."""

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import bundles

GUESTS = {"hello": bundles.HELLO, "spin": bundles.SPIN, "sleep": bundles.SLEEP, "hog": bundles.HOG,
          "trap": bundles.TRAP, "exit42": bundles.EXIT_42, "words": bundles.WORDS, "writes": bundles.WRITES}


def files_of(folder):
    """Every guest, something that is no program, and a native program where there is one."""
    folder.mkdir()
    for name, text in GUESTS.items():
        bundles.compiled(text, folder / f"{name}.wasm")
    (folder / "text").write_text("no program\n")
    if Path("/bin/busybox").exists():
        (folder / "bin").mkdir()
        shutil.copy("/bin/busybox", folder / "bin/busybox")
    return folder


def layer_of(folder):
    """A tar of those files."""
    path = folder / "layer.tar"
    subprocess.run(["tar", "-C", files_of(folder / "image"), "-cf", path, "."], check=True)
    return path


def archive_of(folder):
    """An archive as `docker save` writes it, which containerd and Docker load: localhost/guests:1."""
    layer = layer_of(folder)
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/hello.wasm"], "Env": ["FROM=image"]},
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}, "history": [{}]}).encode()
    manifest = [{"Config": "config.json", "RepoTags": ["localhost/guests:1"], "Layers": ["layer.tar"]}]
    archive = folder / "image.tar"
    with tarfile.open(archive, "w") as tar:
        for name, content in (("config.json", config), ("manifest.json", json.dumps(manifest).encode())):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        tar.add(layer, "layer.tar")
    return archive


def ended_by_id(process, patience=20):
    """Ends a program that this test has started."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
