// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "engine/collective.h"
#include "ranks/ranks.h"
#include "service/command_inbox.h"
#include "service/event_sink.h"
#include "train/give_up_step.h"
#include "train/run_plan.h"
#include "train/trainer.h"

#include <memory>
#include <optional>
#include <stop_token>

namespace gsst {

enum class CommitTimer { Running, Due };

/// All processes that train one run, as the training loop of one of them sees them: this one alone, or ranks that do
/// every step together. One thread. With ranks each call is made by all of them at the same place of the run, unless it
/// says otherwise; errors of a lost rank name it.
class World {
public:
    virtual ~World() = default;

    virtual const ProcessRank& place() const = 0;
    virtual Collective& collective() = 0;

    /// Ranks run the same step program, so they plan with the same means: the least memory and disk, the slowest rates,
    /// and the choices of rank 0, with the state on disk if one of them wants that.
    virtual Result<PlanMeans> commonMeans(const PlanMeans& own) = 0;

    /// Stops the step in progress when the user wants that. Of ranks none stops a step: the others would wait for it.
    virtual std::stop_token stepToken(CommandInbox& inbox) const = 0;
    /// What to do before the next step, until there is nothing more: the next command, or CommitNow if the timer says
    /// so. Of ranks a command to one is for all, at the same step, and whatever would pause is Stop.
    virtual Result<std::optional<Command>> nextCommand(CommandInbox& inbox, CommitTimer timer,
                                                       const EventSink& sink) = 0;

    /// Forgets a step that was cancelled here; what else has to survive is saved if nobody has to be waited for. Not
    /// made by all.
    virtual Status forgetStep(Trainer& trainer) = 0;
    /// Before an error that only this process knows of ends its run: commits state in RAM, if nobody has to be waited
    /// for. Not made by all.
    virtual Status saveBeforeError(Trainer& trainer) = 0;
    /// Whether a call failed because another process is out of memory, and not this one. Not made by all.
    virtual bool shortElsewhere() const = 0;
    /// After memory was refused: here, then `refused` says what, or on another rank. `trainer` is null if it could not
    /// be opened; destroy it after this. See giveUpStep() and giveUpStepTogether().
    virtual Result<GivenUp> giveUpStep(Trainer* trainer, const std::optional<Refused>& refused,
                                       const EventSink& sink) = 0;
};

/// Of a process that trains alone.
std::unique_ptr<World> makeWorldOfOne();
/// Of the rank `place` among others that have met.
std::unique_ptr<World> makeWorldOfRanks(const ProcessRank& place, std::unique_ptr<RankGroup> ranks);

/// Waits for the other ranks of `place`, and says so; alone at once. Gradients are on `device`. Cancelled by `stop`.
Result<std::unique_ptr<World>> joinWorld(const ProcessRank& place, const DeviceId& device, const RunFolder& folder,
                                         const EventSink& sink, std::stop_token stop);

}  // namespace gsst
