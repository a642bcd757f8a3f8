// SPDX-License-Identifier: GPL-3.0-or-later
// The part of TorchSliceMath that needs no torch: update, join and norms over optim, block by block on the calling thread.
#include "optim/adamw_cpu.h"
#include "optim/squared_norm.h"
#include "train/torch_slice_math.h"

#include <algorithm>
#include <cstddef>

namespace gsst {

Status TorchSliceMath::update(const UpdateCall& call) {
    const AdamWConstants constants = adamwConstants(m_training, call.step, call.gradientScale);
    const bool fp32 = m_training.precision == Precision::Fp32;
    const int64_t base = m_table.blocks()[size_t(call.firstBlock)].offset;
    for (int i = 0; i < call.blockCount; ++i) {
        const BlockInfo& block = m_table.blocks()[size_t(call.firstBlock + i)];
        const int64_t at = block.offset - base;
        AdamWArrays arrays;
        arrays.hi = call.hi + at;
        arrays.lo = call.lo + at;
        arrays.moment1 = call.moment1 + at;
        arrays.moment2 = call.moment2 + at;
        arrays.gradient = call.gradient + at;
        if (call.weights && fp32)
            arrays.weightsFp32 = static_cast<float*>(call.weights) + at;
        else if (call.weights)
            arrays.weightsBf16 = static_cast<uint16_t*>(call.weights) + at;
        arrays.count = block.elements;
        adamwUpdate(arrays, m_table.tensors()[size_t(block.tensor)].decay, constants);
    }
    return {};
}

Status TorchSliceMath::join(const JoinCall& call) {
    const int64_t base = m_table.blocks()[size_t(call.firstBlock)].offset;
    const BlockInfo& last = m_table.blocks()[size_t(call.firstBlock + call.blockCount - 1)];
    const int64_t count = last.offset + last.paddedElements - base;  // padding is zero in both halves and stays so
    if (m_training.precision == Precision::Fp32)
        joinWeights(call.hi, call.lo, static_cast<float*>(call.weights), count);
    else
        std::copy_n(call.hi, count, static_cast<uint16_t*>(call.weights));
    return {};
}

Status TorchSliceMath::norms(const NormCall& call) {
    const int64_t base = m_table.blocks()[size_t(call.firstBlock)].offset;
    for (int i = 0; i < call.blockCount; ++i) {
        const BlockInfo& block = m_table.blocks()[size_t(call.firstBlock + i)];
        call.squaredNorms[i] = squaredNorm(call.gradient + (block.offset - base), block.elements);
    }
    return {};
}

}  // namespace gsst
