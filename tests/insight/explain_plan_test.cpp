// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain_plan_fixture.h"

#include "base/units.h"
#include "insight/slice_infos.h"

#include <cmath>

namespace gsst {
namespace {

TEST_F(ExplainPlan, TellsWhatEverySliceHasWhere) {
    explain(kTightRam * m_table.paddedParameters());
    ASSERT_TRUE(m_plan.stateOnDisk);
    for (const char* name : {"working weights", "remainder", "moments"}) {
        const PlacedKind& placed = kind(name);
        EXPECT_EQ(placed.slices[0] + placed.slices[1] + placed.slices[2], m_plan.slices) << name;
        EXPECT_FALSE(placed.reason.empty()) << name;
    }
    const int64_t elements = m_table.paddedParameters();
    EXPECT_EQ(kind("working weights").bytes, 2 * elements);
    EXPECT_EQ(kind("moments").bytes, 8 * elements);
    EXPECT_EQ(kind("staging").bytes, m_plan.ringBytes);
}

TEST_F(ExplainPlan, AnOptimizerWithOneMomentHasASmallerState) {
    explain(kTightRam * m_table.paddedParameters());
    const int64_t before = m_plan.diskBytes;
    setOptimizer(m_run.training, OptimizerKind::Lion);
    explain(kTightRam * m_table.paddedParameters());
    const int64_t elements = m_table.paddedParameters();
    EXPECT_EQ(kind("moments").bytes, 4 * elements);
    EXPECT_LE(m_plan.diskBytes, before - 2 * 4 * elements) << "in both slots";
}

/// The saving is the difference to the plan that has just this kind on disk.
TEST_F(ExplainPlan, SavingsAreThoseOfTheProgram) {
    m_run.budget.update = UpdateChoice::Deferred;
    m_run.budget.gradients = GradientChoice::Disk;
    m_run.budget.deviceBytes = 1 * kGiB;  // so that activations take no RAM
    explain((kTightRam + 1) * m_table.paddedParameters());
    ASSERT_TRUE(m_plan.stateOnDisk);
    // Deferred: the forward sweep reads weights for the update, the backward sweep to compute; embedding and head are
    // not needed there.
    const auto slices = makeSlicing(m_table, m_plan.placement);
    int64_t saved = 0;
    int kept = 0;
    for (size_t slice = 0; slice < slices.size(); ++slice)
        if (m_plan.placement.of(int(slice)).weights != Tier::Disk) {
            ++kept;
            saved += 2 * sliceElements(m_table, slices[slice]) * (slice == 0 || slice + 1 == slices.size() ? 1 : 2);
        }
    ASSERT_GT(kept, 1);
    const std::string reason = kind("working weights").reason;
    const bool all = kept == int(slices.size());
    EXPECT_EQ(reason.find(all ? "fits RAM"
                              : std::to_string(kept) + " of " + std::to_string(slices.size()) + " slices fit RAM"),
              0u)
        << reason;
    EXPECT_NE(reason.find("saves " + formatBytes(uint64_t(saved)) + " of reading"), std::string::npos)
        << reason << ", not " << saved;
    EXPECT_NE(kind("gradients").reason.find("--gradients disk"), std::string::npos) << kind("gradients").reason;
}

TEST_F(ExplainPlan, WhatIsStreamedHasItsReason) {
    explain(kTightRam * m_table.paddedParameters());
    const PlacedKind& moments = kind("moments");
    ASSERT_GT(moments.slices[size_t(Tier::Disk)], 0);
    EXPECT_NE(moments.reason.find("RAM limit of " + formatBytes(uint64_t(m_plan.ramLimit)) + " reached"),
              std::string::npos)
        << moments.reason;
    m_run.budget.residency = ResidencyChoice::Disk;
    explain(16 * kGiB);
    EXPECT_NE(kind("moments").reason.find("--residency disk"), std::string::npos) << kind("moments").reason;
    EXPECT_EQ(kind("moments").slices[size_t(Tier::Disk)], m_plan.slices);
}

TEST_F(ExplainPlan, AllStateInRamNeedsNoRule) {
    explain(16 * kGiB);
    ASSERT_FALSE(m_plan.stateOnDisk);
    EXPECT_EQ(m_told.updateRule, "in place");
    EXPECT_TRUE(m_told.updates.empty());
    EXPECT_NE(kind("moments").reason.find("all state fits RAM"), std::string::npos);
}

TEST_F(ExplainPlan, NamesVocabularySlices) {
    explain(16 * kGiB);
    EXPECT_TRUE(std::none_of(m_told.kinds.begin(), m_told.kinds.end(),
                             [](const PlacedKind& kind) { return kind.kind == "vocabulary slices"; }));
    m_run.model.vocabulary = 150'000;
    m_run.training.threads = 2;
    m_table = TensorTable(m_run.model);
    m_run.budget.deviceBytes =
        3 * m_run.model.vocabulary * m_run.model.width;  // half of what the matrix and its gradient take
    explain(16 * kGiB);
    const PlacedKind& cut = kind("vocabulary slices");
    EXPECT_NE(cut.reason.find("two passes"), std::string::npos) << cut.reason;
    EXPECT_LT(cut.bytes, m_run.budget.deviceBytes);
    EXPECT_EQ(cut.reason.find("gradient waits"), std::string::npos) << "only a tied head's share does";
    const std::vector<std::string> slices = listed().slices;
    EXPECT_EQ(slices.front().find("embedding, tokens 0 to "), 0u) << slices.front();
    EXPECT_EQ(slices.back().find("head, tokens "), 0u) << slices.back();
    EXPECT_NE(slices.back().find(" to 149999"), std::string::npos) << slices.back();
    EXPECT_EQ(std::count(slices.begin(), slices.end(), "norm of the head"), 1);
}

TEST_F(ExplainPlan, LeanHasNoRemainder) {
    m_run.training.state = StatePreset::Lean;
    explain(16 * kGiB);
    EXPECT_TRUE(std::none_of(m_told.kinds.begin(), m_told.kinds.end(),
                             [](const PlacedKind& kind) { return kind.kind == "remainder"; }));
}

TEST_F(ExplainPlan, ComparesUpdatesAndNamesTheBreakEven) {
    m_run.budget.residency = ResidencyChoice::Disk;
    explain(1 * kGiB);
    ASSERT_EQ(m_plan.rule, UpdateRule::Adaptive);
    EXPECT_EQ(chosen(m_told.updates).choice, "insured");
    EXPECT_EQ(chosen(m_told.updates).secondsPerStep, m_plan.step.seconds);
    EXPECT_GT(m_told.updates[0].secondsPerStep, m_plan.step.seconds) << "deferred: this drive is slow";
    EXPECT_EQ(m_told.breakEven, m_plan.breakEven);
    const std::string share = std::to_string(std::lround(100 * m_plan.breakEven)) + "% of the steps";
    EXPECT_NE(m_told.updateReason.find(share), std::string::npos) << m_told.updateReason;
}

TEST_F(ExplainPlan, KnownClipFactorsNeedNoStoredGradient) {
    m_run.budget.residency = ResidencyChoice::Disk;
    m_run.budget.gradients = GradientChoice::Disk;
    m_run.training.clip = ClipKind::PreviousNorm;
    explain(1 * kGiB);
    ASSERT_EQ(m_plan.rule, UpdateRule::Speculative);
    EXPECT_NE(m_told.updateReason.find("follows from the step before"), std::string::npos) << m_told.updateReason;
    EXPECT_NE(kind("gradients").reason.find("not stored"), std::string::npos);
    EXPECT_EQ(chosen(m_told.clips).choice, "previous");
    ASSERT_EQ(m_told.clips[0].choice, "global");
    EXPECT_GE(m_told.clips[0].writtenBytes + m_told.clips[0].readBytes,
              m_plan.step.writtenBytes + m_plan.step.readBytes);
    ASSERT_EQ(m_told.clips[3].choice, "none");
    EXPECT_EQ(m_told.clips[3].updateRule, "speculative");
}

TEST_F(ExplainPlan, MoreRamReadsLess) {
    explain(kTightRam * m_table.paddedParameters());
    ASSERT_EQ(m_told.memory.size(), 3u);
    EXPECT_EQ(m_told.memory[0].secondsPerStep, m_plan.step.seconds);
    EXPECT_FALSE(m_told.memory[1].problem.empty()) << "no device limit is set";
    EXPECT_TRUE(m_told.memory[2].problem.empty()) << m_told.memory[2].problem;
    EXPECT_LT(m_told.memory[2].readBytes, m_told.memory[0].readBytes);
}

TEST_F(ExplainPlan, MoreVramIsPlannedWhereThereIsALimit) {
    m_run.budget.deviceBytes = 64 * kMiB;
    m_run.budget.activations = ActivationChoice::Auto;
    explain(2 * kGiB);
    EXPECT_TRUE(m_told.memory[1].problem.empty()) << m_told.memory[1].problem;
    EXPECT_LT(m_told.memory[1].secondsPerStep, m_told.memory[0].secondsPerStep) << "activations can be kept";
    EXPECT_NE(kind("kept activations").reason, "");
}

TEST_F(ExplainPlan, ListsTheStepOfThePlan) {
    m_run.budget.residency = ResidencyChoice::Disk;
    explain(1 * kGiB);
    const StepListing listing = listed();
    EXPECT_NEAR(listing.seconds, m_plan.step.seconds, 1e-6 * m_plan.step.seconds);
    EXPECT_EQ(int(listing.slices.size()), m_plan.slices);
    EXPECT_EQ(listing.slices.front(), "embedding");
    EXPECT_EQ(listing.slices.back(), "head");
    EXPECT_EQ(listing.slices[1], "layer 1");
    EXPECT_EQ(listing.slices[8], "layer 8");
    ASSERT_EQ(int(listing.units.size()), m_table.unitCount());
    EXPECT_EQ(listing.units[1].name, "attention of layer 1");
    EXPECT_EQ(listing.units[16].label, "8m");
    int64_t read = 0, written = 0, acquired = 0, released = 0;
    std::string phases;
    for (const ListedOp& op : listing.ops) {
        read += op.lane() == Lane::Read ? op.ioBytes : 0;
        written += op.lane() == Lane::Write ? op.ioBytes : 0;
        for (const ListedBuffer& buffer : op.acquires)
            acquired += buffer.bytes;
        for (const ListedBuffer& buffer : op.releases)
            released += buffer.bytes;
        if (phases.empty() || phases.substr(phases.rfind(' ') + 1) != nameOf(op.sweep))
            phases += std::string(" ") + nameOf(op.sweep);
    }
    EXPECT_EQ(read, m_plan.step.readBytes);
    EXPECT_EQ(written, m_plan.step.writtenBytes);
    EXPECT_EQ(acquired, released);
    EXPECT_GT(acquired, 0);
    EXPECT_EQ(phases, " forward backward commit");
    const auto turn = std::find_if(listing.ops.begin(), listing.ops.end(),
                                   [](const ListedOp& op) { return op.sweep == Sweep::Backward; });
    EXPECT_EQ(turn->kind, OpKind::ZeroGradient) << "the head computes the loss and the first gradient at once";
    EXPECT_EQ(turn->slice, m_plan.slices - 1);
    const auto head = std::find_if(turn, listing.ops.end(), [](const ListedOp& op) { return op.kind == OpKind::Head; });
    EXPECT_NE(head, listing.ops.end());
}

TEST(SliceInfos, PartsOfEmbeddingAndHeadAreCounted) {
    RunSpec run = recipe();
    run.model.vocabulary = 40'000;
    const TensorTable table(run.model);
    const auto whole = sliceInfos(table, makeSlicing(table, 4));
    ASSERT_EQ(whole.size(), 6u);
    EXPECT_EQ(whole.front().kind, SliceInfo::Kind::Embedding);
    EXPECT_EQ(whole.front().parts, 1);
    EXPECT_EQ(whole[1].firstLayer, 1) << "as people count them";
    EXPECT_EQ(whole[2].firstLayer, 3);
    EXPECT_EQ(whole[2].lastLayer, 4);
    EXPECT_EQ(wordsFor(whole[2]), "layers 3 to 4");
    EXPECT_EQ(whole.back().kind, SliceInfo::Kind::Head);
    const auto slices = makeSlicing(table, 1, 16384);
    const auto parts = sliceInfos(table, slices);
    ASSERT_EQ(parts.size(), slices.size());
    EXPECT_GT(parts.front().parts, 1);
    EXPECT_EQ(parts[1].kind, SliceInfo::Kind::Embedding);
    EXPECT_EQ(parts[1].part, 2);
    EXPECT_EQ(parts.back().kind, SliceInfo::Kind::Head);
    EXPECT_EQ(parts.back().part, parts.back().parts);
    EXPECT_EQ(parts[size_t(parts.front().parts)].kind, SliceInfo::Kind::Attention);
    EXPECT_EQ(wordsFor(parts[size_t(parts.front().parts)]), "attention of layer 1");
    EXPECT_EQ(wordsFor(parts[size_t(parts.front().parts) + 1]), "MLP of layer 1");
    EXPECT_EQ(parts[parts.size() - 1 - size_t(parts.back().parts)].kind, SliceInfo::Kind::HeadNorm);
}

}  // namespace
}  // namespace gsst
