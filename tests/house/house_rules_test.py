# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules themselves, on a small tree in which each of them is broken once."""
import pathlib
import tempfile
import unittest

import house_rules

SPDX = "// " + house_rules.SPDX + "\n"


class HouseRulesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="gsst-house-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        real = dict(house_rules.LONGER_FILES)
        self.addCleanup(house_rules.LONGER_FILES.update, real)
        house_rules.LONGER_FILES.clear()
        for header in ("base/result", "spec/model_spec", "io/file", "store/slot_file", "nn/linear", "device/device",
                       "train/events", "train/trainer", "engine/executor"):
            self.write(f"core/{header}.h")
        self.write("ui/widgets/pill.h")

    def write(self, name, *lines, head=SPDX):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        once = "#pragma once\n" if name.endswith(".h") else ""
        path.write_text(head + once + "".join(line + "\n" for line in lines))

    def check(self, **more):
        return house_rules.check(self.root, **more)

    def in_order(self, **more):
        self.assertEqual(self.check(**more), [])

    def refuse(self, name, *words, **more):
        """Exactly one problem, in this file, with all these words."""
        problems = self.check(**more)
        self.assertEqual(len(problems), 1, problems)
        self.assertTrue(problems[0].startswith(name + ":"), problems)
        for word in words:
            self.assertIn(word, problems[0])

    def test_a_tree_in_order(self):
        self.write("core/store/slots.cpp", '#include "store/slot_file.h"', '#include "io/file.h"', "#include <vector>")
        self.write("core/train/trainer.cpp", '#include "nn/linear.h"', "#include <torch/torch.h>")
        self.write("core/io/os_linux.cpp", "#include <unistd.h>", "#include <sys/stat.h>")
        self.write("core/io/os_windows.cpp", "#include <windows.h>")
        self.write("core/device/torch_pool.h", "#include <c10/core/Allocator.h>")
        self.write("ui/window.cpp", '#include "train/events.h"', '#include "ui/widgets/pill.h"', "#include <QLabel>")
        self.write("app/cli/train.cpp", '#include "store/slot_file.h"')
        self.in_order()

    def test_arrows(self):
        for name, target in (("core/base/x.cpp", "spec/model_spec.h"), ("core/spec/x.cpp", "io/file.h"),
                             ("core/nn/x.cpp", "store/slot_file.h"), ("core/store/x.cpp", "device/device.h"),
                             ("core/device/x.cpp", "spec/model_spec.h"), ("core/engine/x.cpp", "nn/linear.h"),
                             ("core/train/x.cpp", "ui/widgets/pill.h"), ("ui/x.cpp", "store/slot_file.h")):
            with self.subTest(name):
                self.write(name, f'#include "{target}"')
                self.refuse(name, "must not include", target)
                (self.root / name).unlink()

    def test_arrows_by_other_spellings(self):
        for include in ('"core/nn/linear.h"', "<nn/linear.h>", '"../nn/linear.h"', '"linear.h"', '  #  include "nn/linear.h"'):
            with self.subTest(include):
                self.write("core/store/x.cpp", include if "#" in include else "#include " + include)
                self.refuse("core/store/x.cpp")

    def test_ui_knows_the_doors_of_train(self):
        self.write("ui/x.cpp", '#include "train/trainer.h"')
        self.refuse("ui/x.cpp", "knows of train only")

    def test_torch(self):
        for name in ("core/engine/x.cpp", "core/device/x.h", "ui/x.cpp"):
            with self.subTest(name):
                self.write(name, "#include <ATen/core/Tensor.h>")
                self.refuse(name, "LibTorch", "ATen/core/Tensor.h")
                (self.root / name).unlink()

    def test_torch_through_headers(self):
        self.write("core/train/events.h", '#include "train/inner.h"')
        self.write("core/train/inner.h", "#include <torch/torch.h>")
        self.write("ui/x.cpp", '#include "train/events.h"')
        self.refuse("ui/x.cpp", "core/train/events.h -> core/train/inner.h -> <torch/torch.h>")

    def test_qt_outside_ui(self):
        for name in ("core/base/x.cpp", "app/cli/x.cpp"):
            with self.subTest(name):
                self.write(name, "#include <QString>")
                self.refuse(name, "Qt" if name.startswith("core") else "without Qt")
                (self.root / name).unlink()

    def test_platform_headers(self):
        for name, header in (("core/io/x.cpp", "unistd.h"), ("app/x.cpp", "fcntl.h"), ("ui/x.cpp", "sys/stat.h"),
                             ("core/io/x_linux.cpp", "windows.h")):
            with self.subTest(header):
                self.write(name, f"#include <{header}>")
                self.refuse(name, header)
                (self.root / name).unlink()

    def test_files(self):
        self.write("core/base/x.cpp", head="")
        self.refuse("core/base/x.cpp", "SPDX")
        self.write("core/base/x.cpp", *["int x;"] * house_rules.LONGEST_FILE)
        self.refuse("core/base/x.cpp", "401 lines")
        self.write("core/base/x.cpp")
        (self.root / "core/base/y.h").write_text(SPDX)
        self.refuse("core/base/y.h", "#pragma once")

    def test_longer_files_need_a_reason_and_a_file(self):
        name = "core/base/long.cpp"
        house_rules.LONGER_FILES[name] = "one table"
        self.refuse(name, "does not exist")
        self.write(name, *["int x;"] * house_rules.LONGEST_FILE)
        self.in_order()
        del house_rules.LONGER_FILES[name]

    def test_words(self):
        for word in ("TO" "DO later", "FIX" "ME", "a place" "holder", "/ho" "me/anna/text"):
            with self.subTest(word):
                self.write("core/base/x.cpp", "// " + word)
                self.refuse("core/base/x.cpp")
                (self.root / "core/base/x.cpp").unlink()
                (self.root / "README.md").write_text(word)
                self.refuse("README.md")
                (self.root / "README.md").unlink()
        self.write("core/base/x.cpp", "error.todo = field->setPlaceholderText(std::placeholders::_1);")
        self.in_order()

    def test_test_that_no_list_names(self):
        self.write("tests/io/file_test.cpp")
        self.refuse("tests/io/file_test.cpp", "does not name it")
        (self.root / "tests/io/CMakeLists.txt").write_text("gsst_test(other_file_test)\n# gsst_test(file_test)\n")
        self.refuse("tests/io/file_test.cpp", "does not name it")
        (self.root / "tests/io/CMakeLists.txt").write_text("gsst_test(file_test LIBRARIES gsst_io)\n")
        self.in_order()

    def test_test_that_ctest_does_not_run(self):
        self.write("tests/io/file_test.cpp")
        (self.root / "tests/io/CMakeLists.txt").write_text("if(OFF)\n gsst_test(file_test)\nendif()\n")
        self.refuse("tests/io/file_test.cpp", "ctest does not know it", known_tests={"other_test"})
        self.in_order(known_tests={"file_test"})
        self.in_order(known_tests=set(), not_built=["io"])


if __name__ == "__main__":
    unittest.main()
