# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluations as people ask for them: as many sequences as they want, or none."""

import json
import unittest

import program


class EvaluationTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.spec = self.write_spec(program.tiny_spec({"evaluate_every": 5}))

    def evaluated(self):
        """(step, tokens) of all evaluations of the run."""
        return [
            (line["step"], line["tokens"])
            for line in program.metrics_of(self.run_folder)
            if line["event"] == "validation"
        ]

    def test_as_many_as_the_recipe_says(self):
        self.assertIn("validation loss", self.succeed(self.train()).err)
        self.assertEqual(self.evaluated(), [(5, 4 * 32), (10, 4 * 32), (12, 4 * 32)])

    def test_none_at_all(self):
        outcome = self.succeed(self.train("--evaluate-sequences", 0, "--residency", "disk"))
        self.assertNotIn("validation", outcome.err)
        self.assertNotIn("nan", outcome.err.lower())
        self.assertIn("12 steps, all committed", outcome.err)
        self.assertEqual(self.evaluated(), [])
        root = self.verified()["root_hash"]
        self.run_folder = self.folder / "evaluated"
        self.succeed(self.train("--residency", "disk"))
        self.assertEqual(self.verified()["root_hash"], root, "looking at the model does not change it")

    def test_a_recipe_may_say_none(self):
        self.spec = self.write_spec(program.tiny_spec({"evaluate_every": 5, "evaluate_sequences": 0}) | {"version": 2})
        outcome = self.succeed(self.train("--json"))
        self.assertNotIn("validation", {json.loads(line)["event"] for line in outcome.out.splitlines()})
        self.assertEqual(self.evaluated(), [])

    def test_resume_may_change_it(self):
        self.succeed(self.train("--evaluate-sequences", 0, "--steps", 7))
        resume = ("resume", self.run_folder, "--steps")
        self.succeed(program.gsst(*resume, 11, "--evaluate-sequences", 2))
        self.assertEqual(self.evaluated(), [(10, 2 * 32), (11, 2 * 32)])
        self.succeed(program.gsst(*resume, 16))
        self.assertEqual(self.evaluated()[2:], [(15, 2 * 32), (16, 2 * 32)])
        self.succeed(program.gsst(*resume, 21, "--evaluate-sequences", 0))
        self.assertEqual(len(self.evaluated()), 4)
        outcome = program.gsst(*resume, 22, "--evaluate-sequences", 2_000_000_000)
        self.refuse(outcome, program.INVALID_INPUT, "--evaluate-sequences", "1000000000")


if __name__ == "__main__":
    unittest.main()
