// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"
#include "base/device_id.h"
#include "base/result.h"
#include "engine/collective.h"
#include "spec/run_spec.h"
#include "store/state_hash.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>

namespace gsst {

/// Which of the processes that train one model this one is. By torchrun's conventions.
struct ProcessRank {
    int rank = 0;
    int ranks = 1;      ///< 1: this process trains alone, and the rest means nothing
    int ranksHere = 1;  ///< of them on this computer, which share its memory and cores
    std::string masterAddress;
    int masterPort = 0;
    bool masterIsThere = false;  ///< the meeting point is kept by torchrun, not by rank 0
    std::string attempt;         ///< keeps a restart by torchrun apart from what was before
    bool operator==(const ProcessRank&) const = default;
};

/// From WORLD_SIZE, RANK, MASTER_ADDR, MASTER_PORT and LOCAL_WORLD_SIZE, which may be missing. Without WORLD_SIZE, or
/// with 1: alone. InvalidInput names what is missing or wrong.
Result<ProcessRank> rankOfThisProcess();

/// The part of the recipe that one of `ranks` computes: as many sequences of a step as every other, in micro-batches of
/// the recipe's size or, where those cannot be dealt out evenly, of the largest smaller one that can. InvalidInput if
/// no size does.
Result<RunSpec> partOf(const RunSpec& spec, int ranks);

/// What must be the same on all ranks: of the recipe and the program, and then of the text too. Limits of memory and
/// disk and the number of threads need not be.
Hash128 fingerprintOf(const RunSpec& spec);
Hash128 fingerprintOf(const RunSpec& spec, const std::string& tokenizerHash, int64_t tokens);

/// Every rank has a run folder of its own, "runs/tale-rank1" for "runs/tale", and files of its own, "trace-rank1.json"
/// for "trace.json". The path itself if there is one process.
std::filesystem::path folderOfRank(const std::filesystem::path& path, const ProcessRank& place);
std::filesystem::path fileOfRank(const std::filesystem::path& path, const ProcessRank& place);

/// How long a rank waits for the others to come, and for an answer of one that may be busy or slower.
struct RankTimeouts {
    std::chrono::milliseconds toMeet = std::chrono::minutes(10);
    std::chrono::milliseconds toAnswer = std::chrono::minutes(30);  ///< a process that ends is noticed at once
    Clock* clock = &systemClock();                                  ///< outlives the ranks
};

/// The ranks of a run. One that cannot go on as they do, but otherwise could, calls that off; all then meet again and
/// begin anew.
class RankGroup : public Collective {
public:
    /// Of a rank that is in the middle of something. The calls of all ranks fail with OutOfMemory: of this one at once,
    /// of the others as soon as it meets again. What a call in progress does meanwhile is as if it had not been called
    /// off. May be called again.
    virtual void callOff() = 0;
    /// Whether that is why calls fail.
    virtual bool aborted() const = 0;
    /// After it was called off, on all ranks, with no call of this one in progress: breaks the connections, waits until
    /// all others have done so too (a call of theirs fails for it, at the latest the next one; RankTimeouts::toAnswer)
    /// and connects anew. Fails at once, and for good, if a rank is lost.
    virtual Status meetAgain() = 0;
};

/// Meets the other ranks; Cancelled by `stop` until they are there. Spans of Collective::sum() are in the memory of
/// the device `gradients`, of one kind on all ranks; all else is in that of the processor. By file: over LibTorch's
/// Gloo, or, where its headers were missing when this was built, InvalidInput. Gradients of a card go over NCCL;
/// InvalidInput where that was missing, or without such a card.
Result<std::unique_ptr<RankGroup>> connectRanks(const ProcessRank& place, const DeviceId& gradients,
                                                const RankTimeouts& timeouts, std::stop_token stop);

}  // namespace gsst
