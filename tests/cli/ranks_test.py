# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes over Gloo train one model: as one process does, killed and resumed, and refused where they do not belong together."""
import os
import signal
import socket
import subprocess
import time
import unittest

import program


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RanksTest(program.ProgramTest):
    def setUp(self):
        super().setUp()
        # One micro-batch for each of two ranks.
        self.spec = self.write_spec(program.tiny_spec({"steps": 10}))
        self.runs = [self.folder / "rank0", self.folder / "rank1"]
        if "built without" in self.together([self.train_arguments(run=run) for run in self.runs], wait=False)[0]:
            self.skipTest("this program was built without Gloo")

    def environment(self, rank, port, ranks=2):
        return {**os.environ, "WORLD_SIZE": str(ranks), "RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}

    def launch(self, calls):
        port = free_port()
        processes = []
        for rank, arguments in enumerate(calls):
            process = subprocess.Popen(program.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                       env=self.environment(rank, port))
            self.addCleanup(program.stop, process)
            processes.append(process)
        return processes

    def together(self, calls, wait=True):
        outcomes = [program.end(process) for process in self.launch(calls)]
        if wait:
            return outcomes
        self.first = outcomes
        return [outcome.err for outcome in outcomes]

    def test_two_train_as_one(self):
        for outcome in self.first:
            self.succeed(outcome)
        self.succeed(self.train())
        roots = [self.verified(run)["root_hash"] for run in self.runs]
        self.assertEqual(roots[0], roots[1])
        alone = program.steps_of(self.run_folder)
        worst = 0
        for run in self.runs:
            for mine, theirs in zip(program.steps_of(run), alone, strict=True):
                worst = max(worst, abs(mine["loss"] - theirs["loss"]))
        same = "the same bits" if roots[0] == self.verified()["root_hash"] else "not the same bits"
        print(f"two ranks and one: {same}, losses differ by up to {worst:.2e}", flush=True)
        self.assertLess(worst, 2e-6)

    def test_killed_and_resumed(self):
        runs = [self.folder / "killed0", self.folder / "killed1"]
        calls = [self.train_arguments("--residency", "disk", "--steps", "400", run=run) for run in runs]
        whole = [self.folder / "whole0", self.folder / "whole1"]
        for outcome in self.together([self.train_arguments("--residency", "disk", "--steps", "400", run=run) for run in whole]):
            self.succeed(outcome)
        processes = self.launch(calls)
        metrics = runs[1] / "metrics.jsonl"
        before = time.monotonic()
        while time.monotonic() - before < 60 and not (metrics.exists() and metrics.read_bytes().count(b"\n") > 20):
            time.sleep(0.005)
        processes[1].send_signal(signal.SIGKILL)
        killed = time.monotonic()
        outcome = program.end(processes[0])
        self.assertLess(time.monotonic() - killed, 20)
        self.assertNotEqual(outcome.code, 0, str(outcome))
        self.assertIn("rank 1", outcome.err)
        self.assertIn("gsst resume", outcome.err)
        steps = [self.verified(run)["step"] for run in runs]
        self.assertLessEqual(abs(steps[0] - steps[1]), 1)
        for outcome in self.together([("resume", run) for run in runs]):
            self.succeed(outcome)
        for run in runs:
            self.assertEqual(self.verified(run)["root_hash"], self.verified(whole[0])["root_hash"])

    def test_refused(self):
        self.refuse(program.gsst("resume", self.runs[1]), program.INVALID_INPUT, "rank 1 of 2", "RANK=1")
        for outcome in self.together([("resume", run) for run in reversed(self.runs)]):
            self.refuse(outcome, program.INVALID_INPUT, "belongs to another rank")
        other = self.write_spec(program.tiny_spec({"steps": 10, "seed": 8}), "other.json")
        calls = [self.train_arguments(run=self.folder / "a"), self.train_arguments(run=self.folder / "b", spec=other)]
        for outcome in self.together(calls):
            self.refuse(outcome, program.INVALID_INPUT, "do not train the same run", "rank 1")
        incomplete = {**os.environ, "WORLD_SIZE": "2", "RANK": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
        self.refuse(program.gsst(*self.train_arguments(run=self.folder / "c"), env=incomplete), program.INVALID_INPUT, "RANK", "0 to 1")
        three = self.environment(0, 1, ranks=3)
        self.refuse(program.gsst(*self.train_arguments(run=self.folder / "d"), env=three), program.INVALID_INPUT, "micro-batches", "multiple of 3")


if __name__ == "__main__":
    unittest.main()
