# SPDX-License-Identifier: GPL-3.0-or-later
"""What all tests of the program `gsst` share: starting it, a tiny recipe, a text, reading results."""

import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import threading
import unittest

PROGRAM = os.environ.get("GSST_PROGRAM", "gsst")
MAKE_NEWER = os.environ.get("GSST_MAKE_NEWER", "make_newer")
SECONDS = 120  # no single call of the program takes anywhere near as long

# The exit codes that the program promises, see core/base/result.cpp.
INVALID_INPUT = 2
NOT_FOUND = 3
PERMISSION = 4
NO_SPACE = 5
BUSY = 6
CORRUPT = 7
NEWER_VERSION = 8
OVER_BUDGET = 9


class Outcome:
    """What a finished call of the program gave back."""

    def __init__(self, code, out, err):
        self.code = code
        self.out = out
        self.err = err

    def __str__(self):
        return f"exit code {self.code}\nstdout: {self.out}\nstderr: {self.err}"


def command(*arguments):
    return [PROGRAM, *map(str, arguments)]


def gsst(*arguments, **options):
    """Runs the program to its end; `options` are those of subprocess.run."""
    done = subprocess.run(command(*arguments), capture_output=True, timeout=SECONDS, check=False, **options)
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())


def start(*arguments):
    """Starts the program and leaves it running: read lines from its pipes, then end()."""
    return subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process):
    """Waits for a program that was started. What is not read from its pipes yet comes back."""
    with process:
        err = []
        reader = threading.Thread(target=lambda: err.append(process.stderr.read()))
        reader.start()
        out = process.stdout.read()
        code = process.wait(SECONDS)
        reader.join()
    return Outcome(code, out, "".join(err))


def stop(process):
    """For clean-up: no program outlives its test."""
    if process.poll() is None:
        process.kill()
    if not process.stdout.closed:
        end(process)


def tiny_spec(training=None, model=None, data=None):
    """A model that trains a step in milliseconds, spread over several slices."""
    spec = {
        "version": 1,
        "name": "tiny",
        "model": {
            "family": "gpt2",
            "layers": 2,
            "width": 64,
            "heads": 2,
            "ffn_width": 128,
            "vocabulary": 256,
            "context": 32,
        },
        "training": {
            "steps": 12,
            "sequence_length": 32,
            "sequences_per_step": 4,
            "micro_batch": 2,
            "precision": "fp32",
            "learning_rate": 0.003,
            "warmup_steps": 2,
            "seed": 7,
            "threads": 1,
            "evaluate_every": 0,
            "evaluate_sequences": 4,
            "sample_every": 0,
        },
        "data": {"tokenizer": "bytes", "validation_share": 0.1},
    }
    spec["training"].update(training or {})
    spec["model"].update(model or {})
    spec["data"].update(data or {})
    return spec


def some_text(words=2000):
    """The same English-looking text every time."""
    chooser = random.Random(1)
    known = "the a small river ran over old stones and under every tall bridge where two birds sang about rain".split()
    page = " ".join(chooser.choice(known) for _ in range(min(words, 20_000))) + ".\n"
    return page * max(1, words // 20_000)


def steps_of(run):
    """The lines of metrics.jsonl that tell of training steps."""
    return [line for line in metrics_of(run) if line["event"] == "step"]


def metrics_of(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def flip(path, offset):
    """Turns one bit of the file."""
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x10]))


def contents_of(folder):
    """Content and time of change of every file below `folder`."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own, holding a text and a recipe."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="gsst-cli-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.text = self.folder / "text.txt"
        self.text.write_text(some_text())
        self.spec = self.write_spec(tiny_spec())
        self.run_folder = self.folder / "run"

    @classmethod
    def begin_stock(cls, spec, text):
        """For setUpClass: a folder that lasts as long as the class, for runs that its tests get copies of."""
        cls.stock = pathlib.Path(tempfile.mkdtemp(prefix="gsst-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.stock, True)
        (cls.stock / "text.txt").write_text(text)
        (cls.stock / "spec.json").write_text(json.dumps(spec))

    @classmethod
    def stock_run(cls, name, *more):
        """Trains the run `name` of the stock."""
        made = gsst(
            "train",
            "--spec",
            cls.stock / "spec.json",
            "--text",
            cls.stock / "text.txt",
            "--run",
            cls.stock / name,
            *more,
        )
        if made.code != 0:
            raise AssertionError(str(made))

    def start(self, *arguments):
        process = start(*arguments)
        self.addCleanup(stop, process)
        return process

    def small_disk(self, size, *options):
        """A folder that is a file system of its own of `size` ("4m"), empty."""
        disk = self.folder / "disk"
        disk.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", ",".join(("size=" + size, *options)), "tmpfs", disk]
        if os.name != "posix" or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
            self.skipTest("needs a small file system, which only root can mount, and not in every container")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def write_spec(self, spec, name="spec.json"):
        path = self.folder / name
        path.write_text(spec if isinstance(spec, str) else json.dumps(spec))
        return path

    def train_arguments(self, *more, run=None, spec=None, text=None):
        return (
            "train",
            "--spec",
            spec or self.spec,
            "--text",
            text or self.text,
            "--run",
            run or self.run_folder,
            *more,
        )

    def train(self, *more, **named):
        return gsst(*self.train_arguments(*more, **named))

    def succeed(self, outcome):
        self.assertEqual(outcome.code, 0, str(outcome))
        return outcome

    def refuse(self, outcome, code, *words):
        """The call failed with this exit code, and its message has all these words."""
        self.assertEqual(outcome.code, code, str(outcome))
        for word in words:
            self.assertIn(word, outcome.err, str(outcome))
        return outcome

    def verified(self, run=None):
        return json.loads(self.succeed(gsst("verify", run or self.run_folder, "--json")).out)

    def verify_damaged(self, *words, run=None):
        return self.refuse(gsst("verify", run or self.run_folder), CORRUPT, *words)
