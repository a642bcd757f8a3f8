# SPDX-License-Identifier: GPL-3.0-or-later
"""`gsst doctor` as people call it.

Its figures are figures, plans use them afterwards, and nothing is left on the drive."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from program import NOT_FOUND, command, gsst, tiny_spec

CANCELLED = 12  # see core/base/result.cpp


class DoctorTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.cache = self.root / "cache"
        self.drive = self.root / "drive"
        self.drive.mkdir()
        self.spec = self.root / "tiny.json"
        self.spec.write_text(json.dumps(tiny_spec()))
        self.environment = {**os.environ, "XDG_CACHE_HOME": str(self.cache)}

    def gsst(self, *arguments):
        return gsst(*arguments, env=self.environment)

    def kept(self):
        return json.loads((self.cache / "gsst-studio" / "machine.json").read_text())

    def test_measures_and_keeps_what_plans_need(self):
        done = self.gsst("doctor", self.drive, "--spec", self.spec, "--quick", "--json")
        self.assertEqual(done.code, 0, done)
        report = json.loads(done.out)
        for figures in (report["product_flops"], report["training"], report["drive"]["thread_pool"]):
            for figure in figures.values():
                self.assertGreater(figure, 0)
        for name in (
            "streaming_hidden_from_tokens",
            "memory_bytes_per_second",
            "cores",
            "threads",
            "free_ram_bytes",
            "free_disk_bytes",
        ):
            self.assertGreater(report[name], 0, name)
        self.assertGreater(report["total_ram_bytes"], report["free_ram_bytes"])
        self.assertGreaterEqual(report["drive"]["written_bytes"], 2 * 128 << 20)
        self.assertEqual(list(self.drive.iterdir()), [])
        [rates] = self.kept()["compute"].values()
        self.assertAlmostEqual(rates["forward_flops"] / report["training"]["forward_flops"], 1, places=6)

        # What is kept is what the plan is made with: with a hundredth of the speed a step takes a hundred times as
        # long.
        before = json.loads(self.gsst("plan", "--spec", self.spec, "--json").out)["seconds_per_step"]
        slower = self.kept()
        for rates in slower["compute"].values():
            for name in rates:
                rates[name] /= 100
        (self.cache / "gsst-studio" / "machine.json").write_text(json.dumps(slower))
        after = json.loads(self.gsst("plan", "--spec", self.spec, "--json").out)["seconds_per_step"]
        self.assertGreater(after, 20 * before)

    def test_what_was_measured_last_is_shown_again(self):
        nothing = self.gsst("doctor", "--show")
        self.assertEqual(nothing.code, NOT_FOUND, nothing)
        self.assertIn("gsst doctor FOLDER", nothing.err)
        measured = json.loads(self.gsst("doctor", self.drive, "--spec", self.spec, "--quick", "--json").out)
        self.assertEqual(measured["folder"], str(self.drive.resolve()))
        self.assertEqual(measured["recipe"], "tiny")
        # The window reads the same file.
        kept = json.loads((self.cache / "gsst-studio" / "computer.json").read_text())
        self.assertEqual(kept["folder"], measured["folder"])
        self.assertEqual(json.loads(self.gsst("doctor", "--show", "--json").out), measured)
        self.assertLess(abs(measured["measured_at"] - time.time()), 600)
        again = self.gsst("doctor", "--show")
        self.assertEqual(again.code, 0, again)
        for word in ("measured 2", str(self.drive.resolve()), "GFLOP/s"):
            self.assertIn(word, again.out)
        (self.cache / "gsst-studio" / "computer.json").write_text(json.dumps({**kept, "read_bytes": 0}))
        self.assertEqual(self.gsst("doctor", "--show").code, NOT_FOUND, "what cannot be used is not there")

    def test_a_second_plan_measures_nothing(self):
        self.assertEqual(self.gsst("plan", "--spec", self.spec, "--json").code, 0)
        first = (self.cache / "gsst-studio" / "machine.json").stat()
        self.assertEqual(self.gsst("plan", "--spec", self.spec, "--json").code, 0)
        second = (self.cache / "gsst-studio" / "machine.json").stat()
        self.assertEqual((first.st_ino, first.st_mtime_ns), (second.st_ino, second.st_mtime_ns))

    def test_stops_when_asked_and_cleans_up(self):
        environment = self.environment
        with subprocess.Popen(
            command("doctor", self.drive, "--spec", self.spec),
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            deadline = time.monotonic() + 60
            while not list(self.drive.iterdir()) and running.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=60)
        self.assertEqual(running.returncode, CANCELLED, err)
        self.assertEqual(out, b"")
        self.assertEqual(list(self.drive.iterdir()), [])
        self.assertEqual(self.kept()["drives"], {})
        self.assertEqual(len(self.kept()["compute"]), 1)
        self.assertEqual(self.gsst("doctor", "--show").code, NOT_FOUND, "half a measurement is none")

    def test_the_table_is_for_people(self):
        done = self.gsst("doctor", self.drive, "--spec", self.spec, "--quick")
        self.assertEqual(done.code, 0, done)
        for word in ("GFLOP/s", "MB/s", "tokens a step", "GiB"):
            self.assertIn(word, " ".join(done.out.split()))

    def test_a_cache_that_cannot_be_used_is_no_obstacle(self):
        self.cache.write_text("this is a file")
        done = self.gsst("plan", "--spec", self.spec, "--json")
        self.assertEqual(done.code, 0, done)
        self.assertGreater(json.loads(done.out)["seconds_per_step"], 0)

    def test_a_folder_that_is_not_there_is_named(self):
        done = self.gsst("doctor", self.root / "nowhere", "--spec", self.spec, "--quick")
        self.assertNotEqual(done.code, 0)
        self.assertIn("nowhere", done.err)
        self.assertEqual(self.gsst("doctor", self.drive, "--spec", self.root / "none.json").code, NOT_FOUND)


if __name__ == "__main__":
    unittest.main()
