#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that ctest runs every test file.

One may be named in a CMakeLists.txt and still stand in a branch that is never taken.

ctest_test.py <build folder> [area of tests/ that this configuration leaves out ...]"""

import json
import pathlib
import subprocess
import sys
import unittest

import tree


def known_to_ctest(build):
    """Names of tests, and of the programs and scripts that they run."""
    listing = subprocess.run(
        ["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True, text=True
    )
    known = set()
    for test in json.loads(listing.stdout)["tests"]:
        known.add(test["name"])
        known.update(pathlib.PurePath(word).stem for word in test.get("command", []))
    return known


def faults_of_tests(root, known, not_built):
    """Test files that belong to no test of `known`, outside the areas that are not built."""
    names = [pathlib.PurePosixPath(name) for name in tree.files(root, ("tests",))]
    return [
        f"{name}: ctest does not run it"
        for name in names
        if name.stem.endswith("_test") and name.parts[1] not in not_built and name.stem not in known
    ]


class EveryTestIsRun(unittest.TestCase):
    build = ""
    not_built = ()

    def test_ctest_runs_every_test(self):
        known = known_to_ctest(self.build)
        self.assertGreater(len(known), 30)
        self.assertEqual([], faults_of_tests(tree.root_of_tree(), known, self.not_built))


class TheRuleCanFail(unittest.TestCase):
    FILES = {"tests/io/file_test.cpp": "", "tests/io/helpers.h": "", "tests/cli/signals_test.py": ""}

    def test_all_run(self):
        with tree.FakeTree(self.FILES) as root:
            self.assertEqual([], faults_of_tests(root, {"file_test", "signals_test"}, ()))

    def test_one_is_left_out(self):
        with tree.FakeTree(self.FILES) as root:
            self.assertEqual(
                ["tests/io/file_test.cpp: ctest does not run it"], faults_of_tests(root, {"signals_test", "file"}, ())
            )

    def test_an_area_that_is_not_built(self):
        with tree.FakeTree(self.FILES) as root:
            self.assertEqual([], faults_of_tests(root, {"file_test"}, ("cli",)))


if __name__ == "__main__":
    EveryTestIsRun.build, *EveryTestIsRun.not_built = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
