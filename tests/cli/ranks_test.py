# SPDX-License-Identifier: GPL-3.0-or-later
"""Several processes over Gloo train one model as one process does.

They are killed, interrupted and resumed, and refused where they do not belong together."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import unittest

import program

PYTHON = pathlib.Path(__file__).resolve().parents[2] / ".venv" / "bin" / "python"  # has torchrun


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(rank, ranks=2, port=1):
    return {
        **os.environ,
        "WORLD_SIZE": str(ranks),
        "RANK": str(rank),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }


def same_order(training=None):
    """One micro-batch for each of two ranks, a sequence of tokens that differ, no biases, one gradient a matrix.

    What one process adds up token by token, or micro-batch by micro-batch, is then one number of each rank, and the
    order of addition is the same.
    """
    return program.tiny_spec(
        {"micro_batch": 1, "sequences_per_step": 2, **(training or {})}, {"family": "llama", "tied_head": False}
    )


ALL_DIFFERENT = "".join(map(chr, range(32, 127))) * 400


class RanksTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        self.text.write_text(ALL_DIFFERENT)
        self.spec = self.write_spec(same_order({"steps": 10}))

    def folder_of(self, rank, run=None):
        run = run or self.run_folder
        return run.with_name(f"{run.name}-rank{rank}")

    def launch(self, calls, port=None):
        port = port or free_port()
        processes = []
        for rank, arguments in enumerate(calls):
            process = subprocess.Popen(
                program.command(*arguments),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment(rank, len(calls), port),
            )
            self.addCleanup(program.stop, process)
            processes.append(process)
        return processes

    def together(self, calls):
        outcomes = [program.end(process) for process in self.launch(calls)]
        if "without the headers of Gloo" in outcomes[0].err:
            self.skipTest("this program was built without Gloo")
        return outcomes

    def train_together(self, *more, ranks=2, **named):
        for outcome in self.together([self.train_arguments(*more, **named)] * ranks):
            self.succeed(outcome)

    def roots_of(self, ranks=2, run=None):
        return [self.verified(self.folder_of(rank, run))["root_hash"] for rank in range(ranks)]

    def weights_of(self, ranks=2, run=None):
        """Each rank keeps a part of the rest of the state, but all of the weights."""
        return [self.verified(self.folder_of(rank, run))["weights_hash"] for rank in range(ranks)]

    def assert_losses_near(self, ranks=2):
        """Of single steps: what one order of addition changes in a step, the next steps make more of."""
        alone = program.steps_of(self.run_folder)
        worst = 0
        for rank in range(ranks):
            for mine, other in zip(program.steps_of(self.folder_of(rank)), alone, strict=True):
                worst = max(worst, abs(mine["loss"] - other["loss"]) / other["loss"])
        print(f"{self.id()}: losses of {ranks} ranks and of one differ by up to {worst:.1e} of their size", flush=True)
        self.assertLess(worst, 1e-6)

    def wait_for_steps(self, run, count):
        metrics = run / "metrics.jsonl"
        before = time.monotonic()
        while not (metrics.exists() and metrics.read_bytes().count(b"\n") >= count):
            self.assertLess(time.monotonic() - before, 100, "no steps are done")
            time.sleep(0.005)

    def test_two_are_one(self):
        for precision, state, residency in (("fp32", "exact", "disk"), ("bf16", "mixed", "resident")):
            with self.subTest(precision=precision, residency=residency):
                options = ("--precision", precision, "--state", state, "--residency", residency)
                run = self.folder / precision
                self.train_together(*options, run=run)
                self.succeed(self.train(*options, run=self.folder / "alone" / precision))
                self.assertEqual(
                    self.weights_of(run=run), [self.verified(self.folder / "alone" / precision)["weights_hash"]] * 2
                )

    def test_each_keeps_its_share(self):
        """Of fp32 state with bf16 compute: 2 of 12 bytes a parameter are whole, the rest is divided.

        So is what is moved."""
        options = ("--precision", "bf16", "--residency", "disk", "--steps", "3")
        self.train_together(*options)
        self.succeed(self.train(*options))
        alone = (self.run_folder / "slots" / "A").stat().st_size
        sizes = [(self.folder_of(rank) / "slots" / "A").stat().st_size for rank in (0, 1)]
        self.assertAlmostEqual(sum(sizes) / alone, 14 / 12, delta=0.02)
        self.assertLess(max(sizes), 0.85 * alone, "units of a single block cannot be divided")
        state = program.gsst("generate", self.folder_of(1), "--tokens", "5", "--prompt", "a")
        self.succeed(state)
        self.assertEqual(
            state.out,
            program.gsst("generate", self.run_folder, "--tokens", "5", "--prompt", "a").out,
            "either rank has all weights",
        )

    def test_a_plan_tells_what_a_rank_keeps(self):
        """Of the optimizer's state each of eight ranks keeps an eighth; a plan asks none of the others."""
        spec = self.write_spec(same_order({"sequences_per_step": 8, "precision": "bf16"}))
        told = {}
        for ranks in (1, 8):
            done = program.gsst("plan", "--spec", spec, "--residency", "disk", "--json", env=environment(0, ranks))
            told[ranks] = json.loads(self.succeed(done).out)
            tiers = told[ranks]["bytes"]
            for tier, peak in (("device", "device_peak_bytes"), ("ram", "ram_peak_bytes"), ("disk", "disk_bytes")):
                self.assertGreaterEqual(min(kind[tier] for kind in tiers.values()), 0, done)
                self.assertEqual(sum(kind[tier] for kind in tiers.values()), told[ranks][peak], done)
        for kind in ("weights", "optimizer"):  # of this small model the first rank's part is more than an eighth
            self.assertLess(told[8]["bytes"][kind]["disk"], told[1]["bytes"][kind]["disk"])

    def test_other_orders_of_addition(self):
        self.text.write_text(program.some_text())
        self.spec = self.write_spec(
            program.tiny_spec({"steps": 10, "micro_batch": 1})
        )  # tied head, biases, two micro-batches each
        self.train_together()
        self.succeed(self.train())
        weights = self.weights_of()
        self.assertEqual(weights[0], weights[1])
        self.assert_losses_near()

    def test_a_micro_batch_is_divided(self):
        self.spec = self.write_spec(same_order({"steps": 5, "micro_batch": 2}))
        for outcome in self.together([self.train_arguments()] * 2):
            self.succeed(outcome)
            self.assertIn("Micro-batch lowered from 2 to 1 sequences", outcome.err)
        self.spec = self.write_spec(same_order({"steps": 5}))
        self.succeed(self.train())
        self.assertEqual(self.weights_of(), [self.verified()["weights_hash"]] * 2)

    def test_three(self):
        self.spec = self.write_spec(same_order({"steps": 5, "sequences_per_step": 3}))
        self.train_together(ranks=3)
        self.succeed(self.train())
        self.assertEqual(len(set(self.weights_of(3))), 1)
        self.assert_losses_near(3)

    def test_with_other_memory(self):
        """What one needs for its memory, all do: other slices, and commits of every step."""
        self.succeed(self.train())
        for name, options in (
            ("residency", ("--residency", "disk")),
            ("slices", ("--residency", "disk", "--vram", "400KiB")),
        ):
            with self.subTest(name):
                run = self.folder / name
                for outcome in self.together(
                    [self.train_arguments("--residency", "auto", run=run), self.train_arguments(*options, run=run)]
                ):
                    self.succeed(outcome)
                self.assertEqual(self.weights_of(run=run), [self.verified()["weights_hash"]] * 2)

    def test_killed_and_resumed(self):
        whole = self.folder / "whole"
        options = ("--residency", "disk", "--steps", "200")
        self.train_together(*options, run=whole)
        for victim in (1, 0):
            run = self.folder / f"killed{victim}"
            processes = self.launch([self.train_arguments(*options, run=run)] * 2)
            self.wait_for_steps(self.folder_of(victim, run), 20)
            processes[victim].send_signal(signal.SIGKILL)
            killed = time.monotonic()
            outcome = program.end(processes[1 - victim])
            self.assertLess(time.monotonic() - killed, 20)
            self.assertGreater(outcome.code, 0, str(outcome))
            for words in ("Another rank of the training was lost", f"rank {victim}", "gsst resume"):
                self.assertIn(words, outcome.err)
            steps = [self.verified(self.folder_of(rank, run))["step"] for rank in (0, 1)]
            self.assertLessEqual(abs(steps[0] - steps[1]), 1)
            self.assertLess(max(steps), 200)
            for outcome in self.together([("resume", run)] * 2):
                self.succeed(outcome)
            self.assertEqual(self.roots_of(run=run), self.roots_of(run=whole))
            for rank in (0, 1):
                self.assertEqual(
                    [line["step"] for line in program.steps_of(self.folder_of(rank, run))], list(range(1, 201))
                )

    def test_an_interrupt_pauses_all(self):
        options = ("--steps", "400")
        for residency in ("disk", "resident"):
            with self.subTest(residency):
                run = self.folder / residency
                processes = self.launch([self.train_arguments(*options, "--residency", residency, run=run)] * 2)
                self.wait_for_steps(self.folder_of(0, run), 5)
                processes[1].send_signal(signal.SIGINT)
                for outcome in map(program.end, processes):
                    self.succeed(outcome)
                    self.assertIn("is committed", outcome.err)
                states = [self.verified(self.folder_of(rank, run)) for rank in (0, 1)]
                self.assertEqual(states[0]["step"], states[1]["step"])
                self.assertEqual(states[0]["weights_hash"], states[1]["weights_hash"])
                self.assertLess(states[0]["step"], 400)

    def test_an_interrupt_ends_the_waiting(self):
        port = free_port()
        for rank in (0, 1):
            process = subprocess.Popen(
                program.command(*self.train_arguments(run=self.folder / f"lonely{rank}")),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment(rank, 2, port),
            )
            self.addCleanup(program.stop, process)
            for line in process.stderr:
                if "waits for the others" in line:
                    break
            process.send_signal(signal.SIGINT)
            before = time.monotonic()
            self.succeed(program.end(process))
            self.assertLess(time.monotonic() - before, 5)

    def test_refused(self):
        self.train_together()
        runs = [self.folder_of(0), self.folder_of(1)]
        self.refuse(program.gsst("resume", runs[1]), program.INVALID_INPUT, "rank 1 of 2", "RANK=1")
        for outcome in self.together([("resume", run) for run in reversed(runs)]):
            self.refuse(outcome, program.INVALID_INPUT, "belongs to another rank")
        other = self.write_spec(same_order({"steps": 10, "seed": 8}), "other.json")
        run = self.folder / "refused"
        for outcome in self.together([self.train_arguments(run=run), self.train_arguments(run=run, spec=other)]):
            self.refuse(outcome, program.INVALID_INPUT, "do not train the same run", "rank 1", "recipe")
        self.assertFalse(self.folder_of(0, run).exists(), "nothing is made before the ranks agree")
        text = self.folder / "other.txt"
        text.write_text(ALL_DIFFERENT[:-1])
        for outcome in self.together([self.train_arguments(run=run), self.train_arguments(run=run, text=text)]):
            self.refuse(outcome, program.INVALID_INPUT, "do not train the same run", "rank 1", "text")

    def test_refused_surroundings(self):
        for change, words in (
            ({"RANK": "2"}, ("RANK", "0 to 1")),
            ({"MASTER_ADDR": ""}, ("MASTER_ADDR",)),
            ({"WORLD_SIZE": "3"}, ("2 sequences", "multiple of 96")),
            ({"MASTER_PORT": "x"}, ("MASTER_PORT", "not a number")),
        ):
            outcome = program.gsst(*self.train_arguments(), env={**environment(0), **change})
            self.refuse(outcome, program.INVALID_INPUT, *words)

    def test_other_states_are_refused(self):
        self.train_together()
        other = self.folder / "other"
        self.spec = self.write_spec(same_order({"steps": 10, "seed": 8}), "other.json")
        self.train_together(run=other)
        for name in ("HEAD", "slots/A", "slots/B"):
            (self.folder_of(1) / name).write_bytes((self.folder_of(1, other) / name).read_bytes())
        for outcome in self.together([("resume", self.run_folder, "--steps", "12")] * 2):
            self.refuse(outcome, program.CORRUPT, "hold no common state", "other weights")

    def test_reshuffle_of_one_is_that_of_all(self):
        self.train_together("--steps", "4")
        calls = [
            ("resume", self.run_folder, "--steps", "8"),
            ("resume", self.run_folder, "--steps", "8", "--reshuffle"),
        ]
        for outcome in self.together(calls):
            self.succeed(outcome)
        weights = self.weights_of()
        self.assertEqual(weights[0], weights[1])
        losses = [[line["loss"] for line in program.steps_of(self.folder_of(rank))] for rank in (0, 1)]
        self.assertEqual(losses[0], losses[1])

    def test_torchrun(self):
        if not PYTHON.exists():
            self.skipTest("there is no LibTorch in .venv")
        torchrun = [
            PYTHON,
            "-m",
            "torch.distributed.run",
            "--nproc-per-node",
            "2",
            "--master-port",
            str(free_port()),
            "--no-python",
        ]
        train = [
            "--run-folder" if each == "--run" else each
            for each in self.train_arguments("--trace", self.folder / "trace.json")
        ]
        for arguments in (train, ("resume", self.run_folder, "--steps", "12")):
            done = subprocess.run(
                [*map(str, torchrun), *program.command(*arguments)],
                capture_output=True,
                text=True,
                timeout=program.SECONDS,
                check=False,
            )
            self.succeed(program.Outcome(done.returncode, done.stdout, done.stderr))
        self.succeed(self.train())
        self.succeed(program.gsst("resume", self.run_folder, "--steps", "12"))
        self.assertEqual(self.weights_of(), [self.verified()["weights_hash"]] * 2)
        for rank in (0, 1):
            for process in (1, 2):  # measured and simulated
                link = [
                    event
                    for event in json.loads((self.folder / f"trace-rank{rank}.json").read_text())
                    if event["ph"] == "X" and event["pid"] == process and event["cat"] == "link"
                ]
                self.assertEqual({event["name"] for event in link}, {"all-reduce gradient", "all-gather weights"})
                self.assertGreater(link[0]["args"]["link bytes"], 0)


if __name__ == "__main__":
    unittest.main()
