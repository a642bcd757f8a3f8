#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks by their #include lines that folders know only the folders below them.

LibTorch and the system's headers stay in the files that are meant to hold them."""

import fnmatch
import re
import unittest

import tree

CODE = (".h", ".cpp", ".cu")
# What a folder may include besides itself and base.
ARROWS = {
    "base": (),
    "spec": (),
    "io": (),
    "plan": ("spec", "io"),
    "store": ("io", "spec"),
    "data": ("io", "spec"),
    "nn": ("spec",),
    "optim": ("spec",),
    "device": ("io",),
    # io and spec come along with what the engine binds: buffers and tensors have their types there.
    "engine": ("plan", "store", "device", "io", "spec"),
    "service": ("data", "store", "spec", "io"),
    "insight": ("service", "plan", "spec"),
    "trace": ("service", "engine", "plan", "io", "spec"),
    "compute": ("nn", "optim", "engine", "plan", "device", "spec"),
    "backend": ("compute", "engine", "plan", "device", "spec"),
    "machine": ("service", "backend", "compute", "nn", "plan", "device", "io", "spec"),
    "ranks": ("engine", "store", "plan", "device", "io", "spec"),
    "run": ("service", "machine", "optim", "store", "plan", "io", "spec"),
    "generate": ("service", "backend", "compute", "nn", "optim", "data", "store", "plan", "device", "io", "spec"),
    "train": (
        "service",
        "insight",
        "trace",
        "backend",
        "machine",
        "ranks",
        "run",
        "generate",
        "engine",
        "optim",
        "data",
        "store",
        "plan",
        "device",
        "io",
        "spec",
    ),
    "bench": ("service", "train", "backend", "insight", "machine", "plan", "io", "spec"),
    "ui": ("service", "spec"),
}
CORE = tuple(folder for folder in ARROWS if folder != "ui")
ARROWS["app"] = CORE + ("ui",)

# Rooms within a folder, and what each may include of the rest of that folder; the files beside them are the room of the
# folder's own name.
ROOMS = {
    "plan/program": (),
    "plan": ("plan/program",),
    "plan/search": ("plan", "plan/program"),
    "io": (),
    "io/async": ("io",),
    "io/twins": ("io",),
    "optim/kernels": (),
    "optim": ("optim/kernels",),
    "ui/text": (),
    "ui/draft": ("ui/text",),
}

TORCH = ("torch", "ATen", "c10", "torch_cuda")
TORCH_FREE = ("base", "spec", "io", "plan", "store", "data", "engine", "service", "insight", "trace", "ui")
# In these folders only files of this name may see LibTorch.
TORCH_FILES = {"device": "torch_pool*", "backend": "backend_cpu.cpp"}

QT = re.compile(r"^(Qt\w+/.*|Q[A-Z]\w*|q[a-z]+\.h)$")

