// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/collective.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gsst::test {

/// Where ranks that are threads of one process meet.
class FakeRendezvous {
public:
    using Parts = std::shared_ptr<const std::vector<std::vector<std::byte>>>;

    explicit FakeRendezvous(int ranks) : m_ranks(ranks) {
        for (Round& round : m_rounds)
            round.parts.resize(size_t(ranks));
    }
    int ranks() const { return m_ranks; }

    Result<Parts> exchange(Channel channel, int rank, std::vector<std::byte> mine) {
        std::unique_lock lock(m_mutex);
        Round& round = m_rounds[size_t(channel)];
        const size_t number = round.number;
        round.parts[size_t(rank)] = std::move(mine);
        if (m_lost < 0 && ++round.arrived == m_ranks) {
            round.complete = std::make_shared<const std::vector<std::vector<std::byte>>>(round.parts);
            round.arrived = 0;
            ++round.number;
            m_changed.notify_all();
        }
        m_changed.wait(lock, [&] { return round.number != number || m_lost >= 0; });
        if (round.number != number)
            return round.complete;
        return Error{ErrorCode::Io, "Another rank of the training was lost", "rank " + std::to_string(m_lost),
                     "it left", "Resume"};
    }

    /// The rank is killed: all calls that wait for it fail, and all later ones.
    void leave(int rank) {
        const std::lock_guard lock(m_mutex);
        if (m_lost < 0)
            m_lost = rank;
        m_changed.notify_all();
    }

private:
    struct Round {
        std::vector<std::vector<std::byte>> parts;
        Parts complete;
        int arrived = 0;
        size_t number = 0;
    };
    const int m_ranks;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::array<Round, kChannels> m_rounds;
    int m_lost = -1;
};

class FakeCollective : public Collective {
public:
    FakeCollective(FakeRendezvous& place, int rank) : m_place(place), m_rank(rank) {}
    int rank() const override { return m_rank; }
    int ranks() const override { return m_place.ranks(); }

    Status sum(std::span<float> values) override {
        if (beforeSum)
            beforeSum();
        const auto mine = std::as_bytes(values);
        GSST_ASSIGN(const FakeRendezvous::Parts parts,
                    m_place.exchange(Channel::Gradients, m_rank, {mine.begin(), mine.end()}));
        std::memcpy(values.data(), (*parts)[0].data(), values.size_bytes());
        std::vector<float> next(values.size());
        for (size_t rank = 1; rank < parts->size(); ++rank) {
            std::memcpy(next.data(), (*parts)[rank].data(), values.size_bytes());
            for (size_t i = 0; i < values.size(); ++i)
                values[i] += next[i];
        }
        return {};
    }

    Status share(int owner, std::span<std::byte> bytes) override {
        GSST_ASSIGN(const FakeRendezvous::Parts parts,
                    m_place.exchange(Channel::Gradients, m_rank, {bytes.begin(), bytes.end()}));
        std::ranges::copy((*parts)[size_t(owner)], bytes.begin());
        return {};
    }

    Result<std::vector<std::byte>> gather(Channel channel, std::span<const std::byte> mine) override {
        if (channel == leaveAt && --callsLeft < 0)
            m_place.leave(m_rank);
        GSST_ASSIGN(const FakeRendezvous::Parts parts, m_place.exchange(channel, m_rank, {mine.begin(), mine.end()}));
        std::vector<std::byte> all;
        for (const auto& part : *parts)
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }

    /// The rank is lost at its so-manieth gather in this channel from now.
    Channel leaveAt = Channel::Commit;
    int callsLeft = 1 << 30;
    std::function<void()> beforeSum;

private:
    FakeRendezvous& m_place;
    int m_rank;
};

}  // namespace gsst::test
