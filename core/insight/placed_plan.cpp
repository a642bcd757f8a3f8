// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/placed_plan.h"

#include "base/units.h"

#include <algorithm>
#include <cmath>

namespace gsst {
PlacedPlan::PlacedPlan(const PlanBasis& basis, const CompiledPlan& plan)
    : m_basis(basis), m_plan(plan), m_work(plan.tally()) {}

SlicesByTier PlacedPlan::count(TierOfSlice kind) const {
    SlicesByTier slices{};
    for (int slice = 0; slice < sliceCount(); ++slice)
        ++slices[size_t(plan().placement.of(slice).*kind)];
    return slices;
}

std::string sizeText(int64_t bytes) {
    return formatBytes(uint64_t(std::max<int64_t>(0, bytes)));
}

std::string percentText(double share) {
    return std::to_string(std::lround(100 * share)) + "%";
}

std::string whereText(const SlicesByTier& slices) {
    constexpr const char* kNames[] = {"device", "RAM", "disk"};
    const auto tiers = std::count_if(slices.begin(), slices.end(), [](int count) { return count > 0; });
    std::string text;
    for (size_t tier = 0; tier < slices.size(); ++tier)
        if (slices[tier] > 0)
            text += (text.empty() ? "" : ", ") + std::string(kNames[tier]) +
                    (tiers > 1 ? ' ' + std::to_string(slices[tier]) : "");
    return text + (tiers > 1 ? "" : " (all)");
}

}  // namespace gsst
