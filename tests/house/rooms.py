#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rooms of the tree as people see them, from the one source that layering_test.py checks.

usage: rooms.py            prints the folders of code by size, the largest first
       rooms.py --write    brings the table of CONTRIBUTING.md up to date"""

import sys

import layering_test as layering
import tree

PAGE = "CONTRIBUTING.md"
BEGIN = "<!-- The table is made by tests/house/rooms.py --write from the arrows that layering_test.py checks. -->"
END = "<!-- End of the table. -->"


def arrows():
    """(room, other folders it may include besides base, rooms of its folder it may include), in the order of the check.
    A room within a folder may include what the folder may: "as plan"."""
    for folder, known in layering.ARROWS.items():
        inner = [room for room in layering.ROOMS if room.startswith(folder + "/")]
        # What is beside the rooms of a folder may include all of them, unless the check says which.
        yield folder, names(known), names(layering.ROOMS.get(folder, inner))
        for room in inner:
            yield room, f"as {folder}", names(layering.ROOMS[room])


def names(rooms):
    rooms = tuple(rooms)
    if rooms[: len(layering.CORE)] == layering.CORE:
        rooms = ("all of core",) + rooms[len(layering.CORE) :]
    return ", ".join(rooms) if rooms else "-"


def table():
    lines = [BEGIN, "", "| room | other folders | rooms beside it |", "|---|---|---|"]
    lines += ["| " + " | ".join(row) + " |" for row in arrows()]
    return "\n".join([*lines, "", END])


def with_table(text):
    """`text` with what lies between the marks replaced."""
    before, rest = text.split(BEGIN)
    return before + table() + rest.split(END)[1]


def sizes(root):
    """(lines, folder) of all code in core, ui and app, the largest folder first."""
    lines = {}
    for name in tree.files(root, ("core", "ui", "app"), layering.CODE):
        folder = name.removeprefix("core/").rsplit("/", 1)[0]
        lines[folder] = lines.get(folder, 0) + len(tree.lines(root, name))
    return sorted(((count, folder) for folder, count in lines.items()), reverse=True)


def main():
    root = tree.root_of_tree()
    if sys.argv[1:] == ["--write"]:
        page = root / PAGE
        page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
        return
    found = sizes(root)
    total = sum(count for count, _ in found)
    for count, folder in found:
        print(f"{count:6d} lines {100 * count / total:5.1f} %  {folder}")


if __name__ == "__main__":
    main()
