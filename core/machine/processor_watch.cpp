// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/processor_watch.h"

#include <algorithm>
#include <cmath>

namespace gsst {
namespace {

constexpr double kSpanSeconds = 5;
constexpr double kClearChange = 0.15;
constexpr double kFewOthers = 0.15;   ///< cores; systems do about so much by themselves
constexpr double kLeastShare = 0.05;  ///< the system lets everybody have some

}  // namespace

std::optional<ProcessorShare> ProcessorWatch::look(double now, const ProcessorTime& spent) {
    if (spent.system <= 0)
        return std::nullopt;
    if (!m_before) {
        m_before = Look{now, spent};
        return std::nullopt;
    }
    const double seconds = now - m_before->now;
    if (seconds < kSpanSeconds)
        return std::nullopt;
    const double own = spent.process - m_before->spent.process;
    const double others = std::max(0.0, spent.system - m_before->spent.system - own) / seconds;
    m_before = Look{now, spent};
    const double wanted = double(std::clamp<int64_t>(m_threads, 1, m_cores));
    ProcessorShare found{others, 1};
    if (others > kFewOthers)
        found.share = std::clamp((double(m_cores) - others) / wanted, kLeastShare, 1.0);
    const bool changed = std::abs(found.share - m_share) >= kClearChange;
    const bool lasts = m_changed && std::abs(found.share - *m_changed) < kClearChange;
    m_changed = changed ? std::optional(found.share) : std::nullopt;
    if (!changed || !lasts)
        return std::nullopt;
    m_share = found.share;
    m_changed.reset();
    return found;
}

}  // namespace gsst
