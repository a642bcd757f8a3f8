// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/collective.h"
#include "spec/run_spec.h"
#include "store/state_hash.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace gsst {

/// Which of the processes that train one model this one is. By torchrun's conventions.
struct RankPlace {
    int rank = 0;
    int ranks = 1;           ///< 1: this process trains alone, and the rest means nothing
    std::string masterAddress;
    int masterPort = 0;
    bool masterIsThere = false;  ///< the meeting point is kept by torchrun, not by rank 0
    std::string attempt;     ///< keeps a restart by torchrun apart from what was before
    bool operator==(const RankPlace&) const = default;
};

/// From WORLD_SIZE, RANK, MASTER_ADDR and MASTER_PORT. Without WORLD_SIZE, or with 1: alone. InvalidInput names what is missing or wrong.
Result<RankPlace> rankPlaceHere();

/// The part of the recipe that one of `ranks` computes: as many micro-batches as every other. InvalidInput if they cannot be divided.
Result<RunSpec> shareOf(const RunSpec& spec, int ranks);

/// What must be the same on all ranks. Limits of memory and disk need not be.
Hash128 fingerprintOf(const RunSpec& spec, const std::string& tokenizerHash, int64_t tokens);

/// Meets the other ranks, all of which must come within `patience`; a rank that does not answer for `deadline` counts as lost. By file:
/// over LibTorch's Gloo, or, where its headers were missing when this was built, InvalidInput.
Result<std::unique_ptr<Collective>> connectRanks(const RankPlace& place, std::chrono::milliseconds patience, std::chrono::milliseconds deadline);

}  // namespace gsst
