// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/placed_kinds.h"

#include <algorithm>

namespace gsst {
namespace {

int onDevice(const SlicesByTier& slices) {
    return slices[size_t(Tier::Device)];
}
int inRam(const SlicesByTier& slices) {
    return slices[size_t(Tier::Ram)];
}
int onDisk(const SlicesByTier& slices) {
    return slices[size_t(Tier::Disk)];
}

/// `option` is what asks for it.
std::string whyOnDisk(const PlacedPlan& placed, bool asked, const char* option) {
    if (asked)
        return std::string("streamed: asked for with ") + option;
    const int64_t limit = placed.plan().ramLimit;
    return "streamed: RAM limit" + (limit > 0 ? " of " + sizeText(limit) : std::string()) + " reached";
}

std::string restOnDisk(const PlacedPlan& placed, const SlicesByTier& slices, bool asked, const char* option) {
    return onDisk(slices) > 0 ? "; the rest is " + whyOnDisk(placed, asked, option) : std::string();
}

/// What copies on the device save.
std::string savedCopying(const PlacedPlan& placed, TierOfSlice kind) {
    const Placement without = placed.changed(
        [kind](SliceResidency& slice) { slice.*kind = slice.*kind == Tier::Device ? Tier::Ram : slice.*kind; });
    return "saves " + sizeText(placed.workOf(without).copiedBytes - placed.work().copiedBytes) + " of copying";
}

/// What keeping the kind off the disk saves: ": saves 1.2 GiB of reading and 340 MiB of writing a step".
std::string savedTraffic(const PlacedPlan& placed, TierOfSlice kind) {
    const StepTally streamed =
        placed.workOf(placed.changed([kind](SliceResidency& slice) { slice.*kind = Tier::Disk; }));
    const int64_t read = streamed.readBytes - placed.work().readBytes,
                  written = streamed.writtenBytes - placed.work().writtenBytes;
    std::string text;
    if (read > 0)
        text = sizeText(read) + " of reading";
    if (written > 0)
        text += (text.empty() ? "" : " and ") + sizeText(written) + " of writing";
    return text.empty() ? text : ": saves " + text + " a step";
}

/// Of state, which on the device is a copy of what RAM has.
std::string alsoOnDevice(const PlacedPlan& placed, TierOfSlice kind, const SlicesByTier& slices) {
    if (onDevice(slices) == 0)
        return {};
    const std::string some =
        onDevice(slices) < placed.sliceCount() ? std::to_string(onDevice(slices)) + " of them " : std::string();
    return "; " + some + "on the device too: " + savedCopying(placed, kind);
}

/// Whether the embedding alone is kept, although all was to be on disk: see PlacementSearch::keepEmbeddingWeights().
bool isForTheTurn(const PlacedPlan& placed, TierOfSlice kind) {
    for (int slice = 0; slice < placed.sliceCount(); ++slice)
        if (placed.slices()[size_t(slice)].firstUnit > 0 && placed.plan().placement.of(slice).*kind != Tier::Disk)
            return false;
    return true;
}

std::string whyState(const PlacedPlan& placed, TierOfSlice kind, const SlicesByTier& slices) {
    constexpr const char* kOption = "--residency disk";
    const bool asked = placed.basis().spec.budget.residency == ResidencyChoice::Disk;
    if (!placed.plan().stateOnDisk)
        return "all state fits RAM: a step neither reads nor writes it" + alsoOnDevice(placed, kind, slices);
    if (onDisk(slices) == placed.sliceCount())
        return whyOnDisk(placed, asked, kOption);
    const std::string kept = std::to_string(placed.sliceCount() - onDisk(slices)) + " of " +
                             std::to_string(placed.sliceCount()) + " slices ";
    const std::string where = asked && isForTheTurn(placed, kind)
                                  ? "the embedding is in RAM, as every step begins with it"
                              : onDisk(slices) == 0 ? std::string("fits RAM")
                                                    : kept + "fit RAM";
    return where + savedTraffic(placed, kind) + alsoOnDevice(placed, kind, slices) +
           restOnDisk(placed, slices, asked, kOption);
}

PlacedKind stateKind(const PlacedPlan& placed, const char* name, TierOfSlice kind,
                     const std::vector<StateKind>& stateKinds) {
    PlacedKind told;
    told.kind = name;
    for (StateKind stateKind : stateKinds)
        told.bytes += placed.format().bytes(0, placed.format().blockCount(), stateKind);
    told.slices = placed.count(kind);
    told.where = whereText(told.slices);
    told.reason = whyState(placed, kind, told.slices);
    return told;
}

/// With all state in RAM gradients wait for nothing but the end of the backward sweep.
std::string whyGradientsInPlace(const PlacedPlan& placed, const SlicesByTier& slices) {
    const bool ignored = placed.basis().spec.budget.gradients == GradientChoice::Disk;
    const std::string note = ignored ? "; --gradients disk is for state on disk" : "";
    if (onDevice(slices) == placed.sliceCount())
        return "summed up and applied on the device" + note;
    if (onDevice(slices) == 0)
        return "no room on the device: they wait in RAM for the update after the backward sweep" + note;
    return "summed up and applied on the device as far as it has room; the others wait in RAM for the update after the "
           "backward sweep" +
           note;
}

/// Where gradients that do not go to disk fit; they are in one place, on the device or in RAM.
std::string fittingGradients(const PlacedPlan& placed, const SlicesByTier& slices) {
    const int device = onDevice(slices), ram = inRam(slices);
    if (onDisk(slices) == 0)
        return ram == 0 ? "fits the device" : device == 0 ? "fits RAM" : "fits device and RAM";
    const std::string of = " of " + std::to_string(placed.sliceCount()) + " slices fit ";
    if (device == 0)
        return std::to_string(ram) + of + "RAM";
    return std::to_string(device) + of + "the device" + (ram > 0 ? ", " + std::to_string(ram) + " RAM" : std::string());
}

std::string whyGradients(const PlacedPlan& placed, const SlicesByTier& slices) {
    constexpr const char* kOption = "--gradients disk";
    const bool asked = placed.basis().spec.budget.gradients == GradientChoice::Disk;
    if (!placed.plan().stateOnDisk)
        return whyGradientsInPlace(placed, slices);
    if (onDisk(slices) == placed.sliceCount())
        return whyOnDisk(placed, asked, kOption);
    const std::string copying =
        onDevice(slices) > 0 ? "; on the device " + savedCopying(placed, &SliceResidency::gradient) : std::string();
    return fittingGradients(placed, slices) + savedTraffic(placed, &SliceResidency::gradient) + copying +
           restOnDisk(placed, slices, asked, kOption);
}

}  // namespace

std::vector<PlacedKind> placedState(const PlacedPlan& placed) {
    std::vector<PlacedKind> all{stateKind(placed, "working weights", &SliceResidency::weights, {StateKind::Hi})};
    if (placed.format().has(StateKind::Lo))
        all.push_back(stateKind(placed, "remainder", &SliceResidency::remainder, {StateKind::Lo}));
    std::vector<StateKind> moments;
    std::ranges::copy_if(placed.format().kinds(), std::back_inserter(moments), isMoment);
    all.push_back(stateKind(placed, "moments", &SliceResidency::moments, moments));
    return all;
}

PlacedKind placedGradients(const PlacedPlan& placed) {
    const TensorTable& table = placed.basis().table;
    PlacedKind told;
    told.kind = "gradients";
    if (placed.plan().stateOnDisk && placed.plan().rule == UpdateRule::Speculative) {
        for (const SliceRange& slice : placed.slices())
            told.bytes = std::max(told.bytes, sliceElements(table, slice) * kGradientBytes);
        told.where = "device (one at a time)";
        told.reason = "not stored: each slice is updated as soon as its gradient is complete";
        return told;
    }
    told.bytes = placed.format().gradientBytes(0, placed.format().blockCount());
    told.slices = placed.count(&SliceResidency::gradient);
    told.where = whereText(told.slices);
    told.reason = whyGradients(placed, told.slices);
    return told;
}

}  // namespace gsst
