// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/residency_search.h"

#include "plan/program/host_pieces.h"

#include <algorithm>
#include <array>

namespace gsst {
namespace {

struct KindChoice {
    double worth;
    Tier SliceResidency::* tier;
};

}  // namespace

void fillRam(Placement& placement, const TensorTable& table, const StateFormat& format,
             const std::vector<SliceRange>& slices, const BytesSavedPerByte& worth, int64_t bytes) {
    std::array<KindChoice, 4> kinds{{{worth.gradient, &SliceResidency::gradient},
                                     {worth.weights, &SliceResidency::weights},
                                     {worth.remainder, &SliceResidency::remainder},
                                     {worth.moments, &SliceResidency::moments}}};
    std::stable_sort(kinds.begin(), kinds.end(),
                     [](const KindChoice& a, const KindChoice& b) { return a.worth > b.worth; });
    placement.slices.resize(slices.size(), placement.everywhere);
    for (const KindChoice& kind : kinds) {
        if (kind.worth <= 0)
            continue;
        SliceResidency justThis;
        justThis.*kind.tier = Tier::Ram;
        for (size_t slice = 0; slice < slices.size(); ++slice) {
            Placement alone;
            alone.everywhere = justThis;
            const int64_t cost = hostBytesOf(table, format, {slices[slice]}, alone);
            if (cost > bytes || placement.slices[slice].*kind.tier != Tier::Disk)
                continue;
            placement.slices[slice].*kind.tier = Tier::Ram;
            bytes -= cost;
        }
    }
}

}  // namespace gsst
