# SPDX-License-Identifier: GPL-3.0-or-later
"""What the house tests share: the files of a source tree, and a small fake tree to try a rule on."""

import os
import pathlib
import tempfile

FOLDERS = ("app", "core", "packaging", "presets", "resources", "tests", "ui")
SOURCES = (".h", ".cpp", ".cu", ".py", ".sh")
TEXTS = SOURCES + (".md", ".txt", ".cmake", ".json", ".qrc", ".svg")


def root_of_tree():
    """The tree to check: two folders above this file, or the GSST_TREE of the environment."""
    return pathlib.Path(os.environ.get("GSST_TREE") or pathlib.Path(__file__).resolve().parents[2])


def files(root, folders=FOLDERS, suffixes=SOURCES):
    """Sorted paths, relative to `root` with forward slashes, of the files below `folders` with one of `suffixes`."""
    found = []
    for folder in folders:
        for path in (root / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts:
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def lines(root, name):
    return (root / name).read_text(encoding="utf-8").splitlines()


class FakeTree:
    """A tree of small files in a temporary folder: FakeTree({"core/base/x.h": "text"}) as a context manager."""

    def __init__(self, contents):
        self.contents = contents

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(self.folder.name)
        for name, text in self.contents.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return root

    def __exit__(self, *_):
        self.folder.cleanup()
