#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The completion of the command line, in a real bash."""

import shutil
import subprocess
import unittest

import program


def completed(*words):
    """What bash offers for the last of these words."""
    typed = " ".join(f"'{word}'" for word in ("gsst", *words))
    script = f"""eval "$('{program.PROGRAM}' completion bash)"
COMP_WORDS=({typed}); COMP_CWORD={len(words)}; COMPREPLY=()
_gsst
printf '%s\\n' "${{COMPREPLY[@]}}" """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=program.SECONDS)
    return done.stdout.split()


@unittest.skipUnless(shutil.which("bash"), "needs bash")
class ShellCompletion(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(["plan", "presets"], completed("p"))
        self.assertIn("train", completed(""))

    def test_options_of_the_command(self):
        self.assertEqual(["--learning-rate"], completed("train", "--lear"))
        self.assertEqual([], completed("verify", "--lear"))
        self.assertIn("--no-echo", completed("generate", "--"))

    def test_words_of_an_option(self):
        self.assertEqual(["fp32", "fp16"], completed("train", "--precision", "fp"))
        self.assertEqual(["gpt2-124m"], completed("plan", "--preset", "gpt"))
        self.assertEqual([], completed("train", "--steps", ""))


if __name__ == "__main__":
    unittest.main()
