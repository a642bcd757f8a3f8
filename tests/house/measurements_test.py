#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that figures come from tests/measurements: pages are what the renderer makes of the files, and every file
answers a question that is asked."""

import pathlib
import re
import sys
import unittest

import tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import render_measurements as renderer
from questions import QUESTIONS, Column

FIGURES = 5


def pages_of(root):
    return renderer.rendered(root, root / "tests/measurements")


def answer_faults(answers):
    """Answers without computer or day, or with values that no column shows."""
    faults = []
    for name, answer in answers.items():
        known = {column.key for column in QUESTIONS[name].columns}
        if not answer["machine"] or not re.fullmatch(r"\d{4}-\d\d-\d\d", answer["date"]):
            faults.append(f"{name}: no computer, or no day")
        if not answer["rows"]:
            faults.append(f"{name}: no rows")
        for row in answer["rows"]:
            if not set(row) <= known:
                faults.append(f"{name}: no column for {sorted(set(row) - known)}")
    return faults


class Measurements(unittest.TestCase):
    def setUp(self):
        self.root = tree.root_of_tree()
        self.folder = self.root / "tests/measurements"

    def test_pages_are_what_the_files_say(self):
        outdated = renderer.stale(pages_of(self.root), self.root)
        self.assertEqual([], outdated, "run tests/bench/render_measurements.py")

    def test_every_file_answers_a_question(self):
        files = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(sorted(f"{name}.json" for name in QUESTIONS), files)

    def test_answers_are_whole(self):
        self.assertEqual([], answer_faults({name: renderer.load(name, self.folder) for name in QUESTIONS}))

    def test_every_form_is_known(self):
        for question in QUESTIONS.values():
            self.assertEqual([], [column.key for column in question.columns if column.form not in renderer.FORMS])

    def test_the_first_page_has_five_figures(self):
        text = pages_of(self.root)["README.md"]
        figures = text.split(renderer.BEGIN)[1].split(renderer.END)[0]
        self.assertEqual(FIGURES, figures.count(f"]({renderer.PAGE}#"), figures)

    def test_links_of_figures_lead_to_headings(self):
        pages = pages_of(self.root)
        headings = {renderer.anchor(line[3:]) for line in pages[renderer.PAGE].splitlines() if line.startswith("## ")}
        anchors = re.findall(re.escape(renderer.PAGE) + r"#([\w-]+)", pages["README.md"])
        self.assertEqual([], [anchor for anchor in anchors if anchor not in headings])


class TheRulesCanFail(unittest.TestCase):
    def test_a_page_that_was_edited_is_stale(self):
        pages = {"a.md": "made\n", "b.md": "made\n", "c.md": "made\n"}
        with tree.FakeTree({"a.md": "made\n", "b.md": "typed\n"}) as root:
            self.assertEqual(["b.md", "c.md"], renderer.stale(pages, root))

    def test_answers(self):
        whole = {"machine": "m", "date": "2026-01-02", "rows": [{"threads": 1}]}
        broken = {
            "sums": {**whole, "machine": ""},
            "planning": {**whole, "rows": []},
            "kills": {**whole, "rows": [{"survivors": 1}]},
        }
        self.assertEqual([], answer_faults({"sums": whole}))
        self.assertEqual(
            ["sums: no computer, or no day", "planning: no rows", "kills: no column for ['survivors']"],
            answer_faults(broken),
        )

    def test_values_are_written_by_their_form(self):
        row = {"a": 1 << 30, "b": [1.5, 2], "c": 4.684, "d": 205.3, "e": 1024, "f": 5e7}
        forms = {"a": "bytes", "b": "list", "c": "seconds", "d": "seconds", "e": "count", "f": "rate", "g": "ratio"}
        cells = [renderer.cell(row, Column(key, key, form)) for key, form in forms.items()]
        self.assertEqual(["1,024 MiB", "1.500, 2.000", "4.68", "205", "1,024", "50 MB/s", "-"], cells)


if __name__ == "__main__":
    unittest.main()
