#!/usr/bin/env python3
"""Tests check_layers.py on small good and bad trees."""

import tempfile
import unittest
from pathlib import Path

import check_layers

LAYERS = """
L0 core
L2 os     core
L3 wasm   core os
L3 crypto core os
L6 verify core crypto
L7 shim   core
wall wasm never snp keep
wall verify never os net
wall shim only core sallyport snp_abi shim
wall shim only-headers cstdint span
"""


class CheckLayers(unittest.TestCase):
    def errors(self, files, layers=LAYERS):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for path, text in {"merlon/layers.txt": layers, **files}.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            return check_layers.check(root)[0]

    def test_a_tree_that_follows_the_rules_passes(self):
        self.assertEqual(self.errors({
            "merlon/core/a.h": "#include <cstdint>\n",
            "merlon/os/b.h": '#include "merlon/core/a.h"\n',
            "merlon/wasm/exec/c.cc": '#include "merlon/os/b.h"\n#include "merlon/wasm/d.h"\n',
            "merlon/wasm/d.h": "",
        }), [])

    def test_looking_up_a_layer_is_refused(self):
        errors = self.errors({"merlon/core/a.h": '#include "merlon/os/b.h"\n', "merlon/os/b.h": ""})
        self.assertEqual(errors, ["merlon/core/a.h:1: core may not include os"])

    def test_a_neighbour_of_the_same_layer_is_refused_even_if_listed(self):
        errors = self.errors({}, "L3 wasm crypto\nL3 crypto\n")
        self.assertIn("only lower layers", errors[0])

    def test_a_room_that_is_not_listed_is_refused(self):
        errors = self.errors({"merlon/attic/a.h": ""})
        self.assertEqual(errors, ["merlon/attic: not listed in layers.txt"])

    def test_tests_may_include_what_their_line_names_and_nothing_else_does(self):
        layers = "L0 core\nL1 os core\nL2 host core\ntests host os\n"
        files = {"merlon/os/a.h": "", "merlon/host/b_test.cc": '#include "merlon/os/a.h"\n',
                 "merlon/host/testing/c.h": '#include "merlon/os/a.h"\n',
                 "merlon/host/CMakeLists.txt": "merlon_room(host DEPS core TEST_DEPS os)\n"}
        self.assertEqual(self.errors(files, layers), [])
        self.assertEqual(self.errors({**files, "merlon/host/d.cc": '#include "merlon/os/a.h"\n'}, layers),
                         ["merlon/host/d.cc:1: host may not include os"])
        self.assertEqual(self.errors({**files, "merlon/host/CMakeLists.txt": "merlon_room(host DEPS os)\n"}, layers),
                         ["merlon/host/CMakeLists.txt: host may not link os"])

    def test_tests_look_down_only_too(self):
        errors = self.errors({}, "L0 core\nL1 os core\ntests core os\n")
        self.assertIn("only lower layers", errors[0])

    def test_relative_includes_are_refused(self):
        errors = self.errors({"merlon/core/a.h": '#include "b.h"\n', "merlon/core/b.h": ""})
        self.assertIn("not a path from the root", errors[0])

    def test_missing_headers_are_refused(self):
        errors = self.errors({"merlon/core/a.h": '#include "merlon/core/gone.h"\n'})
        self.assertEqual(errors, ["merlon/core/a.h:1: there is no merlon/core/gone.h"])

    def test_verify_reaching_os_through_crypto_hits_the_wall(self):
        errors = self.errors({
            "merlon/os/b.h": "",
            "merlon/crypto/c.h": '#include "merlon/os/b.h"\n',
            "merlon/verify/v.cc": '#include "merlon/crypto/c.h"\n',
        })
        self.assertEqual(errors, ["wall: verify must never reach os, and does"])

    def test_wasm_knowing_a_tee_hits_the_wall(self):
        errors = self.errors({
            "merlon/snp/s.h": "", "merlon/wasm/w.h": '#include "merlon/snp/s.h"\n',
        }, LAYERS.replace("L3 wasm   core os", "L2 snp core\nL3 wasm core os snp"))
        self.assertEqual(errors, ["wall: wasm must never reach snp, and does"])

    def test_a_shims_tests_run_on_this_machine(self):
        self.assertEqual(self.errors({"merlon/shim/a_test.cc": "#include <map>\n",
                                      "merlon/shim/testing/b.h": "#include <map>\n"}), [])

    def test_arrows_between_the_folders_of_a_room_go_one_way(self):
        files = {"merlon/shim/kvm/k.h": '#include "merlon/shim/linux/l.h"\n', "merlon/shim/linux/l.h": ""}
        layers = LAYERS + "wall shim/linux never shim/x86 shim/kvm\n"
        self.assertEqual(self.errors(files, layers), [])
        files["merlon/shim/linux/l.h"] = '#include "merlon/shim/kvm/k.h"\n'
        self.assertEqual(self.errors(files, layers),
                         ["merlon/shim/linux/l.h:1: wall: shim/linux may not include shim/kvm"])

    def test_shim_with_a_hosted_header_hits_the_wall(self):
        errors = self.errors({"merlon/shim/kvm/start.cc": "#include <span>\n#include <vector>\n"})
        self.assertEqual(errors,
                         ["merlon/shim/kvm/start.cc:2: wall: shim may not include <vector>"])

    def test_shim_linking_a_hosted_room_hits_the_wall(self):
        errors = self.errors({
            "merlon/shim/CMakeLists.txt": "merlon_room(shim SOURCES a.cc DEPS core os)\n",
        })
        self.assertIn("merlon/shim/CMakeLists.txt: shim may not link os", errors)
        self.assertTrue(any(e.startswith("wall: shim may reach only") for e in errors))

    def test_dependencies_of_cmake_are_checked_as_includes_are(self):
        errors = self.errors({
            "merlon/wasm/CMakeLists.txt": "merlon_room(wasm\n SOURCES a.cc\n DEPS core crypto)\n",
        })
        self.assertEqual(errors, ["merlon/wasm/CMakeLists.txt: wasm may not link crypto"])

    def test_a_line_that_is_not_understood_is_refused(self):
        self.assertIn("not understood", self.errors({}, "L0 core\nwal wasm never os\n")[0])


if __name__ == "__main__":
    unittest.main()
