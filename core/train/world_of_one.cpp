// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/sole_rank.h"
#include "train/world.h"

namespace gsst {
namespace {

class WorldOfOne : public World {
public:
    const ProcessRank& place() const override { return m_place; }
    Collective& collective() override { return m_collective; }
    Result<PlanMeans> commonMeans(const PlanMeans& own) override { return own; }

    std::stop_token stepToken(CommandInbox& inbox) const override { return inbox.stepToken(); }
    Result<std::optional<Command>> nextCommand(CommandInbox& inbox, CommitTimer timer, const EventSink&) override {
        if (timer == CommitTimer::Due)
            return std::optional(Command::CommitNow);
        return inbox.poll();
    }

    Status forgetStep(Trainer& trainer) override { return trainer.giveUpStep(Survives::FinishedSteps); }
    Status saveBeforeError(Trainer& trainer) override { return trainer.flush(); }
    bool shortElsewhere() const override { return false; }
    Result<GivenUp> giveUpStep(Trainer* trainer, const std::optional<Refused>& refused,
                               const EventSink& sink) override {
        return gsst::giveUpStep(trainer, *refused, sink);
    }

private:
    ProcessRank m_place;
    SoleRank m_collective;
};

}  // namespace

std::unique_ptr<World> makeWorldOfOne() {
    return std::make_unique<WorldOfOne>();
}

}  // namespace gsst
