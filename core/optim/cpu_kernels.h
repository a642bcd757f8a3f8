// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/adamw_math.h"

#include <cstdint>
#include <span>

namespace gsst {

/// Arrays of `count` elements of one tensor, none of which overlap. At most one of the two weight outputs is wanted.
struct AdamWArrays {
    uint16_t* hi = nullptr;
    uint16_t* lo = nullptr;
    float* moment1 = nullptr;
    float* moment2 = nullptr;
    const float* gradient = nullptr;
    float* weightsFp32 = nullptr;     ///< out, may be null
    uint16_t* weightsBf16 = nullptr;  ///< out, may be null
    int64_t count = 0;
};

/// The loops over many elements, compiled once for each instruction set. All sets give the same bits: every operation is an
/// IEEE one, in the same order, and nothing is contracted. Thread-safe for disjoint arrays.
struct CpuKernels {
    const char* name;
    /// `keep` is 1 for tensors that do not decay.
    void (*adamwUpdate)(const AdamWArrays& arrays, float keep, const AdamWConstants& constants);
    void (*joinWeights)(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count);
    double (*squaredNorm)(const float* values, int64_t count);
};

/// Those that this processor can run, slowest first; never empty.
std::span<const CpuKernels> supportedCpuKernels();

/// The fastest of them.
inline const CpuKernels& cpuKernels() { return supportedCpuKernels().back(); }

}  // namespace gsst
