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
        process = program.start(*(arguments or self.train_arguments("--residency", "disk")), "--json")
        self.addCleanup(self.end, process)
        for line in process.stdout:
            if json.loads(line)["event"] == "step":
                return process
        self.fail("no step was done: " + process.stderr.read())

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()

    def stop(self, process, how=signal.SIGINT, times=1):
        """Sends the signal and returns outcome and events that were still to come."""
        for _ in range(times):
            process.send_signal(how)
            time.sleep(0.15)
        out, err = process.communicate(timeout=program.SECONDS)
        return program.Outcome(process.returncode, out, err), [json.loads(line) for line in out.splitlines()]

    def test_one_interrupt_commits_the_step(self):
        outcome, events = self.stop(self.start_training())
        self.succeed(outcome)
        last_step = [event["step"] for event in events if event["event"] == "step"][-1]
        self.assertLess(last_step, self.STEPS)
        self.assertEqual(self.verified()["step"], last_step, "the step that was finished is the committed one")
        self.assertEqual([line["step"] for line in program.steps_of(self.run_folder)], list(range(1, last_step + 1)))
        self.assertIn("Ctrl-C again", outcome.err)

        outcome, _ = self.stop(self.start_training("resume", self.run_folder))
        self.succeed(outcome)
        self.assertGreater(self.verified()["step"], last_step)

    def test_termination_is_the_same(self):
        outcome, events = self.stop(self.start_training(), signal.SIGTERM)
        self.succeed(outcome)
        self.assertEqual(self.verified()["step"], [event["step"] for event in events if event["event"] == "step"][-1])

    def test_two_interrupts_leave_the_last_commit(self):
        self.spec = self.write_spec(program.tiny_spec({"steps": 1000, "sequences_per_step": 2048, "micro_batch": 2}))
        process = self.start_training()
        before = time.monotonic()
        outcome, _ = self.stop(process, times=2)
        self.succeed(outcome)
        self.assertLess(time.monotonic() - before, 20)
        self.assertGreaterEqual(self.verified()["step"], 0)

    def test_two_interrupts_end_the_preparation(self):
        self.text.write_text(program.some_text(10_000_000))
        process = program.start(*self.train_arguments())
        self.addCleanup(self.end, process)
        time.sleep(0.8)
        before = time.monotonic()
        process.send_signal(signal.SIGINT)
        time.sleep(0.15)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=program.SECONDS)
        self.assertLess(time.monotonic() - before, 2.0)
        self.assertFalse((self.run_folder / "run.json").exists())

    def test_one_run_one_program(self):
        process = self.start_training()
        for arguments in (("verify", self.run_folder), ("verify", "--roll-back", self.run_folder), ("resume", self.run_folder),
                          ("generate", self.run_folder)):
            with self.subTest(arguments[0]):
                self.refuse(program.gsst(*arguments), program.BUSY, str(self.run_folder), "in use", "then try again")
        self.assertIsNone(process.poll(), "training goes on")
        outcome, _ = self.stop(process)
        self.succeed(outcome)
        self.verified()

    def test_folder_in_preparation(self):
        self.text.write_text(program.some_text(10_000_000))
        process = program.start(*self.train_arguments())
        self.addCleanup(self.end, process)
        while not (self.run_folder / "LOCK").exists() and process.poll() is None:
            time.sleep(0.01)
        self.refuse(self.train(), program.BUSY, str(self.run_folder), "in use")


if __name__ == "__main__":
    unittest.main()
