#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that all C++ and CUDA code is laid out as .clang-format says.

It asks the release of clang-format that packaging/requirements.txt names: others lay out a few lines differently."""

import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import unittest

import tree

CODE = (".h", ".cpp", ".cu")
# Files a process: enough that starting one does not count, few enough that all cores have some.
CHUNK = 40
SKIPPED = 77  # what tests/house/CMakeLists.txt tells ctest


def wanted_release(root):
    text = (root / "packaging/requirements.txt").read_text(encoding="utf-8")
    return re.search(r"^clang-format==(\S+)$", text, re.MULTILINE).group(1)


def formatter(root):
    """The clang-format of that release: that of .venv, or else that of the PATH; None where there is none."""
    wanted = f"clang-format version {wanted_release(root)}"
    for program in (shutil.which(root / ".venv/bin/clang-format"), shutil.which("clang-format")):
        if program and wanted in subprocess.run([program, "--version"], capture_output=True, text=True).stdout:
            return program
    return None


def complaints(program, root, names):
    """What the formatter would change in these files, one line a place."""
    done = subprocess.run(
        [program, "--dry-run", "-Werror", "--fno-color-diagnostics", *names], cwd=root, capture_output=True, text=True
    )
    found = [line for line in done.stderr.splitlines() if re.match(r"\S.*: (error|warning|fatal)", line)]
    return found if found or done.returncode == 0 else [f"{program} failed: {done.stderr}"]


def format_faults(program, root):
    names = tree.files(root, suffixes=CODE)
    chunks = [names[at : at + CHUNK] for at in range(0, len(names), CHUNK)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for lines in pool.map(lambda chunk: complaints(program, root, chunk), chunks) for line in lines]


class Format(unittest.TestCase):
    program = None

    def test_the_tree_is_formatted(self):
        root = tree.root_of_tree()
        faults = format_faults(self.program, root)
        self.assertEqual([], faults, f"\nrun {self.program} -i on these files")

    def test_a_tree_that_is_not_is_found_out(self):
        right = "int one() {\n    return 1;\n}\n"
        contents = {
            ".clang-format": (tree.root_of_tree() / ".clang-format").read_text(encoding="utf-8"),
            "core/a/a.h": "int one();\n",
            "core/a/braces.cpp": "int one()\n{\n    return 1;\n}\n",
            "core/a/kernel.cu": right.replace("    ", "  "),
            "tests/a/pointer_test.cpp": "int *two();\n",
            "ui/right.cpp": right,
        }
        # Enough files that there is more than one process.
        contents |= {f"app/more{number}.cpp": right for number in range(CHUNK)}
        with tree.FakeTree(contents) as root:
            faults = format_faults(self.program, root)
        self.assertEqual(
            {"core/a/braces.cpp:1", "core/a/kernel.cu:1", "tests/a/pointer_test.cpp:1"},
            {":".join(fault.split(":")[:2]) for fault in faults},
            faults,
        )


if __name__ == "__main__":
    Format.program = formatter(tree.root_of_tree())
    if not Format.program:
        release = wanted_release(tree.root_of_tree())
        print(f"skipped: there is no clang-format {release} in .venv; packaging/install.sh brings it", file=sys.stderr)
        sys.exit(SKIPPED)
    unittest.main()
