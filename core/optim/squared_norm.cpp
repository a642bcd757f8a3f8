// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/squared_norm.h"

#include "optim/kernels/cpu_kernels.h"

#include <cmath>

namespace gsst {

double squaredNorm(const float* values, int64_t count) {
    return cpuKernels().squaredNorm(values, count);
}

double totalNorm(std::span<const double> squaredNorms) {
    double sum = 0;
    for (double value : squaredNorms)
        sum += value;
    return std::sqrt(sum);
}

float clipFactor(double norm, double maxNorm) {
    if (maxNorm <= 0)
        return 1.0f;
    // A Python number divided by a tensor is the tensor's reciprocal times the number.
    const float factor = 1.0f / (float(norm) + 1e-6f) * float(maxNorm);
    return factor > 1.0f ? 1.0f : factor;
}

}  // namespace gsst
