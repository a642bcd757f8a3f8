// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/init.h"

#include "base/philox.h"
#include "optim/kernels/bf16_split.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace gsst {
namespace {

constexpr uint64_t kInitStreams = uint64_t(1) << 48;  // apart from the streams of sampling

}  // namespace

void initialBlock(const TensorTable& table, int block, uint64_t seed, std::span<uint16_t> hi, std::span<uint16_t> lo) {
    const BlockInfo& info = table.blocks()[size_t(block)];
    const TensorInfo& tensor = table.tensors()[size_t(info.tensor)];
    std::vector<float> values(size_t(info.elements), tensor.init == InitKind::Ones ? 1.0f : 0.0f);
    if (tensor.init == InitKind::Normal) {
        fillNormal(values, seed, kInitStreams + uint64_t(info.tensor), uint64_t(info.offset - tensor.offset));
        for (float& value : values)
            value *= float(tensor.initStd);
    }
    for (size_t i = 0; i < values.size(); ++i) {
        const uint32_t bits = std::bit_cast<uint32_t>(values[i]);
        hi[i] = highHalf(bits);
        if (!lo.empty())
            lo[i] = lowHalf(bits);
    }
}

void initialState(const TensorTable& table, const StateFormat& format, int block, uint64_t seed,
                  std::span<std::byte> state) {
    std::ranges::fill(state, std::byte{0});
    const size_t elements = size_t(table.blocks()[size_t(block)].paddedElements);
    auto* hi = reinterpret_cast<uint16_t*>(state.data());
    auto* lo = reinterpret_cast<uint16_t*>(state.data() + format.bytes(block, StateKind::Hi));
    initialBlock(table, block, seed, {hi, elements},
                 format.holds(block, StateKind::Lo) ? std::span(lo, elements) : std::span<uint16_t>());
}

}  // namespace gsst
