// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/philox.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gsst {

namespace {

/// Two independent normals (Box-Muller). The half keeps the first uniform off zero, where the logarithm ends.
std::array<float, 2> normalPair(uint32_t word0, uint32_t word1) {
    const double radius = std::sqrt(-2.0 * std::log((word0 + 0.5) * 0x1p-32));
    const double angle = 2.0 * std::numbers::pi * (word1 * 0x1p-32);
    return {static_cast<float>(radius * std::cos(angle)), static_cast<float>(radius * std::sin(angle))};
}

}  // namespace

float normalAt(uint64_t seed, uint64_t stream, uint64_t index) {
    const auto words = philoxBlock(seed, stream, index / 4);
    const size_t pair = index % 4 / 2 * 2;
    return normalPair(words[pair], words[pair + 1])[index % 2];
}

void fillNormal(std::span<float> out, uint64_t seed, uint64_t stream, uint64_t firstIndex) {
    size_t done = 0;
    while (done < out.size()) {
        const uint64_t index = firstIndex + done;
        const auto words = philoxBlock(seed, stream, index / 4);
        const auto low = normalPair(words[0], words[1]);
        const auto high = normalPair(words[2], words[3]);
        const std::array<float, 4> lanes{low[0], low[1], high[0], high[1]};
        const size_t first = index % 4;
        const size_t count = std::min(lanes.size() - first, out.size() - done);
        for (size_t i = 0; i < count; ++i)
            out[done + i] = lanes[first + i];
        done += count;
    }
}

}  // namespace gsst
