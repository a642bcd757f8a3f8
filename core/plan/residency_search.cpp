// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/residency_search.h"

#include "plan/host_pieces.h"
#include "plan/state_bytes.h"

#include <algorithm>
#include <array>

namespace gsst {
namespace {

struct KindChoice {
    double worth;
    int64_t bytesPerElement;
    int pieces;  ///< a unit
    Tier SliceResidency::*tier;
};

}  // namespace

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
                cost += kind.pieces * hostPieceBytes(table.units()[size_t(unit)].paddedElements * kind.bytesPerElement / kind.pieces);
            if (cost > bytes || placement.slices[slice].*kind.tier != Tier::Disk)
                continue;
            placement.slices[slice].*kind.tier = Tier::Ram;
            bytes -= cost;
        }
    }
}

}  // namespace gsst
