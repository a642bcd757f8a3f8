// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/residency_search.h"

#include "plan/state_bytes.h"

#include <algorithm>
#include <array>

namespace gsst {
namespace {

constexpr int64_t kAlignment = 4096;

/// With what aligning a piece costs at most.
int64_t piece(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment + kAlignment; }

struct KindChoice {
    double worth;
    int64_t bytesPerElement;
    int pieces;  ///< a unit
    Tier SliceResidency::*tier;
};

}  // namespace

int64_t hostBytesOf(const TensorTable& table, const std::vector<SliceRange>& slices, const Placement& placement) {
    int64_t sum = 0;
    for (size_t slice = 0; slice < slices.size(); ++slice)
        for (int unit = slices[slice].firstUnit; unit < slices[slice].firstUnit + slices[slice].unitCount; ++unit) {
            const int64_t elements = table.units()[size_t(unit)].paddedElements;
            const SliceResidency& residency = placement.of(int(slice));
            sum += residency.weights != Tier::Disk ? piece(elements * kHiBytes) : 0;
            sum += residency.remainder != Tier::Disk ? piece(elements * kLoBytes) : 0;
            sum += residency.moments != Tier::Disk ? 2 * piece(elements * kMomentBytes / 2) : 0;
            sum += residency.gradient == Tier::Ram ? piece(elements * kGradientBytes) : 0;
        }
    return sum;
}

void fillRam(Placement& placement, const TensorTable& table, const std::vector<SliceRange>& slices, const RamWorth& worth, int64_t bytes) {
    std::array<KindChoice, 4> kinds{{{worth.gradient, kGradientBytes, 1, &SliceResidency::gradient},
                                     {worth.weights, kHiBytes, 1, &SliceResidency::weights},
                                     {worth.remainder, kLoBytes, 1, &SliceResidency::remainder},
                                     {worth.moments, kMomentBytes, 2, &SliceResidency::moments}}};
    std::stable_sort(kinds.begin(), kinds.end(), [](const KindChoice& a, const KindChoice& b) { return a.worth > b.worth; });
    placement.slices.resize(slices.size(), placement.everywhere);
    for (const KindChoice& kind : kinds) {
        if (kind.worth <= 0)
            continue;
        for (size_t slice = 0; slice < slices.size(); ++slice) {
            int64_t cost = 0;
            for (int unit = slices[slice].firstUnit; unit < slices[slice].firstUnit + slices[slice].unitCount; ++unit)
                cost += kind.pieces * piece(table.units()[size_t(unit)].paddedElements * kind.bytesPerElement / kind.pieces);
            if (cost > bytes || placement.slices[slice].*kind.tier != Tier::Disk)
                continue;
            placement.slices[slice].*kind.tier = Tier::Ram;
            bytes -= cost;
        }
    }
}

}  // namespace gsst
