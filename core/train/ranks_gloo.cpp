// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/gloo_group.h"
#include "train/gradient_link.h"
#include "train/meeting_point.h"
#include "train/ranks.h"

#include <array>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace gsst {
namespace {

/// A conversation of its own for each channel. Sums of gradients go over the link of the device that these are on, everything else, also the
/// weights that a rank has updated in staging memory, over Gloo.
class LinkedRanks : public Collective {
public:
    LinkedRanks(const RankPlace& place, const Patience& patience) : m_point(place, patience) {}

    /// Throws what LibTorch throws.
    Status meet(const GradientPlace& gradients, const std::stop_token& stop) {
        GSST_TRY(m_point.meet(stop));
        for (size_t channel = 0; channel < m_groups.size(); ++channel)
            m_groups[channel].emplace(m_point, "channel" + std::to_string(channel));
        GlooGroup& group = *m_groups[size_t(Channel::Gradients)];
        if (gradients.device == DeviceKind::Cpu) {
            m_gradients = linkOverGloo(group);
            return {};
        }
        GSST_ASSIGN(m_gradients, linkOverNccl(m_point, group, gradients.card));
        return {};
    }

    int rank() const override { return m_point.place().rank; }
    int ranks() const override { return m_point.place().ranks; }

    Status sum(std::span<float> values) override {
        return guarded([&] { m_gradients->sum(values); });
    }
    Status share(int owner, std::span<std::byte> bytes) override {
        return guarded([&] { m_groups[size_t(Channel::Gradients)]->share(owner, bytes); });
    }
    Result<std::vector<std::byte>> gather(Channel channel, std::span<const std::byte> mine) override {
        std::vector<std::byte> all;
        GSST_TRY(guarded([&] { all = m_groups[size_t(channel)]->gather(mine); }));
        return all;
    }

private:
    template <typename Work>
    Status guarded(const Work& work) {
        if (std::optional<Error> lost = firstLoss())
            return *std::move(lost);
        try {
            work();
            return {};
        } catch (const std::exception& error) {
            Error lost = m_point.lost(error.what());
            const std::lock_guard lock(m_mutex);
            if (!m_lost)
                m_lost = std::move(lost);
            return *m_lost;
        }
    }

    /// Whatever is left of the connections, no call succeeds after it.
    std::optional<Error> firstLoss() {
        const std::lock_guard lock(m_mutex);
        return m_lost;
    }

    MeetingPoint m_point;
    std::array<std::optional<GlooGroup>, kChannels> m_groups;
    std::unique_ptr<GradientLink> m_gradients;
    std::mutex m_mutex;
    std::optional<Error> m_lost;  ///< guarded by m_mutex
};

}  // namespace

Result<std::unique_ptr<Collective>> connectRanks(const RankPlace& place, const GradientPlace& gradients, const Patience& patience, std::stop_token stop) {
    if (gradients.device == DeviceKind::Cuda)
        GSST_TRY(checkNccl(gradients.card));
    try {
        auto ranks = std::make_unique<LinkedRanks>(place, patience);
        GSST_TRY(ranks->meet(gradients, stop));
        return std::unique_ptr<Collective>(std::move(ranks));
    } catch (const std::exception& error) {
        return Error{ErrorCode::Io, "The ranks did not meet",
                     "rank " + std::to_string(place.rank) + " of " + std::to_string(place.ranks) + " at " + place.masterAddress + ":" +
                         std::to_string(place.masterPort),
                     firstLine(error.what()),
                     "Start all ranks within a few minutes, with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE; rank 0 must be reachable there, "
                     "and nothing else may use the port"};
    }
}

}  // namespace gsst
