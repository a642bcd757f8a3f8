// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/block_math.h"

#include "optim/kernels/bf16_split.h"
#include "optim/optimizer.h"
#include "optim/squared_norm.h"
#include "optim/weights.h"
#include "spec/cost.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

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

/// Calls the hooks for blocks, and keeps the first error.
class Hooked {
public:
    explicit Hooked(const BlockHooks& hooks) : m_hooks(hooks) {}
    /// Whether the block may be used.
    bool open(int block) {
        if (!m_hooks.opening)
            return true;
        Status status = m_hooks.opening(block);
        if (status.ok())
            return true;
        const std::lock_guard lock(m_mutex);
        if (m_first.ok())
            m_first = std::move(status);
        return false;
    }
    void close(int block) const {
        if (m_hooks.closing)
            m_hooks.closing(block);
    }
    /// Once all blocks are through.
    Status result() { return std::move(m_first); }

private:
    const BlockHooks& m_hooks;
    std::mutex m_mutex;
    Status m_first;  ///< guarded by m_mutex
};

template <typename Element>
Element* weightsAt(void* weights, int64_t offset, const BlockInfo& block) {
    Element* data = static_cast<Element*>(weights) + offset;
    std::fill(data + block.elements, data + block.paddedElements, Element{0});
    return data;
}

QuantizedMoment quantizedSection(std::byte* section, const BlockInfo& block) {
    return {reinterpret_cast<uint8_t*>(section), reinterpret_cast<float*>(section + block.paddedElements)};
}

/// The state of the `i`-th block of the range.
UpdateArrays stateOf(const StateFormat& format, const BlockUpdate& update, int i, const BlockInfo& block) {
    const int number = update.blocks.first + i;
    const auto section = [&](StateKind kind) {
        return update.state[kind] + format.bytes(update.blocks.first, i, kind);
    };
    const auto setMoment = [&](StateKind kind, float*& plain, QuantizedMoment& quantized) {
        if (format.quantized(number, kind))
            quantized = quantizedSection(section(kind), block);
        else if (format.keeps(number, kind))
            plain = reinterpret_cast<float*>(section(kind));
    };
    UpdateArrays arrays;
    arrays.hi = reinterpret_cast<uint16_t*>(section(StateKind::Hi));
    if (format.has(StateKind::Lo))
        arrays.lo = reinterpret_cast<uint16_t*>(section(StateKind::Lo));
    setMoment(StateKind::Moment1, arrays.moment1, arrays.quantized1);
    setMoment(StateKind::Moment2, arrays.moment2, arrays.quantized2);
    return arrays;
}

/// In memory of the calling thread, until its next call.
const float* unpacked(const uint16_t* packed, int64_t elements) {
    thread_local std::vector<float> gradient(size_t{kBlockElements});
    materializeWeights(packed, nullptr, gradient.data(), elements);
    return gradient.data();
}

}  // namespace

Status updateBlocks(const TensorTable& table, const StateFormat& format, const TrainSpec& training,
                    const BlockUpdate& update, WorkerPool& workers) {
    const auto step = optimizerOf(training.optimizer).step(training, update.step, update.gradientScale);
    std::atomic<bool> finite = true;
    Hooked hooked(update.hooks);
    forBlocks(table, update.blocks, workers, [&](int64_t i, const BlockInfo& block, int64_t offset) {
        if (!hooked.open(update.blocks.first + int(i)))
            return;
        const TensorInfo& tensor = table.tensors()[size_t(block.tensor)];
        UpdateArrays arrays = stateOf(format, update, int(i), block);
        arrays.gradient = update.packed ? unpacked(update.packed + offset, block.elements) : update.gradient + offset;
        arrays.count = block.elements;
        arrays.rounding = {training.seed, update.step, block.tensor};
        arrays.firstElement = block.offset - tensor.offset;
        if (update.weights && training.precision == Precision::Fp32)
            arrays.weightsFp32 = weightsAt<float>(update.weights, offset, block);
        else if (update.weights)
            (training.precision == Precision::Bf16 ? arrays.weightsBf16 : arrays.weightsFp16) =
                weightsAt<uint16_t>(update.weights, offset, block);
        if (!step->update(arrays, tensor.decay))
            finite.store(false, std::memory_order_relaxed);
        hooked.close(update.blocks.first + int(i));
    });
    if (update.notFinite && !finite.load())
        *update.notFinite = 1;
    return hooked.result();
}

Status joinBlocks(const TensorTable& table, Precision precision, BlockRange blocks, const uint16_t* hi,
                  const uint16_t* lo, void* weights, WorkerPool& workers, const BlockHooks& hooks) {
    Hooked hooked(hooks);
    forBlocks(table, blocks, workers, [&](int64_t i, const BlockInfo& block, int64_t offset) {
        auto* into = static_cast<std::byte*>(weights) + offset * computeElementBytes(precision);
        if (hooked.open(blocks.first + int(i)))
            materializeWeights(precision, hi + offset, lo ? lo + offset : nullptr, into, block.paddedElements);
    });
    return hooked.result();
}

void splitBlocks(const TensorTable& table, Precision precision, BlockRange blocks, const void* weights, uint16_t* hi,
                 uint16_t* lo, WorkerPool& workers) {
    assert(precision != Precision::Fp16);
    forBlocks(table, blocks, workers, [&](int64_t, const BlockInfo& block, int64_t offset) {
        if (precision == Precision::Bf16) {
            std::copy_n(static_cast<const uint16_t*>(weights) + offset, block.paddedElements, hi + offset);
            return;
        }
        const float* from = static_cast<const float*>(weights) + offset;
        for (int64_t i = 0; i < block.paddedElements; ++i) {
            const uint32_t bits = std::bit_cast<uint32_t>(from[i]);
            hi[offset + i] = highHalf(bits);
            if (lo)
                lo[offset + i] = lowHalf(bits);
        }
    });
}

void normBlocks(const TensorTable& table, BlockRange blocks, const float* gradient, double* squaredNorms,
                WorkerPool& workers) {
    forBlocks(table, blocks, workers, [&](int64_t i, const BlockInfo& block, int64_t offset) {
        squaredNorms[i] = squaredNorm(gradient + offset, block.elements);
    });
}

void roundGradients(const TensorTable& table, BlockRange blocks, float* gradient, WorkerPool& workers) {
    forBlocks(table, blocks, workers, [&](int64_t, const BlockInfo& block, int64_t offset) {
        cpuKernels().roundToBf16(gradient + offset, block.elements);
    });
}

void packGradients(const TensorTable& table, BlockRange blocks, const float* gradient, uint16_t* packed,
                   WorkerPool& workers) {
    forBlocks(table, blocks, workers, [&](int64_t, const BlockInfo& block, int64_t offset) {
        cpuKernels().packBf16(gradient + offset, packed + offset, block.elements);
        std::fill(packed + offset + block.elements, packed + offset + block.paddedElements, uint16_t{0});
    });
}

void unpackGradients(const TensorTable& table, BlockRange blocks, const uint16_t* packed, float* gradient,
                     WorkerPool& workers) {
    forBlocks(table, blocks, workers, [&](int64_t, const BlockInfo& block, int64_t offset) {
        materializeWeights(packed + offset, nullptr, gradient + offset, block.paddedElements);
    });
}

}  // namespace gsst
