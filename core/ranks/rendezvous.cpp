// SPDX-License-Identifier: GPL-3.0-or-later
#include "ranks/rendezvous.h"

#include "base/cancelled.h"

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gsst {
namespace {

using Milliseconds = std::chrono::milliseconds;

/// How long survivors wait for each other to say that they are still there.
constexpr Milliseconds kLivenessCheck{3000};
/// How often it is looked who is there.
constexpr Milliseconds kGlance{200};

std::string hereKey(int rank) {
    return "here" + std::to_string(rank);
}
std::string aliveKey(int rank) {
    return "alive" + std::to_string(rank);
}
std::string meetingKey(int meeting) {
    return "meeting" + std::to_string(meeting);
}
std::string abortedKey(int meeting) {
    return meetingKey(meeting) + "off";
}

}  // namespace

Rendezvous::Rendezvous(ProcessRank place, const RankTimeouts& timeouts)
    : m_place(std::move(place)), m_timeouts(timeouts), m_begin(timeouts.clock->now()) {}

Status Rendezvous::meet(const std::stop_token& stop) {
    GSST_TRY(openStore(stop));
    m_store->set(hereKey(m_place.rank), std::vector<uint8_t>{1});
    for (int other = 0; other < m_place.ranks; ++other)
        while (!m_store->check({hereKey(other)}))
            GSST_TRY(waitAWhile(stop, "rank " + std::to_string(other) + " did not come"));
    return {};
}

c10::intrusive_ptr<c10d::Store> Rendezvous::part(const std::string& name) const {
    return c10::make_intrusive<c10d::PrefixStore>(meetingKey(m_rendezvous) + name, m_store);
}

void Rendezvous::callOff() const {
    try {
        m_store->set(abortedKey(m_rendezvous), std::vector<uint8_t>{1});
    } catch (const std::exception&) {
        // Who keeps the store is gone: the ranks will notice when they wait for each other.
    }
}

bool Rendezvous::aborted() const {
    try {
        return m_store->check({abortedKey(m_rendezvous)});
    } catch (const std::exception&) { return false; }
}

/// Whoever keeps the meeting point may come later.
Status Rendezvous::openStore(const std::stop_token& stop) {
    c10d::TCPStoreOptions meeting;
    meeting.port = std::uint16_t(m_place.masterPort);
    meeting.isServer = m_place.rank == 0 && !m_place.masterIsThere;
    meeting.waitWorkers = false;
    meeting.timeout = meeting.isServer ? m_timeouts.toMeet : Milliseconds(1000);
    for (;;) {
        try {
            auto store = c10::make_intrusive<c10d::TCPStore>(m_place.masterAddress, meeting);
            store->setTimeout(m_timeouts.toMeet);
            m_store = c10::make_intrusive<c10d::PrefixStore>("gsst" + m_place.attempt, std::move(store));
            return {};
        } catch (const std::exception& error) {
            if (meeting.isServer)
                throw;
            GSST_TRY(waitAWhile(stop, error.what()));
        }
    }
}

Status Rendezvous::waitAWhile(const std::stop_token& stop, const std::string& why) const {
    if (stop.stop_requested())
        return cancelled("Waiting for the other ranks");
    if (m_timeouts.clock->now() - m_begin > m_timeouts.toMeet)
        throw std::runtime_error(why);
    m_timeouts.clock->sleepFor(kGlance);
    return {};
}

Error Rendezvous::lost(const std::string& why) const {
    std::string missing;
    try {
        m_store->set(aliveKey(m_place.rank), std::vector<uint8_t>{1});
        m_timeouts.clock->sleepFor(kLivenessCheck);
        for (int other = 0; other < m_place.ranks; ++other)
            if (!m_store->check({aliveKey(other)}))
                missing += (missing.empty() ? "rank " : ", rank ") + std::to_string(other);
    } catch (const std::exception&) { missing = m_place.masterIsThere ? "the meeting point of torchrun" : "rank 0"; }
    return {ErrorCode::Io, "Another rank of the training was lost", missing.empty() ? "rank unknown" : missing,
            "it ended, or did not answer in time: " + firstLine(why),
            "See what it says; then resume all ranks with 'gsst resume': they go on from the newest commit that all of "
            "them hold"};
}

std::string firstLine(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace gsst
