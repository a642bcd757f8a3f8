#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what every file must have: a licence line, a modest length and width, a place in CMake, and no leftovers."""

import re
import unittest

import tree

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
LONGEST = 400
WIDEST = 120
# Files that may be longer, each with the reason.
LONG_FILES = {}

# Written in two parts, so that this file does not break its own rule.
LEFTOVERS = [re.compile(rf"\b{word}\b") for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")]
LEFTOVERS += [re.compile(rf"\b{words}\b", re.IGNORECASE) for words in ("place" + "holder", r"not\s+" + "implemented")]
# A folder at the root of some machine, not one of the same name within another.
MACHINE_PATH = re.compile(r"(?<![\w.})$*-])/(?:" + "work|root|home" + r")/")

# The one table of families, and what names one of them.
FAMILIES = "core/spec/families.h"
FAMILY_NAME = re.compile(r"\bFamily::\w|\busing enum (gsst::)?Family\b")


def licence_faults(root):
    faults = []
    for name in tree.files(root):
        lines = tree.lines(root, name)
        first = lines[1] if lines and lines[0].startswith("#!") and len(lines) > 1 else lines[0] if lines else ""
        mark = "#" if name.endswith((".py", ".sh")) else "//"
        if first != f"{mark} {LICENCE}":
            faults.append(f"{name}: begins without '{mark} {LICENCE}'")
    return faults


def length_faults(root, long_files):
    faults = []
    for name in tree.files(root, ("core", "ui", "app")):
        count = len(tree.lines(root, name))
        if count > LONGEST and name not in long_files:
            faults.append(f"{name}: {count} lines; the longest allowed is {LONGEST}: split it by its ideas")
    return faults


def needless_exceptions(root, long_files):
    """Exceptions for files that are gone, or short by now."""
    return [
        f"{name}: needs no exception"
        for name in sorted(long_files)
        if not (root / name).is_file() or len(tree.lines(root, name)) <= LONGEST
    ]


def width_faults(root):
    """Lines of code, of scripts and of CMake files that are too wide: characters, not bytes."""
    widest = [
        (name, number, len(line))
        for name in code_texts(root)
        for number, line in enumerate(tree.lines(root, name), 1)
        if len(line) > WIDEST
    ]
    return [f"{name}:{number}: {width} characters; the widest allowed are {WIDEST}" for name, number, width in widest]


def code_texts(root):
    """Everything that is compiled, run or read by CMake, the file at the root of the tree included."""
    names = tree.files(root, suffixes=tree.SOURCES + (".cmake", ".txt"))
    if (root / "CMakeLists.txt").is_file():
        names.insert(0, "CMakeLists.txt")
    return [name for name in names if not name.endswith(".txt") or name.endswith("CMakeLists.txt")]


def texts(root):
    """Every text file but the licence, those at the root of the tree included."""
    here = [
        path.name
        for path in root.iterdir()
        if path.is_file() and (path.suffix in tree.TEXTS or path.name == ".clang-tidy")
    ]
    return sorted(here) + tree.files(root, suffixes=tree.TEXTS)


def text_faults(root):
    faults = []
    for name in texts(root):
        for number, line in enumerate(tree.lines(root, name), 1):
            for pattern in LEFTOVERS:
                if pattern.search(line):
                    faults.append(f"{name}:{number}: a leftover: {line.strip()}")
            if MACHINE_PATH.search(line):
                faults.append(f"{name}:{number}: a path of one machine: {line.strip()}")
    return faults


def family_faults(root):
    """Code that asks for a family of models where it could ask for the trait that it means."""
    return [
        f"{name}:{number}: names a family; ask for a trait of core/spec/architecture.h: {line.strip()}"
        for name in tree.files(root, ("core", "ui", "app"), (".h", ".cpp", ".cu"))
        if name != FAMILIES
        for number, line in enumerate(tree.lines(root, name), 1)
        if FAMILY_NAME.search(line)
    ]


def cmake_text(path):
    """The commands of a CMake file without its comments; empty when there is none."""
    if not path.is_file():
        return ""
    return "\n".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines())


def is_named(word, text):
    return re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", text) is not None


