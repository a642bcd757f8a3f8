// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/explain_plan.h"

#include "base/units.h"
#include "plan/steady_step.h"
#include "spec/cost.h"
#include "train/plan_outcomes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace gsst {
namespace {

using TierOfSlice = Tier SliceResidency::*;

std::string size(int64_t bytes) { return formatBytes(uint64_t(std::max<int64_t>(0, bytes))); }

/// What the programs of a step move and compute.
struct Work {
    int64_t read = 0;
    int64_t written = 0;
    int64_t copied = 0;
    double flops = 0;
};

std::string percent(double share) { return std::to_string(std::lround(100 * share)) + "%"; }

class Explainer {
public:
    Explainer(const PlanBasis& basis, const Plan& plan)
        : m_basis(basis), m_plan(plan), m_training(trainingOf(basis, plan)), m_format(basis.table, m_training.state, plannedShare(m_training, basis.machine.ranks)),
          m_slices(makeSlicing(basis.table, plan.placement)), m_work(workOf(plan.placement)) {}

    std::vector<PlacedKind> kinds() const {
        std::vector<PlacedKind> all;
        all.push_back(state("working weights", &SliceResidency::weights, {StateKind::Hi}));
        if (m_format.has(StateKind::Lo))
            all.push_back(state("remainder", &SliceResidency::remainder, {StateKind::Lo}));
        all.push_back(state("moments", &SliceResidency::moments, {StateKind::Moment1, StateKind::Moment2}));
        all.push_back(gradients());
        all.push_back(boundaries());
        all.push_back(keptActivations());
        if (m_plan.placement.vocabularyRows > 0)
            all.push_back(vocabulary());
        all.push_back(staging());
        if (m_plan.programBytes > 0)
            all.push_back({"the program", m_plan.programBytes, {}, "RAM", "libraries, tables and small change, whatever the model"});
        return all;
    }

private:
    static TrainSpec trainingOf(const PlanBasis& basis, const Plan& plan) {
        TrainSpec training = basis.spec.training;
        training.microBatch = plan.microBatch;
        return training;
    }

    /// Of the steady step with another placement, by the same rule.
    Work workOf(const Placement& placement) const {
        Work work;
        for (const StepProgram& program : steadyStep(ProgramBuilder(m_basis.table, m_format, m_training, placement), m_plan)) {
            work.read += program.readBytes();
            work.written += program.writtenBytes();
            work.flops += program.flops();
            for (const Op& op : program.ops)
                work.copied += op.copyBytes;
        }
        return work;
    }

    /// The plan's placement with all slices listed, each changed by `change`.
    template <typename Change>
    Placement changed(const Change& change) const {
        Placement placement = m_plan.placement;
        placement.slices.resize(m_slices.size(), placement.everywhere);
        for (SliceResidency& slice : placement.slices)
            change(slice);
        return placement;
    }

    std::array<int, 3> count(TierOfSlice kind) const {
        std::array<int, 3> slices{};
        for (int slice = 0; slice < int(m_slices.size()); ++slice)
            ++slices[size_t(m_plan.placement.of(slice).*kind)];
        return slices;
    }

    /// By slices: "RAM (all)", "RAM 9, disk 5".
    static std::string where(const std::array<int, 3>& slices) {
        constexpr const char* kNames[] = {"device", "RAM", "disk"};
        std::string text;
        int tiers = 0;
        for (size_t tier = 0; tier < slices.size(); ++tier)
            tiers += slices[tier] > 0 ? 1 : 0;
        for (size_t tier = 0; tier < slices.size(); ++tier)
            if (slices[tier] > 0)
                text += (text.empty() ? "" : ", ") + std::string(kNames[tier]) + (tiers > 1 ? ' ' + std::to_string(slices[tier]) : "");
        return text + (tiers > 1 ? "" : " (all)");
    }

    std::string fitting(const std::array<int, 3>& slices) const {
        const int kept = slices[size_t(Tier::Device)] + slices[size_t(Tier::Ram)];
        return kept == int(m_slices.size()) ? "fits RAM" : std::to_string(kept) + " of " + std::to_string(m_slices.size()) + " slices fit RAM";
    }

    std::string whyOnDisk(bool asked, const char* option) const {
        if (asked)
            return std::string("streamed: asked for with ") + option;
        return "streamed: RAM limit" + (m_plan.ramLimit > 0 ? " of " + size(m_plan.ramLimit) : std::string()) + " reached";
    }

