# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in fp16 finds its loss scale by itself: overflows skip steps, lower it and do no harm."""

import json
import unittest

import program

HUGE = 2**40
FP16 = {
    "precision": "fp16",
    "loss_scale": HUGE,
    "loss_scale_grow_steps": 8,
    "steps": 70,
    "sample_every": 35,
    "sample_tokens": 8,
}


class LossScaleTest(program.ProgramTest):
    def events(self, outcome, name):
        lines = [json.loads(line) for line in outcome.out.splitlines()]
        return [line for line in lines if line["event"] == name]

    def check_scales(self, steps):
        """Halved after each step whose gradient overflowed, doubled after eight good ones; returns how often."""
        scale, age, overflows, doubled = HUGE, 0, 0, 0
        for line in steps:
            self.assertEqual(line["loss_scale"], scale, line)
            self.assertIsNotNone(line["loss"])
            if line["gradient_norm"] is None:
                scale, age, overflows = scale / 2, 0, overflows + 1
            else:
                age += 1
                if age == 8:
                    scale, age, doubled = scale * 2, 0, doubled + 1
        return overflows, doubled

    def test_a_scale_far_too_large_finds_its_place(self):
        self.spec = self.write_spec(program.tiny_spec(FP16))
        for residency in ("disk", "resident"):
            with self.subTest(residency):
                run = self.folder / residency
                outcome = self.succeed(self.train("--json", "--residency", residency, run=run))
                steps = program.steps_of(run)
                self.assertEqual([line["step"] for line in steps], list(range(1, 71)))
                overflows, doubled = self.check_scales(steps)
                self.assertGreater(overflows, 10)
                self.assertGreater(doubled, 1)
                self.assertLess(overflows, 35)
                self.assertEqual(self.events(outcome, "unusual_step"), [], "an overflow is nothing to worry about")
                texts = [line["text"] for line in self.events(outcome, "log")]
                self.assertEqual(
                    sum("its gradient was too large for fp16; the loss scale is now" in text for text in texts),
                    overflows,
                )
                self.assertEqual(sum(text.startswith("After step") for text in texts), doubled)
                self.assertIn(
                    "Step 1 was skipped: its gradient was too large for fp16; the loss scale is now 549755813888", texts
                )
                self.assertLess(steps[-1]["loss"], 0.6 * steps[0]["loss"])
                self.assertEqual(len(self.events(outcome, "sample")), 2)
                self.assertEqual(self.verified(run)["step"], 70)
        self.assertEqual(
            self.verified(self.folder / "disk")["root_hash"], self.verified(self.folder / "resident")["root_hash"]
        )

    def test_it_comes_out_near_fp32(self):
        losses = {}
        for precision in ("fp32", "fp16"):
            spec = self.write_spec(program.tiny_spec({"steps": 20, "precision": precision}))
            run = self.folder / precision
            self.succeed(self.train(run=run, spec=spec))
            losses[precision] = [line["loss"] for line in program.steps_of(run)]
            self.assertEqual(
                {line["loss_scale"] for line in program.steps_of(run)}, {65536 if precision == "fp16" else 1}
            )
        for fp16, fp32 in zip(losses["fp16"], losses["fp32"]):
            self.assertAlmostEqual(fp16 / fp32, 1, delta=5e-3)

    def test_the_precision_is_an_option(self):
        outcome = self.succeed(self.train("--precision", "fp16", "--json"))
        self.assertEqual(outcome.code, 0)
        self.assertEqual(
            json.loads((self.run_folder / "run.json").read_text())["spec"]["training"]["precision"], "fp16"
        )
        self.assertEqual(program.steps_of(self.run_folder)[0]["loss_scale"], 65536)


if __name__ == "__main__":
    unittest.main()
