// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/cpu_loops.h"
#include "optim/kernels/quantized_groups.h"
#include "optim/kernels/quantized_loops.h"

#define GSST_KERNELS(suffix, ...)                                                                                      \
    template <typename Math>                                                                                           \
    __VA_ARGS__ bool plain##suffix(const UpdateArrays& arrays, float keep,                                             \
                                   const typename Math::Constants& constants) {                                        \
        return loops::updatePlain<Math>(arrays, keep, constants);                                                      \
    }                                                                                                                  \
    template <typename Math>                                                                                           \
    __VA_ARGS__ bool quantized##suffix(const UpdateArrays& arrays, float keep,                                         \
                                       const typename Math::Constants& constants) {                                    \
        return loops::updateQuantized<Math, loops::kFullGroups##suffix<Math>>(arrays, keep, constants);                \
    }                                                                                                                  \
    template <typename... Maths>                                                                                       \
    constexpr std::tuple<UpdateKernels<Maths>...> updates##suffix(MathList<Maths...>) {                                \
        return {UpdateKernels<Maths>{plain##suffix<Maths>, quantized##suffix<Maths>}...};                              \
    }                                                                                                                  \
    __VA_ARGS__ void join##suffix(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) {             \
        loops::materializeWeights(hi, lo, weights, count);                                                             \
    }                                                                                                                  \
    __VA_ARGS__ void joinHalf##suffix(const uint16_t* hi, const uint16_t* lo, uint16_t* weights, int64_t count) {      \
        loops::joinFp16(hi, lo, weights, count);                                                                       \
    }                                                                                                                  \
    __VA_ARGS__ double norm##suffix(const float* values, int64_t count) {                                              \
        return loops::squaredNorm(values, count);                                                                      \
    }                                                                                                                  \
    __VA_ARGS__ void round##suffix(float* values, int64_t count) {                                                     \
        loops::roundToBf16(values, count);                                                                             \
    }                                                                                                                  \
    __VA_ARGS__ void pack##suffix(const float* values, uint16_t* packed, int64_t count) {                              \
        loops::packBf16(values, packed, count);                                                                        \
    }

namespace gsst {
namespace {

GSST_KERNELS(Baseline)
GSST_KERNELS(Avx2, [[gnu::target("avx2")]])
GSST_KERNELS(Avx512, [[gnu::target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,prefer-vector-width=512")]])

constexpr CpuKernels kKernels[] = {
    {"baseline", updatesBaseline(OptimizerMaths()), joinBaseline, joinHalfBaseline, normBaseline, roundBaseline,
     packBaseline},
    {"avx2", updatesAvx2(OptimizerMaths()), joinAvx2, joinHalfAvx2, normAvx2, roundAvx2, packAvx2},
    {"avx512", updatesAvx512(OptimizerMaths()), joinAvx512, joinHalfAvx512, normAvx512, roundAvx512, packAvx512}};

size_t supportedCount() {
    if (!__builtin_cpu_supports("avx2"))
        return 1;
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512vl");
    return avx512 ? 3 : 2;
}

}  // namespace

std::span<const CpuKernels> supportedCpuKernels() {
    static const size_t count = supportedCount();
    return std::span(kKernels).first(count);
}

}  // namespace gsst
