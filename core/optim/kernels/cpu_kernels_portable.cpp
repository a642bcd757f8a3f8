// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/kernels/cpu_loops.h"
#include "optim/kernels/quantized_loops.h"

namespace gsst {
namespace {

template <typename Math>
bool plain(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants) {
    return loops::updatePlain<Math>(arrays, keep, constants);
}
template <typename Math>
bool quantized(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants) {
    return loops::updateQuantized<Math, nullptr>(arrays, keep, constants);
}
template <typename... Maths>
constexpr std::tuple<UpdateKernels<Maths>...> updates(MathList<Maths...>) {
    return {UpdateKernels<Maths>{plain<Maths>, quantized<Maths>}...};
}
void join(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) {
    loops::materializeWeights(hi, lo, weights, count);
}
void joinHalf(const uint16_t* hi, const uint16_t* lo, uint16_t* weights, int64_t count) {
    loops::joinFp16(hi, lo, weights, count);
}
double norm(const float* values, int64_t count) {
    return loops::squaredNorm(values, count);
}
void round(float* values, int64_t count) {
    loops::roundToBf16(values, count);
}
void pack(const float* values, uint16_t* packed, int64_t count) {
    loops::packBf16(values, packed, count);
}

constexpr CpuKernels kKernels[] = {{"portable", updates(OptimizerMaths()), join, joinHalf, norm, round, pack}};

}  // namespace

std::span<const CpuKernels> supportedCpuKernels() {
    return kKernels;
}

}  // namespace gsst