    /// What copies on the device save.
    std::string alsoOnDevice(TierOfSlice kind, const std::array<int, 3>& slices) const {
        if (slices[size_t(Tier::Device)] == 0)
            return {};
        const Placement without = changed([kind](SliceResidency& slice) { slice.*kind = slice.*kind == Tier::Device ? Tier::Ram : slice.*kind; });
        return "; on the device too: saves " + size(workOf(without).copied - m_work.copied) + " of copying";
    }

    PlacedKind state(const char* name, TierOfSlice kind, const std::vector<StateKind>& stateKinds) const {
        PlacedKind placed;
        placed.kind = name;
        for (StateKind stateKind : stateKinds)
            placed.bytes += m_format.bytes(0, m_format.blockCount(), stateKind);
        placed.slices = count(kind);
        placed.where = where(placed.slices);
        const int onDisk = placed.slices[size_t(Tier::Disk)];
        const bool asked = m_basis.spec.budget.residency == ResidencyChoice::Disk;
        if (!m_plan.stateOnDisk) {
            placed.reason = "all state fits RAM: a step neither reads nor writes it" + alsoOnDevice(kind, placed.slices);
        } else if (onDisk == int(m_slices.size())) {
            placed.reason = whyOnDisk(asked, "--residency disk");
        } else {
            const Placement streamed = changed([kind](SliceResidency& slice) { slice.*kind = Tier::Disk; });
            placed.reason = fitting(placed.slices) + ": saves " + size(workOf(streamed).read - m_work.read) + " of reading a step" +
                            alsoOnDevice(kind, placed.slices) + (onDisk > 0 ? "; the rest is " + whyOnDisk(asked, "--residency disk") : "");
        }
        return placed;
    }

    PlacedKind gradients() const {
        PlacedKind placed;
        placed.kind = "gradients";
        const bool stored = !m_plan.stateOnDisk || m_plan.rule != UpdateRule::Speculative;
        if (!stored) {
            for (const SliceRange& slice : m_slices)
                placed.bytes = std::max(placed.bytes, sliceElements(m_basis.table, slice) * kGradientBytes);
            placed.where = "device (one at a time)";
            placed.reason = "not stored: each slice is updated as soon as its gradient is complete";
            return placed;
        }
        placed.bytes = m_format.gradientBytes(0, m_format.blockCount());
        placed.slices = count(&SliceResidency::gradient);
        placed.where = where(placed.slices);
        const int onDisk = placed.slices[size_t(Tier::Disk)];
        const bool asked = m_basis.spec.budget.gradients == GradientChoice::Disk;
        if (!m_plan.stateOnDisk) {
            const bool onDevice = placed.slices[size_t(Tier::Device)] == int(m_slices.size());
            placed.reason = onDevice ? "summed up and applied on the device" : "wait for the update after the backward sweep";
        } else if (onDisk == int(m_slices.size())) {
            placed.reason = whyOnDisk(asked, "--gradients disk");
        } else {
            const Work streamed = workOf(changed([](SliceResidency& slice) { slice.gradient = Tier::Disk; }));
            const int64_t read = streamed.read - m_work.read;
            placed.reason = fitting(placed.slices) + ": saves " + (read > 0 ? size(read) + " of reading and " : "") +
                            size(streamed.written - m_work.written) + " of writing a step" +
                            (onDisk > 0 ? "; the rest is " + whyOnDisk(asked, "--gradients disk") : "");
        }
        return placed;
    }

    PlacedKind boundaries() const {
        PlacedKind placed;
        placed.kind = "boundary activations";
        const Tier tier = m_plan.placement.boundaries;
        const int64_t count = 1 + std::count_if(m_slices.begin(), m_slices.end(), [this](const SliceRange& slice) { return isOfLayers(m_basis.table, slice); });
        placed.slices[size_t(tier)] = int(count);
        placed.bytes = count * m_training.microBatchesPerStep() * boundaryBytes(m_basis.table.model(), m_training);
        placed.where = where(placed.slices);
        if (tier == Tier::Device) {
            placed.reason = "what passes from slice to slice fits the device: nothing to copy";
            return placed;
        }
        int64_t copied = 0, moved = 0;
        for (const StepProgram& program : steadyStep(ProgramBuilder(m_basis.table, m_format, m_training, m_plan.placement), m_plan))
            for (const Op& op : program.ops) {
                if (op.kind == OpKind::LoadBoundary || op.kind == OpKind::StoreBoundary || op.kind == OpKind::LoadGradient)
                    copied += op.copyBytes / 2;
                if (op.kind == OpKind::ReadBoundary || op.kind == OpKind::WriteBoundary)
                    moved += op.ioBytes;
            }
        placed.reason = tier == Tier::Ram ? "no room on the device: " + size(copied) + " copied a step"
                                          : "no room on the device, nor in RAM: " + size(moved) + " read and written a step";
        return placed;
    }

