// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "optim/block_math.h"
#include "optim_helpers.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gsst::test {

inline constexpr int kUnit = 2;  // of oddModel(): decaying and other tensors, several blocks, and padding

inline ModelSpec oddModel() {
    ModelSpec spec;
    spec.width = 152;
    spec.heads = spec.kvHeads = 4;
    spec.ffnWidth = 641;  // the last group of 256 elements is short
    return spec;
}

/// All state of the unit, as a chunk in memory holds it. Bytes that are nobody's are kPattern.
struct Chunk {
    static constexpr std::byte kPattern{0xa5};

    const TensorTable& table;
    const StateFormat& format;
    BlockRange blocks;
    std::vector<std::byte> bytes;

    Chunk(const TensorTable& ofTable, const StateFormat& ofFormat)
        : table(ofTable), format(ofFormat),
          blocks{ofTable.units()[kUnit].firstBlock, ofTable.units()[kUnit].blockCount},
          bytes(size_t(ofFormat.bytes(blocks.first, blocks.count)), kPattern) {}

    /// Of the section of a block, in `bytes`.
    size_t offset(int block, StateKind kind) const {
        int64_t section = format.bytes(blocks.first, block - blocks.first, kind);
        for (const StateKind other : format.kinds())
            if (other < kind)
                section += format.bytes(blocks.first, blocks.count, other);
        return size_t(section);
    }
    std::byte* at(int block, StateKind kind) { return bytes.data() + offset(block, kind); }
    BlockUpdate update(BlockRange part) {
        BlockUpdate call;
        call.blocks = part;
        for (StateKind kind : format.kinds())
            call.state[kind] = at(part.first, kind);
        return call;
    }
    /// The sections of one block, by the words of StateFormat.
    UpdateArrays arrays(int block) {
        const BlockInfo& info = table.blocks()[size_t(block)];
        UpdateArrays arrays;
        arrays.hi = reinterpret_cast<uint16_t*>(at(block, StateKind::Hi));
        arrays.lo = format.has(StateKind::Lo) ? reinterpret_cast<uint16_t*>(at(block, StateKind::Lo)) : nullptr;
        const auto setMoment = [&](StateKind kind, float*& plain, QuantizedMoment& quantized) {
            std::byte* moments = format.has(kind) ? at(block, kind) : nullptr;
            if (format.quantized(block, kind))
                quantized = {reinterpret_cast<uint8_t*>(moments),
                             reinterpret_cast<float*>(moments + info.paddedElements)};
            else
                plain = reinterpret_cast<float*>(moments);
        };
        setMoment(StateKind::Moment1, arrays.moment1, arrays.quantized1);
        setMoment(StateKind::Moment2, arrays.moment2, arrays.quantized2);
        arrays.count = info.elements;
        return arrays;
    }
    /// From then on the same as `state`, whose elements are those of the unit.
    void set(const State& state) {
        for (int block = blocks.first; block < blocks.first + blocks.count; ++block) {
            UpdateArrays to = arrays(block);
            const size_t first = size_t(table.blocks()[size_t(block)].offset), size = size_t(to.count);
            std::copy_n(state.hi.begin() + std::ptrdiff_t(first), size, to.hi);
            if (to.lo)
                std::copy_n(state.lo.begin() + std::ptrdiff_t(first), size, to.lo);
            State moments(size);
            std::copy_n(state.moment1.begin() + std::ptrdiff_t(first), size, moments.moment1.begin());
            std::copy_n(state.moment2.begin() + std::ptrdiff_t(first), size, moments.moment2.begin());
            if (to.moment1) {
                std::ranges::copy(moments.moment1, to.moment1);
                if (to.moment2)
                    std::ranges::copy(moments.moment2, to.moment2);
            } else {
                const QuantizedState encoded = coded(moments);
                std::ranges::copy(encoded.codes1, to.quantized1.codes);
                std::ranges::copy(encoded.scales1, to.quantized1.scales);
                if (!to.quantized2.codes)
                    continue;
                std::ranges::copy(encoded.codes2, to.quantized2.codes);
                std::ranges::copy(encoded.scales2, to.quantized2.scales);
            }
        }
    }
};

}  // namespace gsst::test
