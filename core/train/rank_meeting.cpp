// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/rank_meeting.h"

#include "engine/agreement.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gsst {

Status meetOthers(OpenRun& run, const EventSink& sink, std::stop_token stop) {
    const RankPlace& place = run.place;
    if (place.ranks == 1)
        return {};
    sink(LogLine{LogLine::Level::Info, "Rank " + std::to_string(place.rank) + " of " + std::to_string(place.ranks) + ", run folder " +
                                           run.folder.root.string() + ", waits for the others at " + place.masterAddress + ":" +
                                           std::to_string(place.masterPort)});
    GSST_ASSIGN(run.collective, connectRanks(place, {}, std::move(stop)));
    GSST_ASSIGN(const std::vector<Hash128> recipes, gatherValues(*run.collective, Channel::Steps, fingerprintOf(run.record.spec)));
    for (size_t rank = 1; rank < recipes.size(); ++rank)
        if (recipes[rank] != recipes[0])
            return Error{ErrorCode::InvalidInput, "The ranks do not train the same run", "rank " + std::to_string(rank),
                         "its model, recipe, number of steps or version of the program is not that of rank 0; nothing was changed",
                         "Start all ranks with the same options and the same version"};
    sink(LogLine{LogLine::Level::Info, "All " + std::to_string(place.ranks) + " ranks are there"});
    return {};
}

Result<Plan> planTogether(Collective* collective, RunSpec share, const std::function<Result<Plan>(const RunSpec&)>& make) {
    struct Choice {
        int64_t microBatch;
        int64_t stateOnDisk;
        bool operator==(const Choice&) const = default;
    };
    for (;;) {
        GSST_ASSIGN(Plan plan, make(share));
        if (!collective)
            return plan;
        GSST_ASSIGN(const std::vector<Choice> all, gatherValues(*collective, Channel::Steps, Choice{plan.microBatch, plan.stateOnDisk ? 1 : 0}));
        if (std::count(all.begin(), all.end(), all.front()) == std::ptrdiff_t(all.size()))
            return plan;
        for (const Choice& each : all) {
            share.training.microBatch = std::min(share.training.microBatch, each.microBatch);
            if (each.stateOnDisk)
                share.budget.residency = ResidencyChoice::Disk;
        }
    }
}

}  // namespace gsst
