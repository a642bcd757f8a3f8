// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/squared_norm.h"

#include <algorithm>
#include <cmath>

namespace gsst {

double squaredNorm(const float* values, int64_t count) {
    constexpr int kLanes = 16;
    double lanes[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (int lane = 0; lane < kLanes; ++lane) {
            const double value = double(values[i + lane]);
            lanes[lane] += value * value;
        }
    for (; i < count; ++i)
        lanes[i % kLanes] += double(values[i]) * double(values[i]);
    double sum = 0;
    for (double lane : lanes)
        sum += lane;
    return sum;
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
    return float(std::min(1.0, maxNorm / (norm + 1e-6)));
}

}  // namespace gsst
