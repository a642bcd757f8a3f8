# SPDX-License-Identifier: GPL-3.0-or-later
"""What else a run folder holds: a run.json that someone wrote, damaged tokens and tokenizers, things that are no files.

Each is refused by name, and the run is as it was before."""

import json
import os
import pathlib
import shutil
import unittest

import program
from program import CORRUPT, INVALID_INPUT, NEWER_VERSION, NOT_FOUND, flip

SHARD = "data/tokens-0000.bin"
INDEX = "data/index.json"
MODEL = "tokenizer/tokenizer.model"
TOKENIZER = "tokenizer/gsst_tokenizer.json"


class ForeignFilesTest(program.ProgramTest):
    STEPS = 4

    @classmethod
    def setUpClass(cls):
        recipe = program.tiny_spec({"steps": cls.STEPS}, {"vocabulary": 320}, {"tokenizer": "sentencepiece-bpe"})
        cls.begin_stock(recipe, program.some_text(20_000))
        cls.stock_run("run", "--residency", "disk", "--gradients", "disk")

    def setUp(self):
        super().setUp()
        self.renew()

    def renew(self):
        """The run as it was."""
        shutil.rmtree(self.run_folder, True)
        shutil.copytree(self.stock / "run", self.run_folder)

    def refused(self, code, *words, command="resume"):
        before = program.contents_of(self.run_folder)
        outcome = self.refuse(program.gsst(command, self.run_folder), code, *words)
        self.assertEqual(program.contents_of(self.run_folder), before, "a refused call changed the run")
        return outcome

    # run.json

    def describe(self, change):
        description = self.run_folder / "run.json"
        content = json.loads((self.stock / "run" / "run.json").read_text())
        change(content)
        description.write_text(json.dumps(content))

    def test_garbage(self):
        deep = "[" * 100_000
        for text, *words in (
            ("", "line 1"),
            ("[]", "version"),
            ('{"gsst_run": -1, "spec": {}}', "version"),
            ('{"gsst_run": 1}', '"spec"'),
            ('{"gsst_run": 1, "spec": 5}', '"spec"'),
            ("\0" * 5000, "a zero byte"),
            ("\x7fELF\x02\x01", "line 1"),
            ('{"gsst_run": 1, "spec": {"model": ' + deep, "nested more than"),
            ('{"gsst_run": 1, "gsst_run": 1}', "there twice"),
        ):
            with self.subTest(text[:40]):
                (self.run_folder / "run.json").write_text(text)
                self.refused(CORRUPT, "run.json", "slots and tokens in the folder are untouched", *words)

    def test_a_very_large_one(self):
        with open(self.run_folder / "run.json", "w", encoding="ascii") as file:
            file.write('{"gsst_run": 1, "device": "' + "x" * 100_000_000 + '"}')
        self.refused(CORRUPT, "run.json", "95.4 MiB", "at most 4 MiB")

    def test_sizes_that_cannot_be(self):
        sizes = {"layers": 10**18, "width": -64, "heads": 1.5, "vocabulary": "all of them"}
        self.describe(lambda content: content["spec"]["model"].update(sizes))
        outcome = self.refused(INVALID_INPUT, "run.json")
        for key, value in sizes.items():
            self.assertRegex(outcome.err, rf"model\.{key}: .*{value}")
        self.describe(
            lambda content: content["spec"]["training"].update(
                steps=2**63, sequences_per_step=2**62, micro_batch=-(2**63)
            )
        )
        self.refused(
            INVALID_INPUT, "training.steps", "training.sequences_per_step", "training.micro_batch", command="verify"
        )
        self.describe(lambda content: content["spec"].update(title="x" * 1_000_000))
        self.refused(INVALID_INPUT, "title: is longer than 200 bytes", command="generate")

    def test_one_of_another_model(self):
        self.describe(lambda content: content["spec"]["model"].update(layers=1000))
        for command in ("resume", "verify"):
            self.refused(INVALID_INPUT, "slots/A", "belongs to another model", command=command)

    def test_newer_ones(self):
        for version in (5, 2**64 - 1):
            self.describe(lambda content, version=version: content.update(gsst_run=version))
            self.refused(NEWER_VERSION, "run.json", f"its format is {version}", "Update")
        self.describe(lambda content: content["spec"].update(version=99))
        self.refused(NEWER_VERSION, "run.json", "its format is 99", "Update")

    # Tokens and tokenizer

    def test_flipped_bits(self):
        size = (self.run_folder / SHARD).stat().st_size
        for name, offset, words in (
            (SHARD, 20, "checksum of its header"),
            (SHARD, 64, "checksum of its tokens"),
            (SHARD, size - 1, "checksum of its tokens"),
            (MODEL, 0, "checksum"),
            (MODEL, 2000, "checksum"),
        ):
            with self.subTest(name, offset=offset):
                flip(self.run_folder / name, offset)
                self.refused(CORRUPT, name, words)
                flip(self.run_folder / name, offset)
        flip(self.run_folder / MODEL, 2000)
        self.refused(CORRUPT, MODEL, "checksum", command="generate")

    def test_cut_short(self):
        for name, length, words in (
            (SHARD, 0, "shorter than its header"),
            (SHARD, 1000, "it should hold"),
            (INDEX, 50, "not a JSON object"),
            (TOKENIZER, 0, "not a JSON object"),
            (MODEL, 5000, "checksum"),
            (MODEL, 0, "checksum"),
        ):
            with self.subTest(name, length=length):
                os.truncate(self.run_folder / name, length)
                self.refused(CORRUPT, name, words)
                self.renew()

    def test_missing(self):
        for name in (SHARD, INDEX, TOKENIZER, MODEL):
            with self.subTest(name):
                (self.run_folder / name).unlink()
                self.refused(NOT_FOUND, name, "does not exist")
                self.renew()

    def test_another_tokenizer(self):
        (self.run_folder / TOKENIZER).write_text('{"version": 1, "kind": "bytes"}')
        self.refused(CORRUPT, str(self.run_folder / "data"), "do not belong to its tokenizer")

    def test_newer_tokens_and_tokenizer(self):
        for name in (INDEX, TOKENIZER):
            content = json.loads((self.run_folder / name).read_text())
            (self.run_folder / name).write_text(json.dumps(content | {"version": 2}))
            self.refused(NEWER_VERSION, name, "newer version", "Update")
            self.renew()

    def test_shortened_while_training(self):
        self.describe(lambda content: content["spec"]["training"].update(steps=1_000_000))
        for length in (64, (self.run_folder / SHARD).stat().st_size - 2):
            with self.subTest(length=length):
                process = self.start("resume", self.run_folder)
                for line in process.stderr:
                    if "  step " in line:
                        break
                os.truncate(self.run_folder / SHARD, length)
                self.refuse(
                    program.end(process), CORRUPT, SHARD, "changed while it was in use", f"and now has {length}"
                )
                self.assertGreaterEqual(self.verified()["step"], self.STEPS)
                shutil.copy(self.stock / "run" / SHARD, self.run_folder / SHARD)
        committed = self.verified()["step"]
        self.succeed(program.gsst("resume", self.run_folder, "--steps", committed + 2))
        self.assertEqual([line["step"] for line in program.steps_of(self.run_folder)], list(range(1, committed + 3)))

    # No files

    def replace(self, command, name, make, code, words):
        """Puts what `make` makes where the file `name` was, and looks what the command says."""
        with self.subTest(f"{command}: {name}"):
            path = self.run_folder / name
            path.unlink()
            make(path)
            self.refuse(program.gsst(command, self.run_folder), code, name, words)
            self.renew()

    def test_folders(self):
        for command, *names in (
            ("verify", "run.json", "HEAD", "slots/A"),
            ("resume", "slots/B", "metrics.jsonl", "samples.jsonl", SHARD, INDEX, MODEL, "work/gradients", "LOCK"),
        ):
            for name in names:
                self.replace(command, name, pathlib.Path.mkdir, INVALID_INPUT, "it is a folder, not a file")

    @unittest.skipUnless(hasattr(os, "mkfifo"), "needs named pipes")
    def test_pipes(self):
        for command, name in (
            ("verify", "run.json"),
            ("verify", "HEAD"),
            ("resume", "slots/A"),
            ("resume", SHARD),
            ("generate", MODEL),
        ):
            self.replace(command, name, os.mkfifo, INVALID_INPUT, "it is a pipe, not a file")

    @unittest.skipUnless(os.name == "posix", "needs symbolic links")
    def test_links_to_nowhere(self):
        for command, name in (
            ("verify", "run.json"),
            ("verify", "HEAD"),
            ("resume", "metrics.jsonl"),
            ("resume", SHARD),
            ("resume", TOKENIZER),
        ):
            self.replace(command, name, lambda path: path.symlink_to(self.folder / "nowhere" / "file"), NOT_FOUND, "")

    @unittest.skipUnless(os.name == "posix", "needs symbolic links")
    def test_links_to_files_are_as_good_as_files(self):
        for name in ("HEAD", "slots/A", SHARD):
            shutil.move(self.run_folder / name, self.folder / pathlib.Path(name).name)
            (self.run_folder / name).symlink_to(self.folder / pathlib.Path(name).name)
        self.succeed(program.gsst("resume", self.run_folder, "--steps", self.STEPS + 2))
        self.assertEqual(self.verified()["step"], self.STEPS + 2)


if __name__ == "__main__":
    unittest.main()
