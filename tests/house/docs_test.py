#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the pages for people: what they name is there, the first page is short, and every folder introduces itself."""

import re
import unittest

import rooms
import tree

LONGEST_FIRST_PAGE = 150
FOLDER_PAGE = range(15, 31)  # lines
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
FILE_NAME = re.compile(r"`([\w./-]+\.(?:h|cpp|cu|py|sh|md))`")
# An error as the page of troubleshooting quotes it.
ERROR = re.compile(r'\*\*"([^"]+)"\*\*')
TROUBLESHOOTING = "resources/help/troubleshooting.md"
# Names that stand for any file of their kind.
PATTERN_NAMES = re.compile(r"(^|/)x_")


def pages(root):
    """Every page of the tree, those at its root included."""
    return sorted(path.name for path in root.glob("*.md")) + tree.files(root, suffixes=(".md",))


def is_there(root, page, name):
    folder = (root / page).parent
    return any((start / name).exists() for start in (folder, root, root / "core"))


def name_faults(root):
    """Links and file names that lead nowhere."""
    faults = []
    for page in pages(root):
        for number, line in enumerate(tree.lines(root, page), 1):
            links = [name for name in LINK.findall(line) if "://" not in name and not name.startswith("mailto:")]
            names = [name for name in FILE_NAME.findall(line) if not PATTERN_NAMES.search(name)]
            for name in links + names:
                if not is_there(root, page, name):
                    faults.append(f"{page}:{number}: there is no {name}")
    return faults


def first_page_faults(root):
    count = len(tree.lines(root, "README.md"))
    if count > LONGEST_FIRST_PAGE:
        return [f"README.md: {count} lines; the longest allowed is {LONGEST_FIRST_PAGE}: move some to resources/help"]
    return []


def folder_list_faults(root):
    """Folders of the core that the first page leaves out."""
    text = (root / "README.md").read_text(encoding="utf-8")
    folders = [folder for folder in folders_that_introduce_themselves(root) if not re.search(rf"{folder}\b", text)]
    return [f"README.md: does not say what {folder} holds" for folder in folders]


def literals(root):
    """The text of all sources, literals that stand side by side made one."""
    names = tree.files(root, ("core", "app"), (".cpp", ".h"))
    text = "\n".join((root / name).read_text(encoding="utf-8") for name in names)
    return re.sub(r'"\s+"', "", text)


def error_faults(root):
    """Errors that the page explains and no source makes."""
    text = " ".join((root / TROUBLESHOOTING).read_text(encoding="utf-8").split())
    sources = literals(root)
    return [f"{TROUBLESHOOTING}: no source says {error!r}" for error in ERROR.findall(text) if error not in sources]


def folders_that_introduce_themselves(root):
    return sorted(path.relative_to(root).as_posix() for path in (root / "core").iterdir() if path.is_dir()) + ["ui"]


def folder_faults(root):
    """Folders of the core, and ui, without a short page: what it is for, its contract, three files to read first."""
    faults = []
    for folder in folders_that_introduce_themselves(root):
        page = f"{folder}/README.md"
        if not (root / page).is_file():
            faults.append(f"{page}: is missing")
            continue
        lines = tree.lines(root, page)
        if len(lines) not in FOLDER_PAGE:
            faults.append(f"{page}: {len(lines)} lines; {FOLDER_PAGE.start} to {FOLDER_PAGE.stop - 1} are asked for")
        if lines[:1] != [f"# {folder}"]:
            faults.append(f"{page}: begins without '# {folder}'")
        if "**Contract**" not in lines:
            faults.append(f"{page}: has no contract")
        if sum(re.match(r"[123]\. `", line) is not None for line in lines) != 3:
            faults.append(f"{page}: does not name three files to read first")
    return faults


class Docs(unittest.TestCase):
    def setUp(self):
        self.root = tree.root_of_tree()

    def test_there_is_something_to_check(self):
        self.assertGreater(len(pages(self.root)), 20)

    def test_what_pages_name_is_there(self):
        self.assertEqual([], name_faults(self.root))

    def test_the_first_page_is_short(self):
        self.assertEqual([], first_page_faults(self.root))

    def test_the_first_page_lists_every_folder(self):
        self.assertEqual([], folder_list_faults(self.root))

    def test_errors_are_quoted_as_they_are(self):
        self.assertGreater((self.root / TROUBLESHOOTING).read_text(encoding="utf-8").count('**"'), 20)
        self.assertEqual([], error_faults(self.root))

    def test_the_table_of_rooms_is_the_one_that_is_checked(self):
        page = (self.root / rooms.PAGE).read_text(encoding="utf-8")
        self.assertEqual(rooms.with_table(page), page, "run tests/house/rooms.py --write")

    def test_every_folder_introduces_itself(self):
        self.assertEqual([], folder_faults(self.root))


