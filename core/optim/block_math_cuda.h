// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "optim/block_math.h"
#include "optim/kernels/block_loops.h"

#include <cstdint>

namespace gsst {

// block_math.h on a CUDA card: the same work on the same runs of blocks, to the same bits (of a NaN only that it is
// one). `stream` is a cudaStream_t of the calling thread's current card, all pointers are to its memory. The functions
// return when the work is enqueued; an Error tells why CUDA refused it, and in a build without CUDA that it is one. No
// blocks: no work, no error.

/// Without the hooks, which are for what the processor has in its cache.
Status updateBlocksCuda(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                        const BlockUpdate& update, void* stream);
Status joinBlocksCuda(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi,
                      const uint16_t* lo, void* weights, void* stream);
Status splitBlocksCuda(const TensorTable& table, Precision precision, BlockRange blocks, const void* weights,
                       uint16_t* hi, uint16_t* lo, void* stream);
Status normBlocksCuda(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms,
                      void* stream);
Status roundGradientsCuda(const TensorTable& table, BlockRange blocks, float* gradient, void* stream);
Status packGradientsCuda(const TensorTable& table, BlockRange blocks, const float* gradient, uint16_t* packed,
                         void* stream);
Status unpackGradientsCuda(const TensorTable& table, BlockRange blocks, const uint16_t* packed, float* gradient,
                           void* stream);
Status zeroFillCuda(void* data, int64_t bytes, void* stream);

/// The blocks `done` ... of a run, as many as one launch takes; offsets count from the first block of the run. What
/// only the update looks at is left out.
BlockBatch blockBatch(const TensorTable& table, BlockRange blocks, int done);
/// The same for the update, complete. `keep` is for tensors that decay.
BlockBatch updateBatch(const TensorTable& table, const StateFormat& format, BlockRange blocks, int done, float keep);

/// Pointers and random bits of `update` in the form of the kernels.
BlockArrays blockArrays(const StateFormat& format, const TrainSpec& training, const BlockUpdate& update);

}  // namespace gsst
