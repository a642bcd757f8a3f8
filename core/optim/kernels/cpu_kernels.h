// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/kernels/bf16_rounding.h"
#include "optim/kernels/optimizer_maths.h"

#include <cstdint>
#include <span>
#include <tuple>

namespace gsst {

/// Moments in 8 bits, see moment_code.h: `count` codes and a scale for each 256 of them.
struct QuantizedMoment {
    uint8_t* codes = nullptr;
    float* scales = nullptr;
};

/// State and gradient of `count` elements of one tensor. None of the arrays overlap, and at most one of the weight
/// outputs is wanted. Second moments are there if the optimizer has them.
struct UpdateArrays {
    uint16_t* hi = nullptr;
    uint16_t* lo = nullptr;    ///< null: weights are `hi` alone and rounded stochastically
    float* moment1 = nullptr;  ///< null: the moments are quantized1, quantized2
    float* moment2 = nullptr;
    QuantizedMoment quantized1, quantized2;
    const float* gradient = nullptr;
    float* weightsFp32 = nullptr;     ///< out, may be null
    uint16_t* weightsBf16 = nullptr;  ///< out, may be null
    uint16_t* weightsFp16 = nullptr;  ///< out, may be null
    int64_t count = 0;
    RoundingKey rounding;      ///< without `lo`
    int64_t firstElement = 0;  ///< without `lo`: of the first element in its tensor, a multiple of 256
};

/// The update by an optimizer's Math, see optimizer_maths.h. `keep` is 1 for tensors that do not decay. They return
/// whether all new weights (in fp32, and their `hi`) and moments are finite.
template <typename Math>
struct UpdateKernels {
    using Kernel = bool (*)(const UpdateArrays& arrays, float keep, const typename Math::Constants& constants);
    Kernel plain;      ///< with `lo` and fp32 moments
    Kernel quantized;  ///< with any arrays that begin at a group of 256 elements of the tensor
};

/// The loops over many elements, compiled once for each instruction set. All sets give the same bits: every operation
/// is an IEEE one, in the same order, and nothing is contracted. Thread-safe for disjoint arrays.
struct CpuKernels {
    const char* name;
    OptimizerMaths::TupleOf<UpdateKernels> updates;
    /// `lo` null: fp32 of bf16.
    void (*materializeWeights)(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count);
    /// The same values, rounded to fp16.
    void (*joinFp16)(const uint16_t* hi, const uint16_t* lo, uint16_t* weights, int64_t count);
    double (*squaredNorm)(const float* values, int64_t count);
    /// To the nearest bf16, in place.
    void (*roundToBf16)(float* values, int64_t count);
    void (*packBf16)(const float* values, uint16_t* packed, int64_t count);

    template <typename Math>
    const UpdateKernels<Math>& update() const {
        return std::get<UpdateKernels<Math>>(updates);
    }
};

/// Those that this processor can run, slowest first; never empty.
std::span<const CpuKernels> supportedCpuKernels();

/// The fastest of them.
inline const CpuKernels& cpuKernels() {
    return supportedCpuKernels().back();
}

}  // namespace gsst
