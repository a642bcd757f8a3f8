# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are full for real.

Whatever is being written then, the program says so with numbers, and nothing is lost."""

import json
import os
import shutil
import unittest

import program
from program import NO_SPACE

PAGE = 4096  # tmpfs gives out whole pages
FULL = r"the disk is full: \S+ \w+ of its \S+ \w+ are free"


class FullDiskTest(program.ProgramTest):
    STEPS = 12
    LAST = 80  # so many lines do not fit into a page or two

    @classmethod
    def setUpClass(cls):
        """Runs to be copied onto small disks, and what becomes of both when there is room."""
        cls.begin_stock(program.tiny_spec({"steps": cls.STEPS, "schedule": "constant"}), program.some_text())
        for name, *more in (
            ("disk", "--residency", "disk", "--gradients", "disk"),
            ("resident", "--residency", "resident"),
            ("end", "--steps", cls.LAST),
        ):
            cls.stock_run(name, *more)
        cls.hash_at_end = json.loads(program.gsst("verify", cls.stock / "end", "--json").out)["root_hash"]

    def on_disk(self, size):
        """The run goes to a small disk; without one the test is skipped."""
        self.disk = self.small_disk(size)
        self.run_folder = self.disk / "run"

    def refuse_full(self, outcome, *words):
        self.refuse(outcome, NO_SPACE, str(self.disk), *words)
        self.assertRegex(outcome.err, FULL)

    def nothing_prepared(self):
        self.assertFalse((self.run_folder / "run.json").exists())
        self.assertEqual([path for path in self.disk.rglob("*.part")], [], "half files are left")

    def second_call_works(self):
        self.text.write_text(program.some_text())
        self.succeed(self.train("--steps", "2"))
        self.verified()

    # Before there is a run

    def test_too_small_from_the_start(self):
        self.on_disk("1m")
        self.refuse(self.train(), NO_SPACE, "disk", "free", "needs")
        self.assertEqual(list(self.disk.iterdir()), [])

    def test_while_tokens_are_written(self):
        self.on_disk("4m")
        self.text.write_text(program.some_text(2_000_000))
        self.refuse_full(self.train(), "tokens-0000.bin")
        self.nothing_prepared()
        self.second_call_works()

    def test_while_slots_are_reserved(self):
        self.on_disk("4m")
        self.text.write_text(program.some_text(200_000))  # its tokens are 2 MB, and so are the slots
        outcome = self.refuse(
            self.train(), NO_SPACE, str(self.run_folder), "too little space", "bytes)", "are free", "Free at least"
        )
        self.assertNotIn("the disk is full", outcome.err)
        self.nothing_prepared()
        for name in ("HEAD", "slots/A", "slots/B"):
            self.assertFalse((self.run_folder / name).exists(), name)
        self.second_call_works()

    def test_while_the_sample_text_is_written(self):
        self.on_disk("4m")
        arguments = ("train", "--spec", self.spec, "--sample-text", "--run", self.run_folder)
        self.refuse_full(program.gsst(*arguments), "sample-stories.txt")
        self.nothing_prepared()
        self.second_call_works()

    # A run that is there

    def use(self, residency):
        self.on_disk("8m")
        shutil.copytree(self.stock / residency, self.run_folder)

    def fill(self, pages_left=0):
        """Fills the disk but for `pages_left`."""
        self.filler = self.disk / "filler"
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(PAGE))
            except OSError:
                pass
            file.truncate(os.fstat(file.fileno()).st_size - pages_left * PAGE)

    def resume(self):
        return program.gsst("resume", self.run_folder, "--steps", self.LAST)

    def steps_listed(self):
        return [line["step"] for line in program.steps_of(self.run_folder)]

    def ends_as_if_nothing_happened(self):
        self.filler.unlink()
        self.succeed(self.resume())
        self.assertEqual(self.verified()["root_hash"], self.hash_at_end)

    def test_new_number_of_steps(self):
        self.use("disk")
        before = (self.run_folder / "run.json").read_bytes()
        self.fill()
        self.refuse_full(self.resume(), "run.json")
        self.assertEqual((self.run_folder / "run.json").read_bytes(), before)
        self.assertEqual(self.verified()["step"], self.STEPS)
        self.ends_as_if_nothing_happened()
        self.assertEqual(self.steps_listed(), list(range(1, self.LAST + 1)))

    def test_while_gradients_are_reserved(self):
        self.use("disk")
        (self.run_folder / "work" / "gradients").unlink()
        self.fill(pages_left=4)
        self.refuse(self.resume(), NO_SPACE, str(self.run_folder), "gradients", "it needs", "the disk has 16 KiB left")
        self.assertEqual(self.verified()["step"], self.STEPS)
        self.ends_as_if_nothing_happened()
        self.assertEqual(self.steps_listed(), list(range(1, self.LAST + 1)))

    def stop_while_metrics_are_written(self, residency):
        self.use(residency)
        self.fill(pages_left=2)  # for the new run.json
        self.refuse_full(self.resume(), "metrics.jsonl")
        report = self.verified()
        self.assertGreater(report["step"], self.STEPS)
        self.assertLess(report["step"], self.LAST)
        return report["step"]

    def test_while_metrics_are_written_with_the_state_on_disk(self):
        self.stop_while_metrics_are_written("disk")
        self.ends_as_if_nothing_happened()
        self.assertEqual(self.steps_listed(), list(range(1, self.LAST + 1)))

    def test_while_metrics_are_written_with_the_state_in_ram(self):
        committed = self.stop_while_metrics_are_written("resident")
        self.assertEqual(self.steps_listed(), list(range(1, committed)))
        self.ends_as_if_nothing_happened()
        # The state was saved with the step whose line found no room.
        self.assertEqual(self.steps_listed(), [step for step in range(1, self.LAST + 1) if step != committed])

    def test_generating_and_verifying_need_no_space(self):
        self.use("disk")
        self.fill()
        self.assertEqual(self.verified()["step"], self.STEPS)
        self.succeed(program.gsst("generate", self.run_folder, "--tokens", "5"))


if __name__ == "__main__":
    unittest.main()
