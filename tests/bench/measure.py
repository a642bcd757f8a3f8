#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the answers to questions of questions.py and writes them to tests/measurements.

usage: measure.py BIN QUESTION [--folder FOLDER] [--text FILE]

BIN is the folder of the programs, build/release/bin. FOLDER is on the drive to measure (default: here) and is left as
it was; FILE is tinyshakespeare.txt for "quality". The questions "prediction" and "plain_torch" have scripts of their
own. Run it by hand, on a quiet computer, after `gsst doctor`; some questions take an hour and 60 GB."""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import measurements
from measurements import bench, run


class Task:
    """One call of this script: where programs and folders are."""

    def __init__(self, arguments, folder):
        self.bin = pathlib.Path(arguments.bin).resolve()
        self.gsst = self.bin / "gsst"
        self.text = arguments.text
        self.folder = folder

    def bench(self, *options):
        return bench(self.gsst, *options, "--folder", self.folder)

    def update_bench(self):
        return run([self.bin / "update_bench"])

    def train(self, *options):
        """Trains in a run folder that is new: its events, each with the seconds since the command."""
        folder = self.folder / "run"
        shutil.rmtree(folder, ignore_errors=True)
        command = [str(word) for word in (self.gsst, "train", *options, "--run", folder, "--json")]
        events, start = [], time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as program:
            for line in program.stdout:
                events.append({**json.loads(line), "at": time.monotonic() - start})
        if program.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {program.returncode}")
        return folder, events


def of(events, name):
    return [event for event in events if event["event"] == name]


def final_losses(task, seeds, *options):
    return [round(of(task.train(*options, "--seed", seed)[1], "validation")[-1]["loss"], 3) for seed in seeds]


def with_mean(row):
    return {**row, "mean": round(statistics.mean(row["losses"]), 4)}


def quality(task):
    if not task.text:
        sys.exit("quality: name the text with --text")
    recipe = ["--preset", "shakespeare-bytes", "--text", task.text, "--residency", "disk"]
    states = {"gsst, from disk": "exact"}
    states |= {f"gsst, from disk, state {state}": state for state in ("mixed", "lean")}
    rows = [
        with_mean({"training": name, "losses": final_losses(task, (1, 2, 3), *recipe, "--state", state)})
        for name, state in states.items()
    ]
    # PyTorch's own rows stand as they were measured.
    return rows + [row for row in measurements.load("quality")["rows"] if row["training"] not in states]


def quality_sample(task):
    recipe = ["--preset", "sample", "--sample-text", "--state"]
    return [
        with_mean({"state": state, "losses": final_losses(task, (1, 2, 3), *recipe, state)})
        for state in ("exact", "mixed", "lean")
    ]


def limits(task):
    shape = ["--sample-text", "--residency", "disk", "--sequence-length", 1024, "--tokens-per-step", 1024, "--steps", 2]
    models = (
        ("llama-1.3b", 2, 6, []),
        ("llama-3b", 3, 12, ["--state", "mixed", "--evaluate-sequences", 1]),
        ("llama-7b", 4, 4, ["--state", "lean", "--clip", "previous"]),
    )
    rows = []
    for model, device, ram, more in models:
        folder, events = task.train("--preset", model, *shape, "--vram", f"{device}GiB", "--ram", f"{ram}GiB", *more)
        steps = of(events, "step")
        run([task.gsst, "resume", folder, "--steps", 3])
        run([task.gsst, "verify", folder])
        rows.append(
            {
                "model": model,
                "device_limit": device * 2**30,
                "device": max(step["device_peak_bytes"] for step in steps),
                "ram_limit": ram * 2**30,
                "rest": max(step["ram_bytes"] for step in steps),
                "seconds": round(steps[-1]["seconds"], 1),
                "predicted": round(of(events, "plan")[-1]["seconds_per_step"], 1),
                "besides": round(events[-1]["at"] - sum(step["seconds"] for step in steps)),
                "resumed": "yes",
            }
        )
    return rows


def disk_over_resident(task):
    calm = measurements.changed_preset(task.folder, "gpt2-124m", "calm", training={"clip_norm": 1000.0})
    rows = []
    points = ((8192, "deferred", 2), (1024, "insured", 3), (512, "insured", 3), (256, "insured", 4))
    for tokens, update, rounds in points:
        length = min(tokens, 1024)
        shape = ["--spec", calm, "--precision", "bf16", "--tokens-per-step", tokens, "--sequence-length", length]
        ways = {way["name"]: way for way in task.bench(*shape, "--update", update, "--rounds", rounds)["variants"]}
        disk, resident = ways["disk"], ways["resident"]
        rows.append(
            {
                "tokens": tokens,
                "disk": disk["median_seconds"],
                "resident": resident["median_seconds"],
                "ratio": round(disk["median_seconds"] / resident["median_seconds"], 3),
                "read_wait": disk["read_wait_seconds"],
                "write_wait": disk["write_wait_seconds"],
            }
        )
    return rows


def bytes_moved(task):
    result = task.bench("--preset", "gpt2-124m", "--tokens-per-step", 4096, "--ways", "disk", "--rounds", 1)
    way, parameters = result["variants"][0], result["parameters"]
    design = (result["theory_read_bytes_per_parameter"], result["theory_written_bytes_per_parameter"])
    return [
        {
            "what": what,
            "measured": round(way[f"{what}_bytes"] / parameters, 2),
            "predicted": round(way[f"predicted_{what}_bytes"] / parameters, 2),
            "design": of_design,
        }
        for what, of_design in zip(("read", "written"), design)
    ]


def slow_drive(task):
    sample = ["--preset", "sample", "--rounds", 1, "--measured-steps", 6]
    large = ["--preset", "gpt2-124m", "--tokens-per-step", 1024, "--sequence-length", 1024, "--rounds", 1]
    sweeps = (("sample", sample, "50MB,100MB,200MB,400MB,800MB"), ("gpt2-124m", large, "150MB,450MB,600MB"))
    rows = []
    for model, options, values in sweeps:
        sweep = ["--sweep", "disk-bandwidth", "--values", values, "--clip", "previous", "--ways", "disk"]
        for point in task.bench(*options, *sweep)["points"]:
            way = point["result"]["variants"][0]
            rows.append(
                {
                    "model": model,
                    "drive": 1e6 * float(point["value"].removesuffix("MB")),
                    "seconds": way["median_seconds"],
                    "predicted": way["predicted_seconds"],
                    "over_roofline": round(way["median_seconds"] / way["roofline_seconds"], 3),
                }
            )
    return rows


def products(task):
    shape = ["--preset", "gpt2-124m", "--tokens-per-step", 1024, "--sequence-length", 1024, "--rounds", 1]
    rows = []
    for choice, name in (("native", "native"), ("widened", "through fp32")):
        ways = task.bench(*shape, "--ways", "resident,disk", "--measured-steps", 2, "--products", choice)["variants"]
        row = {"way": name}
        for way in ways:
            row[way["name"]] = way["median_seconds"]
            row[f"{way['name']}_peak"] = way["device_peak_bytes"]
            row[f"{way['name']}_predicted"] = way["predicted_device_peak_bytes"]
        rows.append(row)
    return rows


def updates(task):
    """The median over that of a memory copy; portable kernels are left out."""
    found = re.findall(r"^(\w+) update, (avx\S+), (\d+) threads?.*?GB/s +(\d+) %", task.update_bench(), re.MULTILINE)
    rows = {}
    for state, kernels, threads, percent in found:
        key = ("one" if threads == "1" else "two") + ("_avx2" if kernels == "avx2" else "")
        rows.setdefault(state, {"state": state})[key] = int(percent) / 100
    return list(rows.values())


def sums(task):
    found = re.findall(r"^sum of a block.*?, (\d+) threads? .*?Mp/s +([\d.]+) GB/s", task.update_bench(), re.MULTILINE)
    return [{"threads": int(threads), "rate": round(float(rate))} for threads, rate in found]


def planning(task):
    slowest = {}
    for line in run([task.bin / "plan_bench", measurements.ROOT / "presets"]).splitlines()[1:]:
        name = line.split()[0]
        group = name if name in ("llama-3b", "llama-7b") else "small presets"
        times = [float(value) for value in re.findall(r": ([\d.]+)", line)]
        slowest[group] = max([slowest.get(group, 0), *times])
    rows = [{"what": what, "milliseconds": round(slowest[what])} for what in sorted(slowest, key=slowest.get)]
    named = {row["what"] for row in rows}
    return rows + [row for row in measurements.load("planning")["rows"] if row["what"] not in named]


def io_engines(task):
    drive = json.loads(run([task.gsst, "doctor", task.folder, "--json"]))["drive"]
    pool, uring = (drive[name]["processor_seconds_per_byte"] for name in ("thread_pool", "io_uring"))
    return [{"engine": "thread pool", "processor": 1.0}, {"engine": "io_uring", "processor": round(uring / pool, 1)}]


def first_steps(task):
    events = task.train("--preset", "sample", "--sample-text")[1]
    steps, loss = of(events, "step"), round(of(events, "validation")[-1]["loss"], 3)
    return [
        {"what": "first training loss", "seconds": round(steps[0]["at"], 1)},
        {"what": f"all {len(steps)} steps, with samples", "seconds": round(events[-1]["at"], 1), "loss": loss},
    ]


def kills(task, count=50):
    test = measurements.ROOT / "tests/cli/kill_resume_test.py"
    os.environ.update(GSST_KILLS=str(count), GSST_PROGRAM=str(task.gsst))
    run([sys.executable, "-B", test])
    return [{"state": state, "kills": count, "equal": "yes"} for state in ("on disk", "in memory")]


ANSWERS = {
    "quality": quality,
    "quality_sample": quality_sample,
    "limits": limits,
    "disk_over_resident": disk_over_resident,
    "bytes": bytes_moved,
    "slow_drive": slow_drive,
    "products": products,
    "updates": updates,
    "sums": sums,
    "planning": planning,
    "io_engines": io_engines,
    "first_steps": first_steps,
    "kills": kills,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin")
    parser.add_argument("question", choices=ANSWERS)
    parser.add_argument("--folder", default=".", help="drive to measure")
    parser.add_argument("--text", help='text for "quality"')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        measurements.save(arguments.question, ANSWERS[arguments.question](Task(arguments, pathlib.Path(folder))))


if __name__ == "__main__":
    main()
