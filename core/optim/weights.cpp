// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/weights.h"

#include "optim/kernels/cpu_kernels.h"

#include <algorithm>

namespace gsst {

void materializeWeights(const uint16_t* hi, const uint16_t* lo, float* weights, int64_t count) {
    cpuKernels().materializeWeights(hi, lo, weights, count);
}

void materializeWeights(Precision precision, const uint16_t* hi, const uint16_t* lo, void* weights, int64_t count) {
    switch (precision) {
    case Precision::Fp32:
        return materializeWeights(hi, lo, static_cast<float*>(weights), count);
    case Precision::Bf16:
        std::copy_n(hi, count, static_cast<uint16_t*>(weights));
        return;
    case Precision::Fp16:
        return cpuKernels().joinFp16(hi, lo, static_cast<uint16_t*>(weights), count);
    }
}

}  // namespace gsst
