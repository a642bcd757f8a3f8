// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/worker_pool.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>

namespace gsst {

// Optimizer work on runs of canonical blocks, all of one unit, one behind the other with their padding, as state files and chunks
// hold them. Pointers are to the first element of the first block. Split over the threads block by block: results depend
// neither on their number nor on how blocks are grouped into calls.

struct BlockRange {
    int first = 0;
    int count = 0;
};

/// AdamW over the state of `blocks`, in place.
struct BlockUpdate {
    BlockRange blocks;
    uint16_t* hi = nullptr;
    uint16_t* lo = nullptr;
    float* moment1 = nullptr;
    float* moment2 = nullptr;
    const float* gradient = nullptr;
    void* weights = nullptr;      ///< out, in TrainSpec::precision, padding zero; may be null
    float gradientScale = 1.0f;   ///< clip factor
    int64_t step = 1;             ///< 1-based
};

/// Padding of the state is neither read nor written.
void updateBlocks(const TensorTable& table, const TrainSpec& training, const BlockUpdate& update, WorkerPool& workers);

/// Compute weights with their padding from halves. With bf16 this copies `hi`, and `lo` may be null.
void joinBlocks(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi, const uint16_t* lo, void* weights,
                WorkerPool& workers);

/// squaredNorm() of each block into squaredNorms[0 ... count).
void normBlocks(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms, WorkerPool& workers);

}  // namespace gsst
