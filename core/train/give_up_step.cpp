// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/give_up_step.h"

#include "engine/agreement.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace gsst {
namespace {

void tellNotSaved(const EventSink& sink) {
    sink(LogLine{LogLine::Level::Warning,
                 "The state in memory could not be saved; the run goes back to its last commit"});
}

constexpr int64_t kUnknown = -1;

/// What a rank tells the others.
struct Stand {
    int64_t tier = kUnknown;  ///< of the shortage; unknown if it has none
    int64_t wanted = 0;
    int64_t there = 0;
    int64_t step = kUnknown;
    int64_t committed = kUnknown;
    int64_t whole = 0;  ///< the state in RAM is that of `step`

    bool isShort() const { return tier != kUnknown; }
    bool standsAs(const Stand& other) const {
        return step == other.step && committed == other.committed && whole == other.whole;
    }
};

Stand standOf(const Trainer* trainer, const std::optional<Refused>& refused) {
    Stand stand;
    if (refused) {
        stand.tier = int64_t(refused->shortage.tier);
        stand.wanted = refused->shortage.wanted;
        stand.there = refused->shortage.there;
    }
    if (trainer) {
        stand.step = trainer->step();
        stand.committed = trainer->committedStep();
        stand.whole = trainer->stateIsWhole() ? 1 : 0;
    }
    return stand;
}

/// Of memory of the device, if there is such a shortage: of that of RAM is heard again if it lasts.
bool isWorse(const Stand& one, const Stand& other) {
    if (!one.isShort() || !other.isShort() || one.tier != other.tier)
        return one.isShort() && (!other.isShort() || one.tier == int64_t(Tier::Device));
    return one.there < other.there;
}

/// Only of the same step since the same commit: else a commit that is interrupted could leave the ranks without a
/// common one.
bool canCommit(const std::vector<Stand>& all) {
    return std::all_of(all.begin(), all.end(),
                       [&](const Stand& each) { return each.whole && each.standsAs(all.front()); });
}

/// What they will go on from.
std::optional<int64_t> lastCommon(const std::vector<Stand>& all) {
    int64_t last = all.front().committed;
    for (const Stand& each : all)
        last = std::min(last, each.committed);
    return last == kUnknown ? std::nullopt : std::optional(last);
}

/// Ends what all ranks do. What this one has begun over the link, the others come to as well, or their calls fail.
Status meetAgain(RankGroup& ranks, Trainer* trainer) {
    ranks.callOff();
    if (trainer)
        trainer->abandonStep();
    return ranks.meetAgain();
}

}  // namespace

Result<GivenUp> giveUpStep(Trainer* trainer, const Refused& refused, const EventSink& sink) {
    GivenUp step{refused.shortage, {}, refused.cause, {}};
    if (!trainer)
        return step;
    if (const Status kept = trainer->giveUpStep(Survives::FinishedSteps); !kept.ok()) {
        if (kept.error().code != ErrorCode::OutOfMemory)
            return kept.error();
        tellNotSaved(sink);
    }
    step.lastStep = trainer->committedStep();
    return step;
}

Result<GivenUp> giveUpStepTogether(RankGroup& ranks, Trainer* trainer, const std::optional<Refused>& refused,
                                   const EventSink& sink) {
    const std::string who = refused ? "This rank" : "Another rank";
    sink(LogLine{LogLine::Level::Info, who + " is out of memory: all give up the step, meet again and plan with less"});
    GSST_TRY(meetAgain(ranks, trainer));
    GSST_ASSIGN(std::vector<Stand> all, gatherValues(ranks, Channel::Steps, standOf(trainer, refused)));
    const auto worst = std::min_element(all.begin(), all.end(), isWorse);
    if (!worst->isShort())
        return Error{ErrorCode::Internal, "The ranks gave up a step without need", "", "none of them is out of memory",
                     "Please report this as a defect; all ranks can be resumed"};
    GivenUp step{{Tier(worst->tier), worst->wanted, worst->there}, int(worst - all.begin()), {}, lastCommon(all)};
    if (refused && *step.rank == ranks.rank())
        step.cause = refused->cause;
    if (!canCommit(all))
        return step;
    Status saved = trainer->flush();
    if (saved.ok()) {
        step.lastStep = trainer->committedStep();
    } else if (saved.error().code == ErrorCode::OutOfMemory) {
        tellNotSaved(sink);
        GSST_TRY(meetAgain(ranks, trainer));
    } else {
        return std::move(saved).error();
    }
    return step;
}

}  // namespace gsst
