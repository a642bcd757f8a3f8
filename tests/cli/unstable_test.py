# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that becomes unstable says so, keeps what it has, and goes on with its text in another order."""

import json
import unittest

import program
from program import CORRUPT, INVALID_INPUT

# Learns next to nothing; every step that is the least bit worse than the median of the others counts as an outlier.
NERVOUS = {
    "steps": 300,
    "learning_rate": 1e-9,
    "min_learning_rate": 0.0,
    "outlier_sigmas": 1e-6,
    "outlier_action": "skip",
}


class UnstableTest(program.ProgramTest):
    def events(self, outcome, name):
        lines = [json.loads(line) for line in outcome.out.splitlines()]
        return [line for line in lines if line["event"] == name]

    def test_the_way_out(self):
        spec = self.write_spec(program.tiny_spec(NERVOUS))
        outcome = self.refuse(
            self.train("--json", spec=spec),
            INVALID_INPUT,
            "Training became unstable",
            "3 steps in a row",
            "--reshuffle",
            "--roll-back",
            str(self.run_folder),
            "standard deviations above",
        )
        unusual = self.events(outcome, "unusual_step")
        self.assertEqual([step["skipped_in_a_row"] for step in unusual[-3:]], [1, 2, 3])
        self.assertEqual({step["fault"] for step in unusual}, {"outlier"})
        self.assertEqual(
            sum("was skipped: the loss is" in line["text"] for line in self.events(outcome, "log")), len(unusual)
        )
        self.assertEqual(self.events(outcome, "state")[-1]["state"], "needs attention")
        stuck = unusual[-1]["step"]
        self.assertEqual(self.verified()["step"], stuck)
        again = self.succeed(program.gsst("resume", self.run_folder, "--reshuffle", "--steps", stuck + 2))
        self.assertIn(f"From step {stuck + 1} on the text comes in another order (number 1)", again.err)
        self.assertEqual(self.verified()["step"], stuck + 2)

    def test_rolling_back_goes_to_the_commit_before(self):
        self.succeed(self.train())
        last = self.verified()
        outcome = self.succeed(program.gsst("resume", self.run_folder, "--roll-back", "--reshuffle", "--steps", 14))
        self.assertIn(f"Went back to the commit of step {last['previous_step']}", outcome.err)
        self.assertEqual([line["step"] for line in program.steps_of(self.run_folder)], list(range(1, 15)))

    def test_there_may_be_nothing_to_go_back_to(self):
        self.succeed(self.train())
        before = self.verified()
        other = self.run_folder / "slots" / ("A" if self.slot() == 1 else "B")
        program.flip(other, 4096 + 100)
        self.refuse(
            program.gsst("resume", self.run_folder, "--roll-back", "--reshuffle"), CORRUPT, "no state to go back to"
        )
        self.assertEqual(self.verified()["generation"], before["generation"])

    def slot(self):
        """Which one the newest record names: 0 = A, 1 = B."""
        head = (self.run_folder / "HEAD").read_bytes()
        newest = max(
            range(0, len(head), 4096), key=lambda block: int.from_bytes(head[block + 16 : block + 24], "little")
        )
        return int.from_bytes(head[newest + 12 : newest + 16], "little")

    def test_a_run_without_trouble_says_nothing(self):
        outcome = self.succeed(self.train("--json"))
        self.assertEqual(self.events(outcome, "unusual_step"), [])
        self.assertNotIn("outlier", outcome.err)


if __name__ == "__main__":
    unittest.main()
