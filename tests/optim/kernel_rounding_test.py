#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks in the code of the CUDA kernels that every operation is rounded by itself, as on the processor. A machine without a card
can check no more than that, and it is what the compiler's defaults would break: they fuse multiplications with additions.

    kernel_rounding_test.py <build folder>"""
import json
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

LOOSE = re.compile(r"\bfma\.|\bmad\.f|\.ftz\b|\.approx\b|\bdiv\.full\b")
SOURCE = "block_kernels_cuda.cu"


def compile_command(build):
    """The command that compiles the kernels, as words, or None in a build without CUDA."""
    commands = json.loads((pathlib.Path(build) / "compile_commands.json").read_text(encoding="utf-8"))
    for entry in commands:
        if pathlib.PurePath(entry["file"]).name == SOURCE:
            return entry["directory"], shlex.split(entry["command"])
    return None


def assembly(directory, words, more=()):
    """PTX for the oldest cards that are compiled for."""
    words = [word for word in words if not word.startswith("--generate-code")]
    if "ccache" in words[0]:
        words = words[1:]
    for option in ("-o", "-MF", "-MT", "-x"):
        while option in words:
            at = words.index(option)
            del words[at:at + 2]
    words = [word for word in words if word not in ("-c", "-MD")]
    words += [*more, "-arch=compute_75", "-ptx", "-o", "-"]
    return subprocess.run(words, cwd=directory, check=True, capture_output=True, text=True).stdout


class KernelRounding(unittest.TestCase):
    build = ""

    def setUp(self):
        found = compile_command(self.build)
        if not found:
            self.skipTest("built without CUDA: there are no kernels")
        self.directory, self.words = found

    def test_every_operation_is_rounded_by_itself(self):
        text = assembly(self.directory, self.words)
        for wanted in ("sqrt.rn.f32", "div.rn.f32", "mul.rn.f32", "add.rn.f64"):
            self.assertIn(wanted, text)
        self.assertEqual([], [line.strip() for line in text.splitlines() if LOOSE.search(line)])

    def test_the_rule_can_fail(self):
        for loose in ("--fmad=true", "-prec-div=false", "-prec-sqrt=false", "-ftz=true"):
            name = loose.split("=")[0]
            words = [word for word in self.words if word.lstrip("-").split("=")[0] != name.lstrip("-")]
            self.assertTrue(LOOSE.search(assembly(self.directory, words, [loose])), loose)


if __name__ == "__main__":
    KernelRounding.build = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
