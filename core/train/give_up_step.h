// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "ranks/ranks.h"
#include "service/event_sink.h"
#include "train/trainer.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gsst {

/// A step that was given up because memory was refused, and what stands.
struct GivenUp {
    Shortage shortage;
    std::optional<int> rank = {};          ///< where; none if this process trains alone
    std::string cause = {};                ///< what the memory was for, if that was here
    std::optional<int64_t> lastStep = {};  ///< that is committed, if that is known
};

/// Memory that was refused here.
struct Refused {
    Shortage shortage;
    std::string cause;  ///< what it was for
};

/// After memory was refused. State in RAM is committed if it is whole; else the last commit stands. Destroy the trainer
/// (which is null if it could not be opened) after this.
Result<GivenUp> giveUpStep(Trainer* trainer, const Refused& refused, const EventSink& sink);

/// The same on all ranks, called by all when memory was refused on one of them: here, or `refused` is empty. They meet
/// again, commit together if all of them can, and all hear of the same shortage: the one that leaves the least. Fails
/// if a rank is lost, with an error that names it.
Result<GivenUp> giveUpStepTogether(RankGroup& ranks, Trainer* trainer, const std::optional<Refused>& refused,
                                   const EventSink& sink);

}  // namespace gsst
