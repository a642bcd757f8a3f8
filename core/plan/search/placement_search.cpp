// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/placement_search.h"

#include "base/round_up.h"
#include "plan/program/host_pieces.h"
#include "plan/search/plan_sizes.h"
#include "plan/search/residency_search.h"
#include "spec/cost.h"
#include "spec/vocabulary_chunks.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gsst {
namespace {

constexpr int64_t kLargestChunk = 4 << 20;
constexpr int64_t kSmallestChunk = kBlockElements;
constexpr int64_t kRingGroups = 4;  ///< chunks (state and gradient) that may be in flight
constexpr int64_t kSmallestRing = 64 << 10;
constexpr int64_t kSliceElements = 4 << 20;  ///< blocks of small models share a slice up to this size

/// Units a slice may have, best first: whole layers, several of them while they are small, then half a layer.
std::vector<int> unitsToTry(const TensorTable& table) {
    int units = 2;
    const auto elementsOf = [&](int count) { return elementsBefore(table, {1, count}, 1 + count); };
    while (units * 2 < table.headUnit() && elementsOf(units * 2) <= kSliceElements)
        units *= 2;
    std::vector<int> all;
    for (; units >= 1; units /= 2)
        all.push_back(units);
    return all;
}

/// Without a limit of its own the device's memory is the machine's: the CPU.
int64_t ramLeft(const Plan& plan, const SearchLimits& limits) {
    if (limits.ram == 0)
        return std::numeric_limits<int64_t>::max();
    return limits.ram - plan.ramPeak - (limits.device == 0 ? plan.devicePeak : 0);
}

bool fits(const Plan& plan, const SearchLimits& limits) {
    return (limits.device == 0 || plan.devicePeak <= limits.device) && ramLeft(plan, limits) >= 0;
}

}  // namespace

std::vector<int64_t> microBatchesToTry(const TrainSpec& training) {
    std::vector<int64_t> sizes;
    for (int64_t size = training.microBatch; size >= 1; --size)
        if (training.microBatch % size == 0)
            sizes.push_back(size);
    return sizes;
}

std::vector<int64_t> vocabularyRowsToTry(const ModelSpec& model, const TrainSpec& training) {
    const VocabularyChunks chunks(model, training);
    std::vector<int64_t> all{0};
    for (int64_t parts = 2, last = chunks.count(); last > 1; parts *= 2)
        if (const int64_t each = (chunks.count() + parts - 1) / parts; each < last) {
            all.push_back(each * chunks.rows());
            last = each;
        }
    return all;
}

Plan PlacementSearch::measured(const Shape& shape, Placement placement, bool stateOnDisk) {
    Plan plan;
    plan.microBatch = shape.microBatch;
    plan.placement = std::move(placement);
    plan.placement.unitsPerSlice = shape.units;
    plan.placement.vocabularyRows = shape.vocabularyRows;
    plan.placement.boundaries = shape.boundaries;
    plan.placement.tiedGradients = shape.tiedGradients;
    plan.stateOnDisk = stateOnDisk;
    const CompiledPlan programs = compiled(plan);
    const std::vector<SliceRange>& slices = programs.slices();
    const ProgramPeaks& peaks = m_peaks.of(plan.placement, plan.microBatch);
    plan.devicePeak = peaks.device;
    plan.boundaryBytes = peaks.ram;
    plan.residentBytes = programs.residentBytes();
    plan.slices = int(slices.size());
    const int64_t pieces =
        shape.boundaries == Tier::Disk ? kRingGroups * boundarySlotBytes(m_table.model(), programs.training()) : 0;
    const auto ringFor = [&](int64_t elements) {
        return stateOnDisk ? roundUp(kRingGroups * groupBytesOf(shape, slices, elements) + pieces, 4096)
                           : roundUp(kSmallestRing + pieces, 4096);
    };
    plan.programBytes = m_limits.program;
    const int64_t fixedRam = plan.boundaryBytes + plan.residentBytes + plan.programBytes;
    int64_t chunk = kLargestChunk;
    while (m_limits.ram > 0 && chunk > kSmallestChunk && fixedRam + ringFor(chunk) > m_limits.ram)
        chunk /= 2;
    plan.placement.chunkElements = chunk;
    plan.ringBytes = ringFor(chunk);
    const int64_t ahead = plan.ringBytes + readAheadBytes(m_table, *m_format, slices, m_limits.ram);
    if (stateOnDisk && (m_limits.ram == 0 || fixedRam + ahead <= m_limits.ram))
        plan.ringBytes = ahead;
    plan.ramPeak = fixedRam + plan.ringBytes;
    return plan;
}

