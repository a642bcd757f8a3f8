// SPDX-License-Identifier: GPL-3.0-or-later
#include "explain_plan_fixture.h"

#include "base/units.h"
#include "insight/placed_plan.h"

#include <tuple>

namespace gsst {
namespace {

using Tiers = std::vector<Tier>;

/// What is told of plans whose slices are where the test puts them, whatever the planner would do.
class PlanReasons : public ExplainPlan {
protected:
    /// A plan with its state on disk, updated in the next forward sweep, and nothing kept.
    void planOnDisk() {
        m_run.budget.update = UpdateChoice::Deferred;
        m_run.budget.gradients = GradientChoice::Disk;
        m_run.budget.residency = ResidencyChoice::Disk;
        explain(4 * kGiB);
        m_run.budget.gradients = GradientChoice::Auto;
        m_run.budget.residency = ResidencyChoice::Auto;
        ASSERT_TRUE(m_plan.stateOnDisk);
        ASSERT_EQ(m_plan.slices, 10);
    }
    void planInRam() {
        explain(16 * kGiB);
        ASSERT_FALSE(m_plan.stateOnDisk);
        ASSERT_EQ(m_plan.slices, 10);
    }
    /// Puts the first slices into the first of `tiers`, the next into the next, the rest into the last, and explains.
    const PlacedKind& placed(TierOfSlice kind, const Tiers& tiers, const std::string& name) {
        std::vector<SliceResidency>& slices = m_plan.placement.slices;
        slices.resize(size_t(m_plan.slices), m_plan.placement.everywhere);
        for (size_t slice = 0; slice < slices.size(); ++slice)
            slices[slice].*kind = tiers[std::min(slice / kEach, tiers.size() - 1)];
        explainPlanned();
        return this->kind(name);
    }
    const PlacedKind& gradients(const Tiers& tiers) { return placed(&SliceResidency::gradient, tiers, "gradients"); }
    const PlacedKind& weights(const Tiers& tiers) { return placed(&SliceResidency::weights, tiers, "working weights"); }
    /// Bytes of the slices in [first, end), so many each element.
    std::string bytes(size_t first, size_t end, int64_t each) const {
        const auto slices = makeSlicing(m_table, m_plan.placement);
        int64_t sum = 0;
        for (size_t slice = first; slice < std::min(end, slices.size()); ++slice)
            sum += sliceElements(m_table, slices[slice]) * each;
        return formatBytes(uint64_t(sum));
    }
    static bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

