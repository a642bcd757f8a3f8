// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/recent_steps.h"
#include "store/sealed_block.h"
#include "store/state_hash.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace gsst {

/// One commit of a run, as HEAD keeps it. The state itself is in the slot.
struct CommitRecord {
    uint64_t generation = 0;    ///< 0 = no commit yet
    int slot = 0;               ///< 0 = slots/A, 1 = slots/B
    int64_t step = 0;           ///< optimizer steps that the state contains
    Hash128 rootHash{};         ///< of the slot's sums: depends on the state's bytes alone
    uint64_t metricsBytes = 0;  ///< length of metrics.jsonl that belongs to it
    uint64_t samplesBytes = 0;  ///< length of samples.jsonl that belongs to it
    uint64_t clippedMask = 0;   ///< bit 0 = newest step; 1 = clipped
    int clippedCount = 0;       ///< bits of clippedMask that count, 0 to 64
    int skippedInARow = 0;
    uint64_t skippedSteps = 0;  ///< since the start of the run
    double lossScale = 1;       ///< of the next step's gradient; 1 unless fp16 is computed with
    uint64_t lossScaleAge = 0;  ///< steps with a finite gradient since it changed or was too large last
    double gradientNorm = 0;    ///< of the newest step that was not skipped; 0 = none yet
    uint64_t dataOrder =
        0;  ///< order of the training data from this step on, see Sampler; 0 = as at the start of a run
    RecentSteps recent;

    std::string rootHashHex() const { return hexText(rootHash); }
    /// Notes the newest step in the clipping history.
    void noteClipped(bool clipped);
    /// Share of the last steps (at most 64) that were clipped; 0 before the first.
    double clippedShare() const;

    bool operator==(const CommitRecord&) const = default;
};

/// The record as a sealed block of HEAD.
void encode(const CommitRecord& record, std::span<std::byte, kSealedBytes> block);

struct DecodedRecord {
    Seal seal = Seal::Damaged;
    CommitRecord record;  ///< valid if seal is Good
};
DecodedRecord decodeRecord(std::span<const std::byte, kSealedBytes> block);

/// "slots/A" or "slots/B", for messages and as a path below the run folder.
const char* slotName(int slot);

}  // namespace gsst
