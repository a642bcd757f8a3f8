// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox.h"
#include "optim/bf16_split.h"
#include "optim/cpu_kernels.h"

#include <bit>
#include <cstdint>
#include <vector>

namespace gsst::test {

/// Optimizer state with values of its own.
struct State {
    std::vector<uint16_t> hi, lo;
    std::vector<float> moment1, moment2;

    explicit State(size_t count = 0) : hi(count), lo(count), moment1(count), moment2(count) {}
    bool operator==(const State&) const = default;

    size_t size() const { return hi.size(); }
    float weight(size_t i) const { return std::bit_cast<float>(joinHalves(hi[i], lo[i])); }
    void setWeight(size_t i, float value) {
        hi[i] = highHalf(std::bit_cast<uint32_t>(value));
        lo[i] = lowHalf(std::bit_cast<uint32_t>(value));
    }
    AdamWArrays arrays(const float* gradient, size_t first, size_t count) {
        AdamWArrays arrays;
        arrays.hi = hi.data() + first;
        arrays.lo = lo.data() + first;
        arrays.moment1 = moment1.data() + first;
        arrays.moment2 = moment2.data() + first;
        arrays.gradient = gradient + first;
        arrays.count = int64_t(count);
        return arrays;
    }
};

inline std::vector<float> normals(size_t count, uint64_t stream, float scale) {
    std::vector<float> values(count);
    fillNormal(values, 5, stream, 0);
    for (float& value : values)
        value *= scale;
    return values;
}

/// As in the middle of a training: weights of 0.05, gradients of 1e-3 over several orders of magnitude, exact zeros here and there.
inline State randomState(size_t count) {
    State state(count);
    const auto weights = normals(count, 1, 0.05f), moment1 = normals(count, 2, 1e-3f), moment2 = normals(count, 3, 1e-3f);
    for (size_t i = 0; i < count; ++i) {
        state.setWeight(i, weights[i]);
        state.moment1[i] = moment1[i];
        state.moment2[i] = moment2[i] * moment2[i];
    }
    return state;
}

inline std::vector<float> randomGradient(size_t count, uint64_t stream) {
    std::vector<float> gradient = normals(count, stream, 1e-3f);
    for (size_t i = 0; i < count; ++i)
        gradient[i] = i % 11 == 0 ? 0.0f : gradient[i] * (i % 5 == 0 ? 1e3f : 1.0f) * (i % 7 == 0 ? 1e-6f : 1.0f);
    return gradient;
}

}  // namespace gsst::test
