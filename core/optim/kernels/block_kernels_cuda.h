// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "optim/kernels/block_loops.h"

#include <cstdint>

namespace gsst {

// The launches behind block_math_cuda.h. `stream` is a cudaStream_t of the calling thread's current card, all pointers
// are to its memory. They return when the work is enqueued; an Error tells why CUDA refused it. C++17.

/// The update by an optimizer's Math, see optimizer_maths.h.
template <typename Math>
struct UpdateLaunches {
    using Launch = Status (*)(void* stream, const BlockArrays& arrays, const BlockBatch& batch,
                              const typename Math::Constants& constants);
    Launch plain;   ///< state of preset Exact
    Launch groups;  ///< state of the other presets
};
const OptimizerMaths::TupleOf<UpdateLaunches>& updateLaunches();

/// Elements 0 ... count, padding included.
Status launchJoin(void* stream, const BlockArrays& arrays, int64_t count);
Status launchSplit(void* stream, const BlockArrays& arrays, int64_t count);
/// One norm per block of the batch, `squaredNorms` being that of the first.
Status launchNorms(void* stream, const float* gradient, const BlockBatch& batch, double* squaredNorms);
Status launchRound(void* stream, float* gradient, const BlockBatch& batch);
Status launchPack(void* stream, const float* gradient, uint16_t* packed, const BlockBatch& batch);
Status launchZeroFill(void* stream, void* data, int64_t bytes);

}  // namespace gsst