int64_t PlacementSearch::groupBytesOf(const Shape& shape, const std::vector<SliceRange>& slices,
                                      int64_t chunkElements) {
    const auto [place, isNew] = m_groupBytes.try_emplace({shape.units, shape.vocabularyRows, chunkElements}, 0);
    if (isNew)
        place->second = groupBytes(m_table, *m_format, slices, chunkElements);
    return place->second;
}

/// What a byte of RAM saves. Both sweeps read what weights are made from; speculative updates store no gradient.
BytesSavedPerByte PlacementSearch::worth() const {
    BytesSavedPerByte worth;
    const bool automatic = m_spec.budget.residency == ResidencyChoice::Auto;
    worth.weights = automatic ? 2 : 0;
    worth.moments = automatic ? 1 : 0;
    worth.remainder = m_format->weightsNeed(StateKind::Lo, m_spec.training.precision) ? worth.weights : worth.moments;
    worth.gradient = m_spec.budget.gradients == GradientChoice::Disk || !m_wanted.storesGradients ? 0 : 2;
    return worth;
}

Plan PlacementSearch::streamed(const Shape& shape) {
    Plan plan = measured(shape, streamedPlacement(), true);
    if (!fits(plan, m_limits))
        return plan;
    plan = keepActivations(shape, plan);
    Placement filled = plan.placement;
    fillRam(filled, m_table, *m_format, makeSlicing(m_table, plan.placement), worth(), ramLeft(plan, m_limits));
    return keepOnDevice(shape, measured(shape, filled, true));
}

Plan PlacementSearch::resident(const Shape& shape) {
    Placement placement;
    placement.everywhere = {Tier::Ram, Tier::Ram, Tier::Ram, Tier::Ram};
    placement.slices.assign(makeSlicing(m_table, shape.units, shape.vocabularyRows).size(), placement.everywhere);
    const Plan plan = keepActivations(shape, measured(shape, placement, false));
    return keepOnDevice(shape, plan);
}

/// As many slices as the device's memory allows keep what their forward pass computed. All of it is there at the head,
/// so it does not matter which; the last are needed again first.
Plan PlacementSearch::keepActivations(const Shape& shape, Plan plan) {
    if (!m_wanted.keepsActivations || !fits(plan, m_limits))
        return plan;
    // The embedding and the head have nothing to keep.
    const auto slices = makeSlicing(m_table, plan.placement);
    const auto ofLayers = [this](const SliceRange& slice) { return isOfLayers(m_table, slice); };
    const int begin = int(std::find_if(slices.begin(), slices.end(), ofLayers) - slices.begin());
    const int end = begin + int(std::count_if(slices.begin(), slices.end(), ofLayers));
    const auto keeping = [&](int count) {
        Placement placement = plan.placement;
        placement.slices.resize(size_t(plan.slices), placement.everywhere);
        for (int slice = end - count; slice < end; ++slice)
            placement.slices[size_t(slice)].keepsActivations = true;
        return measured(shape, placement, plan.stateOnDisk);
    };
    int known = 0, tooMany = end - begin;
    if (Plan all = keeping(tooMany); fits(all, m_limits))
        return all;
    while (known + 1 < tooMany) {
        const int count = (known + tooMany) / 2;
        (fits(keeping(count), m_limits) ? known : tooMany) = count;
    }
    return known > 0 ? keeping(known) : plan;
}

