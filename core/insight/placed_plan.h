// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "insight/explain_plan.h"
#include "spec/state_format.h"

#include <array>
#include <string>
#include <vector>

namespace gsst {

/// What a step moves and computes.
struct StepWork {
    int64_t read = 0;
    int64_t written = 0;
    int64_t copied = 0;
    double flops = 0;
};

using TierOfSlice = Tier SliceResidency::*;
using SlicesByTier = std::array<int, 3>;  ///< by Tier

/// A plan and what explaining it looks at. References outlive it.
class PlacedPlan {
public:
    PlacedPlan(const PlanBasis& basis, const Plan& plan);

    const PlanBasis& basis() const { return m_basis; }
    const Plan& plan() const { return m_plan; }
    const TrainSpec& training() const { return m_training; }  ///< with the plan's micro-batch
    const StateFormat& format() const { return m_format; }
    const std::vector<SliceRange>& slices() const { return m_slices; }
    int sliceCount() const { return int(m_slices.size()); }
    const StepWork& work() const { return m_work; }

    /// The programs of the steady step.
    std::vector<StepProgram> programs() const { return programsOf(m_plan.placement); }
    /// Of the steady step with another placement, by the same rule.
    StepWork workOf(const Placement& placement) const;
    /// The plan's placement with all slices listed, each changed by `change`.
    template <typename Change>
    Placement changed(const Change& change) const {
        Placement placement = m_plan.placement;
        placement.slices.resize(m_slices.size(), placement.everywhere);
        for (SliceResidency& slice : placement.slices)
            change(slice);
        return placement;
    }
    /// How many slices have it where.
    SlicesByTier count(TierOfSlice kind) const;

private:
    std::vector<StepProgram> programsOf(const Placement& placement) const;

    const PlanBasis& m_basis;
    const Plan& m_plan;
    const TrainSpec m_training;
    const StateFormat m_format;
    const std::vector<SliceRange> m_slices;
    const StepWork m_work;
};

// Words of explanations.
std::string sizeText(int64_t bytes);
std::string percentText(double share);
/// By slices: "RAM (all)", "RAM 9, disk 5".
std::string whereText(const SlicesByTier& slices);

}  // namespace gsst
