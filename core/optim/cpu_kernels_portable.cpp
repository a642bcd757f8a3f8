// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/cpu_loops.h"

namespace gsst {
namespace {

void update(const AdamWArrays& arrays, float keep, const AdamWConstants& constants) { loops::adamwUpdate(arrays, keep, constants); }
void join(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) { loops::joinWeights(hi, lo, weights, count); }
double norm(const float* values, int64_t count) { return loops::squaredNorm(values, count); }

constexpr CpuKernels kKernels[] = {{"portable", update, join, norm}};

}  // namespace

std::span<const CpuKernels> supportedCpuKernels() { return kKernels; }

}  // namespace gsst