class Rooms(unittest.TestCase):
    def test_arrows(self):
        rows = {room: (others, beside) for room, others, beside in rooms.arrows()}
        self.assertEqual(("-", "-"), rows["base"])
        self.assertEqual(("spec, io", "plan/program"), rows["plan"])
        self.assertEqual(("as plan", "-"), rows["plan/program"])
        self.assertEqual(("all of core, ui", "-"), rows["app"])

    def test_a_table_that_was_edited_is_replaced(self):
        page = f"before\n{rooms.BEGIN}\n| io | all |\n{rooms.END}\nafter\n"
        self.assertEqual(f"before\n{rooms.table()}\nafter\n", rooms.with_table(page))

    def test_sizes(self):
        contents = {"core/a/a.cpp": "x\n" * 3, "core/a/b/b.h": "x\n" * 5, "ui/c/c.cpp": "x\n", "ui/c/d.md": "x\n"}
        with tree.FakeTree(contents) as root:
            self.assertEqual([(5, "a/b"), (3, "a"), (1, "ui/c")], rooms.sizes(root))


FOLDER = ["", "What it is for.", "", "**Contract**", "", "- One."]
READ = ["", "1. `a.h`: a", "2. `b.h`: b", "3. `c.h`: c"]


def folder_page(name, lines=FOLDER + READ, length=20):
    text = [f"# {name}", *lines]
    return "\n".join(text + ["-"] * (length - len(text))) + "\n"


class TheRulesCanFail(unittest.TestCase):
    def expect(self, rule, contents, *faults):
        with tree.FakeTree(contents) as root:
            found = rule(root)
        self.assertEqual(len(faults), len(found), found)
        for fault, text in zip(faults, found):
            self.assertTrue(text.startswith(fault), f"{text!r} does not begin with {fault!r}")

    def test_names(self):
        self.expect(
            name_faults,
            {
                "README.md": "[a](core/a/README.md) [b](core/b.md#part)\n[c](https://x.org/y.md) `tests/none.py`\n",
                "core/a/README.md": "`a.h` `lost.h` `../a/a.h` `a/a.h`\n`x_linux.cpp` `run.json` `*_test.py`\n",
                "core/a/a.h": "",
            },
            "README.md:1: there is no core/b.md",
            "README.md:2: there is no tests/none.py",
            "core/a/README.md:1: there is no lost.h",
        )

    def test_errors(self):
        self.expect(
            error_faults,
            {
                TROUBLESHOOTING: 'Why **"It is\nfull"**, **"It is empty"** and **"It is gone"**? "Never mind"\n',
                "core/a/a.cpp": 'return "It is full";\nreturn {"It "\n        "is empty", ""};\n',
            },
            f"{TROUBLESHOOTING}: no source says 'It is gone'",
        )

    def test_first_page(self):
        self.expect(first_page_faults, {"README.md": "x\n" * 151}, "README.md: 151 lines")
        self.expect(first_page_faults, {"README.md": "x\n" * 150})

    def test_folder_list(self):
        contents = {"README.md": "core/a  one\nui/  two\n", "core/a/a.h": "", "core/b/b.h": ""}
        self.expect(folder_list_faults, contents, "README.md: does not say what core/b holds")

    def test_folders(self):
        self.expect(
            folder_faults,
            {
                "core/bare/a.h": "",
                "core/long/README.md": folder_page("core/long", length=31),
                "core/named/README.md": folder_page("core/other"),
                "core/short/README.md": folder_page("core/short", length=11),
                "core/vague/README.md": folder_page("core/vague", lines=["**Contract**"]),
                "ui/README.md": folder_page("ui", lines=READ),
            },
            "core/bare/README.md: is missing",
            "core/long/README.md: 31 lines",
            "core/named/README.md: begins without '# core/named'",
            "core/short/README.md: 11 lines",
            "core/vague/README.md: does not name three files",
            "ui/README.md: has no contract",
        )


if __name__ == "__main__":
    unittest.main()
