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
          "trap": bundles.TRAP, "exit42": bundles.EXIT_42, "words": bundles.WORDS, "writes": bundles.WRITES, "server": bundles.SERVER}


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
    """An archive as `docker save` writes it, which containerd and Docker load: localhost/guests:1, and localhost/pause:1, which
    waits as a native program."""
    layer = layer_of(folder)
    digest = hashlib.sha256(layer.read_bytes()).hexdigest()
    archive = folder / "image.tar"
    manifest = []
    with tarfile.open(archive, "w") as tar:
        def add(name, content):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        for name, words in (("guests", ["/hello.wasm"]), ("pause", ["/bin/busybox", "sleep", "86400"])):
            config = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": words, "Env": ["FROM=image"]},
                      "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}, "history": [{}]}
            add(f"{name}.json", json.dumps(config).encode())
            manifest.append({"Config": f"{name}.json", "RepoTags": [f"localhost/{name}:1"], "Layers": ["layer.tar"]})
        add("manifest.json", json.dumps(manifest).encode())
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
