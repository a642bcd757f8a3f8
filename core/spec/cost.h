// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/model_spec.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <cstdint>

namespace gsst {

/// What one unit costs for one micro-batch. FLOPs count a multiply-add as two.
struct UnitCost {
    double forwardFlops = 0;
    double backwardFlops = 0;       ///< without the recomputation (which costs forwardFlops again)
    int64_t forwardWorkspace = 0;   ///< peak bytes torch allocates during a forward without graph, beyond input and
                                    ///< weights; includes the output
    int64_t savedBytes = 0;         ///< bytes kept alive by a forward with graph, its output included
    int64_t backwardWorkspace = 0;  ///< peak bytes of a backward beyond savedBytes, weights, the gradient accumulators
                                    ///< and the incoming gradient
};

/// Cost of `unit` for one micro-batch of `training.microBatch` sequences; for the head, loss and gradient in token
/// chunks of training.headTokenChunk. The byte counts are formulas over shapes, checked against `nn` by a test.
UnitCost unitCost(const TensorTable& table, int unit, const TrainSpec& training);

/// Peak bytes that a forward without graph of units [firstUnit, firstUnit + unitCount) allocates beyond its weights and
/// the given input and output buffers (its own result tensor counts until it is copied to the output buffer).
int64_t sliceForwardPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training);

/// Bytes that a forward of these units leaves for their backward when it keeps what that needs (the given input buffer
/// besides).
int64_t sliceKeptBytes(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training);

/// Peak bytes that such a forward, and the backward after it, allocate beyond that.
int64_t sliceKeepingPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training);
int64_t sliceKeptBackwardPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training);

/// Peak bytes that recomputation and backward of these units allocate beyond weights, gradient accumulators and the
/// given input, output-gradient and input-gradient buffers.
int64_t sliceBackwardPeak(const TensorTable& table, int firstUnit, int unitCount, const TrainSpec& training);

/// The same for the head: loss and gradient (or the loss only) in token chunks.
int64_t headPeak(const TensorTable& table, const TrainSpec& training, bool lossOnly);

/// The same for one vocabulary slice of the head, see VocabularyChunks: one chunk of it is worked on at a time. The
/// pass for the sums of the tokens, and the one for the gradients.
int64_t headSumsPeak(const TensorTable& table, const TrainSpec& training);
int64_t headSlicePeak(const TensorTable& table, const TrainSpec& training);

/// What the first of these passes leaves for the second: a sum for each token of a micro-batch, in whole pages.
inline constexpr int64_t kTokenSumBytes = 16;
int64_t headSumsBytes(const TrainSpec& training);

/// Upper bound, included in the peaks above, of what native bf16 matrix products take as scratch from the pool for a
/// moment. The library chooses it by processor and shape, between nothing and this much, so it is the one part of the
/// peaks that is not exact.
int64_t productScratchBytes(const TrainSpec& training);

/// Bytes of one boundary activation: [microBatch, sequenceLength, width] in the compute precision.
int64_t boundaryBytes(const ModelSpec& model, const TrainSpec& training);

/// The same rounded up to what direct I/O moves: its place in the boundary file.
int64_t boundarySlotBytes(const ModelSpec& model, const TrainSpec& training);

/// Bytes per element of weights and activations during compute.
inline int64_t computeElementBytes(Precision precision) {
    return precision == Precision::Fp32 ? 4 : 2;
}

}  // namespace gsst
