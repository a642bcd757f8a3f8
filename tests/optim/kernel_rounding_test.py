#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks in the code of the CUDA kernels that every operation is rounded by itself, as on the processor.

A machine without a card can check no more than that, and it is what the compiler's defaults would break: they fuse
multiplications with additions.

    kernel_rounding_test.py <build folder>"""

import json
import pathlib
import re
import shlex
import struct
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
            del words[at : at + 2]
    words = [word for word in words if word not in ("-c", "-MD")]
    words += [*more, "-arch=compute_75", "-ptx", "-o", "-"]
    return subprocess.run(words, cwd=directory, check=True, capture_output=True, text=True).stdout


def word_of(value):
    """A float as PTX writes it."""
    return f"0f{struct.unpack('I', struct.pack('f', value))[0]:08X}"


def rounded(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def code_pieces(bits):
    """Step, start, slope and bias of each straight piece of a moment's code: CodePiece in core/optim/moment_code.h."""
    for s in range(bits):
        power = 1.0
        for _ in range(s, bits - 1):
            power /= 10
        end, last = rounded(power), float((2 << s) - 1)
        step = rounded(0.9 * power / (1 << s) * (1 + 2.0**-23)) if s else end
        slope = rounded((1 << s) / (0.9 * power) if s else 1 / power)
        yield step, rounded(end - rounded(step * last)), slope, rounded(0.5 + rounded(last - rounded(slope * end)))


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

    def test_codes_are_those_of_the_processor(self):
        """Their constants are worked out by the compiler, each of the two by itself."""
        text = assembly(self.directory, self.words)
        for bits in (7, 8):
            for number, piece in enumerate(code_pieces(bits)):
                for value in piece:
                    self.assertIn(word_of(value), text, f"{bits} bits, piece {number}")

    def test_the_rule_can_fail(self):
        for loose in ("--fmad=true", "-prec-div=false", "-prec-sqrt=false", "-ftz=true"):
            name = loose.split("=")[0]
            words = [word for word in self.words if word.lstrip("-").split("=")[0] != name.lstrip("-")]
            self.assertTrue(LOOSE.search(assembly(self.directory, words, [loose])), loose)


if __name__ == "__main__":
    KernelRounding.build = sys.argv[1]
    unittest.main(argv=sys.argv[:1])
