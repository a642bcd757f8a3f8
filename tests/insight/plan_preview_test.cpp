// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain_plan_fixture.h"
#include "insight/plan_preview.h"

namespace gsst {
namespace {

class PreviewOfRanks : public ExplainPlan, public testing::WithParamInterface<int> {
protected:
    PlanPreview preview(int64_t ramBytes) {
        m_machine = {0, ramBytes, 100 * kGiB, 0, GetParam()};
        const auto plan = makePlan(m_run, m_table, m_hardware, m_machine);
        EXPECT_TRUE(plan.ok());
        m_plan = *plan;
        PlanPreview preview;
        fillPreview(preview, basis(), compiledFor(basis(), m_plan));
        return preview;
    }
    static int64_t at(const PlanPreview& preview, MemoryKind kind, MemoryTier tier) {
        return preview.bytes[size_t(kind)][size_t(tier)];
    }
    static int64_t sum(const PlanPreview& preview, MemoryTier tier) {
        int64_t sum = 0;
        for (const auto& kind : preview.bytes)
            sum += kind[size_t(tier)];
        return sum;
    }
};

/// Each rank keeps the weights in bf16 and its share of all else: 2 bytes a parameter and 10 divided by the ranks.
TEST_P(PreviewOfRanks, DiskHoldsThisRanksShare) {
    m_run.budget.residency = ResidencyChoice::Disk;
    const PlanPreview told = preview(1 * kGiB);
    const double parameters = double(m_table.paddedParameters());
    EXPECT_NEAR(double(at(told, MemoryKind::Optimizer, MemoryTier::Disk)), 2 * 8 * parameters / GetParam(),
                0.02 * 12 * parameters);
    EXPECT_NEAR(double(at(told, MemoryKind::Weights, MemoryTier::Disk)), 2 * (2 + 2.0 / GetParam()) * parameters,
                0.02 * 12 * parameters);
    EXPECT_EQ(sum(told, MemoryTier::Disk), told.diskBytes);
}

TEST_P(PreviewOfRanks, TiersAddUpToTheirPeaks) {
    for (ResidencyChoice residency : {ResidencyChoice::Disk, ResidencyChoice::Resident}) {
        m_run.budget.residency = residency;
        const PlanPreview told = preview(4 * kGiB);
        EXPECT_EQ(sum(told, MemoryTier::Ram), told.ramPeakBytes) << GetParam() << " ranks";
        EXPECT_EQ(sum(told, MemoryTier::Device), told.devicePeakBytes) << GetParam() << " ranks";
        EXPECT_EQ(sum(told, MemoryTier::Disk), told.diskBytes) << GetParam() << " ranks";
        for (const auto& kind : told.bytes)
            for (int64_t bytes : kind)
                EXPECT_GE(bytes, 0) << GetParam() << " ranks";
    }
}

INSTANTIATE_TEST_SUITE_P(Ranks, PreviewOfRanks, testing::Values(1, 2, 6, 8));

}  // namespace
}  // namespace gsst
