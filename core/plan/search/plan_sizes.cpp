// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/search/plan_sizes.h"

#include "base/round_up.h"
#include "plan/search/planner.h"
#include "spec/cost.h"

#include <algorithm>
#include <vector>

namespace gsst {
namespace {

constexpr int64_t kLargestReadAhead = int64_t{4} << 30;
constexpr int64_t kReadAheadShareOfRam = 8;  ///< read-ahead takes at most one part in so many

}  // namespace

int64_t groupBytes(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                   int64_t chunkElements) {
    int64_t own = 0, foreign = 0;
    for (const SliceRange& slice : slices) {
        // A large model has 100,000 chunks. Its layers are alike.
        if (table.units()[size_t(slice.firstUnit)].layer > 0)
            continue;
        for (const ChunkRange& chunk : chunksOfSlice(table, format, slice, chunkElements)) {
            int64_t& largest = format.owns(chunk.firstBlock) ? own : foreign;
            largest = std::max(largest, format.bytes(chunk.firstBlock, chunk.blockCount) +
                                            format.gradientBytes(chunk.firstBlock, chunk.blockCount));
        }
    }
    return own + (format.share().ranks - 1) * foreign;
}

int64_t readAheadBytes(const TensorTable& table, const StateFormat& format, const std::vector<SliceRange>& slices,
                       int64_t ramLimit) {
    const auto waiting = [&format](int firstBlock, int blockCount) {
        return format.bytes(firstBlock, blockCount) + format.gradientBytes(firstBlock, blockCount);
    };
    const UnitInfo& embedding = table.units().front();
    int64_t wanted = waiting(embedding.firstBlock, embedding.blockCount);
    for (const SliceRange& slice : slices) {
        int64_t bytes = 0;
        for (const ChunkRange& unit : unitsOfSlice(table, slice))
            bytes += waiting(unit.firstBlock, unit.blockCount) +
                     format.bytes(unit.firstBlock, unit.blockCount, StateKind::Hi);
        wanted = std::max(wanted, bytes);
    }
    return std::min(wanted,
                    ramLimit > 0 ? std::min(kLargestReadAhead, ramLimit / kReadAheadShareOfRam) : kLargestReadAhead);
}

int64_t slotBytes(const StateFormat& format) {
    const int64_t sums = roundUp(int64_t(format.blockCount()) * int64_t(format.kinds().size()) * 8, 4096);
    return 2 * (4096 + format.totalBytes() + sums) + 8 * 4096;
}

const char* nameOf(UpdateRule rule) {
    switch (rule) {
    case UpdateRule::Deferred:
        return "deferred";
    case UpdateRule::Speculative:
        return "speculative";
    case UpdateRule::Insured:
        return "insured";
    case UpdateRule::Adaptive:
        return "insured or deferred";
    }
    return "unknown";
}

int64_t gradientFileBytes(const TensorTable& table, const StateFormat& format, const Plan& plan) {
    const std::vector<SliceRange> slices = makeSlicing(table, plan.placement);
    for (size_t slice = 0; slice < slices.size(); ++slice)
        if (plan.stateOnDisk && plan.rule != UpdateRule::Speculative &&
            plan.placement.of(int(slice)).gradient == Tier::Disk)
            return format.gradientBytes(0, format.blockCount());
    return 0;
}

int64_t tiedGradientFileBytes(const TensorTable& table, const Plan& plan) {
    const bool sliced = makeSlicing(table, plan.placement)[1].firstUnit == 0;
    const bool onDisk = sliced && table.model().tiedHead && plan.placement.tiedGradients == Tier::Disk;
    return onDisk ? table.units().front().paddedElements * kGradientBytes : 0;
}

int64_t boundaryFileBytes(const TensorTable& table, const TrainSpec& training, const Plan& plan) {
    if (plan.placement.boundaries != Tier::Disk)
        return 0;
    return int64_t(plan.slices) * training.microBatchesPerStep() * boundarySlotBytes(table.model(), training);
}

}  // namespace gsst