def registration_faults(root):
    """Tests that CMake does not run: not named in their folder's CMakeLists.txt, or in a folder that is not entered."""
    faults = []
    entered = cmake_text(root / "tests/CMakeLists.txt")
    for name in tree.files(root, ("tests",)):
        folder, file_name = name.rsplit("/", 1)
        stem = file_name.rsplit(".", 1)[0]
        if not stem.endswith("_test"):
            continue
        if not is_named(stem, cmake_text(root / folder / "CMakeLists.txt")):
            faults.append(f"{name}: not named in {folder}/CMakeLists.txt, so nothing runs it")
        area = folder.split("/")[1] if "/" in folder else ""
        by_area = (root / "core" / area).is_dir() or (root / area).is_dir()
        if area and not by_area and not re.search(rf"add_subdirectory\({area}\b", entered):
            faults.append(f"{name}: tests/CMakeLists.txt does not enter {area}")
    return faults


def orphan_faults(root):
    """Sources that no CMake file of their folder, or of one above it, names: they are neither compiled nor tested."""
    faults = []
    for name in tree.files(root, ("core", "ui", "app"), (".cpp", ".cu")):
        text, folder = "", (root / name).parent
        while folder != root:
            text += "\n".join(cmake_text(path) for path in sorted(folder.glob("*.cmake")) + [folder / "CMakeLists.txt"])
            folder = folder.parent
        # ${platform} and the like stand for a part of a name.
        for platform in ("linux", "windows"):
            text += "\n" + text.replace("${platform}", platform)
        if not is_named(name.rsplit("/", 1)[1], text.replace("/", " ")):
            faults.append(f"{name}: named in no CMakeLists.txt of its folder or above")
    return faults


class Style(unittest.TestCase):
    def setUp(self):
        self.root = tree.root_of_tree()

    def test_there_is_something_to_check(self):
        self.assertGreater(len(tree.files(self.root)), 200)

    def test_every_source_begins_with_its_licence(self):
        self.assertEqual([], licence_faults(self.root))

    def test_no_file_is_too_long(self):
        self.assertEqual([], length_faults(self.root, LONG_FILES))

    def test_exceptions_are_still_needed(self):
        self.assertEqual([], needless_exceptions(self.root, LONG_FILES))

    def test_no_line_is_too_wide(self):
        self.assertEqual([], width_faults(self.root))

    def test_no_leftovers(self):
        self.assertEqual([], text_faults(self.root))

    def test_families_are_named_in_their_table_only(self):
        self.assertTrue((self.root / FAMILIES).is_file())
        self.assertEqual([], family_faults(self.root))

    def test_every_test_is_run(self):
        self.assertEqual([], registration_faults(self.root))

    def test_every_source_is_compiled(self):
        self.assertEqual([], orphan_faults(self.root))

    def test_the_licence_is_there(self):
        text = (self.root / "LICENSE").read_text(encoding="utf-8")
        self.assertIn("GNU GENERAL PUBLIC LICENSE", text)
        self.assertIn("Version 3, 29 June 2007", text)


