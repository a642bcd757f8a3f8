// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "ranks/ranks.h"

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <stop_token>
#include <string>

namespace gsst {

/// The store of LibTorch at MASTER_ADDR and MASTER_PORT: there ranks meet, their connections find each other, one of
/// them tells why it breaks those, and those who are left call the roll when one is lost. Once it is met at, all
/// threads may use it.
class Rendezvous {
public:
    Rendezvous(ProcessRank place, const RankTimeouts& timeouts);

    const ProcessRank& place() const { return m_place; }
    const RankTimeouts& timeouts() const { return m_timeouts; }

    /// Returns when all ranks are there; Cancelled by `stop`. Throws what LibTorch throws, and when timeouts is at its
    /// end.
    Status meet(const std::stop_token& stop);

    /// A part of the store that nobody else writes to, and none of another meeting.
    c10::intrusive_ptr<c10d::Store> part(const std::string& name) const;

    /// The meeting is called off by one who is still there: others whose connections break then are not to take it for
    /// lost. Never throws; if the store cannot be reached, it is lost to them.
    void callOff() const;
    bool aborted() const;  ///< by any rank; false if the store cannot be reached
    /// The next meeting is another one. Called by all when they are there again, and by nobody else meanwhile.
    void beginAgain() { ++m_rendezvous; }

    /// What to tell when a connection broke, which says why but not whose it was: the ranks that do not answer the roll
    /// call are lost. Takes some seconds; never throws.
    Error lost(const std::string& why) const;

private:
    Status openStore(const std::stop_token& stop);
    Status waitAWhile(const std::stop_token& stop, const std::string& why) const;

    ProcessRank m_place;
    RankTimeouts m_timeouts;
    Clock::Duration m_begin;
    int m_rendezvous = 0;  ///< how often it was begun again
    c10::intrusive_ptr<c10d::Store> m_store;
};

/// The first line of what LibTorch says: the others are its own.
std::string firstLine(const std::string& text);

}  // namespace gsst
