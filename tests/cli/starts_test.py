# SPDX-License-Identifier: GPL-3.0-or-later
"""What computes no tensor starts without LibTorch.

Looks at what the system's loader says, not at a clock: LibTorch and CUDA take a second to load. Also that the program
and the library that has LibTorch share no state in copies of the same code."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from program import NOT_FOUND, PROGRAM, command, gsst, tiny_spec

# Not libcudart, which the kernels of optim are linked with: it is small, and starts nothing before it is called.
HEAVY = ("torch", "libcublas", "libcudnn", "libnccl", "gomp", "gsst_tensors")
LIBRARY = pathlib.Path(PROGRAM).parent.parent / "lib" / "gsst-studio" / "libgsst_tensors.so"

# Found out once about the processor and never changed, so that a copy on either side is no harm.
CONSTANT = {
    "gsst::supportedCpuKernels()::count",
    "gsst::updateLaunches()::launches",
}


class Starts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.spec = self.root / "tiny.json"
        self.spec.write_text(json.dumps(tiny_spec()))
        self.run_folder = self.root / "run"
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(self.root / "cache")}

    def gsst(self, *arguments, code=0, program=PROGRAM):
        done = subprocess.run(
            [program, *map(str, arguments)], capture_output=True, text=True, env=self.environment, check=False
        )
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def loaded(self, *arguments, code=0):
        """Files that the loader brought into the program, by what it says of itself."""
        log = self.root / "loader"
        done = subprocess.run(
            command(*arguments),
            capture_output=True,
            text=True,
            env={**self.environment, "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(log)},
            check=False,
        )
        self.assertEqual(done.returncode, code, done.stderr)
        files = set()
        for part in self.root.glob("loader.*"):
            files.update(re.findall(r"calling init: (\S+)", part.read_text()))
            part.unlink()
        self.assertTrue(any("libc.so" in file for file in files), files)
        return {pathlib.PurePath(file).name for file in files if any(word in file for word in HEAVY)}

    def test_what_needs_no_tensor_loads_no_libtorch(self):
        self.gsst("train", "--spec", self.spec, "--sample-text", "--run", self.run_folder, "--steps", 2)
        for arguments in (
            ("--version",),
            ("--help",),
            ("train", "--help"),
            ("plan", "--spec", self.spec),
            ("plan", "--spec", self.spec, "--program"),
            ("verify", self.run_folder),
        ):
            with self.subTest(arguments):
                self.assertEqual(set(), self.loaded(*arguments))
        self.assertEqual({NOT_FOUND}, {gsst("verify", self.root / "nowhere").code})

    def test_the_check_sees_what_is_loaded(self):
        """A plan for a recipe whose arithmetic was never measured measures it."""
        self.assertLess({"libgsst_tensors.so", "libtorch_cpu.so"}, self.loaded("plan", "--spec", self.spec))
        self.assertEqual(set(), self.loaded("plan", "--spec", self.spec))

    def copied(self):
        """The program and its library in a folder of their own."""
        folder = pathlib.Path(PROGRAM).parent.parent
        copies = [self.root / source.relative_to(folder) for source in (pathlib.Path(PROGRAM), LIBRARY)]
        for copy in copies:
            copy.parent.mkdir(parents=True)
            shutil.copy(folder / copy.relative_to(self.root), copy)
        return copies

    def train(self, program, code):
        shutil.rmtree(self.run_folder, ignore_errors=True)
        arguments = ("train", "--spec", self.spec, "--sample-text", "--run", self.run_folder, "--steps", 1)
        return self.gsst(*arguments, program=program, code=code).stderr

    def test_an_installation_works_wherever_it_is(self):
        program, library = self.copied()
        self.train(program, code=0)
        library.unlink()
        self.gsst("--version", program=program)
        self.gsst("plan", "--spec", self.spec, program=program)
        self.gsst("verify", self.run_folder, program=program)
        text = self.train(program, code=NOT_FOUND)
        self.assertIn(str(library), text)
        self.assertIn("there is no such file", text)
        self.assertIn("Install GSST Studio again", text)


class State(unittest.TestCase):
    def variables(self, file):
        """Names of ours that are variables, not constants."""
        listing = subprocess.run(["nm", "-C", "--defined-only", file], capture_output=True, text=True, check=True)
        found = re.findall(r"^\S+ [bBu] (gsst::.*)$", listing.stdout, re.MULTILINE)
        self.assertGreater(len(found), 3)
        return set(found)

    def test_program_and_library_share_none(self):
        """Each has its own copy of the torch-free code; a variable in both would be two that disagree."""
        self.assertEqual(CONSTANT, self.variables(PROGRAM) & self.variables(LIBRARY))


if __name__ == "__main__":
    unittest.main()
