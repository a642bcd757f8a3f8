// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/world.h"

#include "engine/agreement.h"
#include "tensors/tensor_library.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gsst {
namespace {

/// What a rank asks of all, as bits.
constexpr uint8_t kStop = 1;
constexpr uint8_t kCommit = 2;
constexpr uint8_t kSample = 4;

uint8_t requestOf(Command command) {
    switch (command) {
    case Command::Stop:
    case Command::PauseNow:
    case Command::PauseAfterStep:
        return kStop;
    case Command::CommitNow:
        return kCommit;
    case Command::SampleNow:
        return kSample;
    case Command::Resume:
        return 0;
    }
    return 0;
}

/// Of limits, where 0 is none.
void keepLeast(int64_t& limit, int64_t other) {
    if (other > 0 && (limit == 0 || other < limit))
        limit = other;
}

void keepSlowest(HardwareProfile& all, const HardwareProfile& other) {
    ComputeRates& rates = all.compute;
    for (double ComputeRates::* rate :
         {&ComputeRates::forwardFlops, &ComputeRates::backwardFlops, &ComputeRates::keptBackwardFlops,
          &ComputeRates::headFlops, &ComputeRates::updateBytes, &ComputeRates::copyBytes, &ComputeRates::linkBytes})
        rates.*rate = std::min(rates.*rate, other.compute.*rate);
    for (double HardwareProfile::* rate : {&HardwareProfile::readBytesPerSecond, &HardwareProfile::writeBytesPerSecond})
        all.*rate = std::min(all.*rate, other.*rate);
    for (double HardwareProfile::* seconds : {&HardwareProfile::secondsPerOp, &HardwareProfile::secondsPerCommit})
        all.*seconds = std::max(all.*seconds, other.*seconds);
    all.driveMeasured = all.driveMeasured && other.driveMeasured;
}

class WorldOfRanks : public World {
public:
    WorldOfRanks(ProcessRank place, std::unique_ptr<RankGroup> ranks)
        : m_place(std::move(place)), m_ranks(std::move(ranks)) {}

    const ProcessRank& place() const override { return m_place; }
    Collective& collective() override { return *m_ranks; }
    Result<PlanMeans> commonMeans(const PlanMeans& own) override;

    std::stop_token stepToken(CommandInbox&) const override { return {}; }
    Result<std::optional<Command>> nextCommand(CommandInbox& inbox, CommitTimer timer, const EventSink& sink) override;

    Status forgetStep(Trainer& trainer) override { return trainer.giveUpStep(Survives::LastCommit); }
    Status saveBeforeError(Trainer&) override { return {}; }
    bool shortElsewhere() const override { return m_ranks->aborted(); }
    Result<GivenUp> giveUpStep(Trainer* trainer, const std::optional<Refused>& refused,
                               const EventSink& sink) override {
        return giveUpStepTogether(*m_ranks, trainer, refused, sink);
    }

private:
    /// The requests of all ranks.
    Result<uint8_t> gatherRequests(uint8_t own) {
        GSST_ASSIGN(const std::vector<uint8_t> all, gatherValues(*m_ranks, Channel::Steps, own));
        for (const uint8_t each : all)
            own |= each;
        return own;
    }

    ProcessRank m_place;
    std::unique_ptr<RankGroup> m_ranks;
};

Result<PlanMeans> WorldOfRanks::commonMeans(const PlanMeans& own) {
    PlanMeans mine = own;
    mine.budget.deviceBytes = deviceLimitOf(own.budget, own.limits);
    mine.budget.ramBytes = ramLimitOf(own.budget, own.limits);
    GSST_ASSIGN(const std::vector<PlanMeans> all, gatherValues(*m_ranks, Channel::Steps, mine));
    PlanMeans common = all.front();
    for (const PlanMeans& each : all) {
        keepLeast(common.budget.deviceBytes, each.budget.deviceBytes);
        keepLeast(common.budget.ramBytes, each.budget.ramBytes);
        keepLeast(common.budget.diskBytes, each.budget.diskBytes);
        keepLeast(common.limits.diskBytes, each.limits.diskBytes);
        common.limits.programBytes = std::max(common.limits.programBytes, each.limits.programBytes);
        if (each.budget.residency == ResidencyChoice::Disk)
            common.budget.residency = ResidencyChoice::Disk;
        keepSlowest(common.hardware, each.hardware);
    }
    return common;
}

Result<std::optional<Command>> WorldOfRanks::nextCommand(CommandInbox& inbox, CommitTimer timer,
                                                         const EventSink& sink) {
    uint8_t own = timer == CommitTimer::Due ? kCommit : 0;
    while (const auto command = inbox.poll())
        own |= requestOf(*command);
    if (inbox.quitting())
        own |= kStop;
    GSST_ASSIGN(const uint8_t all, gatherRequests(own));
    if (all & kStop & ~own)
        sink(LogLine{LogLine::Level::Info, "Another rank was asked to stop"});
    if (all & kStop)
        return std::optional(Command::Stop);
    if (all & kSample)
        return std::optional(Command::SampleNow);  // it commits first
    return all & kCommit ? std::optional(Command::CommitNow) : std::nullopt;
}

}  // namespace

std::unique_ptr<World> makeWorldOfRanks(const ProcessRank& place, std::unique_ptr<RankGroup> ranks) {
    return std::make_unique<WorldOfRanks>(place, std::move(ranks));
}

Result<std::unique_ptr<World>> joinWorld(const ProcessRank& place, const DeviceId& device, const RunFolder& folder,
                                         const EventSink& sink, std::stop_token stop) {
    if (place.ranks == 1)
        return makeWorldOfOne();
    sink(LogLine{LogLine::Level::Info, "Rank " + std::to_string(place.rank) + " of " + std::to_string(place.ranks) +
                                           ", run folder " + folder.root.string() + ", waits for the others at " +
                                           place.masterAddress + ":" + std::to_string(place.masterPort)});
    GSST_ASSIGN(TensorLibrary * tensors, tensorLibrary());
    GSST_ASSIGN(auto ranks, tensors->connectRanks(place, device, {}, std::move(stop)));
    sink(LogLine{LogLine::Level::Info, "All " + std::to_string(place.ranks) + " ranks are there"});
    return makeWorldOfRanks(place, std::move(ranks));
}

}  // namespace gsst