class TheRulesCanFail(unittest.TestCase):
    def expect(self, rule, contents, *faults):
        with tree.FakeTree(contents) as root:
            found = rule(root)
        self.assertEqual(len(faults), len(found), found)
        for fault, text in zip(faults, found):
            self.assertTrue(text.startswith(fault), f"{text!r} does not begin with {fault!r}")

    def test_licence(self):
        self.expect(
            licence_faults,
            {
                "core/base/a.h": f"// {LICENCE}\n#pragma once\n",
                "core/base/b.h": "#pragma once\n",
                "core/base/c.cpp": f"\n// {LICENCE}\n",
                "core/base/d.cpp": "",
                "packaging/a.sh": f"#!/bin/sh\n# {LICENCE}\n",
                "packaging/b.sh": f"#!/bin/sh\necho\n# {LICENCE}\n",
                "tests/a.py": f"# {LICENCE}\n",
                "tests/b.py": "#!/usr/bin/env python3\n",
            },
            "core/base/b.h",
            "core/base/c.cpp",
            "core/base/d.cpp",
            "packaging/b.sh",
            "tests/b.py",
        )

    def test_length(self):
        contents = {
            "core/a/long.cpp": "x\n" * 401,
            "core/a/right.cpp": "x\n" * 400,
            "ui/known.cpp": "x\n" * 401,
            "tests/any.cpp": "x\n" * 999,
        }
        self.expect(
            lambda root: length_faults(root, {"ui/known.cpp": "a reason"}), contents, "core/a/long.cpp: 401 lines"
        )

    def test_needless_exceptions(self):
        known = {"core/a/gone.cpp": "a reason", "core/a/short.cpp": "a reason", "core/a/long.cpp": "a reason"}
        contents = {"core/a/short.cpp": "x\n" * 400, "core/a/long.cpp": "x\n" * 401}
        self.expect(lambda root: needless_exceptions(root, known), contents, "core/a/gone.cpp", "core/a/short.cpp")

    def test_width(self):
        right, wide = "x" * 120 + "\n", "x" * 121 + "\n"
        self.expect(
            width_faults,
            {
                "CMakeLists.txt": right + wide,
                "core/a/CMakeLists.txt": wide,
                "core/a/a.cpp": right,
                "core/a/b.h": "\n" + wide,
                # 120 characters in 240 bytes.
                "core/a/c.cu": "\u00e9" * 120 + "\n",
                "core/a/d.cu": "\u00e9" * 121,
                "packaging/a.sh": wide,
                "packaging/cmake/a.cmake": wide,
                "resources/words.txt": wide,
                "tests/a.py": wide,
            },
            "CMakeLists.txt:2: 121 characters",
            "core/a/CMakeLists.txt:1",
            "core/a/b.h:2",
            "core/a/d.cu:1",
            "packaging/a.sh:1",
            "packaging/cmake/a.cmake:1",
            "tests/a.py:1",
        )

    def test_leftovers(self):
        for word in (
            "TO" + "DO",
            "FIX" + "ME:",
            "XX" + "X",
            "HA" + "CK",
            "a place" + "holder",
            "Not  " + "implemented yet",
        ):
            self.expect(text_faults, {"core/a/b.cpp": f"int a;\n// {word}\n"}, "core/a/b.cpp:2: a leftover")
        self.expect(text_faults, {"core/a/b.cpp": 'error.todo = "x"; box->setPlaceholderText(text); // XXXX hackney\n'})

    def test_machine_paths(self):
        for path in ("/" + "work/main", "/" + "root/.cache", "/" + "home/someone"):
            self.expect(text_faults, {"README.md": f"\nsee {path}\n"}, "README.md:2: a path of one machine")
        self.expect(text_faults, {"core/a/b.md": "run/" + "work/gradients ../" + "work/x\n"})

    def test_families(self):
        self.expect(
            family_faults,
            {
                "core/spec/families.h": "{Family::Gpt2}\n",
                "core/spec/model_spec.h": "Family family{};\n",
                "core/nn/a.cpp": "\nif (model.family == Family::Gpt2)\n",
                "app/cli/b.cpp": "case gsst::Family::Llama:\n",
                "ui/c.h": "using enum Family;\n",
                "tests/nn/d_test.cpp": "Family::Llama\n",
            },
            "app/cli/b.cpp:1",
            "core/nn/a.cpp:2",
            "ui/c.h:1",
        )

    def test_registration(self):
        self.expect(
            registration_faults,
            {
                "tests/CMakeLists.txt": "add_subdirectory(cli)\n",
                "core/base/a.h": "",
                "tests/base/a_test.cpp": "",
                "tests/base/b_test.cpp": "",
                "tests/base/helpers.h": "",
                "tests/base/CMakeLists.txt": "gsst_test(a_test LIBRARIES x)\n"
                "# gsst_test(b_test LIBRARIES x)\ngsst_test(torch_b_test)\n",
                "tests/cli/c_test.py": "",
                "tests/cli/d_test.py": "",
                "tests/cli/CMakeLists.txt": "foreach(name c_test)\nendforeach()\n",
                "tests/lost/e_test.py": "",
                "tests/lost/CMakeLists.txt": "add_test(NAME e_test COMMAND e_test.py)\n",
            },
            "tests/base/b_test.cpp: not named",
            "tests/cli/d_test.py: not named",
            "tests/lost/e_test.py: tests/CMakeLists.txt does not enter",
        )

    def test_orphans(self):
        self.expect(
            orphan_faults,
            {
                "core/a/CMakeLists.txt": "gsst_library(a SOURCES a.cpp deep/b.cpp os_${platform}.cpp)\n",
                "core/a/a.cpp": "",
                "core/a/deep/b.cpp": "",
                "core/a/os_linux.cpp": "",
                "core/a/os_windows.cpp": "",
                "core/a/lost.cpp": "",
                "core/a/aa.cpp": "",
            },
            "core/a/aa.cpp",
            "core/a/lost.cpp",
        )


if __name__ == "__main__":
    unittest.main()
