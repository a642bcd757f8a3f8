// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/adamw_cpu.h"

#include "optim/schedule.h"

#include <bit>
#include <cmath>
#include <cstring>

// The loops are plain C++ that the compiler vectorises once for each instruction set; the loader picks one. No contraction
// and IEEE square roots and divisions make all versions give the same bits.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(_WIN32) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define GSST_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define GSST_CLONES
#endif

namespace gsst {
namespace {

GSST_CLONES void updateLoop(uint16_t* __restrict hi, uint16_t* __restrict lo, float* __restrict moment1, float* __restrict moment2,
                            const float* __restrict gradient, int64_t count, float keep, AdamWConstants constants) {
    for (int64_t i = 0; i < count; ++i) {
        const float weight = std::bit_cast<float>(joinHalves(hi[i], lo[i]));
        const float updated = adamwElement(weight, gradient[i], moment1[i], moment2[i], keep, constants);
        const uint32_t bits = std::bit_cast<uint32_t>(updated);
        hi[i] = highHalf(bits);
        lo[i] = lowHalf(bits);
    }
}

GSST_CLONES void joinLoop(const uint16_t* __restrict hi, const uint16_t* __restrict lo, float* __restrict weights, int64_t count) {
    for (int64_t i = 0; i < count; ++i)
        weights[i] = std::bit_cast<float>(joinHalves(hi[i], lo[i]));
}

}  // namespace

AdamWConstants adamwConstants(const TrainSpec& training, int64_t step, float gradientScale) {
    const double rate = learningRate(training, step);
    AdamWConstants constants;
    constants.gradientScale = gradientScale;
    constants.keep = float(1.0 - rate * training.weightDecay);
    constants.beta1Rest = float(1.0 - training.beta1);
    constants.beta2 = float(training.beta2);
    constants.beta2Rest = float(1.0 - training.beta2);
    constants.stepSize = float(rate / (1.0 - std::pow(training.beta1, double(step))));
    constants.rootCorrection = float(std::sqrt(1.0 - std::pow(training.beta2, double(step))));
    constants.epsilon = float(training.epsilon);
    return constants;
}

void adamwUpdate(const AdamWArrays& arrays, bool decay, const AdamWConstants& constants) {
    // Pieces that stay in the first-level cache, so that the weights come out of it instead of memory.
    constexpr int64_t kPiece = 1024;
    for (int64_t at = 0; at < arrays.count; at += kPiece) {
        const int64_t count = arrays.count - at < kPiece ? arrays.count - at : kPiece;
        updateLoop(arrays.hi + at, arrays.lo + at, arrays.moment1 + at, arrays.moment2 + at, arrays.gradient + at, count,
                   decay ? constants.keep : 1.0f, constants);
        if (arrays.weightsFp32)
            joinLoop(arrays.hi + at, arrays.lo + at, arrays.weightsFp32 + at, count);
        if (arrays.weightsBf16)
            std::memcpy(arrays.weightsBf16 + at, arrays.hi + at, size_t(count) * sizeof(uint16_t));
    }
}

void joinWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) { joinLoop(hi, lo, weights, count); }

}  // namespace gsst
