// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "insight/explain_plan.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gsst {

inline constexpr int64_t kGiB = int64_t(1) << 30;
inline constexpr int64_t kMiB = int64_t(1) << 20;
inline constexpr int64_t kTightRam = 10;  ///< bytes a parameter: for the weights and more, but not for the moments

inline RunSpec recipe() {
    RunSpec run = test::plannedRecipe();
    run.model.tiedHead = false;  // a tied head reads the embedding once more
    run.budget.activations = ActivationChoice::Recompute;
    return run;
}

inline HardwareProfile slowDrive() {
    HardwareProfile hardware;
    hardware.readBytesPerSecond = hardware.writeBytesPerSecond = 50e6;
    return hardware;
}

class ExplainPlan : public testing::Test {
protected:
    /// Plans and explains m_run on a machine with so much RAM for it.
    void explain(int64_t ramBytes) {
        m_machine = {0, ramBytes, 100 * kGiB, 0};
        auto plan = makePlan(m_run, m_table, m_hardware, m_machine);
        ASSERT_TRUE(plan.ok()) << plan.error().text();
        m_plan = *plan;
        explainPlanned();
    }
    void explainPlanned() { m_told = explainPlan(basis(), compiledFor(basis(), m_plan)); }
    StepListing listed() const { return listStep(compiledFor(basis(), m_plan), m_hardware); }
    PlanBasis basis() const { return {m_run, m_table, m_hardware, m_machine}; }
    const PlacedKind& kind(const std::string& name) const {
        const auto found = std::find_if(m_told.kinds.begin(), m_told.kinds.end(),
                                        [&](const PlacedKind& kind) { return kind.kind == name; });
        if (found == m_told.kinds.end())
            ADD_FAILURE() << "nothing is told of " << name;
        static const PlacedKind kNone;
        return found == m_told.kinds.end() ? kNone : *found;
    }
    static const PlanOutcome& chosen(const std::vector<PlanOutcome>& outcomes) {
        EXPECT_EQ(
            std::count_if(outcomes.begin(), outcomes.end(), [](const PlanOutcome& outcome) { return outcome.chosen; }),
            1);
        return *std::find_if(outcomes.begin(), outcomes.end(),
                             [](const PlanOutcome& outcome) { return outcome.chosen; });
    }

    RunSpec m_run = recipe();
    TensorTable m_table{m_run.model};
    HardwareProfile m_hardware = slowDrive();
    MachineLimits m_machine;
    Plan m_plan;
    PlanExplanation m_told;
};

}  // namespace gsst
