// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/philox.h"
#include "optim/kernels/bf16_split.h"
#include "optim/kernels/cpu_kernels.h"
#include "optim/kernels/moment_code.h"
#include "spec/state_format.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace gsst::test {

/// What a test of state is run with.
struct StateOfOptimizer {
    OptimizerKind optimizer{};
    StatePreset preset{};
};
inline constexpr StateOfOptimizer kStatesOfOptimizers[] = {
    {OptimizerKind::AdamW, StatePreset::Exact}, {OptimizerKind::AdamW, StatePreset::Mixed},
    {OptimizerKind::AdamW, StatePreset::Lean},  {OptimizerKind::Lion, StatePreset::Exact},
    {OptimizerKind::Lion, StatePreset::Mixed},  {OptimizerKind::Lion, StatePreset::Lean}};
inline std::string nameOfState(const testing::TestParamInfo<StateOfOptimizer>& each) {
    return std::string(nameOf(each.param.optimizer)) + "_" + nameOf(each.param.preset);
}
inline TrainSpec trainingWith(OptimizerKind optimizer) {
    TrainSpec training;
    setOptimizer(training, optimizer);
    return training;
}

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
    UpdateArrays arrays(const float* gradient, size_t first, size_t count) {
        UpdateArrays arrays;
        arrays.hi = hi.data() + first;
        arrays.lo = lo.data() + first;
        arrays.moment1 = moment1.data() + first;
        arrays.moment2 = moment2.data() + first;
        arrays.gradient = gradient + first;
        arrays.count = int64_t(count);
        return arrays;
    }
};

/// A moment as its code and scale say.
inline float decodeMoment1(uint8_t code, float scale) {
    return ratioOfCode1(code) * scale;
}
inline float decodeMoment2(uint8_t code, float scale) {
    return ratioOfCode2(code) * scale;
}

/// State with moments in 8 bits. The first element is the first of a tensor.
struct QuantizedState {
    std::vector<uint16_t> hi, lo;
    std::vector<uint8_t> codes1, codes2;
    std::vector<float> scales1, scales2;

    bool operator==(const QuantizedState&) const = default;

    size_t size() const { return hi.size(); }
    /// `first` is a multiple of kScaleGroup.
    UpdateArrays arrays(StatePreset preset, const float* gradient, size_t first, size_t count) {
        UpdateArrays arrays;
        arrays.hi = hi.data() + first;
        arrays.lo = preset == StatePreset::Lean ? nullptr : lo.data() + first;
        arrays.quantized1 = {codes1.data() + first, scales1.data() + first / size_t(kScaleGroup)};
        arrays.quantized2 = {codes2.data() + first, scales2.data() + first / size_t(kScaleGroup)};
        arrays.gradient = gradient + first;
        arrays.count = int64_t(count);
        arrays.rounding = {77, 5, 3};
        arrays.firstElement = int64_t(first);
        return arrays;
    }
};

/// `state` with its moments encoded one by one.
inline QuantizedState coded(const State& state) {
    const size_t groups = (state.size() + size_t(kScaleGroup) - 1) / size_t(kScaleGroup);
    QuantizedState result{state.hi, state.lo, {}, {}, std::vector<float>(groups), std::vector<float>(groups)};
    for (size_t i = 0; i < state.size(); ++i) {
        float& scale1 = result.scales1[i / size_t(kScaleGroup)];
        float& scale2 = result.scales2[i / size_t(kScaleGroup)];
        scale1 = momentScale(std::max(scale1, std::abs(state.moment1[i])));
        scale2 = momentScale(std::max(scale2, state.moment2[i]));
    }
    for (size_t i = 0; i < state.size(); ++i) {
        result.codes1.push_back(encodeMoment1(state.moment1[i], 1 / result.scales1[i / size_t(kScaleGroup)]));
        result.codes2.push_back(encodeMoment2(state.moment2[i], 1 / result.scales2[i / size_t(kScaleGroup)]));
    }
    return result;
}

inline std::vector<float> normals(size_t count, uint64_t stream, float scale) {
    std::vector<float> values(count);
    fillNormal(values, 5, stream, 0);
    for (float& value : values)
        value *= scale;
    return values;
}

/// As in the middle of a training: weights of 0.05, gradients of 1e-3 over several orders of magnitude, exact zeros
/// here and there.
inline State randomState(size_t count) {
    State state(count);
    const auto weights = normals(count, 1, 0.05f), moment1 = normals(count, 2, 1e-3f),
               moment2 = normals(count, 3, 1e-3f);
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