POSIX = (
    "unistd.h",
    "fcntl.h",
    "sys/*",
    "signal.h",
    "dlfcn.h",
    "pthread.h",
    "poll.h",
    "sched.h",
    "termios.h",
    "dirent.h",
)
LINUX_FILES = ("*_linux.cpp", "*_linux.h")
WINDOWS_FILES = ("*_windows.cpp", "*_windows.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def area_of(name):
    """ "train" of core/train/session.h, "ui" of ui/theme/theme.h."""
    parts = name.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else parts[0]


def room_of(name):
    """ "plan/search" of core/plan/search/planner.h, "plan" of core/plan/simulation.h."""
    folder = name.removeprefix("core/").rsplit("/", 1)[0]
    while folder not in ROOMS and "/" in folder:
        folder = folder.rsplit("/", 1)[0]
    return folder


def includes(root, name):
    """(line number, header) of every #include line."""
    for number, line in enumerate(tree.lines(root, name), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(2)


def resolve(root, name, header):
    """The file of the tree that an #include line of `name` means; None for a header of a library or of the system."""
    folder = name.rsplit("/", 1)[0]
    for candidate in ("core/" + header, header, folder + "/" + header):
        if (root / candidate).is_file():
            return candidate
    return None


def is_one_of(file_name, patterns):
    return any(fnmatch.fnmatch(file_name, pattern) for pattern in patterns)


def arrow_faults(name, number, target):
    source, area = area_of(name), area_of(target)
    if area == source:
        return room_faults(name, number, target)
    if area == "base" or area in ARROWS.get(source, ()):
        return []
    return [f"{name}:{number}: {source} must not know {area} ({target})"]


def room_faults(name, number, target):
    source, room = room_of(name), room_of(target)
    if source == room or source not in ROOMS or room in ROOMS[source]:
        return []
    return [f"{name}:{number}: {source} must not know {room} ({target})"]


def library_faults(name, number, header):
    file_name, area = name.rsplit("/", 1)[1], area_of(name)
    if header.split("/")[0] in TORCH:
        if area in TORCH_FREE:
            return [f"{name}:{number}: {area} builds without LibTorch, but includes {header}"]
        if area in TORCH_FILES and not fnmatch.fnmatch(file_name, TORCH_FILES[area]):
            return [f"{name}:{number}: in {area} only {TORCH_FILES[area]} may include {header}"]
    if QT.match(header) and (area not in ("ui", "app") or name.startswith("app/cli/")):
        return [f"{name}:{number}: Qt belongs to ui and the window's main, not {header}"]
    if is_one_of(header, POSIX) and not is_one_of(file_name, LINUX_FILES):
        return [f"{name}:{number}: {header} is POSIX and belongs in a file named *_linux"]
    if header.lower() in ("windows.h", "winsock2.h") and not is_one_of(file_name, WINDOWS_FILES):
        return [f"{name}:{number}: {header} belongs in a file named *_windows"]
    return []


def faults_of_includes(root):
    """Every #include line that breaks a rule by itself."""
    faults = []
    for name in tree.files(root, ("core", "ui", "app"), CODE):
        for number, header in includes(root, name):
            target = resolve(root, name, header)
            # A header of ours that was deleted or is misspelt is the compiler's to report, but its arrow is already
            # known.
            if target is None and header.split("/")[0] in CORE:
                target = "core/" + header
            faults += arrow_faults(name, number, target) if target else library_faults(name, number, header)
    return faults


def faults_of_reach(root):
    """Files of the torch-free folders that see LibTorch through headers of ours."""
    reached = {}

    def way_to_torch(name):
        if name not in reached:
            reached[name] = None
            for _, header in includes(root, name):
                target = resolve(root, name, header)
                way = way_to_torch(target) if target else [header] if header.split("/")[0] in TORCH else None
                if way:
                    reached[name] = [name] + way
                    break
        return reached[name]

    names = [name for name in tree.files(root, ("core", "ui"), CODE) if area_of(name) in TORCH_FREE]
    return [" -> ".join(way) for way in map(way_to_torch, names) if way]


class Layering(unittest.TestCase):
    def test_there_is_something_to_check(self):
        self.assertGreater(len(tree.files(tree.root_of_tree(), ("core",), CODE)), 50)

    def test_folders_know_only_what_is_below_them(self):
        self.assertEqual([], faults_of_includes(tree.root_of_tree()))

    def test_torch_free_folders_reach_no_torch(self):
        self.assertEqual([], faults_of_reach(tree.root_of_tree()))

    def test_rooms_are_of_this_tree(self):
        self.assertEqual(
            [], [room for room in ROOMS if not any((tree.root_of_tree() / top / room).is_dir() for top in ("core", ""))]
        )

    def test_every_folder_has_its_arrows(self):
        root = tree.root_of_tree()
        folders = {path.name for path in (root / "core").iterdir() if path.is_dir()}
        self.assertEqual(set(), folders - set(ARROWS), "a new folder below core needs its line in ARROWS")


class TheRulesCanFail(unittest.TestCase):
    def expect(self, contents, *parts):
        """One fault, whose text has all `parts`; none if there are none."""
        with tree.FakeTree(contents) as root:
            faults = faults_of_includes(root) + faults_of_reach(root)
        self.assertEqual(1 if parts else 0, len(faults), faults)
        for part in parts:
            self.assertIn(part, faults[0])

    def test_clean_tree(self):
        self.expect(
            {
                "core/base/result.h": "#include <string>\n",
                "core/plan/planner.h": '#include "base/result.h"\n#include "spec/run_spec.h"\n',
                "core/spec/run_spec.h": '#include "base/result.h"\n',
                "core/io/file_linux.cpp": "#include <unistd.h>\n#include <sys/stat.h>\n",
                "core/io/file_windows.cpp": "#include <windows.h>\n",
                "core/nn/linear.h": "#include <torch/torch.h>\n",
                "core/device/torch_pool.cpp": "#include <c10/core/Allocator.h>\n",
                "core/service/events.h": '#include "base/result.h"\n',
                "ui/session/bridge.h": '#include "service/events.h"\n#include "ui/theme/theme.h"\n',
                "ui/theme/theme.h": "// #include <torch/torch.h> stands in a comment\n",
                "app/main.cpp": '#include "ui/session/bridge.h"\n#include "service/events.h"\n',
            }
        )

    def test_upward_arrow(self):
        self.expect(
            {"core/plan/a.cpp": '#include "store/b.h"\n', "core/store/b.h": ""},
            "core/plan/a.cpp:1",
            "plan must not know store",
        )

    def test_upward_arrow_by_the_long_way(self):
        self.expect(
            {"core/base/a.h": '\n#  include "core/io/b.h"\n', "core/io/b.h": ""},
            "core/base/a.h:2",
            "base must not know io",
        )

    def test_arrow_to_a_file_that_is_not_there(self):
        self.expect({"core/nn/a.cpp": '#include "optim/gone.h"\n'}, "nn must not know optim")

    def test_core_knows_no_screen(self):
        self.expect({"core/train/a.cpp": '#include "ui/b.h"\n', "ui/b.h": ""}, "train must not know ui")

    def test_ui_sees_the_service_alone(self):
        self.expect(
            {"ui/a.cpp": '#include "train/trainer.h"\n', "core/train/trainer.h": ""},
            "ui must not know train",
            "trainer.h",
        )

    def test_rooms_within_a_folder(self):
        self.expect(
            {
                "core/plan/search/a.cpp": '#include "plan/b.h"\n#include "plan/program/c.h"\n',
                "core/plan/b.h": "",
                "core/plan/program/c.h": "",
            }
        )
        self.expect(
            {"core/plan/program/a.cpp": '#include "plan/search/b.h"\n', "core/plan/search/b.h": ""},
            "core/plan/program/a.cpp:1",
            "plan/program must not know plan/search",
        )
        self.expect(
            {"core/plan/a.cpp": '#include "plan/search/b.h"\n', "core/plan/search/b.h": ""},
            "plan must not know plan/search",
        )
        self.expect(
            {"ui/draft/a.cpp": '#include "ui/wizard/b.h"\n', "ui/wizard/b.h": ""},
            "ui/draft must not know ui (ui/wizard/b.h)",
        )

    def test_ui_sees_no_engine(self):
        self.expect({"ui/a.cpp": '#include "engine/b.h"\n', "core/engine/b.h": ""}, "ui must not know engine")

    def test_torch_through_a_header(self):
        with tree.FakeTree(
            {"ui/a.cpp": '#include "service/events.h"\n', "core/service/events.h": "#include <torch/types.h>\n"}
        ) as root:
            self.assertIn("ui/a.cpp -> core/service/events.h -> torch/types.h", faults_of_reach(root))

    def test_posix(self):
        for header in ("unistd.h", "sys/mman.h", "signal.h", "dlfcn.h"):
            self.expect({"core/io/a.cpp": f"#include <{header}>\n"}, "core/io/a.cpp:1", header, "_linux")

    def test_windows(self):
        self.expect({"app/a.cpp": "#include <Windows.h>\n"}, "app/a.cpp:1", "_windows")

    def test_torch_in_a_torch_free_folder(self):
        for area in TORCH_FREE:
            name = "ui/a.h" if area == "ui" else f"core/{area}/a.h"
            with tree.FakeTree({name: "#include <ATen/ATen.h>\n"}) as root:
                self.assertEqual(
                    [f"{name}:1: {area} builds without LibTorch, but includes ATen/ATen.h"], faults_of_includes(root)
                )
                self.assertEqual([f"{name} -> ATen/ATen.h"], faults_of_reach(root))

    def test_qt_outside_the_window(self):
        for name in ("core/train/a.cpp", "app/cli/a.cpp"):
            for header in ("QString", "QtCore/QObject", "qglobal.h", "qcustomplot.h"):
                self.expect({name: f"#include <{header}>\n"}, f"{name}:1", "Qt", header)
        self.expect(
            {
                "app/main.cpp": "#include <QApplication>\n",
                "ui/a.cpp": "#include <qcustomplot.h>\n",
                "core/io/a.cpp": "#include <queue>\n",
            }
        )

    def test_torch_in_device(self):
        self.expect({"core/device/cpu_device.cpp": '#include "torch/torch.h"\n'}, "only torch_pool* may include")


if __name__ == "__main__":
    unittest.main()
