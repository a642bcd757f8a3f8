// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/token_loss.h"

#include "nn/dispatch.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

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

/// The sum of the row. NaN anywhere gives NaN: it reaches the sum even though the maximum skips it.
template <typename T>
GSST_ALWAYS_INLINE TokenSum sumBody(const T* row, int64_t count) {
    const float highest = maximumBody(row, count);
    double sum = 0.0;
    for (int64_t first = 0; first < count; first += kSumBlock) {
        const T* part = row + first;
        sum += double(laneSum(std::min(kSumBlock, count - first),
                              [=](int64_t i) { return exponential(load(part[i]) - highest); }));
    }
    return {sum, highest, 0.0f};
}

template <typename T>
GSST_ALWAYS_INLINE void gradientBody(T* row, int64_t count, float logSumExp, float scale) {
    for (int64_t i = 0; i < count; ++i)
        store(row[i], exponential(load(row[i]) - logSumExp) * scale);
}

GSST_VECTOR_CLONES TokenSum sumOfRow(const float* row, int64_t count) {
    return sumBody(row, count);
}
GSST_VECTOR_CLONES TokenSum sumOfRow(const Bf16* row, int64_t count) {
    return sumBody(row, count);
}
GSST_VECTOR_CLONES TokenSum sumOfRow(const Fp16* row, int64_t count) {
    return sumBody(row, count);
}
GSST_VECTOR_CLONES void softmaxTimes(float* row, int64_t count, float sum, float scale) {
    gradientBody(row, count, sum, scale);
}
GSST_VECTOR_CLONES void softmaxTimes(Bf16* row, int64_t count, float sum, float scale) {
    gradientBody(row, count, sum, scale);
}
GSST_VECTOR_CLONES void softmaxTimes(Fp16* row, int64_t count, float sum, float scale) {
    gradientBody(row, count, sum, scale);
}

/// Brings both sums to the higher of their maxima.
void addTo(TokenSum& sum, const TokenSum& more) {
    const float highest = sum.highest < more.highest ? more.highest : sum.highest;
    sum.sum = sum.sum * std::exp(double(sum.highest) - double(highest)) +
              more.sum * std::exp(double(more.highest) - double(highest));
    sum.highest = highest;
}

template <typename T>
void addRow(const T* row, int64_t count, int64_t target, bool begins, TokenSum& sum) {
    const TokenSum more = sumOfRow(row, count);
    if (begins)
        sum = more;
    else
        addTo(sum, more);
    if (target >= 0 && target < count)
        sum.hit = load(row[target]);
}

template <typename T>
void gradientOfRow(T* row, int64_t count, int64_t target, const TokenSum& sum, float scale) {
    const double logSumExp = sum.logSumExp();
    softmaxTimes(row, count, float(logSumExp), scale);
    // From the unrounded logit: subtracting from a rounded bf16 probability would lose the small difference to one.
    if (target >= 0 && target < count)
        store(row[target], float(std::expm1(double(sum.hit) - logSumExp)) * scale);
}

/// Calls work(row's data, count, row) on several threads.
template <typename Work>
void forEachRow(const at::Tensor& logits, std::span<const int64_t> targets, std::span<const TokenSum> sums,
                const Work& work) {
    TORCH_INTERNAL_ASSERT(logits.is_contiguous() && logits.size(0) == int64_t(targets.size()) &&
                          sums.size() >= targets.size());
    dispatchPrecision(logits, [&](auto type) {
        const int64_t count = logits.size(1);
        auto* data = kernelData<decltype(type)>(logits);
        at::parallel_for(0, logits.size(0), 1, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row)
                work(data + row * count, count, size_t(row));
        });
    });
}

}  // namespace

double TokenSum::logSumExp() const {
    return double(highest) + std::log(sum);
}

void addTokenSums(const LogitChunk& chunk, std::span<const int64_t> targets, std::span<TokenSum> sums) {
    forEachRow(chunk.logits, targets, sums, [&](auto* row, int64_t count, size_t index) {
        if (targets[index] != kIgnoredTarget)
            addRow(row, count, targets[index] - chunk.firstToken, chunk.firstToken == 0, sums[index]);
    });
}

void tokenLosses(std::span<const int64_t> targets, std::span<const TokenSum> sums, std::span<double> losses) {
    for (size_t row = 0; row < targets.size(); ++row)
        losses[row] = targets[row] == kIgnoredTarget ? 0.0 : sums[row].logSumExp() - double(sums[row].hit);
}

void turnIntoGradient(const LogitChunk& chunk, std::span<const int64_t> targets, std::span<const TokenSum> sums,
                      float scale) {
    forEachRow(chunk.logits, targets, sums, [&](auto* row, int64_t count, size_t index) {
        if (targets[index] == kIgnoredTarget)
            std::fill_n(row, count, std::remove_pointer_t<decltype(row)>{});
        else
            gradientOfRow(row, count, targets[index] - chunk.firstToken, sums[index], scale);
    });
}

}  // namespace gsst
