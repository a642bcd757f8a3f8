# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house that no compiler checks: which folder may include which, what must stay free of LibTorch, Qt and
POSIX, that every test is run, and what every source file looks like.

    house_rules.py <source tree> [--build <folder>] [--not-built <area> ...]

With --build the tests that ctest knows there are compared with the files; --not-built names areas of tests/ that this
configuration leaves out. Prints one problem a line; exit code 1 if there is one."""
import argparse
import json
import pathlib
import re
import subprocess
import sys

CORE = ["base", "spec", "io", "plan", "store", "data", "nn", "optim", "device", "engine", "train"]

# What a folder may include besides itself. app may include all of core and ui.
ARROWS = {
    "base": [],
    "spec": ["base"],
    "io": ["base"],
    "plan": ["base", "spec", "io"],
    "store": ["base", "spec", "io"],
    "data": ["base", "spec", "io"],
    "nn": ["base", "spec"],
    "optim": ["base", "spec"],
    "device": ["base", "io"],
    "engine": ["base", "spec", "io", "plan", "store", "device"],
    "train": CORE,
    "ui": ["base", "spec", "train"],
    "app": CORE + ["ui"],
}

# The doors from ui into core/train.
UI_DOORS = {"train/events.h", "train/event_queue.h", "train/training_service.h", "train/create_training_service.h",
            "train/run_tools.h"}

# Folders whose files never reach LibTorch, neither directly nor through a header; torch_*.h and torch_*.cpp of device may.
TORCH_FREE = ["base", "spec", "io", "plan", "store", "data", "device", "engine", "ui", "app"]

LONGEST_FILE = 400
# Files that may be longer, each with the reason.
LONGER_FILES = {
    "core/plan/program_builder.cpp": "the whole schedule of a step, read from top to bottom",
}

SOURCE_FOLDERS = ["core", "ui", "app", "tests", "packaging", ".ci"]
CPP_SUFFIXES = {".h", ".cpp", ".cu", ".cuh"}
SCRIPT_SUFFIXES = {".py", ".sh"}
OTHER_SUFFIXES = {".md", ".txt", ".cmake", ".json"}  # only their words are looked at

SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
TORCH = re.compile(r"^(torch|ATen|c10|caffe2)/")
QT = re.compile(r"^(Qt\w+/|Q[A-Z]\w*$|qcustomplot\.h$)")
POSIX = re.compile(r"^((unistd|fcntl|pthread|poll|dlfcn|sched|signal|termios|dirent|pwd|liburing|strings)\.h$"
                   r"|sys/|linux/|arpa/|netinet/)")
WINDOWS = re.compile(r"^(windows|winsock2?|io|direct)\.h$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# Written in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|\b(?i:place" r"holder)\b")
OWN_MACHINE = re.compile(r"(?<![\w.])/(work|root|home)/\w")


class House:
    def __init__(self, root):
        self.root = root
        self.problems = []
        self.files = sorted(path for folder in SOURCE_FOLDERS for path in (root / folder).rglob("*")
                            if path.is_file() and "__pycache__" not in path.parts and self.is_source(path))
        self.texts = {self.name(path): path.read_text(encoding="utf-8", errors="replace") for path in self.files}
        self.includes = {name: includes_of(text) for name, text in self.texts.items() if pathlib.PurePath(name).suffix in CPP_SUFFIXES}

    def name(self, path):
        return path.relative_to(self.root).as_posix()

    @staticmethod
    def is_source(path):
        return path.suffix in CPP_SUFFIXES | SCRIPT_SUFFIXES or path.as_posix().endswith(".ci/run")

    def problem(self, name, text, line=None):
        self.problems.append(f"{name}:{line}: {text}" if line else f"{name}: {text}")

    def check_files(self):
        for name, text in self.texts.items():
            lines = text.splitlines()
            if not any(SPDX in line for line in lines[:2]):
                self.problem(name, f"the line \"{SPDX}\" is missing at the head")
            if len(lines) > LONGEST_FILE and name not in LONGER_FILES:
                self.problem(name, f"{len(lines)} lines; more than {LONGEST_FILE} need a split, or a reason in LONGER_FILES")
            if name.endswith(".h") and "#pragma once" not in lines:
                self.problem(name, "#pragma once is missing")
        for name in LONGER_FILES:
            if name not in self.texts:
                self.problem(name, "is in LONGER_FILES but does not exist")

    def check_words(self):
        others = [path for folder in (*SOURCE_FOLDERS, "presets") for path in (self.root / folder).rglob("*")]
        others += self.root.glob("*")
        texts = {self.name(path): path.read_text(encoding="utf-8", errors="replace") for path in others
                 if path.is_file() and path.suffix in OTHER_SUFFIXES}
        for name, text in (self.texts | texts).items():
            for number, line in enumerate(text.splitlines(), 1):
                if found := UNFINISHED.search(line):
                    self.problem(name, f"\"{found.group(0)}\": finish it, or open an issue", number)
                if OWN_MACHINE.search(line):
                    self.problem(name, "a path of one machine", number)

    def check_includes(self):
        for name, includes in self.includes.items():
            own = area_of(name)
            for line, quote, target in includes:
                self.check_platform(name, line, target)
                if name.startswith("tests/"):
                    continue
                if own not in ("ui", "app") and QT.search(target):
                    self.problem(name, f"<{target}>: Qt belongs to ui and app", line)
                if own == "app" and name.startswith("app/cli/") and QT.search(target):
                    self.problem(name, f"<{target}>: the command line is built without Qt", line)
                self.check_arrow(name, own, line, quote, target)

    def check_arrow(self, name, own, line, quote, target):
        found = self.resolve(target)
        if not found:
            if quote == '"':
                self.problem(name, f"\"{target}\": write the path from core/ or the tree's root, as \"{own}/...\"", line)
            return
        area = area_of(found)
        if area != own and area not in ARROWS.get(own, []):
            self.problem(name, f"{own} must not include {area} (\"{target}\")", line)
        elif own == "ui" and area == "train" and found.removeprefix("core/") not in UI_DOORS:
            self.problem(name, f"ui knows of train only {', '.join(sorted(UI_DOORS))} (not \"{target}\")", line)

    def check_platform(self, name, line, target):
        stem = pathlib.PurePath(name).stem.removesuffix("_test")
        if POSIX.search(target) and not stem.endswith("_linux"):
            self.problem(name, f"<{target}>: POSIX belongs to files named *_linux", line)
        if WINDOWS.search(target) and not stem.endswith("_windows"):
            self.problem(name, f"<{target}>: Windows belongs to files named *_windows", line)

    def resolve(self, target):
        """The file of this tree that an include means, or None. Paths with ".." are nobody's."""
        if ".." in target.split("/") or "/" not in target:
            return None
        for name in ("core/" + target, target):
            if name in self.texts:
                return name
        return None

    def check_torch(self):
        for name in self.includes:
            own = area_of(name)
            if name.startswith("tests/") or own not in TORCH_FREE:
                continue
            if own == "device" and pathlib.PurePath(name).name.startswith("torch_"):
                continue
            if way := self.way_to_torch(name):
                self.problem(name, "must not reach LibTorch: " + " -> ".join(way))

    def way_to_torch(self, start):
        ways = [[start]]
        seen = {start}
        while ways:
            way = ways.pop()
            for _, _, target in self.includes.get(way[-1], []):
                if TORCH.search(target):
                    return way[1:] + [f"<{target}>"]
                found = self.resolve(target)
                if found and found not in seen:
                    seen.add(found)
                    ways.append(way + [found])
        return None

    def check_tests_named(self):
        """Every test file is named by the CMakeLists.txt beside it."""
        for path in self.test_files():
            listing = path.parent / "CMakeLists.txt"
            text = re.sub(r"#.*", "", listing.read_text()) if listing.exists() else ""
            if not re.search(rf"(?<!\w){re.escape(path.stem)}(?!\w)", text):
                self.problem(self.name(path), f"no test: {self.name(listing)} does not name it")

    def check_tests_run(self, known, not_built):
        """Every test file belongs to a test that ctest knows."""
        for path in self.test_files():
            area = path.relative_to(self.root / "tests").parts[0]
            if area not in not_built and path.stem not in known:
                self.problem(self.name(path), "no test: ctest does not know it")

    def test_files(self):
        return [path for path in self.files if self.name(path).startswith("tests/") and path.stem.endswith("_test")]


def includes_of(text):
    found = ((number, INCLUDE.match(line)) for number, line in enumerate(text.splitlines(), 1))
    return [(number, match.group(1), match.group(2)) for number, match in found if match]


def area_of(name):
    """"core/io/file.h" -> "io", "ui/theme/icons.h" -> "ui"."""
    parts = name.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else parts[0]


def tests_of(build):
    """Names of tests, and of programs and scripts that they run."""
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, check=True, text=True)
    known = set()
    for test in json.loads(listing.stdout)["tests"]:
        known.add(test["name"])
        known.update(pathlib.PurePath(word).stem for word in test.get("command", []))
    return known


def check(root, known_tests=None, not_built=()):
    """All problems of the tree. known_tests: what ctest runs, or None to leave that out."""
    house = House(pathlib.Path(root))
    house.check_files()
    house.check_words()
    house.check_includes()
    house.check_torch()
    house.check_tests_named()
    if known_tests is not None:
        house.check_tests_run(known_tests, not_built)
    return house.problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("root")
    parser.add_argument("--build")
    parser.add_argument("--not-built", nargs="*", default=[])
    arguments = parser.parse_args()
    problems = check(arguments.root, tests_of(arguments.build) if arguments.build else None, arguments.not_built)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "The house is in order")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
