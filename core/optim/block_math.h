// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/block_hooks.h"
#include "base/result.h"
#include "optim/worker_pool.h"
#include "spec/state_format.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstddef>
#include <cstdint>

namespace gsst {

// Optimizer work on runs of canonical blocks, all of one unit, one behind the other with their padding, as state files
// and chunks hold them. Pointers are to the first element of the first block. Split over the threads block by block:
// results depend neither on their number nor on how blocks are grouped into calls.

struct BlockRange {
    int first = 0;
    int count = 0;
};

/// The recipe's optimizer over the state of `blocks`, in place. The sections are those of StateFormat, aligned to 4
/// bytes at least.
struct BlockUpdate {
    BlockRange blocks;
    StateSections state;  ///< kinds that the format lacks are not looked at
    const float* gradient = nullptr;
    const uint16_t* packed = nullptr;  ///< instead of `gradient`: what packGradients() wrote
    void* weights = nullptr;           ///< out, in TrainSpec::precision, padding zero; may be null
    float gradientScale = 1.0f;        ///< clip factor over loss scale
    int64_t step = 1;                  ///< 1-based
    uint32_t* notFinite = nullptr;  ///< set to 1 if a new weight or moment is not finite, else left alone; may be null
    BlockHooks hooks;
};

/// Padding of the state is neither read nor written. With preset Lean the weights are rounded by random bits that are a
/// function of TrainSpec::seed, step, tensor and element. `format` is of `table` and of the recipe's optimizer. The
/// first error of the hooks.
Status updateBlocks(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                    const BlockUpdate& update, WorkerPool& workers);

/// Compute weights with their padding from halves. With bf16 this copies `hi`, and `lo` may be null. With fp32 and `lo`
/// null (preset Lean) they are the values of `hi`. With fp16 they are what fp32 would be, rounded to nearest, ties to
/// even. The first error of hooks.opening.
Status joinBlocks(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi,
                  const uint16_t* lo, void* weights, WorkerPool& workers, const BlockHooks& hooks = {});

/// The opposite of joinBlocks(), padding included. With bf16 only `hi` is written. With fp32 and `lo` null the weights
/// must be bf16 values. Never with fp16, whose rounding cannot be undone.
void splitBlocks(const TensorTable& table, Precision precision, BlockRange blocks, const void* weights, uint16_t* hi,
                 uint16_t* lo, WorkerPool& workers);

/// squaredNorm() of each block into squaredNorms[0 ... count).
void normBlocks(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms,
                WorkerPool& workers);

// Gradients of the presets other than Exact are rounded to bf16 once, when they are complete, before norm and update.

/// To the nearest bf16, ties to even, in place. Padding is neither read nor written.
void roundGradients(const TensorTable& table, BlockRange blocks, float* gradient, WorkerPool& workers);

/// Rounded gradients to 2 bytes an element, in the order of elements, padding zero; the padding of `gradient` is not
/// read. Values that are no bf16 are rounded as roundGradients() does.
void packGradients(const TensorTable& table, BlockRange blocks, const float* gradient, uint16_t* packed,
                   WorkerPool& workers);

/// The opposite of packGradients(), padding included.
void unpackGradients(const TensorTable& table, BlockRange blocks, const uint16_t* packed, float* gradient,
                     WorkerPool& workers);

}  // namespace gsst
