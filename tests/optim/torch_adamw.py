# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference for torch_adamw_test: clip_grad_norm_ and torch.optim.AdamW over raw fp32 files.

torch_adamw.py FOLDER COUNT STEPS BETA1 BETA2 EPSILON DECAY MAX_NORM
reads weights.f32, gradients.f32 (STEPS x COUNT) and rates.f64 (STEPS); writes weights.out.f32, moment1.out.f32,
moment2.out.f32 and factors.out.f32 (STEPS clip factors). Writes an empty file named missing when torch or numpy are.
"""

import pathlib
import sys

try:
    import numpy
    import torch
except ImportError:
    (pathlib.Path(sys.argv[1]) / "missing").touch()
    sys.exit(0)


def main() -> None:
    folder, count, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    beta1, beta2, epsilon, decay, max_norm = map(float, sys.argv[4:9])
    torch.set_num_threads(1)
    read = lambda name, kind: torch.from_numpy(numpy.fromfile(f"{folder}/{name}", dtype=kind))
    weights = torch.nn.Parameter(read("weights.f32", numpy.float32))
    gradients = read("gradients.f32", numpy.float32).reshape(steps, count)
    rates = read("rates.f64", numpy.float64)
    optimizer = torch.optim.AdamW(
        [weights], lr=1.0, betas=(beta1, beta2), eps=epsilon, weight_decay=decay, foreach=False
    )
    factors = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = float(rates[step])
        norm = gradients[step].double().norm().float()
        factors.append((max_norm / (norm + 1e-6)).clamp(max=1.0))
        weights.grad = gradients[step].clone()
        torch.nn.utils.clip_grads_with_norm_([weights], max_norm, norm)
        optimizer.step()
    state = optimizer.state[weights]
    weights.detach().numpy().tofile(f"{folder}/weights.out.f32")
    state["exp_avg"].numpy().tofile(f"{folder}/moment1.out.f32")
    state["exp_avg_sq"].numpy().tofile(f"{folder}/moment2.out.f32")
    torch.stack(factors).numpy().tofile(f"{folder}/factors.out.f32")


main()
