# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that measurements answer, in the order of tests/MEASUREMENTS.md: what is asked, how it is measured, and
what the columns of the answer are. Notes say what columns mean and hold no figures that were measured."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Column:
    key: str  # of a row
    title: str
    form: str = "text"  # how a value is written, see render_measurements.py


@dataclasses.dataclass(frozen=True)
class Question:
    text: str
    command: str  # a line each
    columns: tuple
    note: str


QUESTIONS = {
    "quality": Question(
        "Does a model that was trained from disk predict as well?",
        "gsst train --preset shakespeare-bytes --text tinyshakespeare.txt --residency disk --seed N\n"
        "... --state mixed\n"
        "... --state lean",
        (
            Column("training", "training"),
            Column("losses", "validation loss by seed, nats a byte", "list"),
            Column("mean", "mean", "ratio"),
        ),
        "The loss is that over all positions of the text kept aside; less is better. PyTorch follows the same recipe "
        "with random numbers of its own.",
    ),
    "quality_sample": Question(
        "Do 8-bit moments cost quality in a short run?",
        "gsst train --preset sample --sample-text --state S --seed N",
        (
            Column("state", "state"),
            Column("losses", "validation loss by seed, nats a token", "list"),
            Column("mean", "mean", "ratio"),
        ),
        "A run this short scatters much by its seed alone.",
    ),
    "limits": Question(
        "Does a large model stay within its limits?",
        "gsst train --preset MODEL --sample-text --residency disk --vram V --ram R --sequence-length 1024 "
        "--tokens-per-step 1024 --steps 2\n"
        "llama-3b with --state mixed --evaluate-sequences 1, llama-7b with --state lean --clip previous",
        (
            Column("model", "model"),
            Column("device_limit", "limit, working memory", "bytes"),
            Column("device", "measured", "bytes"),
            Column("ram_limit", "limit, the rest", "bytes"),
            Column("rest", "measured", "bytes"),
            Column("seconds", "s/step", "seconds"),
            Column("predicted", "predicted", "seconds"),
            Column("besides", "s besides the steps", "seconds"),
            Column("resumed", "resumed and verified"),
        ),
        "A limit is enforced: the pool of working memory refuses what exceeds it. What lies besides the steps is the "
        "writing of the untrained model and what comes after the last step. Steps whose gradient norm jumps are made "
        "twice; the two steps of llama-7b are such steps.",
    ),
    "disk_over_resident": Question(
        "How much longer does a step take from disk than in memory?",
        "gsst bench --spec r.json --precision bf16 --update insured --tokens-per-step N --sequence-length N\n"
        "r.json: gpt2-124m with clip_norm 1000; 8,192 tokens with --update deferred",
        (
            Column("tokens", "tokens a step", "count"),
            Column("disk", "from disk, s/step", "seconds"),
            Column("resident", "in memory, s/step", "seconds"),
            Column("ratio", "ratio", "ratio"),
            Column("read_wait", "waits for reads, s", "seconds"),
            Column("write_wait", "waits for writes, s", "seconds"),
        ),
        "Both ways recompute activations and take turns; times are medians. The ratio scatters by some hundredths "
        "from day to day.",
    ),
    "plain_torch": Question(
        "How fast is it beside plain PyTorch?",
        "python3 tests/bench/plain_torch_bench.py build/release/bin/gsst presets/gpt2-124m.json 1024 2 1",
        (
            Column("name", "program"),
            Column("tokens_per_second", "tokens a second", "count"),
        ),
        "The same GPT-2 in bf16 (by autocast in PyTorch). Plain keeps activations; checkpointed, resident and disk "
        "recompute them.",
    ),
    "prediction": Question(
        "How close are predictions to what is measured?",
        "python3 tests/bench/prediction_grid.py build/release/bin/gsst --largest",
        (
            Column("plan", "plan"),
            Column("seconds", "s/step", "seconds"),
            Column("time", "time", "ratio"),
            Column("device", "device", "ratio"),
            Column("ram", "RAM", "ratio"),
            Column("read", "read", "ratio"),
            Column("written", "written", "ratio"),
            Column("picoseconds", "ps/FLOP", "two"),
            Column("moved", "B/parameter", "two"),
        ),
        "Time, device memory, RAM and bytes of the drive are measured over predicted. The rows called linear have the "
        "same tokens a step and show how cost grows with the model: picoseconds for each FLOP of the program, bytes "
        "read and written for each parameter. Bytes are the process's own counts.",
    ),
    "bytes": Question(
        "How many bytes does a step move for each parameter?",
        "gsst bench --preset gpt2-124m --tokens-per-step 4096",
        (
            Column("what", "bytes"),
            Column("measured", "measured", "two"),
            Column("predicted", "predicted", "two"),
            Column("design", "by the design, untied model", "two"),
        ),
        "Updates in the next forward pass, gradients in RAM, state exact.",
    ),
    "slow_drive": Question(
        "What does a slow drive cost?",
        "gsst bench --preset sample --clip previous --sweep disk-bandwidth --values 50MB,100MB,200MB,400MB,800MB "
        "--rounds 1 --measured-steps 6\n"
        "gsst bench --preset gpt2-124m --clip previous --tokens-per-step 1024 --sequence-length 1024 --disk-speed "
        "150MB",
        (
            Column("model", "model"),
            Column("drive", "drive", "rate"),
            Column("seconds", "s/step", "seconds"),
            Column("predicted", "predicted", "seconds"),
            Column("over_roofline", "over the roofline", "ratio"),
        ),
        "Reads and writes share the slowed drive, and each row is planned for it. The roofline is the larger of the "
        "drive's time by its rate and the arithmetic's. Where both are about equal, waits are longest: the sample has "
        "two slices, and a whole slice is waited for; gpt2-124m has many.",
    ),
    "products": Question(
        "When is bf16 multiplied faster through fp32?",
        "gsst bench --preset gpt2-124m --tokens-per-step 1024 --sequence-length 1024 --ways resident,disk --rounds 1 "
        "--measured-steps 2 --products WAY",
        (
            Column("way", "products"),
            Column("resident", "in memory, s/step", "seconds"),
            Column("disk", "from disk, s/step", "seconds"),
            Column("resident_peak", "peak in memory", "bytes"),
            Column("resident_predicted", "predicted", "bytes"),
            Column("disk_peak", "peak from disk", "bytes"),
            Column("disk_predicted", "predicted", "bytes"),
        ),
        "Many processors multiply bf16 slowly by themselves; `--products auto` chooses the faster way of the computer. "
        "Peaks are of the working memory.",
    ),
    "updates": Question(
        "How close is the optimizer's update to the speed of memory?",
        "build/release/bin/update_bench",
        (
            Column("state", "state"),
            Column("one", "1 thread, AVX-512", "two"),
            Column("two", "2 threads, AVX-512", "two"),
            Column("one_avx2", "1 thread, AVX2", "two"),
            Column("two_avx2", "2 threads, AVX2", "two"),
        ),
        "Bytes a second of the update over those of a memory copy in the same run; medians. Below one the arithmetic "
        "is the limit.",
    ),
    "sums": Question(
        "How fast are checksums?",
        "build/release/bin/update_bench",
        (
            Column("threads", "threads", "count"),
            Column("rate", "XXH3 from memory, GB/s", "count"),
        ),
        "Sums of blocks that lie in memory and not in the processor's cache.",
    ),
    "planning": Question(
        "How long does planning take?",
        "build/release/bin/plan_bench presets",
        (
            Column("what", "plan"),
            Column("milliseconds", "processor time at most, ms", "count"),
        ),
        "Each preset is planned for easy and for hard limits; the slowest counts.",
    ),
    "io_engines": Question(
        "How much of the processor does reading and writing take?",
        "gsst doctor",
        (
            Column("engine", "engine"),
            Column("processor", "processor time, thread pool = 1", "one"),
        ),
        "Both moved the same bytes in about the same time.",
    ),
    "first_steps": Question(
        "How soon does the sample show something?",
        "gsst train --preset sample --sample-text",
        (
            Column("what", "what"),
            Column("seconds", "s after the command", "one"),
            Column("loss", "validation loss, nats a token", "ratio"),
        ),
        "The training of the tokenizer is included.",
    ),
    "kills": Question(
        "Does a killed run go on to the same bits?",
        "ctest --preset release -L long",
        (
            Column("state", "state"),
            Column("kills", "kills", "count"),
            Column("equal", "same root hash as without a kill"),
        ),
        "Each run is killed with `kill -9` at a random moment and resumed; the hash of its last state is compared.",
    ),
}
