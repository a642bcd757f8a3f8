// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/own_address.h"
#include "train/ranks.h"

#include <ATen/ops/from_blob.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <array>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <thread>
#include <utility>

namespace gsst {
namespace {

using Milliseconds = std::chrono::milliseconds;
using Group = c10::intrusive_ptr<c10d::ProcessGroupGloo>;

/// How long survivors wait for each other to say that they are still there.
constexpr Milliseconds kRollCall{3000};
/// How often it is looked who is there.
constexpr Milliseconds kGlance{200};

/// A TCP store to meet at, and a group of its own for each channel.
class GlooCollective : public Collective {
public:
    GlooCollective(const RankPlace& place, const Patience& patience) : m_place(place), m_patience(patience), m_begin(std::chrono::steady_clock::now()) {}

    /// Throws what LibTorch throws.
    Status meet(const std::stop_token& stop) {
        GSST_TRY(openStore(stop));
        m_store->set(hereKey(rank()), std::vector<uint8_t>{1});
        for (int other = 0; other < ranks(); ++other)
            while (!m_store->check({hereKey(other)}))
                GSST_TRY(waitAWhile(stop, "rank " + std::to_string(other) + " did not come"));
        for (size_t channel = 0; channel < m_groups.size(); ++channel)
            m_groups[channel] = connectChannel("channel" + std::to_string(channel));
        return {};
    }

    int rank() const override { return m_place.rank; }
    int ranks() const override { return m_place.ranks; }

    Status sum(std::span<float> values) override {
        return guarded([&] {
            std::vector<at::Tensor> tensors{at::from_blob(values.data(), {int64_t(values.size())}, at::kFloat)};
            c10d::AllreduceOptions options;
            options.timeout = m_patience.toAnswer;
            m_groups[size_t(Channel::Gradients)]->allreduce(tensors, options)->wait();
        });
    }

    Status share(int owner, std::span<std::byte> bytes) override {
        return guarded([&] {
            std::vector<at::Tensor> tensors{at::from_blob(bytes.data(), {int64_t(bytes.size())}, at::kByte)};
            c10d::BroadcastOptions options;
            options.rootRank = owner;
            options.timeout = m_patience.toAnswer;
            m_groups[size_t(Channel::Gradients)]->broadcast(tensors, options)->wait();
        });
    }

    Result<std::vector<std::byte>> gather(Channel channel, std::span<const std::byte> mine) override {
        std::vector<std::byte> own(mine.begin(), mine.end());
        std::vector<std::byte> all(own.size() * size_t(ranks()));
        GSST_TRY(guarded([&] {
            const auto length = int64_t(own.size());
            std::vector<at::Tensor> inputs{at::from_blob(own.data(), {length}, at::kByte)};
            std::vector<std::vector<at::Tensor>> outputs(1);
            for (int rank = 0; rank < ranks(); ++rank)
                outputs[0].push_back(at::from_blob(all.data() + int64_t(rank) * length, {length}, at::kByte));
            c10d::AllgatherOptions options;
            options.timeout = m_patience.toAnswer;
            m_groups[size_t(channel)]->allgather(outputs, inputs, options)->wait();
        }));
        return all;
    }

private:
    static std::string hereKey(int rank) { return "here" + std::to_string(rank); }
    static std::string aliveKey(int rank) { return "alive" + std::to_string(rank); }

    /// Whoever keeps the meeting point may come later.
    Status openStore(const std::stop_token& stop) {
        c10d::TCPStoreOptions meeting;
        meeting.port = std::uint16_t(m_place.masterPort);
        meeting.isServer = m_place.rank == 0 && !m_place.masterIsThere;
        meeting.waitWorkers = false;
        meeting.timeout = meeting.isServer ? m_patience.toMeet : Milliseconds(1000);
        for (;;) {
            try {
                auto store = c10::make_intrusive<c10d::TCPStore>(m_place.masterAddress, meeting);
                store->setTimeout(m_patience.toMeet);
                m_store = c10::make_intrusive<c10d::PrefixStore>("gsst" + m_place.attempt, std::move(store));
                return {};
            } catch (const std::exception& error) {
                if (meeting.isServer)
                    throw;
                GSST_TRY(waitAWhile(stop, error.what()));
            }
        }
    }

    Status waitAWhile(const std::stop_token& stop, const std::string& why) {
        if (stop.stop_requested())
            return Error{ErrorCode::Cancelled, "Stopped while waiting for the other ranks", "", "a stop was requested", ""};
        if (std::chrono::steady_clock::now() - m_begin > m_patience.toMeet)
            throw std::runtime_error(why);
        std::this_thread::sleep_for(kGlance);
        return {};
    }

    Group connectChannel(const std::string& name) {
        auto options = c10d::ProcessGroupGloo::Options::create(m_patience.toMeet);
        const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
        const std::string address = addressTowards(m_place.masterAddress, m_place.masterPort);
        options->devices.push_back(interface          ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                                   : !address.empty() ? c10d::ProcessGroupGloo::createDeviceForHostname(address)
                                                      : c10d::ProcessGroupGloo::createDefaultDevice());
        return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>(name, m_store), rank(), ranks(), options);
    }

    Status guarded(const std::function<void()>& work) {
        try {
            work();
            return {};
        } catch (const std::exception& error) {
            return lost(error.what());
        }
    }

    /// Gloo tells of a broken connection, not of whose: those who are still there call out in the store.
    Error lost(const std::string& why) {
        std::string missing;
        try {
            m_store->set(aliveKey(rank()), std::vector<uint8_t>{1});
            std::this_thread::sleep_for(kRollCall);
            for (int other = 0; other < ranks(); ++other)
                if (!m_store->check({aliveKey(other)}))
                    missing += (missing.empty() ? "rank " : ", rank ") + std::to_string(other);
        } catch (const std::exception&) {
            missing = m_place.masterIsThere ? "the meeting point of torchrun" : "rank 0";
        }
        return {ErrorCode::Io, "Another rank of the training was lost", missing.empty() ? "rank unknown" : missing,
                "it ended, or did not answer in time: " + why.substr(0, why.find('\n')),
                "See what it says; then resume all ranks with 'gsst resume': they go on from the newest commit that all of them hold"};
    }

    RankPlace m_place;
    Patience m_patience;
    std::chrono::steady_clock::time_point m_begin;
    c10::intrusive_ptr<c10d::Store> m_store;
    std::array<Group, kChannels> m_groups;
};

}  // namespace

Result<std::unique_ptr<Collective>> connectRanks(const RankPlace& place, const Patience& patience, std::stop_token stop) {
    try {
        auto ranks = std::make_unique<GlooCollective>(place, patience);
        GSST_TRY(ranks->meet(stop));
        return std::unique_ptr<Collective>(std::move(ranks));
    } catch (const std::exception& error) {
        const std::string why = error.what();
        return Error{ErrorCode::Io, "The ranks did not meet",
                     "rank " + std::to_string(place.rank) + " of " + std::to_string(place.ranks) + " at " + place.masterAddress + ":" +
                         std::to_string(place.masterPort),
                     why.substr(0, why.find('\n')),
                     "Start all ranks within a few minutes, with the same MASTER_ADDR, MASTER_PORT and WORLD_SIZE; rank 0 must be reachable there, "
                     "and nothing else may use the port"};
    }
}

}  // namespace gsst
