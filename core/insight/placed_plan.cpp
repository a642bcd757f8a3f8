// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/placed_plan.h"

#include "base/units.h"
#include "plan/search/steady_step.h"

#include <algorithm>
#include <cmath>

namespace gsst {
namespace {

TrainSpec trainingOf(const PlanBasis& basis, const Plan& plan) {
    TrainSpec training = basis.spec.training;
    training.microBatch = plan.microBatch;
    return training;
}

}  // namespace

PlacedPlan::PlacedPlan(const PlanBasis& basis, const Plan& plan)
    : m_basis(basis), m_plan(plan), m_training(trainingOf(basis, plan)),
      m_format(basis.table, m_training.state, plannedShard(m_training, basis.machine.ranks)),
      m_slices(makeSlicing(basis.table, plan.placement)), m_work(workOf(plan.placement)) {}

std::vector<StepProgram> PlacedPlan::programsOf(const Placement& placement) const {
    return steadyStep(ProgramBuilder(m_basis.table, m_format, m_training, placement), m_plan);
}

StepWork PlacedPlan::workOf(const Placement& placement) const {
    StepWork work;
    for (const StepProgram& program : programsOf(placement)) {
        work.read += program.readBytes();
        work.written += program.writtenBytes();
        work.flops += program.flops();
        for (const Op& op : program.ops)
            work.copied += op.copyBytes;
    }
    return work;
}

SlicesByTier PlacedPlan::count(TierOfSlice kind) const {
    SlicesByTier slices{};
    for (int slice = 0; slice < sliceCount(); ++slice)
        ++slices[size_t(m_plan.placement.of(slice).*kind)];
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
