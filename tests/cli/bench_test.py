# SPDX-License-Identifier: GPL-3.0-or-later
"""`gsst bench` as people call it: what it measures agrees with what the plan says, and it leaves nothing behind."""

import json
import os
import pathlib
import tempfile
import unittest

from program import INVALID_INPUT, gsst, tiny_spec


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR"))
        self.addCleanup(self.folder.cleanup)
        self.spec = pathlib.Path(self.folder.name) / "tiny.json"
        self.spec.write_text(json.dumps(tiny_spec()))

    def bench(self, *arguments):
        return gsst(
            "bench", "--spec", self.spec, "--folder", self.folder.name, "--measured-steps", 2, "--rounds", 2, *arguments
        )

    def test_every_way_moves_the_bytes_of_its_plan(self):
        done = self.bench("--ways", "plain,resident,ram,disk", "--json")
        self.assertEqual(done.code, 0, done)
        variants = {variant["name"]: variant for variant in json.loads(done.out)["variants"]}
        self.assertEqual(list(variants), ["plain", "resident", "ram", "disk"])
        for variant in variants.values():
            self.assertEqual(len(variant["seconds_per_step"]), 4)
            self.assertGreater(variant["compute_seconds_by_op"]["forward"], 0)
            self.assertLessEqual(variant["device_peak_bytes"], 1.03 * variant["predicted_device_peak_bytes"] + 65536)
        self.assertGreater(variants["plain"]["device_peak_bytes"], variants["resident"]["device_peak_bytes"])
        for name in ("plain", "resident", "ram"):
            self.assertEqual(variants[name]["read_bytes"], 0)
            self.assertEqual(variants[name]["written_bytes"], 0)
        disk = variants["disk"]
        for kind in ("read_bytes", "written_bytes"):
            self.assertGreater(disk[kind], 0)
            self.assertAlmostEqual(disk[kind] / disk["predicted_" + kind], 1, delta=0.02)
        self.assertEqual([entry.name for entry in pathlib.Path(self.folder.name).iterdir()], ["tiny.json"])

    def slow_drive(self, *arguments):
        """The variant `disk` on a drive of 4 MB/s, which reads and writes share."""
        done = self.bench("--sweep", "disk-bandwidth", "--values", "4MB", "--json", *arguments)
        self.assertEqual(done.code, 0, done)
        [point] = json.loads(done.out)["points"]
        self.assertEqual(point["value"], "4MB")
        _, disk = point["result"]["variants"]
        return disk

    def test_a_slow_drive_is_what_the_step_waits_for_and_planned_for(self):
        disk = self.slow_drive()
        bytes_a_step = disk["read_bytes"] + disk["written_bytes"]
        self.assertAlmostEqual(disk["disk_seconds"], bytes_a_step / 4e6, delta=0.01 * disk["disk_seconds"])
        self.assertAlmostEqual(disk["predicted_seconds"], disk["disk_seconds"], delta=0.25 * disk["disk_seconds"])
        # Part of the first timed step may have been read and written outside of it.
        self.assertGreaterEqual(disk["median_seconds"], 0.7 * disk["disk_seconds"])
        self.assertGreater(disk["read_wait_seconds"] + disk["write_wait_seconds"], disk["compute_seconds"])

    def test_the_placement_of_the_update_is_chosen_for_the_slow_drive(self):
        calm = tiny_spec()
        calm["training"]["clip_norm"] = 1000
        self.spec.write_text(json.dumps(calm))
        self.assertEqual(self.slow_drive("--gradients", "disk")["update"], "insured")
        self.assertEqual(self.slow_drive("--clip", "previous")["update"], "speculative")

    def test_the_table_names_every_way(self):
        done = self.bench("--sweep", "tokens", "--values", "64,128")
        self.assertEqual(done.code, 0, done)
        lines = done.out.splitlines()
        self.assertEqual(
            [line.split()[:2] for line in lines[1:]],
            [["64", "resident"], ["64", "disk"], ["128", "resident"], ["128", "disk"]],
        )

    def test_options_that_make_no_sense_are_refused(self):
        for arguments, word in (
            (("--ways", "cloud"), "cloud"),
            (("--disk-speed", "1kB"), "--disk-speed"),
            (("--sweep", "tokens", "--values", "many"), "many"),
        ):
            done = self.bench(*arguments)
            self.assertEqual(done.code, INVALID_INPUT, done)
            self.assertIn(word, done.err)


if __name__ == "__main__":
    unittest.main()
