# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages for people name only commands and options that the program has, and every command."""

import pathlib
import re
import unittest

import program

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "core/ARCHITECTURE.md", *sorted((ROOT / "resources/help").glob("*.md"))]
OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*)")
# Of torchrun and of packaging/run.sh.
FOREIGN = {"--nproc-per-node", "--no-python", "--headless"}


def options_of(text):
    return set(OPTION.findall(text))


def called(page):
    """(number, command, options) of each line of a page that calls gsst."""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        for words in re.findall(r"\bgsst ([a-z]+)\b([^`#|']*)", line):
            yield number, words[0], options_of(words[1])


class HelpPages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        text = program.gsst("--help").out
        listed = re.search(r"^(?:Commands|Subcommands):?\n((?: +\S.*\n)+)", text, re.MULTILINE).group(1)
        cls.commands = set(re.findall(r"^ {1,4}([a-z]+)\b", listed, re.MULTILINE))
        cls.options = {name: options_of(program.gsst(name, "--help-all").out) for name in cls.commands}
        cls.all_options = set().union(*cls.options.values()) | FOREIGN

    def test_there_is_something_to_check(self):
        self.assertGreater(len(self.commands), 5, self.commands)
        self.assertGreater(len(self.options["train"]), 20)
        self.assertGreater(sum(len(list(called(page))) for page in PAGES), 30)

    def test_calls_are_right(self):
        for page in PAGES:
            for number, command, options in called(page):
                with self.subTest(page=page.name, line=number):
                    self.assertIn(command, self.commands)
                    self.assertEqual(set(), options - self.options[command] - FOREIGN)

    def test_options_exist(self):
        for page in PAGES:
            with self.subTest(page=page.name):
                self.assertEqual(set(), options_of(page.read_text(encoding="utf-8")) - self.all_options)

    def test_every_command_is_explained(self):
        page = (ROOT / "resources/help/commands.md").read_text(encoding="utf-8")
        for command in self.commands:
            with self.subTest(command=command):
                self.assertIn(f"\n## {command}\n", page)


if __name__ == "__main__":
    unittest.main()
