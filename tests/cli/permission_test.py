# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders and files that the user may not write or read.

Root may do everything, so root has the program run as nobody."""

import functools
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import program
from program import BUSY, INVALID_INPUT, PERMISSION

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if ROOT else {}
WORDS = "the operating system refused access"


@functools.cache
def starts(path):
    """Whether the program at `path` starts as the user of these tests."""
    try:
        return (
            subprocess.run(
                [path, "--version"], capture_output=True, check=False, timeout=program.SECONDS, **NOBODY
            ).returncode
            == 0
        )
    except (OSError, subprocess.SubprocessError):
        return False


@unittest.skipIf(os.name == "nt", "other systems have other permissions")
class PermissionTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        self.program = pathlib.Path(shutil.which(program.PROGRAM) or program.PROGRAM)
        if not starts(self.program):
            copied = self.folder / "gsst"  # its libraries are found by their full paths
            shutil.copy(self.program, copied)
            copied.chmod(0o755)
            self.program = copied
        if not starts(self.program):
            self.skipTest("another user than root cannot start the program or its libraries here")

    def gsst(self, *arguments):
        """Runs the program as one who has no rights but those that everybody has."""
        done = subprocess.run(
            [self.program, *map(str, arguments)],
            capture_output=True,
            timeout=program.SECONDS,
            check=False,
            cwd=self.folder,
            **NOBODY,
        )
        return program.Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def train(self, *more, **named):
        return self.gsst(*self.train_arguments(*more, **named))

    def closed(self, path, mode=0o555):
        path.chmod(mode)
        self.addCleanup(path.chmod, 0o755)
        return path

    def make_run(self):
        """A run of somebody else, whom these tests may not disturb."""
        self.succeed(program.gsst(*self.train_arguments("--residency", "disk")))
        if not ROOT:
            for path in sorted(self.run_folder.rglob("*"), reverse=True):
                self.closed(path, 0o555 if path.is_dir() else 0o444)
            self.closed(self.run_folder)

    def test_folder_to_make_the_run_in(self):
        closed = self.folder / "closed"
        closed.mkdir()
        self.closed(closed)
        self.refuse(
            self.train(run=closed / "run"), PERMISSION, str(closed / "run"), WORDS, "Check who may read and write it"
        )
        self.assertEqual(list(closed.iterdir()), [])

    def test_folder_that_is_to_be_the_run(self):
        self.run_folder.mkdir()
        self.closed(self.run_folder)
        self.refuse(self.train(), PERMISSION, str(self.run_folder), WORDS)
        self.assertEqual(list(self.run_folder.iterdir()), [])

    def test_run_of_somebody_else(self):
        self.make_run()
        before = program.contents_of(self.run_folder)
        for more in ((), ("--steps", "20")):
            self.refuse(self.gsst("resume", self.run_folder, *more), PERMISSION, str(self.run_folder), WORDS)
        self.refuse(self.gsst("verify", "--roll-back", self.run_folder), PERMISSION, str(self.run_folder), WORDS)
        self.assertIn("all sums hold", self.succeed(self.gsst("verify", self.run_folder)).out)
        self.succeed(self.gsst("generate", self.run_folder, "--tokens", "5"))
        self.assertEqual(program.contents_of(self.run_folder), before)

    @unittest.skipUnless(ROOT, "one user of two must be root")
    def test_run_that_somebody_else_trains(self):
        self.spec = self.write_spec(program.tiny_spec({"steps": 1_000_000}))
        process = self.start(*self.train_arguments())
        for line in process.stderr:
            if "  step " in line:
                break
        self.refuse(self.gsst("resume", self.run_folder), BUSY, str(self.run_folder), "in use")
        self.assertIn("all sums hold", self.succeed(self.gsst("verify", self.run_folder)).out)
        self.assertIsNone(process.poll(), "training goes on")

    def test_text_that_may_not_be_read(self):
        self.closed(self.text, 0)
        self.refuse(self.train(run=self.folder / "run"), INVALID_INPUT, str(self.text), "cannot be read", WORDS)

    def test_recipe_that_may_not_be_read(self):
        self.closed(self.spec, 0)
        self.refuse(self.train(), PERMISSION, str(self.spec), "refuses")

    def test_state_that_may_not_be_read(self):
        self.make_run()
        for name in ("run.json", "HEAD", "slots/A"):
            with self.subTest(name):
                path = self.run_folder / name
                path.chmod(0)
                self.refuse(self.gsst("verify", self.run_folder), PERMISSION, str(path), WORDS)
                path.chmod(0o644)


@unittest.skipUnless(ROOT, "others than root are tested above")
class RefusedToRootTest(program.ProgramTest):
    @unittest.skipUnless(sys.platform == "linux", "needs a folder in which nobody can make one")
    def test_folder_of_the_system(self):
        self.refuse(self.train(run="/sys/gsst-run"), PERMISSION, "/sys/gsst-run", "Cannot make the folder")

    def test_disk_that_can_only_be_read(self):
        disk = self.small_disk("8m")
        self.run_folder = disk / "run"
        self.succeed(self.train("--residency", "disk"))
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        before = program.contents_of(disk)
        self.refuse(self.train(run=disk / "other"), PERMISSION, str(disk), "the drive is read-only")
        self.refuse(program.gsst("resume", self.run_folder), PERMISSION, str(self.run_folder), "the drive is read-only")
        self.verified()
        self.succeed(program.gsst("generate", self.run_folder, "--tokens", "5"))
        self.assertEqual(program.contents_of(disk), before)


if __name__ == "__main__":
    unittest.main()
