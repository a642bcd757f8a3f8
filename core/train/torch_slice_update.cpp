// SPDX-License-Identifier: GPL-3.0-or-later
// The part of TorchSliceMath that needs no torch: optimizer work on blocks.
#include "optim/block_math.h"
#include "train/torch_slice_math.h"

namespace gsst {

Status TorchSliceMath::update(const UpdateCall& call) {
    BlockUpdate update;
    update.blocks = {call.firstBlock, call.blockCount};
    update.hi = reinterpret_cast<std::byte*>(call.hi);
    update.lo = reinterpret_cast<std::byte*>(call.lo);
    update.moment1 = reinterpret_cast<std::byte*>(call.moment1);
    update.moment2 = reinterpret_cast<std::byte*>(call.moment2);
    update.gradient = call.gradient;
    update.weights = call.weights;
    update.gradientScale = call.gradientScale;
    update.step = call.step;
    updateBlocks(m_table, m_format, m_training, update, *m_workers);
    return {};
}

Status TorchSliceMath::join(const JoinCall& call) {
    joinBlocks(m_table, m_training.precision, {call.firstBlock, call.blockCount}, call.hi, call.lo, call.weights, *m_workers);
    return {};
}

Status TorchSliceMath::norms(const NormCall& call) {
    normBlocks(m_table, {call.firstBlock, call.blockCount}, call.gradient, call.squaredNorms, *m_workers);
    return {};
}

}  // namespace gsst
