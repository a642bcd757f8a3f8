# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can get wrong before a run exists.

Every refusal says what, where and what to do, and leaves nothing behind."""

import json
import os
import re
import unittest

import program
from program import INVALID_INPUT, NOT_FOUND, OVER_BUDGET


class BadInputTest(program.ProgramTest):
    def nothing_left(self):
        self.assertFalse(self.run_folder.exists(), "a refused run left its folder behind")

    def second_call_works(self, *more):
        """The same folder takes a correct run afterwards."""
        self.succeed(self.train("--steps", "2", *more))
        self.verified()

    def bad_spec(self, spec, *words, more=()):
        self.refuse(self.train(*more, spec=self.write_spec(spec, "bad.json")), INVALID_INPUT, *words)
        self.nothing_left()

    # Text

    def bad_text(self, name, content, *words):
        path = self.folder / name
        if content is not None:
            path.write_bytes(content)
        self.refuse(self.train(text=path), INVALID_INPUT, name, *words)
        self.nothing_left()

    def test_no_text_named(self):
        self.refuse(
            program.gsst("train", "--spec", self.spec, "--run", self.run_folder),
            INVALID_INPUT,
            "no text",
            "--text",
            "--sample-text",
        )
        self.nothing_left()

    def test_text_missing(self):
        self.bad_text("missing.txt", None, "does not exist", "Name at least one")

    def test_text_empty(self):
        self.bad_text("empty.txt", b"", "is empty", "Name at least one")

    def test_text_binary(self):
        self.bad_text("binary.txt", bytes(range(256)) * 40, "binary", "Name at least one")

    def test_text_of_another_kind(self):
        self.bad_text("book.pdf", b"%PDF-1.4 words", "is not a .txt or .md file", "rename it")

    @unittest.skipUnless(hasattr(os, "mkfifo"), "needs named pipes")
    def test_text_that_is_a_pipe(self):
        os.mkfifo(self.folder / "pipe.txt")  # nobody writes to it: reading would never end
        self.bad_text("pipe.txt", None, "it is a pipe", "Name at least one")

    @unittest.skipUnless(hasattr(os, "symlink"), "needs symbolic links")
    def test_links(self):
        for name, target in (("nowhere.txt", "gone.txt"), ("itself.txt", "itself.txt")):
            with self.subTest(name):
                (self.folder / name).symlink_to(self.folder / target)
                self.bad_text(name, None, "does not exist")
        folder = self.folder / "texts"
        folder.mkdir()
        (folder / "a.txt").write_text(program.some_text())
        (folder / "around").symlink_to(folder)
        self.succeed(self.train("--steps", "2", text=folder))

    def test_folder_without_text(self):
        (self.folder / "empty").mkdir()
        self.refuse(self.train(text=self.folder / "empty"), INVALID_INPUT, "empty", "without .txt or .md files")
        self.nothing_left()

    def test_one_bad_file_of_two_is_left_out(self):
        bad = self.folder / "bad.txt"
        bad.write_bytes(b"\0\1" * 100)
        outcome = self.succeed(self.train("--text", bad, "--steps", "2"))
        self.assertRegex(outcome.err, "warning: .*bad.txt is binary.*left out")

    def test_text_shorter_than_a_window(self):
        short = self.folder / "short.txt"
        short.write_text("a few words")
        self.refuse(
            self.train(text=short), INVALID_INPUT, "too little text", "11 tokens", "at least 33", "Add more text"
        )
        self.assertFalse((self.run_folder / "run.json").exists())
        self.second_call_works()

    @unittest.skipUnless(os.name == "posix", "other systems have names in Unicode")
    def test_file_name_that_is_no_text(self):
        path = os.fsdecode(os.fsencode(self.folder) + b"/caf\xe9.txt")
        try:
            with open(path, "w", encoding="utf-8") as file:
                file.write(program.some_text())
        except OSError:
            self.skipTest("this file system wants names in Unicode")
        self.succeed(self.train("--steps", "2", text=path))
        self.verified()

    def test_more_files_than_run_json_names(self):
        folder = self.folder / "many"
        folder.mkdir()
        for number in range(1100):
            (folder / f"{number:04}.txt").write_text(f"file {number} of many\n")
        self.succeed(self.train("--steps", "2", text=folder))
        text = json.loads((self.run_folder / "run.json").read_text())["text"]
        self.assertEqual(len(text["files"]), 1000)
        self.assertEqual(text["bytes"], sum(file.stat().st_size for file in folder.iterdir()))
        self.verified()

    def test_invalid_utf8_is_counted_and_replaced(self):
        path = self.folder / "latin1.txt"
        text = program.some_text(20_000).encode()
        path.write_bytes(text[:100] + b"\xe9\xff" + text[100:])
        spec = self.write_spec(program.tiny_spec(model={"vocabulary": 320}, data={"tokenizer": "sentencepiece-bpe"}))
        outcome = self.succeed(self.train("--steps", "2", text=path, spec=spec))
        for words in ("warning: ", "2 bytes of ", str(path), "the first at byte 100"):
            self.assertIn(words, outcome.err)
        self.assertEqual(self.verified()["step"], 2)

    # Recipes

    def test_spec_missing(self):
        self.refuse(self.train(spec=self.folder / "no.json"), NOT_FOUND, "no.json")
        self.nothing_left()

    def test_spec_no_json(self):
        self.bad_spec('{"name": "x",\n  oops}', "bad.json", "line 2")

    def test_unknown_keys_name_the_nearest(self):
        self.bad_spec(
            program.tiny_spec({"micro_batches": 2}, {"widht": 64}),
            "training.micro_batches",
            "did you mean training.micro_batch?",
            "model.widht",
            "did you mean model.width?",
        )

    def test_mistyped_values(self):
        self.bad_spec(
            program.tiny_spec({"steps": "many", "learning_rate": True}),
            "training.steps",
            "many",
            "training.learning_rate",
        )

    def test_all_problems_at_once(self):
        self.bad_spec(
            program.tiny_spec({"steps": 0, "learning_rate": -1.0}, {"heads": 3}, {"validation_share": 0.9}),
            "training.steps",
            "training.learning_rate",
            "model.heads",
            "data.validation_share",
            "bad.json",
        )

    def test_newer_recipe(self):
        spec = program.tiny_spec()
        spec["version"] = 99
        self.refuse(self.train(spec=self.write_spec(spec)), program.NEWER_VERSION, "spec.json", "newer", "Update")
        self.nothing_left()

    def test_unknown_preset_names_the_nearest(self):
        self.refuse(
            program.gsst("train", "--preset", "gpt2-125m", "--text", self.text, "--run", self.run_folder),
            NOT_FOUND,
            "gpt2-125m",
            "Use gpt2-124m",
        )
        self.nothing_left()

    def test_neither_preset_nor_spec(self):
        done = self.succeed(program.gsst("train", "--text", self.text, "--run", self.run_folder, "--steps", 1))
        self.assertIn("--preset NAME", done.err)

    # Options

    def test_sizes(self):
        for size in ("4 elephants", "-1GiB", "GiB", "1e99GiB", "nan"):
            with self.subTest(size):
                self.refuse(self.train("--vram=" + size), INVALID_INPUT, "--vram", "4GiB")
                self.nothing_left()

    def test_words_of_options(self):
        for option, value, hint in (
            ("--precision", "fp8", "fp32, bf16 or fp16"),
            ("--products", "wide", "auto, native or widened"),
            ("--residency", "cloud", "auto, disk or resident"),
            ("--device", "tpu", "cpu"),
            ("--steps", "0", "from 1 to"),
            ("--steps", "x", "--steps"),
            ("--no-such-option", "1", "--no-such-option"),
        ):
            with self.subTest(option + " " + value):
                self.refuse(self.train(option, value), INVALID_INPUT, option.removeprefix("--"), hint)
                self.nothing_left()

    def test_tokens_per_step(self):
        self.refuse(
            self.train("--tokens-per-step", "100"), INVALID_INPUT, "--tokens-per-step", "not a multiple", "32", "96"
        )
        self.nothing_left()
        self.second_call_works("--tokens-per-step", "96")

    # Limits

    def test_device_limit_too_small(self):
        outcome = self.refuse(self.train("--vram", "100KiB"), OVER_BUDGET, "device memory", "100 KiB", "--vram")
        self.nothing_left()
        smallest = re.search(r"--vram (\w+)", outcome.err).group(1)
        self.second_call_works("--vram", smallest)

    SCALARS = 1024  # single numbers, which the plan leaves out

    def test_the_least_device_memory(self):
        for residency in ("disk", "resident"):
            with self.subTest(residency):
                run = self.folder / residency
                plan = self.succeed(program.gsst("plan", "--spec", self.spec, "--residency", residency, "--json"))
                least = json.loads(plan.out)["smallest_device_bytes"]
                too_little = self.train("--vram", f"{least - self.SCALARS}B", "--residency", residency, run=run)
                self.refuse(too_little, OVER_BUDGET, "--vram")
                self.assertFalse(run.exists())
                self.succeed(self.train("--vram", f"{least + self.SCALARS}B", "--residency", residency, run=run))

    def test_ram_limit_too_small(self):
        self.refuse(self.train("--ram", "20KiB"), OVER_BUDGET, "RAM", "20 KiB", "at least")
        self.nothing_left()

    def test_disk_limit_too_small(self):
        self.refuse(self.train("--disk", "1MB"), OVER_BUDGET, "disk limit", "Raise")
        self.nothing_left()

    # Folders

    def test_run_below_a_file(self):
        below = self.text / "run"
        outcome = self.train(run=below)
        self.assertIn(outcome.code, (INVALID_INPUT, NOT_FOUND, program.PERMISSION), str(outcome))
        self.assertIn(str(self.text), outcome.err)
        self.assertEqual(self.text.read_text(), program.some_text())

    def test_folder_that_holds_a_run(self):
        self.succeed(self.train())
        before = self.verified()
        self.refuse(
            self.train("--steps", "3"),
            INVALID_INPUT,
            "already holds a run",
            str(self.run_folder),
            "gsst resume",
            "--run",
        )
        self.assertEqual(self.verified(), before)

    def test_folder_that_holds_no_run(self):
        for command in ("resume", "verify", "generate"):
            with self.subTest(command):
                self.refuse(
                    program.gsst(command, self.folder), NOT_FOUND, "no run in this folder", str(self.folder), "run.json"
                )
        self.assertFalse((self.folder / "LOCK").exists())

    def test_other_files_in_the_folder_stay(self):
        self.run_folder.mkdir()
        note = self.run_folder / "note.txt"
        note.write_text("mine")
        self.refuse(self.train(text=self.folder / "missing.txt"), INVALID_INPUT, "does not exist")
        self.succeed(self.train("--steps", "2"))
        self.assertEqual(note.read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
