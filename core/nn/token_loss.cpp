// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/token_loss.h"

#include "nn/dispatch.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace gsst {

namespace {

using namespace vector_math;

constexpr int64_t kSumBlock = 4096;

template <typename T>
GSST_ALWAYS_INLINE float maximumBody(const T* row, int64_t count) {
    float lanes[kLanes];
    std::fill_n(lanes, kLanes, -std::numeric_limits<float>::infinity());
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
        for (int lane = 0; lane < kLanes; ++lane) {
            const float value = load(row[i + lane]);
            lanes[lane] = lanes[lane] < value ? value : lanes[lane];
        }
    for (; i < count; ++i)
        lanes[0] = std::max(lanes[0], load(row[i]));
    return *std::max_element(lanes, lanes + kLanes);
}

/// Log-sum-exp of the row. NaN anywhere gives NaN: it reaches the sum even though the maximum skips it.
template <typename T>
GSST_ALWAYS_INLINE double logSumExpBody(const T* row, int64_t count) {
    const float highest = maximumBody(row, count);
    double sum = 0.0;
    for (int64_t first = 0; first < count; first += kSumBlock) {
        const T* part = row + first;
        sum += double(laneSum(std::min(kSumBlock, count - first), [=](int64_t i) { return exponential(load(part[i]) - highest); }));
    }
    return double(highest) + std::log(sum);
}

template <typename T>
GSST_ALWAYS_INLINE void gradientBody(T* row, int64_t count, float logSumExp, float scale) {
    for (int64_t i = 0; i < count; ++i)
        store(row[i], exponential(load(row[i]) - logSumExp) * scale);
}

GSST_VECTOR_CLONES double logSumExp(const float* row, int64_t count) { return logSumExpBody(row, count); }
GSST_VECTOR_CLONES double logSumExp(const Bf16* row, int64_t count) { return logSumExpBody(row, count); }
GSST_VECTOR_CLONES double logSumExp(const Fp16* row, int64_t count) { return logSumExpBody(row, count); }
GSST_VECTOR_CLONES void softmaxTimes(float* row, int64_t count, float sum, float scale) { gradientBody(row, count, sum, scale); }
GSST_VECTOR_CLONES void softmaxTimes(Bf16* row, int64_t count, float sum, float scale) { gradientBody(row, count, sum, scale); }
GSST_VECTOR_CLONES void softmaxTimes(Fp16* row, int64_t count, float sum, float scale) { gradientBody(row, count, sum, scale); }

template <typename T>
double lossOfRow(T* row, int64_t count, int64_t target, const float* scale) {
    if (target == kIgnoredTarget) {
        if (scale)
            std::fill_n(row, count, T{});
        return 0.0;
    }
    const double sum = logSumExp(row, count);
    const float hit = load(row[target]);
    if (scale) {
        softmaxTimes(row, count, float(sum), *scale);
        // From the unrounded logit: subtracting from a rounded bf16 probability would lose the small difference to one.
        store(row[target], float(std::expm1(double(hit) - sum)) * *scale);
    }
    return sum - double(hit);
}

void forEachRow(const at::Tensor& logits, std::span<const int64_t> targets, const float* scale, std::span<double> losses) {
    TORCH_INTERNAL_ASSERT(logits.is_contiguous() && logits.size(0) == int64_t(targets.size()) && losses.size() >= targets.size());
    dispatchPrecision(logits, [&](auto type) {
        const int64_t count = logits.size(1);
        auto* data = kernelData<decltype(type)>(logits);
        at::parallel_for(0, logits.size(0), 1, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row)
                losses[size_t(row)] = lossOfRow(data + row * count, count, targets[size_t(row)], scale);
        });
    });
}

}  // namespace

void tokenLosses(const at::Tensor& logits, std::span<const int64_t> targets, std::span<double> losses) {
    forEachRow(logits, targets, nullptr, losses);
}

void tokenLossesAndGradient(const at::Tensor& logits, std::span<const int64_t> targets, float scale, std::span<double> losses) {
    forEachRow(logits, targets, &scale, losses);
}

}  // namespace gsst
