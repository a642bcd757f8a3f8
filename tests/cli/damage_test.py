# SPDX-License-Identifier: GPL-3.0-or-later
"""A run folder whose files are damaged, missing or from the future.

The program tells of it, and nothing is destroyed that was still good."""

import json
import os
import shutil
import struct
import subprocess
import unittest

import program
from program import CORRUPT, NEWER_VERSION, NOT_FOUND, flip

HEAD_BLOCK = 4096
HEAD_BLOCKS = 8
FIRST_UNIT = 4096


class DamageTest(program.ProgramTest):
    STEPS = 12
    LAST = 20

    @classmethod
    def setUpClass(cls):
        """Two runs that each test gets a copy of: each with two good commits, and to be gone on with."""
        # With a constant learning rate, a step has the same result whatever the number of steps.
        cls.begin_stock(program.tiny_spec({"steps": cls.STEPS, "schedule": "constant"}), program.some_text())
        for residency in ("disk", "resident"):
            cls.stock_run(residency, "--residency", residency)
        cls.before = json.loads(program.gsst("verify", cls.stock / "disk", "--json").out)
        shutil.copytree(cls.stock / "disk", cls.stock / "end")
        program.gsst("resume", cls.stock / "end", "--steps", cls.LAST)
        cls.hash_at_end = json.loads(program.gsst("verify", cls.stock / "end", "--json").out)["root_hash"]

    def setUp(self):
        super().setUp()
        self.use("disk")

    def use(self, residency):
        self.run_folder = self.folder / residency
        shutil.copytree(self.stock / residency, self.run_folder)
        self.head = self.run_folder / "HEAD"

    def newest_block(self):
        """Where HEAD holds the newest record."""
        head = (self.stock / self.run_folder.name / "HEAD").read_bytes()
        return max(range(0, len(head), HEAD_BLOCK), key=lambda block: struct.unpack_from("<Q", head, block + 16))

    def committed_slot(self):
        record = (self.stock / self.run_folder.name / "HEAD").read_bytes()[self.newest_block() :]
        return self.run_folder / "slots" / "AB"[struct.unpack_from("<I", record, 12)[0]]

    def other_slot(self):
        name = "B" if self.committed_slot().name == "A" else "A"
        return self.run_folder / "slots" / name

    def durable(self):
        """All that a run cannot make anew."""
        return {
            name: (self.run_folder / name).read_bytes()
            for name in ("HEAD", "slots/A", "slots/B", "run.json", "metrics.jsonl")
        }

    def resume(self, *more):
        return program.gsst("resume", self.run_folder, "--steps", self.LAST, *more)

    def refused_untouched(self, code, *words):
        before = self.durable()
        outcome = self.refuse(self.resume(), code, *words)
        self.assertEqual(self.durable(), before, "a refused resume changed the run")
        return outcome

    def ends_as_if_nothing_happened(self):
        self.succeed(self.resume())
        self.assertEqual(self.verified()["root_hash"], self.hash_at_end)
        self.assertEqual([line["step"] for line in program.steps_of(self.run_folder)], list(range(1, self.LAST + 1)))

    # The state

    def test_flipped_bit_in_the_state(self):
        slot = self.committed_slot()
        size = slot.stat().st_size
        for offset, tensor in ((FIRST_UNIT + 100, "embed"), (size // 2, ""), (size * 9 // 10, "")):
            with self.subTest(offset=offset):
                flip(slot, offset)
                outcome = self.verify_damaged("damaged", str(self.run_folder), "step 11 is whole", "--roll-back")
                part = "embedding" if tensor else "(attention|MLP) of layer [12]|head|embedding"
                self.assertRegex(outcome.out, rf"damaged: slots/{slot.name}: \S*{tensor}\S*, in the ({part}) \(")
                self.refused_untouched(
                    CORRUPT, f"slots/{slot.name}", tensor, ", in the ", "Nothing was changed", "gsst verify"
                )
                flip(slot, offset)
                self.assertEqual(self.verified(), self.before)

    def test_verify_tells_programs_too(self):
        flip(self.committed_slot(), FIRST_UNIT + 100)
        outcome = program.gsst("verify", self.run_folder, "--json")
        self.assertEqual(outcome.code, CORRUPT)
        result = json.loads(outcome.out)
        self.assertEqual(len(result["damage"]), 1)
        self.assertTrue(result["previous_usable"])
        self.assertEqual(result["previous_step"], self.STEPS - 1)

    def test_roll_back(self):
        flip(self.committed_slot(), FIRST_UNIT + 100)
        self.succeed(program.gsst("verify", self.run_folder, "--roll-back"))
        self.assertEqual(self.verified()["step"], self.STEPS - 1)
        self.ends_as_if_nothing_happened()

    def test_nothing_to_roll_back_to(self):
        flip(self.committed_slot(), FIRST_UNIT + 100)
        flip(self.other_slot(), FIRST_UNIT + 100)
        before = self.durable()
        outcome = self.verify_damaged("backup")
        self.assertNotIn("--roll-back", outcome.err)
        self.refuse(
            program.gsst("verify", self.run_folder, "--roll-back"),
            CORRUPT,
            "no state to go back to",
            str(self.run_folder),
        )
        self.refuse(self.resume(), CORRUPT)
        self.assertEqual(self.durable(), before)

    def test_flipped_bit_with_the_state_in_ram(self):
        self.use("resident")
        slot = self.committed_slot()
        flip(slot, FIRST_UNIT + 100)
        self.refused_untouched(CORRUPT, f"slots/{slot.name}", "embed", "not what was written")

    def test_damaged_sums(self):
        slot = self.committed_slot()
        flip(slot, slot.stat().st_size - 4096 + 8)
        outcome = self.resume()
        self.succeed(outcome)
        self.assertRegex(outcome.err, rf"warning: .*step 12 is lost.*slots/{slot.name}")
        self.assertEqual([line["step"] for line in program.steps_of(self.run_folder)], list(range(1, self.LAST + 1)))

    def test_slot_missing(self):
        name = self.committed_slot().name
        self.committed_slot().unlink()
        outcome = self.succeed(program.gsst("verify", self.run_folder))
        self.assertIn(f"slots/{name} is missing", outcome.err)
        self.assertEqual(self.verified()["step"], self.STEPS - 1)
        self.ends_as_if_nothing_happened()

    def test_slot_cut_short(self):
        size = self.committed_slot().stat().st_size
        for length in (0, size // 2, size - 1):
            with self.subTest(length=length):
                shutil.rmtree(self.run_folder)
                self.use("disk")
                name = f"slots/{self.committed_slot().name}"
                os.truncate(self.committed_slot(), length)
                before = self.durable()
                outcome = self.succeed(program.gsst("verify", self.run_folder))
                self.assertIn(f"warning: {name} is too short", outcome.err)
                self.assertIn("The commit of step 12 is lost", outcome.err)
                self.assertIn("The commit of step 11 is whole and was taken", outcome.err)
                self.assertEqual(self.durable(), before)
        self.ends_as_if_nothing_happened()

    def test_other_slot_cut_short(self):
        os.truncate(self.other_slot(), 5000)
        self.assertEqual(self.verified()["root_hash"], self.before["root_hash"])
        self.ends_as_if_nothing_happened()

    def test_header_of_a_slot(self):
        """It can be made anew: verifying tells, going on mends."""
        for slot in (self.committed_slot(), self.other_slot()):
            flip(slot, 40)
        before = program.contents_of(self.run_folder)
        outcome = self.succeed(program.gsst("verify", self.run_folder))
        for name in "AB":
            self.assertIn(f"warning: slots/{name}: the header is damaged", outcome.err)
        self.assertIn("all sums hold", outcome.out)
        self.succeed(program.gsst("generate", self.run_folder, "--tokens", "3"))
        self.assertEqual(program.contents_of(self.run_folder), before, "looking at the run changed it")
        self.ends_as_if_nothing_happened()
        self.assertEqual(self.succeed(program.gsst("verify", self.run_folder)).err, "Checking all sums ...\n")

    def test_both_slots_missing(self):
        for name in "AB":
            (self.run_folder / "slots" / name).unlink()
        outcome = self.refuse(self.resume(), CORRUPT, "slots/A is missing", "slots/B is missing", "backup")
        self.assertIn(str(self.run_folder), outcome.err)

    def test_new_number_of_steps(self):
        self.refuse(
            program.gsst("resume", self.run_folder, "--steps", self.STEPS - 1),
            program.INVALID_INPUT,
            "--steps",
            "step 12 is committed",
        )
        self.succeed(self.resume())
        self.assertEqual(json.loads((self.run_folder / "run.json").read_text())["spec"]["training"]["steps"], self.LAST)
        self.assertIn("20 steps", self.succeed(program.gsst("resume", self.run_folder)).err)
        self.assertEqual(self.verified()["root_hash"], self.hash_at_end)

    # HEAD

    def test_flipped_bit_in_the_newest_record(self):
        flip(self.head, self.newest_block() + 40)
        outcome = self.succeed(program.gsst("verify", self.run_folder))
        self.assertRegex(outcome.err, "warning: HEAD: commit record . of 8 is damaged")
        self.assertEqual(self.verified()["step"], self.STEPS - 1)
        self.ends_as_if_nothing_happened()

    def test_flipped_bit_in_an_old_record(self):
        flip(self.head, (self.newest_block() + 3 * HEAD_BLOCK) % self.head.stat().st_size + 40)
        self.assertEqual(self.verified()["root_hash"], self.before["root_hash"])
        outcome = self.succeed(self.resume())
        self.assertRegex(outcome.err, "warning: HEAD: commit record . of 8 is damaged")

    def test_head_of_zeros(self):
        self.head.write_bytes(bytes(HEAD_BLOCK * HEAD_BLOCKS))
        self.refused_untouched(CORRUPT, "No complete state", str(self.run_folder), "backup")

    def test_head_cut_short(self):
        for length in (0, HEAD_BLOCK + 100):  # what is left are records of older states
            with self.subTest(length=length):
                self.head.write_bytes((self.stock / "disk" / "HEAD").read_bytes()[:length])
                self.refused_untouched(
                    CORRUPT,
                    "No complete state",
                    str(self.run_folder),
                    "HEAD: commit record 8 of 8 is damaged",
                    "backup",
                )
        self.head.write_bytes((self.stock / "disk" / "HEAD").read_bytes()[:-1])
        self.assertRegex(
            self.succeed(program.gsst("verify", self.run_folder)).err, "HEAD: commit record 8 of 8 is damaged"
        )
        self.ends_as_if_nothing_happened()

    def test_head_missing(self):
        self.head.unlink()
        self.refuse(self.resume(), NOT_FOUND, "HEAD", str(self.run_folder))

    # What a newer program wrote

    def test_newer_state(self):
        for path, offset in (
            (self.head, self.newest_block()),
            (self.head, (self.newest_block() + HEAD_BLOCK) % (HEAD_BLOCK * HEAD_BLOCKS)),
            (self.other_slot(), 0),
        ):
            with self.subTest(path.name, offset=offset):
                good = path.read_bytes()
                subprocess.run([program.MAKE_NEWER, path, str(offset)], check=True)
                self.refused_untouched(NEWER_VERSION, str(path), "newer version", "Update the program")
                before = self.durable()
                for command in (("verify",), ("verify", "--roll-back")):
                    self.refuse(
                        program.gsst(*command, self.run_folder),
                        NEWER_VERSION,
                        str(path),
                        "newer version",
                        "Update the program",
                    )
                self.assertEqual(self.durable(), before)
                path.write_bytes(good)
        self.assertEqual(self.verified(), self.before)

    def test_newer_run(self):
        description = self.run_folder / "run.json"
        newer = json.loads(description.read_text())
        newer["gsst_run"] = 99
        newer["unheard_of"] = True
        description.write_text(json.dumps(newer))
        self.refused_untouched(NEWER_VERSION, "newer version", "run.json", "99", "Update")
        for command in ("verify", "generate"):
            self.refuse(program.gsst(command, self.run_folder), NEWER_VERSION, "newer version", "Update")
        self.refuse(self.train(), program.INVALID_INPUT, "already holds a run")

    # What else is in the folder

    def test_torn_metrics(self):
        with open(self.run_folder / "metrics.jsonl", "ab") as metrics:
            metrics.write(b'{"event":"step","step":13,"lo')
        self.ends_as_if_nothing_happened()

    def test_lost_metrics(self):
        (self.run_folder / "metrics.jsonl").unlink()
        self.succeed(self.resume())
        self.assertEqual(
            [line["step"] for line in program.steps_of(self.run_folder)], list(range(self.STEPS + 1, self.LAST + 1))
        )


if __name__ == "__main__":
    unittest.main()
