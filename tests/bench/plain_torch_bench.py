# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain PyTorch against `gsst bench`, in turns: the same GPT-2, tokens a step, threads and precision.

Both resident, with AdamW and clipping.

usage: plain_torch_bench.py GSST RECIPE.json TOKENS_PER_STEP [ROUNDS] [STEPS]

PyTorch keeps fp32 weights and computes in bf16 by autocast, once with checkpointed blocks (every block is computed
twice, as in gsst's ways resident, ram and disk) and once without. Prints tokens a second, medians over all rounds, and
writes them to tests/measurements/plain_torch.json. Run it by hand, on a quiet computer.
"""

import json
import statistics
import sys
import time

import measurements
import torch
import torch.nn.functional as F
from torch.utils.checkpoint import checkpoint


class Block(torch.nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.qkv, self.out = torch.nn.Linear(width, 3 * width), torch.nn.Linear(width, width)
        self.up, self.down = torch.nn.Linear(width, inner), torch.nn.Linear(inner, width)

    def forward(self, x):
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1)
        )
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt2(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.tokens = torch.nn.Embedding(model["vocabulary"], model["width"])
        self.positions = torch.nn.Embedding(model["context"], model["width"])
        self.blocks = torch.nn.ModuleList(
            Block(model["width"], model["heads"], model["ffn_width"]) for _ in range(model["layers"])
        )
        self.norm = torch.nn.LayerNorm(model["width"])
        for parameter in self.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens, targets, recompute):
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if recompute else block(x)
        return F.cross_entropy(F.linear(self.norm(x), self.tokens.weight).flatten(0, 1), targets.flatten())


class Plain:
    def __init__(self, spec, tokens_per_step):
        training = spec["training"]
        self.length = min(training["sequence_length"], tokens_per_step)
        self.batch = min(training["micro_batch"], tokens_per_step // self.length)
        self.micro_batches = max(1, tokens_per_step // (self.length * self.batch))
        self.tokens = self.micro_batches * self.length * self.batch
        self.model = Gpt2(spec["model"])
        self.vocabulary = spec["model"]["vocabulary"]
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=training["learning_rate"], fused=True)

    def step(self, recompute):
        start = time.perf_counter()
        self.optimizer.zero_grad(set_to_none=True)
        for _ in range(self.micro_batches):
            data = torch.randint(self.vocabulary, (self.batch, self.length + 1))
            with torch.autocast("cpu", torch.bfloat16):
                loss = self.model(data[:, :-1], data[:, 1:], recompute)
            (loss / self.micro_batches).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        return time.perf_counter() - start


def main():
    program, recipe, tokens = sys.argv[1], sys.argv[2], int(sys.argv[3])
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 2
    steps = int(sys.argv[5]) if len(sys.argv) > 5 else 2
    with open(recipe, encoding="utf-8") as file:
        spec = json.load(file)
    plain = Plain(spec, tokens)
    seconds = {}
    for turn in range(rounds):
        for name, recompute in (("PyTorch", False), ("PyTorch, checkpointed", True)):
            plain.step(recompute)
            seconds.setdefault(name, []).extend(plain.step(recompute) for _ in range(steps))
        shape = ["--spec", recipe, "--tokens-per-step", tokens, "--ways", "plain,resident,disk"]
        done = measurements.bench(program, *shape, "--measured-steps", steps, "--rounds", 1)
        for variant in done["variants"]:
            seconds.setdefault("gsst, " + variant["name"], []).extend(variant["seconds_per_step"])
        print(f"round {turn + 1} of {rounds}", file=sys.stderr)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    for name, median in medians.items():
        print(f"{name:24s} {median:8.3f} s/step {plain.tokens / median:8.0f} tokens/s")
    rows = [{"name": name, "tokens_per_second": round(plain.tokens / median)} for name, median in medians.items()]
    measurements.save("plain_torch", rows)


if __name__ == "__main__":
    main()
