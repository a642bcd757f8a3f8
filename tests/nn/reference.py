# SPDX-License-Identifier: GPL-3.0-or-later
"""The same models in plain PyTorch, for tests/compute/reference_test.cpp.

usage: reference.py FOLDER

Reads   manifest.txt   "key value" lines (traits are 0 or 1), then "tensor LAYER ROLE SHAPE..." lines in the order of
                       weights.bin
        weights.bin    fp32, one tensor after the other
        tokens.bin     int64: inputs, then targets of each micro-batch; target -1 does not count
Writes  units.bin      fp32: outputs of embedding, attention, MLP ... for the first micro-batch
        loss.bin       float64: mean loss of the first step, then of `steps` steps of training on the same tokens
        norms.bin      float64: gradient norm of each of these steps
        gradients.bin  fp32: gradients of the first step, as weights.bin
        trained.bin    fp32: weights after the training
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F


def read_manifest(folder):
    values, tensors = {}, []
    for line in (folder / "manifest.txt").read_text().splitlines():
        key, *rest = line.split()
        if key == "tensor":
            tensors.append((int(rest[0]), rest[1], [int(n) for n in rest[2:]]))
        else:
            values[key] = float(rest[0])
    return values, tensors


def read_floats(path):
    return torch.frombuffer(bytearray(path.read_bytes()), dtype=torch.float32).clone()


def write(path, tensors, dtype=torch.float32):
    path.write_bytes(b"".join(t.detach().to(dtype).contiguous().numpy().tobytes() for t in tensors))


def rotate_half(x):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((-b, a), dim=-1)


class Model:
    def __init__(self, values, tensors, flat):
        self.v = values
        self.weights = {}
        offset = 0
        for layer, role, shape in tensors:
            count = torch.Size(shape).numel()
            self.weights[layer, role] = flat[offset : offset + count].view(shape).clone().requires_grad_()
            offset += count
        assert offset == flat.numel()

    def norm(self, layer, x):
        key = layer if isinstance(layer, tuple) else (layer,)
        weight = self.weights[key[0], key[1] + "NormWeight"]
        if self.v["layerNorm"]:
            return F.layer_norm(x, x.shape[-1:], weight, self.weights[key[0], key[1] + "NormBias"], self.v["epsilon"])
        return self.rms_norm(x, weight)

    def rms_norm(self, x, weight):
        return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.v["epsilon"]))

    def bias(self, layer, matrix):
        return self.weights[layer, matrix + "Bias"] if self.v["biases"] else None

    def embed(self, tokens):
        x = F.embedding(tokens, self.weights[-1, "TokenEmbedding"])
        if self.v["learnedPositions"]:
            x = x + self.weights[-1, "PositionEmbedding"][: tokens.shape[1]]
        return x

    def heads(self, x, count):
        return x.view(x.shape[0], x.shape[1], count, -1).transpose(1, 2)

    def rotary(self, x):
        size = x.shape[-1]
        frequency = 1.0 / (self.v["theta"] ** (torch.arange(0, size, 2, dtype=torch.float32) / size))
        angles = torch.arange(x.shape[2], dtype=torch.float32)[:, None] * frequency[None]
        angles = torch.cat((angles, angles), dim=-1)
        return x * angles.cos() + rotate_half(x) * angles.sin()

    def attention(self, layer, x):
        w = lambda role: self.weights[layer, role]
        heads, kv_heads = int(self.v["heads"]), int(self.v["kvHeads"])
        n = self.norm((layer, "Attention"), x)
        if self.v["fusedQkv"]:
            q, k, v = (self.heads(t, heads) for t in F.linear(n, w("Qkv"), self.bias(layer, "Qkv")).chunk(3, dim=-1))
        else:
            q = self.heads(F.linear(n, w("Query")), heads)
            k = self.heads(F.linear(n, w("Key")), kv_heads)
            v = self.heads(F.linear(n, w("Value")), kv_heads)
        if self.v["queryKeyNorm"]:
            q, k = self.rms_norm(q, w("QueryNorm")), self.rms_norm(k, w("KeyNorm"))
        if not self.v["learnedPositions"]:
            q, k = self.rotary(q), self.rotary(k)
        k, v = (t.repeat_interleave(heads // kv_heads, dim=1) for t in (k, v))
        back = torch.arange(x.shape[1])[:, None] - torch.arange(x.shape[1])
        seen = (back >= 0) & (back < (self.v["window"] or torch.inf))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen).transpose(1, 2).flatten(2)
        return x + F.linear(y, w("AttentionOut"), self.bias(layer, "AttentionOut"))

    def mlp(self, layer, x):
        w = lambda role: self.weights[layer, role]
        n = self.norm((layer, "Mlp"), x)
        up = F.linear(n, w("Up"), self.bias(layer, "Up"))
        hidden = F.silu(F.linear(n, w("Gate"))) * up if self.v["gatedMlp"] else F.gelu(up, approximate="tanh")
        return x + F.linear(hidden, w("Down"), self.bias(layer, "Down"))

    def loss_sum(self, tokens, targets, outputs=None):
        x = self.embed(tokens)
        outputs = [] if outputs is None else outputs
        outputs.append(x)
        for layer in range(int(self.v["layers"])):
            x = self.attention(layer, x)
            outputs.append(x)
            x = self.mlp(layer, x)
            outputs.append(x)
        table = self.weights[-1, "TokenEmbedding" if self.v["tied"] else "HeadWeight"]
        logits = F.linear(self.norm((-1, "Head"), x), table)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=-1, reduction="sum")


def main():
    folder = Path(sys.argv[1])
    torch.set_num_threads(2)
    values, tensors = read_manifest(folder)
    model = Model(values, tensors, read_floats(folder / "weights.bin"))
    raw = torch.frombuffer(bytearray((folder / "tokens.bin").read_bytes()), dtype=torch.int64)
    batches = raw.view(int(values["microBatches"]), 2, int(values["microBatch"]), int(values["sequenceLength"]))
    total = (batches[:, 1] >= 0).sum().item()

    def gradients_and_loss():
        loss = 0.0
        for inputs, targets in batches:
            part = model.loss_sum(inputs, targets)
            (part / total).backward()
            loss += part.item()
        return loss / total

    outputs = []
    with torch.no_grad():
        model.loss_sum(batches[0, 0], batches[0, 1], outputs)
    write(folder / "units.bin", outputs)

    parameters = list(model.weights.values())
    losses = [gradients_and_loss()]
    write(folder / "gradients.bin", [p.grad for p in parameters])

    groups = [
        {"params": [p for p in parameters if p.dim() == 2], "weight_decay": values["weightDecay"]},
        {"params": [p for p in parameters if p.dim() == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=values["learningRate"], betas=(values["beta1"], values["beta2"]), eps=values["adamEpsilon"]
    )
    norms = []
    for _ in range(int(values["steps"])):
        optimizer.zero_grad()
        losses.append(gradients_and_loss())
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, values["clipNorm"]).item())
        optimizer.step()
    write(folder / "loss.bin", [torch.tensor(losses, dtype=torch.float64)], torch.float64)
    write(folder / "norms.bin", [torch.tensor(norms, dtype=torch.float64)], torch.float64)
    write(folder / "trained.bin", parameters)


main()
