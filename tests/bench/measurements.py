# SPDX-License-Identifier: GPL-3.0-or-later
"""What the measuring scripts share. Each question of questions.py has one file in tests/measurements: the rows of the
newest answer, with the computer and the day. render_measurements.py makes the pages for people from these files."""

import datetime
import json
import os
import pathlib
import subprocess
import sys

from questions import QUESTIONS

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "tests/measurements"


def machine():
    """This computer in words: processor, cores, memory."""
    processor = "an unknown processor"
    for line in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {processor}, {memory:.0f} GiB of RAM, no graphics card used"


def save(name, rows, folder=FOLDER):
    """Replaces the answer to a question. Rows have values by the keys of its columns, some of which may be missing."""
    known = {column.key for column in QUESTIONS[name].columns}
    for row in rows:
        if not set(row) <= known:
            raise ValueError(f"{name}: no column for {sorted(set(row) - known)}")
    # A line a row, so that changes can be read.
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = f' "machine": {json.dumps(machine())},\n "date": "{datetime.date.today().isoformat()}"'
    path = pathlib.Path(folder) / f"{name}.json"
    path.write_text(f'{{\n{head},\n "rows": [\n  {lines}\n ]\n}}\n', encoding="utf-8")
    print(f"wrote {path}; now run tests/bench/render_measurements.py", file=sys.stderr)


def load(name, folder=FOLDER):
    return json.loads((pathlib.Path(folder) / f"{name}.json").read_text(encoding="utf-8"))


def run(command):
    """The standard output of a command that succeeds; else the end of the script."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def bench(program, *options):
    """The JSON of `gsst bench`."""
    return json.loads(run([program, "bench", *options, "--json"]))


def changed_preset(folder, preset, name, **changes):
    """A preset with other values, as a file of `folder`."""
    recipe = json.loads((ROOT / f"presets/{preset}.json").read_text(encoding="utf-8"))
    recipe["name"] = name
    for part, values in changes.items():
        recipe[part].update(values)
    file = pathlib.Path(folder) / f"{name}.json"
    file.write_text(json.dumps(recipe), encoding="utf-8")
    return str(file)
