// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math_cuda.h"

#include "optim/kernels/bf16_rounding.h"
#include "optim/kernels/block_kernels_cuda.h"
#include "optim/kernels/group_loops.h"
#include "optim/optimizer.h"

#include <algorithm>
#include <cassert>

namespace gsst {
namespace {

static_assert(kGroupElements == kScaleGroup && kTensorAlignment % kGroupElements == 0);

int64_t elementsOf(const TensorTable& table, BlockRange blocks) {
    const BlockInfo& first = table.blocks()[size_t(blocks.first)];
    const BlockInfo& last = table.blocks()[size_t(blocks.first + blocks.count - 1)];
    return last.offset + last.paddedElements - first.offset;
}

void setWeights(BlockArrays& arrays, Precision precision, void* weights) {
    switch (precision) {
    case Precision::Fp32:
        arrays.weightsFp32 = static_cast<float*>(weights);
        break;
    case Precision::Bf16:
        arrays.weightsBf16 = static_cast<uint16_t*>(weights);
        break;
    case Precision::Fp16:
        arrays.weightsFp16 = static_cast<uint16_t*>(weights);
        break;
    }
}

/// Calls launch(first block of the batch in the range, batch) until all blocks have been in one, or to the first error.
template <typename Launch>
Status forBatches(const TensorTable& table, BlockRange blocks, const Launch& launch) {
    for (int done = 0; done < blocks.count; done += kBatchBlocks)
        GSST_TRY(launch(done, blockBatch(table, blocks, done)));
    return {};
}

}  // namespace

BlockBatch blockBatch(const TensorTable& table, BlockRange blocks, int done) {
    const int64_t start = table.blocks()[size_t(blocks.first)].offset;
    BlockBatch batch;
    batch.count = std::min(blocks.count - done, kBatchBlocks);
    for (int i = 0; i < batch.count; ++i) {
        const BlockInfo& block = table.blocks()[size_t(blocks.first + done + i)];
        batch.places[i].offset = block.offset - start;
        batch.places[i].elements = int32_t(block.elements);
        batch.places[i].paddedElements = int32_t(block.paddedElements);
    }
    return batch;
}

BlockBatch updateBatch(const TensorTable& table, const StateFormat& format, BlockRange blocks, int done, float keep) {
    BlockBatch batch = blockBatch(table, blocks, done);
    for (int i = 0; i < batch.count; ++i) {
        const int number = blocks.first + done + i;
        const BlockInfo& block = table.blocks()[size_t(number)];
        const TensorInfo& tensor = table.tensors()[size_t(block.tensor)];
        BlockLocation& place = batch.places[i];
        place.momentBytes = format.bytes(blocks.first, done + i, StateKind::Moment1);
        place.randomIndex = roundingIndex({0, 0, block.tensor}, (block.offset - tensor.offset) / kScaleGroup);
        place.keep = tensor.decay ? keep : 1.0f;
        place.quantized = format.quantized(number, StateKind::Moment1);
    }
    return batch;
}

BlockArrays blockArrays(const StateFormat& format, const TrainSpec& training, const BlockUpdate& update) {
    BlockArrays arrays;
    arrays.hi = update.state.hi();
    arrays.lo = format.has(StateKind::Lo) ? update.state.lo() : nullptr;
    arrays.moment1 = update.state[StateKind::Moment1];
    arrays.moment2 = update.state[StateKind::Moment2];
    arrays.gradient = update.gradient;
    arrays.packed = update.packed;
    setWeights(arrays, training.precision, update.weights);
    arrays.notFinite = update.notFinite;
    arrays.seed = training.seed;
    arrays.stream = roundingStream({training.seed, update.step, 0});
    return arrays;
}

Status updateBlocksCuda(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                        const BlockUpdate& update, void* stream) {
    const auto step = optimizerOf(training.optimizer).step(training, update.step, update.gradientScale);
    const BlockArrays arrays = blockArrays(format, training, update);
    for (int done = 0; done < update.blocks.count; done += kBatchBlocks)
        GSST_TRY(step->launch(stream, arrays, updateBatch(table, format, update.blocks, done, step->keep()),
                              format.preset()));
    return {};
}

Status joinBlocksCuda(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi,
                      const uint16_t* lo, void* weights, void* stream) {
    if (blocks.count == 0)
        return {};
    BlockArrays arrays;
    setWeights(arrays, precision, weights);
    // The kernel reads these only; BlockArrays also serves the update, which writes them.
    arrays.hi = const_cast<uint16_t*>(hi);
    arrays.lo = const_cast<uint16_t*>(lo);
    return launchJoin(stream, arrays, elementsOf(table, blocks));
}

Status splitBlocksCuda(const TensorTable& table, Precision precision, BlockRange blocks, const void* weights,
                       uint16_t* hi, uint16_t* lo, void* stream) {
    assert(precision != Precision::Fp16);
    if (blocks.count == 0)
        return {};
    BlockArrays arrays;
    setWeights(arrays, precision, const_cast<void*>(weights));  // read only, as above
    arrays.hi = hi;
    arrays.lo = precision == Precision::Fp32 ? lo : nullptr;
    return launchSplit(stream, arrays, elementsOf(table, blocks));
}

Status normBlocksCuda(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms,
                      void* stream) {
    return forBatches(table, blocks, [&](int done, const BlockBatch& batch) {
        return launchNorms(stream, gradient, batch, squaredNorms + done);
    });
}

Status roundGradientsCuda(const TensorTable& table, BlockRange blocks, float* gradient, void* stream) {
    return forBatches(table, blocks,
                      [&](int, const BlockBatch& batch) { return launchRound(stream, gradient, batch); });
}

Status packGradientsCuda(const TensorTable& table, BlockRange blocks, const float* gradient, uint16_t* packed,
                         void* stream) {
    return forBatches(table, blocks,
                      [&](int, const BlockBatch& batch) { return launchPack(stream, gradient, packed, batch); });
}

Status unpackGradientsCuda(const TensorTable& table, BlockRange blocks, const uint16_t* packed, float* gradient,
                           void* stream) {
    return joinBlocksCuda(table, Precision::Fp32, blocks, packed, nullptr, gradient, stream);
}

Status zeroFillCuda(void* data, int64_t bytes, void* stream) {
    if (bytes == 0)
        return {};
    return launchZeroFill(stream, data, bytes);
}

}  // namespace gsst
