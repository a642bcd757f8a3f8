// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math_cuda.h"

#include "optim/adamw_cpu.h"
#include "optim/block_kernels_cuda.h"

#include <algorithm>
#include <string>

namespace gsst {
namespace {

int64_t elementsOf(const TensorTable& table, BlockRange blocks) {
    const BlockInfo& first = table.blocks()[size_t(blocks.first)];
    const BlockInfo& last = table.blocks()[size_t(blocks.first + blocks.count - 1)];
    return last.offset + last.paddedElements - first.offset;
}

}  // namespace

BlockBatch blockBatch(const TensorTable& table, BlockRange blocks, int done, float keep) {
    const int64_t start = table.blocks()[size_t(blocks.first)].offset;
    BlockBatch batch;
    batch.count = std::min(blocks.count - done, kBatchBlocks);
    for (int i = 0; i < batch.count; ++i) {
        const BlockInfo& block = table.blocks()[size_t(blocks.first + done + i)];
        const bool decays = table.tensors()[size_t(block.tensor)].decay;
        batch.places[i] = {block.offset - start, int32_t(block.elements), int32_t(block.paddedElements), decays ? keep : 1.0f};
    }
    return batch;
}

BlockArrays blockArrays(const BlockUpdate& update, Precision precision) {
    BlockArrays arrays;
    arrays.hi = reinterpret_cast<uint16_t*>(update.hi);
    arrays.lo = reinterpret_cast<uint16_t*>(update.lo);
    arrays.moment1 = reinterpret_cast<float*>(update.moment1);
    arrays.moment2 = reinterpret_cast<float*>(update.moment2);
    arrays.gradient = update.gradient;
    arrays.notFinite = update.notFinite;
    switch (precision) {
    case Precision::Fp32: arrays.weightsFp32 = static_cast<float*>(update.weights); break;
    case Precision::Bf16: arrays.weightsBf16 = static_cast<uint16_t*>(update.weights); break;
    case Precision::Fp16: arrays.weightsFp16 = static_cast<uint16_t*>(update.weights); break;
    }
    return arrays;
}

Status updateBlocksCuda(const TensorTable& table, const StateFormat& format, const TrainSpec& training, const BlockUpdate& update, void* stream) {
    if (format.preset() != StatePreset::Exact)
        return Error{ErrorCode::InvalidInput, "The graphics card cannot update this state", std::string("state ") + nameOf(format.preset()),
                     "the kernels know 32-bit moments only", "Use state exact, or compute on the processor"};
    const AdamWConstants constants = adamwConstants(training, update.step, update.gradientScale);
    const BlockArrays arrays = blockArrays(update, training.precision);
    for (int done = 0; done < update.blocks.count; done += kBatchBlocks)
        GSST_TRY(launchUpdate(stream, arrays, blockBatch(table, update.blocks, done, constants.keep), constants));
    return {};
}

Status joinBlocksCuda(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi, const uint16_t* lo, void* weights,
                      void* stream) {
    if (blocks.count == 0)
        return {};
    BlockUpdate pointers;
    pointers.weights = weights;
    BlockArrays arrays = blockArrays(pointers, precision);
    // The kernels read these only; BlockArrays also serves the update, which writes them.
    arrays.hi = const_cast<uint16_t*>(hi);
    arrays.lo = const_cast<uint16_t*>(lo);
    return launchJoin(stream, arrays, elementsOf(table, blocks));
}

Status normBlocksCuda(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms, void* stream) {
    for (int done = 0; done < blocks.count; done += kBatchBlocks)
        GSST_TRY(launchNorms(stream, gradient, blockBatch(table, blocks, done, 1.0f), squaredNorms + done));
    return {};
}

Status zeroFillCuda(void* data, int64_t bytes, void* stream) {
    if (bytes == 0)
        return {};
    return launchZeroFill(stream, data, bytes);
}

}  // namespace gsst
