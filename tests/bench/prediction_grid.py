# SPDX-License-Identifier: GPL-3.0-or-later
"""Predicted against measured, and how cost grows with the model: `gsst bench` over a grid of plans.

usage: prediction_grid.py GSST [--folder FOLDER] [--only WORD] [--largest]

Writes tests/measurements/prediction.json, unless --only leaves rows out; prints the rows as they come.

A row is one plan: seconds a step, device memory, counted RAM and bytes, each measured over predicted. The rows
"linear" have the same tokens a step; for them the table says what a FLOP of the program and a parameter cost. --largest
adds models that take minutes a step. Run it by hand, on a quiet computer, after `gsst doctor`; nothing else depends on
it.
"""

import argparse

import measurements
from questions import QUESTIONS
from render_measurements import table

COMMON = ["--precision", "bf16"]
SHORT = ["--preset", "gpt2-124m", "--sequence-length", "512", "--tokens-per-step", "512", "--ways", "disk"]
# An untrained model clips every step, which no plan for updates in the backward sweep reckons with: here no step does.
CALM = ["--recipe", "calm", "--sequence-length", "512", "--tokens-per-step", "512", "--ways", "disk"]
# Nothing waits in RAM that a larger model would not have room for: no gradient is stored.
LINEAR = [
    "--sequence-length",
    "1024",
    "--tokens-per-step",
    "1024",
    "--ways",
    "disk",
    "--update",
    "speculative",
    "--clip",
    "previous",
]

# name, options of gsst bench, timed steps, rounds
GRID = [
    ("sample, resident and disk", ["--preset", "sample", "--ways", "resident,disk"], 20, 3),
    ("sample, lean, disk", ["--preset", "sample", "--state", "lean", "--ways", "disk"], 20, 3),
    ("shakespeare-bytes, resident and disk", ["--preset", "shakespeare-bytes", "--ways", "resident,disk"], 40, 3),
    (
        "gpt2-124m, 2,048 tokens, plain and disk",
        ["--preset", "gpt2-124m", "--tokens-per-step", "2048", "--ways", "plain,disk"],
        1,
        1,
    ),
    (
        "gpt2-124m, 1,024 tokens, deferred",
        ["--preset", "gpt2-124m", "--tokens-per-step", "1024", "--ways", "disk", "--update", "deferred"],
        2,
        1,
    ),
    ("gpt2-124m, 512 tokens, deferred", [*SHORT, "--update", "deferred"], 2, 2),
    ("gpt2-124m, 512 tokens, insured", [*CALM, "--update", "insured"], 2, 2),
    ("gpt2-124m, 512 tokens, gradients on disk", [*CALM, "--gradients", "disk", "--update", "deferred"], 2, 2),
    ("gpt2-124m, 512 tokens, mixed, speculative", [*SHORT, "--state", "mixed", "--clip", "previous"], 2, 2),
    ("gpt2-124m, 512 tokens, fp32", [*SHORT, "--precision", "fp32"], 2, 2),
    ("gpt2-124m, 512 tokens, in 240 MiB", [*SHORT, "--vram", "240MiB"], 2, 2),
    (
        "gsst-199m in 1 GiB",
        ["--preset", "gsst-199m", "--vram", "1GiB", "--tokens-per-step", "1024", "--ways", "disk"],
        1,
        1,
    ),
    (
        "llama-350m, lean",
        [
            "--preset",
            "llama-350m",
            "--state",
            "lean",
            "--sequence-length",
            "512",
            "--tokens-per-step",
            "512",
            "--ways",
            "disk",
        ],
        1,
        1,
    ),
    ("linear: llama-110m", ["--recipe", "llama-110m", *LINEAR], 2, 1),
    ("linear: llama-350m", ["--preset", "llama-350m", *LINEAR], 2, 1),
    ("linear: llama-800m", ["--preset", "llama-800m", *LINEAR], 1, 1),
    ("linear: llama-1.3b", ["--preset", "llama-1.3b", *LINEAR], 1, 1),
]
LARGEST = [("linear: llama-3b", ["--preset", "llama-3b", *LINEAR], 1, 1)]


def recipes(folder):
    """Those that no preset is: the smallest of the row of Llama shapes, and a model whose steps do not clip."""
    small = {"layers": 12, "width": 768, "heads": 12, "kv_heads": 12, "ffn_width": 2048}
    return {
        "llama-110m": measurements.changed_preset(folder, "llama-350m", "llama-110m", model=small),
        "calm": measurements.changed_preset(folder, "gpt2-124m", "calm", training={"clip_norm": 1000.0}),
    }


def bench(program, folder, options, steps, rounds):
    common = [] if "--precision" in options else COMMON
    times = ["--measured-steps", steps, "--rounds", rounds]
    return measurements.bench(program, *options, *common, "--folder", folder, *times)


def over(measured, predicted):
    return None if predicted == 0 else round(measured / predicted, 3)


def row(name, result, variant):
    seconds = variant["median_seconds"]
    return {
        "plan": f"{name}: {variant['name']}",
        "seconds": seconds,
        "time": over(seconds, variant["predicted_seconds"]),
        "device": over(variant["device_peak_bytes"], variant["predicted_device_peak_bytes"]),
        "ram": over(variant["ram_peak_bytes"], variant["predicted_ram_peak_bytes"]),
        "read": over(variant["read_bytes"], variant["predicted_read_bytes"]),
        "written": over(variant["written_bytes"], variant["predicted_written_bytes"]),
        "picoseconds": round(1e12 * seconds / variant["flops"], 2),
        "moved": round((variant["read_bytes"] + variant["written_bytes"]) / result["parameters"], 2),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--folder", default=".", help="drive to measure")
    parser.add_argument("--only", default="", help="rows whose name has this word")
    parser.add_argument("--largest", action="store_true", help="models that take minutes a step, too")
    arguments = parser.parse_args()
    own = recipes(arguments.folder)
    rows = []
    for name, options, steps, rounds in GRID + (LARGEST if arguments.largest else []):
        if arguments.only not in name:
            continue
        if options[0] == "--recipe":
            options = ["--spec", own[options[1]], *options[2:]]
        result = bench(arguments.program, arguments.folder, options, steps, rounds)
        new = [row(name, result, variant) for variant in result["variants"]]
        lines = list(table(QUESTIONS["prediction"].columns, new))
        print("\n".join(lines[2:] if rows else lines), flush=True)
        rows += new
    if not arguments.only:
        measurements.save("prediction", rows)


if __name__ == "__main__":
    main()
