# SPDX-License-Identifier: GPL-3.0-or-later
"""More threads than cores get a warning wherever threads are asked for.

Cores are those that the program may use."""

import json
import os
import pathlib
import tempfile
import unittest

from program import gsst, tiny_spec

WARNING = "share the one processor core that they may use"


class ThreadsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.spec = self.root / "tiny.json"
        self.spec.write_text(json.dumps(tiny_spec()))

    def gsst(self, *arguments):
        """On one core, whatever the computer has."""
        core = min(os.sched_getaffinity(0))
        done = gsst(*arguments, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.assertEqual(done.code, 0, done)
        return done

    def test_each_command_warns_once(self):
        run = self.root / "run"
        train = ("train", "--spec", self.spec, "--sample-text", "--run", run)
        bench = ("bench", "--spec", self.spec, "--measured-steps", 1, "--rounds", 1, "--folder", self.root)
        for threads, warnings in ((1, 0), (2, 1)):
            with self.subTest(threads=threads):
                plan = self.gsst("plan", "--spec", self.spec, "--threads", threads, "--json").out
                self.assertEqual(json.loads(plan)["thread_warning"].count(WARNING), warnings)
                self.assertEqual(self.gsst(*bench, "--threads", threads).err.count(WARNING), warnings)
        told = self.gsst(*train, "--steps", 1, "--threads", 2).err
        self.assertEqual(told.count(WARNING), 1, told)
        self.assertIn("Use --threads 1, or leave it out", told)
        self.assertIn(WARNING, self.gsst("resume", run, "--steps", 2).err)

    def test_as_many_as_there_are_cores_is_what_it_takes_by_itself(self):
        self.spec.write_text(json.dumps(tiny_spec({"threads": 0})))
        told = self.gsst("train", "--spec", self.spec, "--sample-text", "--run", self.root / "run", "--steps", 1)
        self.assertNotIn("processor core", told.err)
        record = json.loads((self.root / "run" / "run.json").read_text())
        self.assertIn('"threads": 1', json.dumps(record))


if __name__ == "__main__":
    unittest.main()
