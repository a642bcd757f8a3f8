#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes tests/MEASUREMENTS.md, and the figures of README.md, from the files in tests/measurements.

usage: render_measurements.py [--check]

With --check it changes nothing and fails if a page is not what the files say. No figure is typed into a page."""

import pathlib
import statistics
import sys
import textwrap

from measurements import FOLDER, ROOT, load
from questions import QUESTIONS

PAGE = "tests/MEASUREMENTS.md"
BEGIN = "<!-- The figures are made by tests/bench/render_measurements.py. -->"
END = "<!-- End of the figures. -->"
WIDTH = 120
HEAD = """# Measurements

Made by `tests/bench/render_measurements.py` from the files in `tests/measurements`, which the measuring scripts write:
edit neither by hand. Each table answers one question and holds the newest answer only, with the computer and the day.
Expect other times on other computers.
"""


def gibibytes(value):
    return f"{value / 2**30:.2f} GiB"


# How values are written.
FORMS = {
    "text": str,
    "count": "{:,.0f}".format,
    "one": "{:.1f}".format,
    "two": "{:.2f}".format,
    "ratio": "{:.3f}".format,
    "seconds": "{:.3g}".format,
    "bytes": lambda value: f"{value / 2**20:,.0f} MiB",
    "rate": lambda value: f"{value / 1e6:,.0f} MB/s",
    "list": lambda values: ", ".join(f"{value:.3f}" for value in values),
}


def cell(row, column):
    value = row.get(column.key)
    return "-" if value is None else FORMS[column.form](value)


def table(columns, rows):
    yield "| " + " | ".join(column.title for column in columns) + " |"
    yield "|" + "|".join("---" if column.form == "text" else "---:" for column in columns) + "|"
    for row in rows:
        yield "| " + " | ".join(cell(row, column) for column in columns) + " |"


def section(question, answer):
    measured = f"Measured on {answer['machine']}; {answer['date']}."
    command = [f"    {line}" for line in question.command.splitlines()]
    return [
        "",
        f"## {question.text}",
        "",
        *textwrap.wrap(question.note, WIDTH),
        "",
        *textwrap.wrap(measured, WIDTH),
        "",
        *command,
        "",
        *table(question.columns, answer["rows"]),
    ]


def page(answers):
    lines = HEAD.splitlines()
    for name, question in QUESTIONS.items():
        lines += section(question, answers[name])
    return "\n".join(lines) + "\n"


def row_of(answer, key, value):
    return next(row for row in answer["rows"] if row[key] == value)


def quality(answer):
    ours = row_of(answer, "training", "gsst, from disk")["mean"]
    theirs = row_of(answer, "training", "plain PyTorch, in memory")["mean"]
    return f"{ours:.3f} nats a byte after training from disk, {theirs:.3f} with plain PyTorch; less is better"


def limits(answer):
    row = row_of(answer, "model", "llama-7b")
    device, rest = (f"{gibibytes(row[key])} of {gibibytes(row[limit])}" for key, limit in LIMITS)
    return f"7 billion parameters: {device} for the computation, {rest} for everything else"


def disk_over_resident(answer):
    ratio = row_of(answer, "tokens", 1024)["ratio"]
    return f"{100 * (ratio - 1):.0f} % (124 million parameters, 1,024 tokens a step)"


def prediction(answer):
    time, memory = ([abs(row[key] - 1) for row in answer["rows"]] for key in ("time", "device"))
    return (
        f"seconds a step: {100 * statistics.mean(time):.0f} % off on average over {len(time)} plans,"
        f" {100 * max(time):.0f} % at worst; memory: {100 * max(memory):.1f} % at worst"
    )


def kills(answer):
    rows = answer["rows"]
    equal = "yes" if all(row["equal"] == "yes" for row in rows) else "no"
    states = " and ".join(row["state"] for row in rows)
    return f"{equal}, after {min(row['kills'] for row in rows)} kills each {states}"


LIMITS = (("device", "device_limit"), ("rest", "ram_limit"))
# The five figures of README.md: a question of the page, and its answer in a few words.
HEADLINES = (quality, limits, disk_over_resident, prediction, kills)


def anchor(text):
    """As GitHub makes it of a heading."""
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter in " -_").replace(" ", "-")


def figures(answers):
    lines = [BEGIN, "", "| question | answer | measured |", "|---|---|---|"]
    for headline in HEADLINES:
        name = headline.__name__
        question, answer = QUESTIONS[name].text, answers[name]
        lines.append(f"| {question} | {headline(answer)} | [{answer['date']}]({PAGE}#{anchor(question)}) |")
    return "\n".join([*lines, "", END])


def with_figures(text, answers):
    """`text` with what lies between the marks replaced."""
    before, rest = text.split(BEGIN)
    return before + figures(answers) + rest.split(END)[1]


def rendered(root=ROOT, folder=FOLDER):
    """Each page by its name, as it should be."""
    answers = {name: load(name, folder) for name in QUESTIONS}
    readme = (pathlib.Path(root) / "README.md").read_text(encoding="utf-8")
    return {PAGE: page(answers), "README.md": with_figures(readme, answers)}


def stale(pages, root=ROOT):
    """Names of pages that are missing, or are not what the files say."""

    def present(name):
        path = pathlib.Path(root) / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    return [name for name, text in pages.items() if present(name) != text]


def main():
    pages = rendered()
    outdated = stale(pages)
    for name in outdated:
        if "--check" in sys.argv[1:]:
            print(f"{name} is not what tests/measurements says: run tests/bench/render_measurements.py")
        else:
            (ROOT / name).write_text(pages[name], encoding="utf-8")
            print(f"wrote {name}")
    sys.exit(1 if outdated and "--check" in sys.argv[1:] else 0)


if __name__ == "__main__":
    main()
