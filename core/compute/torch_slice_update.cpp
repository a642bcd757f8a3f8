// SPDX-License-Identifier: GPL-3.0-or-later
// The part of TorchSliceMath that needs no torch: optimizer work on blocks.
#include "compute/torch_slice_math.h"
#include "optim/block_math.h"

#include <string>

namespace gsst {

Status TorchSliceMath::update(const UpdateCall& call) {
    BlockUpdate update;
    update.blocks = {call.firstBlock, call.blockCount};
    update.state = call.state;
    update.gradient = call.gradient;
    update.packed = call.packed;
    update.weights = call.weights;
    update.gradientScale = call.gradientScale;
    update.step = call.step;
    update.notFinite = call.notFinite;
    update.hooks = call.hooks;
    if (call.current && m_training.precision == Precision::Fp16)
        return Error{ErrorCode::Internal, "An update cannot go on", "step " + std::to_string(call.step),
                     "fp16 weights do not tell what they were rounded from", "Please report this with the run's log"};
    if (call.current)
        splitBlocks(m_table, m_training.precision, update.blocks, call.current, call.state.hi(), call.state.lo(),
                    *m_workers);
    return updateBlocks(m_table, m_format, m_training, update, *m_workers);
}

Status TorchSliceMath::join(const MaterializeCall& call) {
    return joinBlocks(m_table, m_training.precision, {call.firstBlock, call.blockCount}, call.hi, call.lo, call.weights,
                      *m_workers, call.hooks);
}

Status TorchSliceMath::norms(const NormCall& call) {
    const BlockRange blocks{call.firstBlock, call.blockCount};
    if (m_format.preset() != StatePreset::Exact)
        roundGradients(m_table, blocks, call.gradient, *m_workers);
    normBlocks(m_table, blocks, call.gradient, call.squaredNorms, *m_workers);
    return {};
}

Status TorchSliceMath::packGradient(const PackCall& call) {
    packGradients(m_table, {call.firstBlock, call.blockCount}, call.gradient, call.packed, *m_workers);
    return {};
}

}  // namespace gsst
