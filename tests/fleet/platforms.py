"""Which images of which platform each engine runs: docs/container.md has this table, and each engine's test runs its row."""

import unittest
from pathlib import Path

import bundles
import registry

RUNS = "runs"
# An engine's own words where it takes no such image; merlon-oci never hears of it.
TABLE = {
    "podman": {"linux/amd64": RUNS, "linux/wasm": RUNS, "wasi/wasm": RUNS, "wasip1/wasm": RUNS,
               "artifact": "unsupported image-specific operation on artifact", "module layer": "ApplyLayer"},
    "ctr": {"linux/amd64": RUNS, "linux/wasm": RUNS, "wasi/wasm": RUNS, "wasip1/wasm": RUNS,
            "artifact": "mismatched image rootfs and manifest layers", "module layer": "no processor for media-type"},
    "CRI": {"linux/amd64": RUNS, "linux/wasm": RUNS, "wasi/wasm": RUNS, "wasip1/wasm": RUNS,
            "artifact": "mismatched image rootfs and manifest layers", "module layer": "no processor for media-type"},
    "docker": {"linux/amd64": RUNS, "linux/wasm": RUNS, "wasi/wasm": "operating system is not supported",
               "wasip1/wasm": "operating system is not supported", "artifact": "unsupported media type",
               "module layer": "unsupported media type"},
}
KINDS = (*registry.PLATFORMS, "artifact", "module layer")


def row_of(engine):
    """As docs/container.md has it."""
    cells = ["runs" if what == RUNS else f"refused: *{what}*" for what in (TABLE[engine][kind] for kind in KINDS)]
    return f"| {engine} | " + " | ".join(cells) + " |"


class EveryPlatform:
    """A test for a class of an engine, which has `ENGINE` and `pull_and_run(image)`: status and words."""

    def test_images_of_each_platform(self):
        if not registry.PROGRAM:
            raise unittest.SkipTest("docker-registry is not here")
        pages = (Path(__file__).resolve().parents[2] / "docs/container.md").read_text()
        self.assertIn(row_of(self.ENGINE), pages)
        folder = self.folder / "platforms"
        folder.mkdir()
        module = bundles.compiled(bundles.EXIT_42, folder / "app.wasm").read_bytes()
        images = registry.Registry()
        self.addCleanup(images.end)
        names = {platform: images.push_image(platform, module) for platform in registry.PLATFORMS}
        names |= {"artifact": images.push_artifact(module), "module layer": images.push_module_layer(module)}
        for kind, name in names.items():
            with self.subTest(kind):
                status, words = self.pull_and_run(name)
                wanted = TABLE[self.ENGINE][kind]
                if wanted == RUNS:
                    self.assertEqual(status, 42, words)
                else:
                    self.assertNotIn(status, (0, 42))
                    self.assertIn(wanted, words)
