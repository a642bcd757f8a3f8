// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "insight/explain_plan.h"

#include <array>
#include <string>
#include <vector>

namespace gsst {

using TierOfSlice = Tier SliceResidency::*;
using SlicesByTier = std::array<int, 3>;  ///< by Tier

/// A plan and what explaining it looks at. References outlive it.
class PlacedPlan {
public:
    PlacedPlan(const PlanBasis& basis, const CompiledPlan& plan);

    const PlanBasis& basis() const { return m_basis; }
    const CompiledPlan& compiled() const { return m_plan; }
    const Plan& plan() const { return m_plan.plan(); }
    const TrainSpec& training() const { return m_plan.training(); }
    const StateFormat& format() const { return m_plan.format(); }
    const std::vector<SliceRange>& slices() const { return m_plan.slices(); }
    int sliceCount() const { return m_plan.sliceCount(); }
    const StepTally& work() const { return m_work; }

    /// Of the steady step with another placement, by the same rule.
    StepTally workOf(const Placement& placement) const { return m_plan.placedAs(placement).tally(); }
    /// The plan's placement with all slices listed, each changed by `change`.
    template <typename Change>
    Placement changed(const Change& change) const {
        Placement placement = plan().placement;
        placement.slices.resize(slices().size(), placement.everywhere);
        for (SliceResidency& slice : placement.slices)
            change(slice);
        return placement;
    }
    /// How many slices have it where.
    SlicesByTier count(TierOfSlice kind) const;

private:
    const PlanBasis& m_basis;
    const CompiledPlan& m_plan;
    const StepTally m_work;
};

// Words of explanations.
std::string sizeText(int64_t bytes);
std::string percentText(double share);
/// By slices: "RAM (all)", "RAM 9, disk 5".
std::string whereText(const SlicesByTier& slices);

}  // namespace gsst
