#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""generate, verify and plan beside a process that trains the run: they read what is committed, and never half of it."""

import json
import signal
import unittest

import program
from program import BUSY, gsst


class BesideTraining(program.ProgramTest):
    def setUp(self):
        super().setUp()
        # Every step commits, and takes long enough that its predecessor can be read meanwhile.
        spec = program.tiny_spec(training={"steps": 1_000_000, "sequences_per_step": 128})
        spec["budget"] = {"residency": "disk"}
        self.process = program.start(*self.train_arguments("--json", spec=self.write_spec(spec, "long.json")))
        self.addCleanup(program.stop, self.process)
        self.wait_for_commits(3)

    def wait_for_commits(self, number):
        """The step of the last of so many commits."""
        while number > 0:
            line = self.process.stdout.readline()
            if not line:
                self.fail("the training ended: " + self.process.stderr.read())
            event = json.loads(line)
            number -= event["event"] == "commit"
        return event["step"]

    def test_what_is_committed_is_read(self):
        seen = []
        for _ in range(4):
            committed = self.wait_for_commits(1)
            report = self.verified()
            self.assertEqual([], report["damage"])
            self.assertGreaterEqual(report["step"], committed)
            written = json.loads(self.succeed(gsst("generate", self.run_folder, "--tokens", 20, "--json")).out)
            self.assertGreaterEqual(written["step"], report["step"])
            self.assertEqual(20, written["tokens"])
            seen += [report["step"], written["step"]]
        self.assertGreater(len(set(seen)), 1, "the training stood still")
        self.assertIsNone(self.process.poll(), "the training goes on")

    def test_weights_that_are_read_again_are_of_one_commit(self):
        outcome = gsst("generate", self.run_folder, "--tokens", 40, "--vram", "1MiB")
        if outcome.code != 0:
            self.refuse(outcome, BUSY, "commit")

    def test_a_plan_is_made(self):
        self.succeed(gsst("plan", "--spec", self.folder / "long.json", "--run", self.run_folder))

    def test_another_training_is_refused(self):
        self.refuse(gsst("resume", self.run_folder), BUSY, "in use")
        self.refuse(gsst("verify", self.run_folder, "--roll-back"), BUSY, "in use")

    def test_the_training_is_not_disturbed(self):
        self.succeed(gsst("verify", self.run_folder))
        self.process.send_signal(signal.SIGINT)
        self.assertEqual(0, program.end(self.process).code)
        self.assertEqual([], self.verified()["damage"])


if __name__ == "__main__":
    unittest.main()
