# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopping by signal, and two programs at one run."""

import json
import signal
import time
import unittest

import program


class SignalsTest(program.ProgramTest):
    STEPS = 400

    def setUp(self):
        super().setUp()
        self.spec = self.write_spec(program.tiny_spec({"steps": self.STEPS}))

    def start_training(self, *arguments):
        """Returns when the first step is done."""
        process = self.start(*(arguments or self.train_arguments("--residency", "disk")), "--json")
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "step":
                self.last_step = event["step"]
                return process
        self.fail("no step was done: " + process.stderr.read())

    def start_preparation(self):
        """Returns when the text is being read; there is enough of it for seconds."""
        self.text.write_text(program.some_text(20_000_000))
        self.spec = self.write_spec(
            program.tiny_spec(model={"vocabulary": 2000}, data={"tokenizer": "sentencepiece-bpe"})
        )
        process = self.start(*self.train_arguments())
        for line in process.stderr:
            if "Reading" in line:
                return process
        self.fail("the text was not read")

    def stop(self, process, how=signal.SIGINT, times=1):
        """Sends the signal, waits for the end and notes the last step that was reported."""
        for _ in range(times):
            process.send_signal(how)
            time.sleep(0.25)
        outcome = program.end(process)
        for event in map(json.loads, outcome.out.splitlines()):
            if event["event"] == "step":
                self.last_step = event["step"]
        return outcome

    def test_one_interrupt_commits_the_step(self):
        outcome = self.succeed(self.stop(self.start_training()))
        last_step = self.last_step
        self.assertLess(last_step, self.STEPS)
        self.assertEqual(self.verified()["step"], last_step, "the step that was finished is the committed one")
        self.assertEqual([line["step"] for line in program.steps_of(self.run_folder)], list(range(1, last_step + 1)))
        self.assertIn("Ctrl-C again", outcome.err)

        self.succeed(self.stop(self.start_training("resume", self.run_folder)))
        self.assertGreater(self.verified()["step"], last_step)

    def test_termination_is_the_same(self):
        self.succeed(self.stop(self.start_training(), signal.SIGTERM))
        self.assertEqual(self.verified()["step"], self.last_step)

    def test_two_interrupts_leave_the_last_commit(self):
        self.spec = self.write_spec(program.tiny_spec({"steps": 1000, "sequences_per_step": 2048, "micro_batch": 2}))
        process = self.start_training()
        before = time.monotonic()
        outcome = self.stop(process, times=2)
        self.succeed(outcome)
        self.assertLess(time.monotonic() - before, 20)
        self.assertGreaterEqual(self.verified()["step"], 0)

    def test_one_interrupt_ends_the_preparation(self):
        process = self.start_preparation()
        before = time.monotonic()
        outcome = self.stop(process)
        self.succeed(outcome)
        self.assertLess(time.monotonic() - before, 3.0)
        self.assertIn("Stopped before the first step", outcome.err)
        self.assertFalse((self.run_folder / "run.json").exists())

    def test_one_run_one_program_that_changes_it(self):
        self.spec = self.write_spec(program.tiny_spec({"steps": 100_000}))  # more than it can do while the others try
        process = self.start_training()
        for arguments in (("verify", "--roll-back", self.run_folder), ("resume", self.run_folder)):
            with self.subTest(arguments[0]):
                self.refuse(program.gsst(*arguments), program.BUSY, str(self.run_folder), "in use", "then try again")
        self.assertIsNone(process.poll(), "training goes on")
        outcome = self.stop(process)
        self.succeed(outcome)
        self.verified()

    def test_folder_in_preparation(self):
        process = self.start_preparation()
        self.refuse(self.train(), program.BUSY, str(self.run_folder), "in use")
        self.assertIsNone(process.poll(), "preparation goes on")


if __name__ == "__main__":
    unittest.main()
