// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "ranks/ranks.h"

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <stop_token>
#include <string>

namespace gsst {

/// The store of LibTorch at MASTER_ADDR and MASTER_PORT: there ranks meet, their connections find each other, one of
/// them tells why it breaks those, and those who are left call the roll when one is lost. Once it is met at, all
/// threads may use it.
class MeetingPoint {
public:
    MeetingPoint(RankPlace place, const Patience& patience);

    const RankPlace& place() const { return m_place; }
    const Patience& patience() const { return m_patience; }

    /// Returns when all ranks are there; Cancelled by `stop`. Throws what LibTorch throws, and when patience is at its
    /// end.
    Status meet(const std::stop_token& stop);

    /// A part of the store that nobody else writes to, and none of another meeting.
    c10::intrusive_ptr<c10d::Store> part(const std::string& name) const;

    /// The meeting is called off by one who is still there: others whose connections break then are not to take it for
    /// lost. Never throws; if the store cannot be reached, it is lost to them.
    void callOff() const;
    bool calledOff() const;  ///< by any rank; false if the store cannot be reached
    /// The next meeting is another one. Called by all when they are there again, and by nobody else meanwhile.
    void beginAgain() { ++m_meeting; }

    /// What to tell when a connection broke, which says why but not whose it was: the ranks that do not answer the roll
    /// call are lost. Takes some seconds; never throws.
    Error lost(const std::string& why) const;

private:
    Status openStore(const std::stop_token& stop);
    Status waitAWhile(const std::stop_token& stop, const std::string& why) const;

    RankPlace m_place;
    Patience m_patience;
    std::chrono::steady_clock::time_point m_begin;
    int m_meeting = 0;  ///< how often it was begun again
    c10::intrusive_ptr<c10d::Store> m_store;
};

/// The first line of what LibTorch says: the others are its own.
std::string firstLine(const std::string& text);

}  // namespace gsst
