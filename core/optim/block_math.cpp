// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math.h"

#include "optim/adamw_cpu.h"
#include "optim/squared_norm.h"

#include <algorithm>

namespace gsst {
namespace {

/// Calls work(number in the range, block, elements before it) for each block of the range.
template <typename Work>
void forBlocks(const TensorTable& table, BlockRange blocks, WorkerPool& workers, const Work& work) {
    const int64_t start = blocks.count > 0 ? table.blocks()[size_t(blocks.first)].offset : 0;
    workers.forEach(blocks.count, [&](int64_t i) {
        const BlockInfo& block = table.blocks()[size_t(blocks.first + i)];
        work(i, block, block.offset - start);
    });
}

template <typename Element>
Element* weightsAt(void* weights, int64_t offset, const BlockInfo& block) {
    Element* data = static_cast<Element*>(weights) + offset;
    std::fill(data + block.elements, data + block.paddedElements, Element{0});
    return data;
}

}  // namespace

void updateBlocks(const TensorTable& table, const TrainSpec& training, const BlockUpdate& update, WorkerPool& workers) {
    const AdamWConstants constants = adamwConstants(training, update.step, update.gradientScale);
    forBlocks(table, update.blocks, workers, [&](int64_t, const BlockInfo& block, int64_t offset) {
        AdamWArrays arrays;
        arrays.hi = update.hi + offset;
        arrays.lo = update.lo + offset;
        arrays.moment1 = update.moment1 + offset;
        arrays.moment2 = update.moment2 + offset;
        arrays.gradient = update.gradient + offset;
        arrays.count = block.elements;
        if (update.weights && training.precision == Precision::Fp32)
            arrays.weightsFp32 = weightsAt<float>(update.weights, offset, block);
        else if (update.weights)
            arrays.weightsBf16 = weightsAt<uint16_t>(update.weights, offset, block);
        adamwUpdate(arrays, table.tensors()[size_t(block.tensor)].decay, constants);
    });
}

void joinBlocks(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi, const uint16_t* lo, void* weights,
                WorkerPool& workers) {
    forBlocks(table, blocks, workers, [&](int64_t, const BlockInfo& block, int64_t offset) {
        if (precision == Precision::Bf16)
            std::copy_n(hi + offset, block.paddedElements, static_cast<uint16_t*>(weights) + offset);
        else
            joinWeights(hi + offset, lo + offset, static_cast<float*>(weights) + offset, block.paddedElements);
    });
}

void normBlocks(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms, WorkerPool& workers) {
    forBlocks(table, blocks, workers, [&](int64_t i, const BlockInfo& block, int64_t offset) {
        squaredNorms[i] = squaredNorm(gradient + offset, block.elements);
    });
}

}  // namespace gsst
