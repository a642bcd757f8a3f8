#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that are unknown or not there: every command refuses them in the same words and does nothing."""

import json
import unittest

import program
from program import INVALID_INPUT


class DeviceTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.spec = self.write_spec(program.tiny_spec({"steps": 2}))

    def commands(self, device):
        """Each command that takes a device, except train."""
        recipe = ("--spec", self.spec, "--device", device)
        yield "plan", *recipe
        yield "plan", "--program", *recipe
        yield "bench", "--folder", self.folder, *recipe
        yield "doctor", self.folder, "--quick", *recipe
        yield "generate", self.run_folder, "--tokens", "4", "--device", device

    def refusal(self, outcome):
        """What is said on stderr, from the words that all share on."""
        self.assertEqual(INVALID_INPUT, outcome.code, outcome)
        self.assertIn("This device is not available", outcome.err)
        return outcome.err[outcome.err.index("This device") :]

    def test_every_command_refuses_in_the_same_words(self):
        said = {
            "tpu": ("--device tpu", "a device is cpu, cuda, or one of several cards as in cuda:1", "Use --device cpu"),
            "cuda:1000": ("--device cuda:1000", "Use --device cpu"),
        }
        for device, parts in said.items():
            expected = self.refusal(self.train("--device", device))
            self.assertFalse(self.run_folder.exists(), "nothing was made")
            for part in parts:
                self.assertIn(part, expected)
        self.assertEqual(0, self.train().code)
        before = program.contents_of(self.folder)
        for device in said:
            with self.subTest(device):
                expected = self.refusal(self.train("--device", device))
                for command in self.commands(device):
                    self.assertEqual(expected, self.refusal(program.gsst(*command)), command)
        self.assertEqual(before, program.contents_of(self.folder), "nothing was changed")

    def test_every_command_takes_the_processor(self):
        self.assertEqual(0, self.train("--device", "cpu").code)
        for command in self.commands("cpu"):
            if command[0] not in ("bench", "doctor"):  # they take their time
                outcome = program.gsst(*command)
                self.assertEqual(0, outcome.code, outcome)

    def test_a_run_of_another_device(self):
        self.assertEqual(0, self.train().code)
        run_json = self.run_folder / "run.json"
        record = json.loads(run_json.read_text())
        self.assertEqual("cpu", record["device"])
        record["device"] = "cuda:1000"
        run_json.write_text(json.dumps(record))
        resumed = program.gsst("resume", self.run_folder, "--steps", "3")
        expected = self.refusal(program.gsst("plan", "--spec", self.spec, "--device", "cuda:1000"))
        self.assertEqual(expected, self.refusal(resumed))
        self.assertEqual(0, program.gsst("verify", self.run_folder).code, "its state can be read without the device")
        record["device"] = "tpu"
        run_json.write_text(json.dumps(record))
        refused = program.gsst("resume", self.run_folder, "--steps", "3")
        self.assertEqual(program.CORRUPT, refused.code, refused)
        self.assertIn('"device"', refused.err)


if __name__ == "__main__":
    unittest.main()
