# SPDX-License-Identifier: GPL-3.0-or-later
"""Reference for torch_lion_test: Lion in plain PyTorch operations (Chen et al. 2023, algorithm 2) over raw fp32 files.

torch_lion.py FOLDER COUNT STEPS BETA1 BETA2 DECAY
reads weights.f32, gradients.f32 (STEPS x COUNT) and rates.f64 (STEPS); writes weights.out.f32 and moment1.out.f32.
Writes an empty file named missing when torch or numpy are.
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
    beta1, beta2, decay = map(float, sys.argv[4:7])
    torch.set_num_threads(1)
    read = lambda name, kind: torch.from_numpy(numpy.fromfile(f"{folder}/{name}", dtype=kind))
    weights = read("weights.f32", numpy.float32)
    gradients = read("gradients.f32", numpy.float32).reshape(steps, count)
    rates = read("rates.f64", numpy.float64)
    moment = torch.zeros(count)
    for step in range(steps):
        rate, gradient = float(rates[step]), gradients[step]
        blend = moment * beta1 + gradient * (1 - beta1)
        weights = weights * (1 - rate * decay) - rate * torch.sign(blend)
        moment = moment * beta2 + gradient * (1 - beta2)
    weights.numpy().tofile(f"{folder}/weights.out.f32")
    moment.numpy().tofile(f"{folder}/moment1.out.f32")


main()
