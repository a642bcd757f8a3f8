// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/gloo_group.h"
#include "ranks/gradient_link.h"
#include "ranks/rank_link.h"
#include "ranks/rendezvous.h"

#include <c10/util/env.h>

#include <array>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace gsst {
namespace {

/// What a rank says that begins again.
Error offError() {
    return {ErrorCode::OutOfMemory, "A rank of the training ran out of memory", "",
            "the step was called off on all ranks", "Close other programs and resume all ranks with 'gsst resume'"};
}

/// LibTorch (2.11) writes down every call of every conversation, to be looked at when one hangs. The map of
/// conversations in it is filled without a lock, so that the first calls of two of them at the same time could break it
/// and end the program. Whoever asked for the record by that variable gets it all the same.
void keepNoFlightRecord() {
    static std::once_flag once;
    std::call_once(once, [] { c10::utils::set_env("TORCH_FR_BUFFER_SIZE", "0", false); });
}

/// A conversation of its own for each channel. Sums of gradients go over the link of the device that these are on,
/// everything else, also the weights that a rank has updated in staging memory, over Gloo.
struct Channels {
    std::array<std::optional<GlooGroup>, kChannels> groups;
    std::unique_ptr<GradientLink> gradients;
};

class LinkedRanks : public RankGroup {
public:
    LinkedRanks(const ProcessRank& place, const DeviceId& gradients, const RankTimeouts& timeouts)
        : m_point(place, timeouts), m_gradients(gradients) {}

    /// Throws what LibTorch throws.
    Status meet(const std::stop_token& stop) {
        GSST_TRY(m_point.meet(stop));
        m_lobby.emplace(m_point, "lobby");
        return converse();
    }

    int rank() const override { return m_point.place().rank; }
    int ranks() const override { return m_point.place().ranks; }

    Status sum(std::span<float> values) override {
        return guarded([&] { m_talks->gradients->sum(values); });
    }
    Status share(int owner, std::span<std::byte> bytes) override {
        return guarded([&] { m_talks->groups[size_t(Channel::Gradients)]->share(owner, bytes); });
    }
    Result<std::vector<std::byte>> gather(Channel channel, std::span<const std::byte> mine) override {
        std::vector<std::byte> all;
        GSST_TRY(guarded([&] { all = m_talks->groups[size_t(channel)]->gather(mine); }));
        return all;
    }

    void callOff() override {
        m_point.callOff();
        static_cast<void>(fail(offError()));
    }
    bool aborted() const override {
        const std::lock_guard lock(m_mutex);
        return m_failure && m_failure->code == ErrorCode::OutOfMemory;
    }
    Status meetAgain() override {
        m_talks.reset();
        try {
            m_lobby->await();
            m_point.beginAgain();
            GSST_TRY(converse());
        } catch (const std::exception& error) {
            const Error lost = m_point.lost(error.what());
            const std::lock_guard lock(m_mutex);
            m_failure = lost;
            return lost;
        }
        const std::lock_guard lock(m_mutex);
        m_failure.reset();
        return {};
    }

private:
    /// Throws what LibTorch throws.
    Status converse() {
        m_talks.emplace();
        for (size_t channel = 0; channel < kChannels; ++channel)
            m_talks->groups[channel].emplace(m_point, "channel" + std::to_string(channel));
        GlooGroup& group = *m_talks->groups[size_t(Channel::Gradients)];
        if (m_gradients.kind == DeviceKind::Cpu) {
            m_talks->gradients = linkOverGloo(group);
            return {};
        }
        GSST_ASSIGN(m_talks->gradients, linkOverNccl(m_point, group, m_gradients.card));
        return {};
    }

    template <typename Work>
    Status guarded(const Work& work) {
        if (std::optional<Error> failure = firstFailure())
            return *std::move(failure);
        try {
            work();
            return {};
        } catch (const std::exception& error) {
            return fail(m_point.aborted() ? offError() : m_point.lost(error.what()));
        }
    }

    /// Whatever is left of the connections, no call of this meeting succeeds after it. The first failure.
    Status fail(Error error) {
        const std::lock_guard lock(m_mutex);
        if (!m_failure)
            m_failure = std::move(error);
        return *m_failure;
    }
    std::optional<Error> firstFailure() const {
        const std::lock_guard lock(m_mutex);
        return m_failure;
    }

    Rendezvous m_point;
    DeviceId m_gradients;
    std::optional<GlooGroup>
        m_lobby;  ///< where those wait who begin again: its connections last, and tell when a rank ends
    std::optional<Channels> m_talks;
    mutable std::mutex m_mutex;
    std::optional<Error> m_failure;  ///< guarded by m_mutex
};

}  // namespace

Result<std::unique_ptr<RankGroup>> connectRanks(const ProcessRank& place, const DeviceId& gradients,
                                                const RankTimeouts& timeouts, std::stop_token stop) {
    if (gradients.kind == DeviceKind::Cuda)
        GSST_TRY(checkNccl(gradients.card));
    keepNoFlightRecord();
    try {
        auto ranks = std::make_unique<LinkedRanks>(place, gradients, timeouts);
        GSST_TRY(ranks->meet(stop));
        return std::unique_ptr<RankGroup>(std::move(ranks));
    } catch (const std::exception& error) {
        return Error{ErrorCode::Io, "The ranks did not meet",
                     "rank " + std::to_string(place.rank) + " of " + std::to_string(place.ranks) + " at " +
                         place.masterAddress + ":" + std::to_string(place.masterPort),
                     firstLine(error.what()),
                     "Start all ranks within a few minutes, with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE; "
                     "rank 0 must be reachable there, "
                     "and nothing else may use the port"};
    }
}

}  // namespace gsst