    PlacedKind keptActivations() const {
        PlacedKind placed;
        placed.kind = "kept activations";
        int64_t bytesOfStep = 0;
        int keeping = 0;
        int possible = 0;
        for (int slice = 0; slice < int(m_slices.size()); ++slice) {
            const SliceRange& range = m_slices[size_t(slice)];
            if (!isOfLayers(m_basis.table, range))
                continue;
            ++possible;
            if (!m_plan.placement.of(slice).keepsActivations)
                continue;
            ++keeping;
            bytesOfStep += m_training.microBatchesPerStep() * sliceKeptBytes(m_basis.table, range.firstUnit, range.unitCount, m_training);
        }
        placed.bytes = bytesOfStep;
        placed.slices[size_t(Tier::Device)] = keeping;
        if (keeping == 0) {
            placed.where = "nowhere";
            placed.reason = m_basis.spec.budget.activations == ActivationChoice::Recompute
                                ? "computed again for the backward sweep: asked for with --activations recompute"
                                : "computed again for the backward sweep: no memory to spare for them";
            return placed;
        }
        const double without = workOf(changed([](SliceResidency& slice) { slice.keepsActivations = false; })).flops;
        placed.where = "device " + std::to_string(keeping) + " of " + std::to_string(possible);
        placed.reason = "from forward to backward: saves " + percent(1 - m_work.flops / without) + " of the arithmetic" +
                        (keeping < possible ? "; what does not fit is computed again" : "");
        return placed;
    }

    /// Embedding and head in vocabulary slices: where a tied head's share of their gradient waits, and what the slices cost.
    PlacedKind vocabulary() const {
        PlacedKind placed;
        placed.kind = "vocabulary slices";
        int rowSlices = 0;
        int64_t largest = 0;
        for (const SliceRange& slice : m_slices) {
            if (slice.firstUnit != 0)
                continue;
            ++rowSlices;
            largest = std::max(largest, sliceElements(m_basis.table, slice));
        }
        placed.bytes = largest * (computeElementBytes(m_training.precision) + kGradientBytes);
        placed.where = "device (one at a time)";
        Placement whole = m_plan.placement;
        whole.vocabularyRows = 0;
        whole.slices.clear();
        Placement sliced = whole;
        sliced.vocabularyRows = m_plan.placement.vocabularyRows;
        placed.reason = "embedding and head do not fit whole: " + std::to_string(rowSlices) + " slices of " +
                        std::to_string(m_plan.placement.vocabularyRows) + " tokens; the head is computed in two passes, " +
                        percent(workOf(sliced).flops / workOf(whole).flops - 1) + " more arithmetic";
        if (m_basis.table.model().tiedHead)
            placed.reason += std::string("; its share of the gradient waits ") + (m_plan.placement.headShares == Tier::Disk ? "on disk" : "in RAM");
        return placed;
    }

    PlacedKind staging() const {
        PlacedKind placed;
        placed.kind = "staging";
        placed.bytes = m_plan.ringBytes;
        placed.where = "RAM";
        if (!m_plan.stateOnDisk) {
            placed.reason = m_plan.placement.boundaries == Tier::Disk ? "for boundary activations on their way to or from the disk"
                                                                      : "next to none: nothing is on its way to or from the disk";
            return placed;
        }
        int64_t chunk = 0;
        for (const SliceRange& slice : m_slices)
            for (const ChunkRange& range : chunksOfSlice(m_basis.table, m_format, slice, m_plan.placement.chunkElements))
                chunk = std::max(chunk, range.paddedElements);
        const double chunkBytes = double(chunk) * (m_format.bytesPerParameter() + double(m_format.gradientBytes()));
        placed.reason = "room for " + std::to_string(std::max<int64_t>(1, int64_t(double(m_plan.ringBytes) / chunkBytes))) + " pieces of up to " +
                        formatCount(uint64_t(chunk)) + " parameters on their way to or from the disk";
        return placed;
    }

    const PlanBasis& m_basis;
    const Plan& m_plan;
    const TrainSpec m_training;
    const StateFormat m_format;
    const std::vector<SliceRange> m_slices;
    const Work m_work;
};

}  // namespace

PlanExplanation explainPlan(const PlanBasis& basis, const Plan& plan) {
    PlanExplanation explanation;
    explanation.kinds = Explainer(basis, plan).kinds();
    fillOutcomes(explanation, basis, plan);
    return explanation;
}

}  // namespace gsst
