// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/clock.h"

#include <algorithm>

namespace gsst::test {

/// A clock on which time passes only when somebody sleeps, which takes no time at all, or when a test advances it. So a
/// test says how long everything takes, on any machine. Thread-safe.
class ManualClock final : public Clock {
public:
    Duration now() const override {
        const std::lock_guard lock(m_mutex);
        return m_now;
    }
    void sleepUntil(Duration time) override {
        const std::lock_guard lock(m_mutex);
        m_now = std::max(m_now, time);
    }
    /// Whoever waits is a thread of its own: it waits until the test has advanced the clock far enough.
    bool waitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Duration duration,
                 const std::function<bool()>& ready) override {
        const Duration end = now() + duration;
        while (!ready() && now() < end)
            changed.wait_for(lock, std::chrono::milliseconds(1));
        return ready();
    }

    void advance(Duration duration) { sleepFor(duration); }
    double seconds() const { return secondsOf(now()); }

private:
    mutable std::mutex m_mutex;
    Duration m_now = std::chrono::hours(1);  // guarded by m_mutex
};

}  // namespace gsst::test
