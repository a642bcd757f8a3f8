# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed again and again, at any moment, ends with the same bits as one that was left alone.

GSST_KILLS sets how often each run is killed, GSST_SEED the moments."""

import os
import random
import shutil
import signal
import threading
import time
import unittest

import program

KILLS = int(os.environ.get("GSST_KILLS", "6"))
SEED = int(os.environ.get("GSST_SEED", str(random.SystemRandom().randrange(10**6))))


class Attempt:
    """The program at work, with an eye on the steps that it reports."""

    def __init__(self, arguments):
        self.process = program.start(*arguments, "--json")
        self.steps = 0
        self.began = time.monotonic()
        self.start_seconds = 0.0  # until the first step
        self.stepped = threading.Condition()
        self.err = []
        self.readers = [threading.Thread(target=self.read_events), threading.Thread(target=self.read_errors)]
        for reader in self.readers:
            reader.start()

    def read_events(self):
        for line in self.process.stdout:
            if line.startswith('{"event":"step"'):
                with self.stepped:
                    self.steps += 1
                    if self.steps == 1:
                        self.start_seconds = time.monotonic() - self.began
                    self.stepped.notify_all()

    def read_errors(self):
        self.err.extend(self.process.stderr)

    def kill_after(self, steps, seconds):
        """Kills it `seconds` after it has finished so many steps; the end of the program ends the waiting."""
        with self.stepped:
            while self.steps < steps and self.process.poll() is None:
                self.stepped.wait(0.01)
        try:
            self.process.wait(seconds)
        except Exception:  # still running, as it should
            self.process.send_signal(signal.SIGKILL)
        return self.end()

    def end(self):
        code = self.process.wait(program.SECONDS)
        for reader in self.readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return program.Outcome(code, f"{self.steps} steps", "".join(self.err))


class KillResumeTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.chooser = random.Random(SEED)
        print(f"\nseed {SEED}, {KILLS} kills", flush=True)

    def prepare(self, residency, steps, **training):
        self.spec = self.write_spec(program.tiny_spec({"steps": steps, "evaluate_every": 10, **training}))
        reference = self.folder / "reference"
        undisturbed = Attempt(self.train_arguments("--residency", residency, run=reference))
        self.succeed(undisturbed.end())
        self.start_seconds = undisturbed.start_seconds
        return reference

    def go_on(self, residency):
        """What a person would call next."""
        if (self.run_folder / "run.json").exists():
            return ("resume", self.run_folder)
        return self.train_arguments("--residency", residency)

    def kill_often(self, residency, most_steps):
        """Kills during start and preparation by the clock, during training by the step and a part of one more."""
        least = min(KILLS, 3)
        kills = 0
        before = time.monotonic()
        for _ in range(10 * KILLS):
            if kills == KILLS:
                break
            by_clock = self.chooser.random() < 0.4
            steps = 0 if by_clock else self.chooser.randint(1, most_steps)
            seconds = (
                self.chooser.uniform(0.0, 1.1 * self.start_seconds) if by_clock else self.chooser.uniform(0.0, 0.03)
            )
            arguments = self.go_on(residency)
            outcome = Attempt(arguments).kill_after(steps, seconds)
            if outcome.code == 0 and kills >= least:
                break
            if outcome.code == 0:
                # It came to its end before it was killed: the computer was busy with this test's other threads. From
                # the beginning, then.
                shutil.rmtree(self.run_folder)
                kills = 0
                continue
            self.assertEqual(outcome.code, -signal.SIGKILL, f"{arguments[0]} of kill {kills}: {outcome}")
            kills += 1
        print(f"{residency}: killed {kills} times in {time.monotonic() - before:.1f} s", flush=True)
        self.assertGreaterEqual(kills, least, "the run ended before it could be killed")

    def compare(self, reference):
        self.assertEqual(self.verified()["root_hash"], self.verified(reference)["root_hash"])
        wanted = program.metrics_of(reference)
        found = program.metrics_of(self.run_folder)
        self.assertEqual(
            [line["step"] for line in program.steps_of(self.run_folder)],
            [line["step"] for line in program.steps_of(reference)],
        )
        told = ("event", "step", "loss", "loss_scale")
        self.assertEqual(
            [[line.get(name) for name in told] for line in found],
            [[line.get(name) for name in told] for line in wanted],
        )

    def check(self, residency, steps, most_steps, **training):
        reference = self.prepare(residency, steps, **training)
        self.kill_often(residency, most_steps)
        self.succeed(program.gsst(*self.go_on(residency)))
        self.compare(reference)

    def test_state_on_disk(self):
        self.check("disk", 60 + 4 * KILLS, 6)

    def test_loss_scale(self):
        # Overflows at the beginning and again and again: steps are skipped, and the scale is a part of the state.
        self.check("disk", 60 + 4 * KILLS, 6, precision="fp16", loss_scale=2**30, loss_scale_grow_steps=3)

    def test_one_moment(self):
        self.check("disk", 60 + 4 * KILLS, 6, optimizer="lion", state="lean", precision="bf16")

    def test_state_in_ram(self):
        # It commits with every validation, so the steps since the last one are done again.
        self.check("resident", 60 + 10 * KILLS, 25)

    def test_kills_during_preparation(self):
        self.text.write_text(program.some_text(400_000))
        reference = self.prepare("disk", 8)
        for _ in range(KILLS):
            if (self.run_folder / "run.json").exists():
                break
            Attempt(self.go_on("disk")).kill_after(0, self.chooser.uniform(0.05, 1.2))
        self.succeed(program.gsst(*self.go_on("disk")))
        self.compare(reference)


if __name__ == "__main__":
    unittest.main()
