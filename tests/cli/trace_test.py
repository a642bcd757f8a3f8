# SPDX-License-Identifier: GPL-3.0-or-later
"""Traces of training, as other programs read them, and the step program that they are held against."""

import collections
import json
import signal
import unittest

import program

MEASURED, SIMULATED = 1, 2


def load(path):
    return json.loads(path.read_text())


def events(trace, process, category=None):
    return [
        event for event in trace if event["ph"] == "X" and event["pid"] == process and category in (None, event["cat"])
    ]


class TraceTest(program.ProgramTest):
    STEPS = 4
    ON_DISK = ("--residency", "disk", "--gradients", "disk", "--update", "deferred")

    @classmethod
    def setUpClass(cls):
        """One traced run, and the program that it went by."""
        cls.begin_stock(program.tiny_spec(), program.some_text())
        cls.stock_run("traced", "--trace", cls.stock / "trace.json", "--trace-steps", cls.STEPS, *cls.ON_DISK)
        cls.traced = load(cls.stock / "trace.json")
        cls.listed = json.loads(
            program.gsst("plan", "--spec", cls.stock / "spec.json", *cls.ON_DISK, "--program", "--json").out
        )

    def setUp(self):
        super().setUp()
        self.trace = self.folder / "trace.json"

    def test_lanes_and_steps(self):
        tracks = {
            (event["pid"], event["tid"]): event["args"]["name"]
            for event in self.traced
            if event["name"] == "thread_name"
        }
        for event in events(self.traced, MEASURED) + events(self.traced, SIMULATED):
            self.assertIn((event["pid"], event["tid"]), tracks, event)
            self.assertGreaterEqual(event["dur"], 0)
        self.assertEqual({"steps", "compute", "waits of compute", "disk read", "disk write"}, set(tracks.values()))
        self.assertEqual(
            [event["name"] for event in events(self.traced, MEASURED, "step")],
            [f"step {n + 1}" for n in range(self.STEPS)],
        )
        kinds = {event["name"] for event in events(self.traced, MEASURED)}
        self.assertLessEqual(
            {"read state", "read gradient", "update", "write state", "forward", "head", "backward", "norms", "commit"},
            kinds,
        )
        forward = next(event for event in events(self.traced, MEASURED) if event["name"] == "forward")
        self.assertLessEqual({"slice", "micro-batch"}, set(forward["args"]))
        read = next(event for event in events(self.traced, MEASURED) if event["name"] == "read state")
        self.assertLessEqual({"slice", "part", "disk bytes"}, set(read["args"]))
        parts = {
            event["args"]["part"] for event in events(self.traced, MEASURED, "disk read") if "part" in event["args"]
        }
        self.assertLessEqual({"embedding", "attention of layer 1", "MLP of layer 2", "head"}, parts)
        self.assertNotIn("attention of layer 0", parts)
        self.assertEqual(
            {
                event["args"]["micro-batch"]
                for event in events(self.traced, MEASURED, "compute")
                if event["name"] == "forward"
            },
            {1, 2},
        )
        waits = {event["name"] for event in events(self.traced, MEASURED, "wait")}
        self.assertIn("waiting for read", waits, "the very first read at least")
        self.assertLessEqual(waits, {"waiting for read", "waiting for write"})

    def test_a_track_does_one_thing_at_a_time(self):
        tracks = collections.defaultdict(list)
        for event in events(self.traced, MEASURED) + events(self.traced, SIMULATED):
            tracks[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"], event["name"]))
        for track, spans in tracks.items():
            spans.sort()
            for before, after in zip(spans, spans[1:]):
                self.assertLessEqual(before[1], after[0] + 0.01, f"{track}: {before} and {after}")

    def test_the_simulated_step_is_the_program(self):
        planned = collections.Counter(op["kind"] for op in self.listed["ops"])
        simulated = [event for event in events(self.traced, SIMULATED) if event["cat"] not in ("step", "wait")]
        self.assertEqual(collections.Counter(event["name"] for event in simulated), planned)
        measured = collections.Counter(event["name"] for event in events(self.traced, MEASURED))
        self.assertEqual(measured["backward"], self.STEPS * planned["backward"])
        self.assertEqual(sum(total["ops"] for total in self.listed["totals"]), len(self.listed["ops"]))
        self.assertIn("MLP of layer 2", self.listed["units"])
        for op in self.listed["ops"]:
            self.assertLess(op["slice"], len(self.listed["slices"]))
            self.assertLess(op["unit"], len(self.listed["units"]))

    def test_ends_by_itself_and_does_not_change_the_run(self):
        outcome = self.train("--trace", self.trace, "--trace-steps", "2", "--residency", "disk")
        self.succeed(outcome)
        self.assertIn("2 steps", outcome.err)
        self.assertEqual(len(events(load(self.trace), MEASURED, "step")), 2)
        traced = self.verified()["root_hash"]
        self.run_folder = self.folder / "again"
        self.succeed(self.train("--residency", "disk"))
        self.assertEqual(self.verified()["root_hash"], traced)

    def test_resume_traces_too(self):
        self.succeed(self.train("--steps", 3))
        self.succeed(program.gsst("resume", self.run_folder, "--steps", 6, "--trace", self.trace))
        self.assertEqual(
            [event["name"] for event in events(load(self.trace), MEASURED, "step")], ["step 4", "step 5", "step 6"]
        )

    def test_what_cannot_be_written_is_told_first(self):
        other = self.folder / "other.json"
        other.write_text('{"mine": true}')
        for path, code, words in (
            (self.folder / "no" / "trace.json", program.NOT_FOUND, ("trace",)),
            (other, program.INVALID_INPUT, ("no trace", "--trace")),
        ):
            self.refuse(self.train("--trace", path), code, str(path), *words)
            self.assertFalse(self.run_folder.exists(), "nothing was begun")
        self.assertEqual(other.read_text(), '{"mine": true}')
        self.assertNotEqual(self.train("--trace-steps", 3).code, 0, "without a trace")

    def test_killed_and_interrupted(self):
        self.spec = self.write_spec(program.tiny_spec({"steps": 100_000}))
        for how in (signal.SIGKILL, signal.SIGINT):
            with self.subTest(how.name):
                self.run_folder = self.folder / how.name
                process = self.start(
                    "train",
                    "--spec",
                    self.spec,
                    "--text",
                    self.text,
                    "--run",
                    self.run_folder,
                    "--trace",
                    self.trace,
                    "--trace-steps",
                    "50000",
                    *self.ON_DISK,
                    "--json",
                )
                for line in process.stdout:
                    if json.loads(line)["event"] == "step" and json.loads(line)["step"] >= 100:
                        break
                process.send_signal(how)
                program.end(process)
                self.assertGreater(len(events(load(self.trace), MEASURED, "step")), 1)

    def test_a_full_disk_ends_the_trace_and_not_the_run(self):
        disk = self.small_disk("64k")
        outcome = self.train("--trace", disk / "trace.json", "--steps", 60, "--trace-steps", 60, *self.ON_DISK)
        self.succeed(outcome)
        self.assertIn("The trace ended early", outcome.err)
        self.assertIn("60 steps, all committed", outcome.err)
        self.assertIsInstance(load(disk / "trace.json"), list)


if __name__ == "__main__":
    unittest.main()