/// Weights and gradients that fit the device stay there: nothing has to be copied.
Plan PlacementSearch::keepOnDevice(const Shape& shape, Plan plan) {
    const int64_t room = m_limits.device > 0 ? m_limits.device - plan.devicePeak : ramLeft(plan, m_limits);
    if (room <= 0)
        return plan;
    const auto slices = makeSlicing(m_table, plan.placement);
    int64_t left = room;
    Placement kept = plan.placement;
    const auto keep = [&](Tier SliceResidency::* kind, int64_t bytesPerElement) {
        for (size_t slice = 0; slice < slices.size() && slice < kept.slices.size(); ++slice) {
            const int64_t bytes = sliceElements(m_table, slices[slice]) * bytesPerElement;
            if (kept.slices[slice].*kind != Tier::Ram || bytes > left)
                continue;
            kept.slices[slice].*kind = Tier::Device;
            left -= bytes;
        }
    };
    keep(&SliceResidency::weights, computeElementBytes(m_spec.training.precision));
    keep(&SliceResidency::gradient, kGradientBytes);
    if (m_limits.ram > 0 && m_limits.program + hostBytesOf(m_table, *m_format, slices, kept) > m_limits.ram)
        return plan;
    Plan better = measured(shape, kept, plan.stateOnDisk);
    return fits(better, m_limits) ? better : plan;
}

std::optional<Plan> PlacementSearch::find(const WantedPlacement& wanted) {
    m_wanted = wanted;
    std::vector<std::pair<Tier, Tier>> tiers;
    for (Tier tiedGradients : tiedGradientTiersToTry())
        for (Tier boundaries : {Tier::Device, Tier::Ram, Tier::Disk})
            tiers.emplace_back(boundaries, tiedGradients);
    for (int64_t microBatch : microBatchesToTry(m_spec.training))
        for (int units : unitsToTry(m_table))
            for (const auto& [boundaries, tiedGradients] : tiers) {
                const Shape shape{microBatch, units, boundaries, m_wanted.vocabularyRows, tiedGradients};
                Plan plan = m_wanted.allInRam ? resident(shape) : streamed(shape);
                const bool deviceFits = m_limits.device == 0 || plan.devicePeak <= m_limits.device;
                const int64_t needed = plan.ramPeak + (m_limits.device == 0 ? plan.devicePeak : 0);
                if (deviceFits && (m_leastRam == 0 || needed < m_leastRam))
                    m_leastRam = needed;
                if (fits(plan, m_limits))
                    return plan;
            }
    return std::nullopt;
}

Plan PlacementSearch::keepEmbeddingWeights(const Plan& plan) {
    Placement placement = plan.placement;
    const auto slices = makeSlicing(m_table, placement);
    placement.slices.resize(slices.size(), placement.everywhere);
    for (size_t slice = 0; slice < slices.size() && slices[slice].firstUnit == 0; ++slice) {
        SliceResidency& residency = placement.slices[slice];
        if (residency.weights == Tier::Disk)
            residency.weights = Tier::Ram;
        if (residency.remainder == Tier::Disk && m_format->weightsNeed(StateKind::Lo, m_spec.training.precision))
            residency.remainder = Tier::Ram;
    }
    const Shape shape{plan.microBatch, placement.unitsPerSlice, placement.boundaries, placement.vocabularyRows,
                      placement.tiedGradients};
    Plan kept = measured(shape, placement, plan.stateOnDisk);
    return fits(kept, m_limits) ? kept : plan;
}

std::vector<Tier> PlacementSearch::tiedGradientTiersToTry() const {
    if (m_wanted.vocabularyRows > 0 && m_spec.model.tiedHead && !m_wanted.allInRam)
        return {Tier::Ram, Tier::Disk};
    return {Tier::Ram};
}

int64_t PlacementSearch::leastPeak(int64_t vocabularyRows) {
    int64_t least = 0;
    for (int units : {2, 1}) {
        Placement placement = streamedPlacement();
        placement.unitsPerSlice = units;
        placement.vocabularyRows = vocabularyRows;
        const int64_t peak = m_peaks.of(placement, 1).device;
        least = least == 0 ? peak : std::min(least, peak);
    }
    return least;
}

int64_t PlacementSearch::smallestDevice() {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (int64_t rows : vocabularyRowsToTry(m_spec.model, m_spec.training))
        least = std::min(least, leastPeak(rows));
    return least;
}

}  // namespace gsst