    static constexpr size_t kEach = 3;
    static constexpr Tier kDevice = Tier::Device, kRam = Tier::Ram, kDisk = Tier::Disk;
};

TEST_F(PlanReasons, GradientsOfStateOnDisk) {
    planOnDisk();
    const std::string limit =
        "the rest is streamed: RAM limit of " + formatBytes(uint64_t(m_plan.ramLimit)) + " reached";
    const auto saves = [this](size_t slices) {
        return ": saves " + bytes(0, slices, 4) + " of reading and " + bytes(0, slices, 4) + " of writing a step";
    };
    EXPECT_EQ(gradients({kRam}).reason, "fits RAM" + saves(10));
    EXPECT_EQ(
        gradients({kDevice, kDisk}).reason.find("3 of 10 slices fit the device" + saves(3) + "; on the device saves "),
        0u)
        << kind("gradients").reason;
    EXPECT_TRUE(has(kind("gradients").reason, limit)) << kind("gradients").reason;
    EXPECT_EQ(kind("gradients").where, "device 3, disk 7");
    EXPECT_EQ(gradients({kRam, kDisk}).reason, "3 of 10 slices fit RAM" + saves(3) + "; " + limit);
    EXPECT_EQ(gradients({kDevice}).reason.find("fits the device" + saves(10) + "; on the device saves "), 0u)
        << kind("gradients").reason;
    EXPECT_FALSE(has(kind("gradients").reason, "RAM")) << kind("gradients").reason;
    EXPECT_EQ(gradients({kDevice, kRam}).reason.find("fits device and RAM" + saves(10) + "; on the device saves "), 0u)
        << kind("gradients").reason;
    EXPECT_EQ(gradients({kDevice, kRam, kDisk}).reason.find("3 of 10 slices fit the device, 3 RAM" + saves(6)), 0u)
        << kind("gradients").reason;
    EXPECT_TRUE(has(kind("gradients").reason, limit)) << kind("gradients").reason;
    EXPECT_EQ(gradients({kDisk}).reason, limit.substr(std::string("the rest is ").size()));
    m_run.budget.gradients = GradientChoice::Disk;
    EXPECT_EQ(gradients({kDisk}).reason, "streamed: asked for with --gradients disk");
}

TEST_F(PlanReasons, WhatGradientsOnTheDeviceSaveIsCopyingThem) {
    planOnDisk();
    const auto copied = [this](const Tiers& tiers) {
        gradients(tiers);
        return compiledFor(basis(), m_plan).tally().copiedBytes;
    };
    const int64_t saved = copied({kRam}) - copied({kDevice});
    ASSERT_GT(saved, 0);
    EXPECT_TRUE(has(kind("gradients").reason, "; on the device saves " + formatBytes(uint64_t(saved)) + " of copying"))
        << kind("gradients").reason;
}

/// An update in the backward sweep reads the stored gradient only after a wrong guess.
TEST_F(PlanReasons, InsuredGradientsAreNotRead) {
    planOnDisk();
    m_plan.rule = UpdateRule::Insured;
    EXPECT_EQ(gradients({kRam}).reason, "fits RAM: saves " + bytes(0, 10, 4) + " of writing a step");
    m_plan.rule = UpdateRule::Speculative;
    EXPECT_EQ(gradients({kDisk}).where, "device (one at a time)");
    EXPECT_TRUE(has(kind("gradients").reason, "not stored"));
}

TEST_F(PlanReasons, GradientsOfStateInRam) {
    planInRam();
    EXPECT_EQ(gradients({kDevice}).reason, "summed up and applied on the device");
    EXPECT_EQ(gradients({kRam}).reason,
              "no room on the device: they wait in RAM for the update after the backward sweep");
    const std::string mixed = gradients({kDevice, kRam}).reason;
    EXPECT_TRUE(has(mixed, "on the device as far as it has room") && has(mixed, "the others wait in RAM")) << mixed;
    m_run.budget.gradients = GradientChoice::Disk;
    EXPECT_TRUE(has(gradients({kDevice}).reason, "--gradients disk is for state on disk")) << kind("gradients").reason;
}

TEST_F(PlanReasons, WeightsOfStateOnDisk) {
    planOnDisk();
    const std::string limit =
        "; the rest is streamed: RAM limit of " + formatBytes(uint64_t(m_plan.ramLimit)) + " reached";
    EXPECT_EQ(weights({kRam}).reason.find("fits RAM: saves "), 0u) << kind("working weights").reason;
    EXPECT_FALSE(has(kind("working weights").reason, "device")) << kind("working weights").reason;
    const std::string all = weights({kDevice}).reason;
    EXPECT_EQ(all.find("fits RAM: saves "), 0u) << all << "; RAM has a copy";
    EXPECT_TRUE(has(all, "; on the device too: saves ")) << all;
    const std::string some = weights({kDevice, kRam}).reason;
    EXPECT_EQ(some.find("fits RAM: saves "), 0u) << some;
    EXPECT_TRUE(has(some, "; 3 of them on the device too: saves ")) << some;
    const std::string three = weights({kDevice, kRam, kDisk}).reason;
    EXPECT_EQ(three.find("6 of 10 slices fit RAM: saves "), 0u) << three;
    EXPECT_TRUE(has(three, "; 3 of them on the device too: saves ") && has(three, limit)) << three;
    EXPECT_EQ(kind("working weights").where, "device 3, RAM 3, disk 4");
    const std::string half = weights({kDevice, kDisk}).reason;
    EXPECT_TRUE(has(half, "3 of 10 slices fit RAM") && has(half, "3 of them on the device too") && has(half, limit))
        << half;
    EXPECT_EQ(weights({kDisk}).reason, limit.substr(std::string("; the rest is ").size()));
}

TEST_F(PlanReasons, RemainderAndMomentsOfStateOnDisk) {
    planOnDisk();
    for (const auto& [tier, name, each] :
         {std::tuple(&SliceResidency::remainder, "remainder", 2), std::tuple(&SliceResidency::moments, "moments", 8)}) {
        EXPECT_EQ(placed(tier, {kRam}, name).reason, "fits RAM: saves " + bytes(0, 10, each) + " of reading a step")
            << name;
        const std::string some = "3 of 10 slices fit RAM: saves " + bytes(0, 3, each) + " of reading a step; the rest";
        EXPECT_EQ(placed(tier, {kRam, kDisk}, name).reason.find(some), 0u) << name << ": " << kind(name).reason;
        EXPECT_EQ(placed(tier, {kDisk}, name).reason.find("streamed: RAM limit"), 0u) << name;
    }
    m_run.budget.residency = ResidencyChoice::Disk;
    EXPECT_EQ(placed(&SliceResidency::moments, {kDisk}, "moments").reason, "streamed: asked for with --residency disk");
}

TEST_F(PlanReasons, StateInRam) {
    planInRam();
    const std::string fits = "all state fits RAM: a step neither reads nor writes it";
    EXPECT_EQ(weights({kRam}).reason, fits);
    EXPECT_EQ(kind("moments").reason, fits);
    EXPECT_EQ(kind("remainder").reason, fits);
    EXPECT_EQ(weights({kDevice}).reason.find(fits + "; on the device too: saves "), 0u)
        << kind("working weights").reason;
    EXPECT_EQ(weights({kDevice, kRam}).reason.find(fits + "; 3 of them on the device too: saves "), 0u)
        << kind("working weights").reason;
}

/// What is kept although all was to be on disk is no matter of what fits.
TEST_F(PlanReasons, TheEmbeddingIsKeptForTheTurn) {
    m_run.budget.residency = ResidencyChoice::Disk;
    m_run.budget.update = UpdateChoice::Insured;
    explain(4 * kGiB);
    ASSERT_EQ(kind("working weights").slices[size_t(Tier::Ram)], 1);
    const std::string reason = kind("working weights").reason;
    EXPECT_EQ(reason.find("the embedding is in RAM, as every step begins with it: saves "), 0u) << reason;
    EXPECT_TRUE(has(reason, "the rest is streamed: asked for with --residency disk")) << reason;
    EXPECT_FALSE(has(reason, "fit RAM")) << reason;
}

TEST_F(PlanReasons, Boundaries) {
    planOnDisk();
    const auto at = [this](Tier tier) {
        m_plan.placement.boundaries = tier;
        explainPlanned();
        return kind("boundary activations").reason;
    };
    EXPECT_EQ(at(kDevice), "what passes from slice to slice fits the device: nothing to copy");
    EXPECT_EQ(at(kRam).find("no room on the device: "), 0u) << at(kRam);
    EXPECT_TRUE(has(at(kRam), " copied a step")) << at(kRam);
    EXPECT_EQ(at(kDisk).find("no room on the device, nor in RAM: "), 0u) << at(kDisk);
    EXPECT_TRUE(has(at(kDisk), " read and written a step")) << at(kDisk);
    EXPECT_FALSE(has(at(kDisk), ": 0 B")) << at(kDisk);
}

TEST_F(PlanReasons, KeptActivations) {
    planOnDisk();
    const auto keeping = [this](size_t count) {
        m_plan.placement.slices.assign(10, {});
        for (size_t slice = 9 - count; slice < 9; ++slice)
            m_plan.placement.slices[slice].keepsActivations = true;
        explainPlanned();
        return kind("kept activations").reason;
    };
    EXPECT_TRUE(has(keeping(0), "asked for with --activations recompute")) << keeping(0);
    m_run.budget.activations = ActivationChoice::Auto;
    EXPECT_TRUE(has(keeping(0), "no memory to spare")) << keeping(0);
    m_plan.recomputesByChoice = true;
    EXPECT_TRUE(has(keeping(0), "their memory saves more time as room for state and gradients")) << keeping(0);
    EXPECT_TRUE(has(keeping(4), "% of the arithmetic; what does not fit is computed again")) << keeping(4);
    EXPECT_EQ(kind("kept activations").where, "device 4 of 8");
    EXPECT_FALSE(has(keeping(8), "computed again")) << keeping(8);
}

/// A slow drive makes room for state worth more than a quarter of the arithmetic.
TEST_F(PlanReasons, ActivationsGiveWayToState) {
    m_run.budget.activations = ActivationChoice::Auto;
    m_hardware.readBytesPerSecond = m_hardware.writeBytesPerSecond = 5e6;
    bool met = false;
    for (int64_t ram = 4 * m_table.paddedParameters(); ram <= 24 * m_table.paddedParameters() && !met;
         ram += m_table.paddedParameters()) {
        m_machine = {0, ram, 100 * kGiB, 0};
        if (!makePlan(m_run, m_table, m_hardware, m_machine).ok())
            continue;
        explain(ram);
        met = m_plan.recomputesByChoice;
    }
    ASSERT_TRUE(met) << "no such plan was found";
    EXPECT_TRUE(has(kind("kept activations").reason, "saves more time as room for state"))
        << kind("kept activations").reason;
    EXPECT_EQ(kind("kept activations").where, "nowhere");
}

TEST_F(PlanReasons, TiedGradients) {
    m_run.model.tiedHead = true;
    m_run.model.vocabulary = 150'000;
    m_run.training.threads = 2;
    m_table = TensorTable(m_run.model);
    m_run.budget.deviceBytes = 3 * m_run.model.vocabulary * m_run.model.width;
    explain(16 * kGiB);
    ASSERT_GT(m_plan.placement.vocabularyRows, 0);
    const auto slices = makeSlicing(m_table, m_plan.placement);
    const auto parts = size_t(
        std::count_if(slices.begin(), slices.end(), [](const SliceRange& slice) { return slice.firstUnit == 0; }));
    ASSERT_GT(parts, 2u);
    const auto with = [&](size_t onDevice, Tier shares) {
        m_plan.placement.tiedGradients = shares;
        m_plan.placement.slices.resize(slices.size(), m_plan.placement.everywhere);
        for (size_t slice = 0; slice < parts; ++slice)
            m_plan.placement.slices[slice].gradient = slice < onDevice ? Tier::Device : Tier::Ram;
        explainPlanned();
        const std::string reason = kind("vocabulary slices").reason;
        return reason.substr(reason.rfind("; ") + 2);
    };
    EXPECT_EQ(with(0, Tier::Ram), "its share of the gradient waits in RAM");
    EXPECT_EQ(with(0, Tier::Disk), "its share of the gradient waits on disk");
    EXPECT_EQ(with(1, Tier::Ram), "its share of the gradient waits in RAM, of one slice on the device");
    EXPECT_EQ(with(parts, Tier::Ram), "its share of the gradient waits on the device");
}

}  // namespace
}  // namespace gsst
