// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ranks/rendezvous.h"

#include <c10/util/intrusive_ptr.h>

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace c10d {
class ProcessGroupGloo;
}

namespace gsst {

/// Connections to all other ranks over Gloo, for one conversation about memory of the processor. All throw what
/// LibTorch throws; after that, and after a call that took longer than RankTimeouts::toAnswer, the connections are of
/// no use any more.
class GlooGroup {
public:
    /// `name` tells the conversations apart; the same on all ranks.
    GlooGroup(const Rendezvous& point, const std::string& name);
    ~GlooGroup();
    GlooGroup(const GlooGroup&) = delete;
    GlooGroup& operator=(const GlooGroup&) = delete;

    void sum(std::span<float> values);
    void share(int owner, std::span<std::byte> bytes);
    std::vector<std::byte> gather(std::span<const std::byte> mine);
    /// Returns when all ranks have called it.
    void await();

private:
    int m_ranks;
    std::chrono::milliseconds m_toAnswer;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> m_group;
};

}  // namespace gsst
