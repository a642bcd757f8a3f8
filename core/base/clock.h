// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace gsst {

/// The time that a part of the core lives in: the computer's (systemClock()), or in tests one that passes without
/// waiting. Thread-safe.
class Clock {
public:
    using Duration = std::chrono::nanoseconds;

    virtual ~Clock() = default;

    virtual Duration now() const = 0;  ///< since an arbitrary point; never goes back. For durations, not for dates
    virtual void sleepUntil(Duration time) = 0;
    void sleepFor(Duration duration) { sleepUntil(now() + duration); }

    /// As std::condition_variable::wait_for: returns when `ready` holds, or at the latest after `duration`, and then
    /// whether it holds. `lock` is held when it is called, while `ready` is asked, and when it returns.
    virtual bool waitFor(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, Duration duration,
                         const std::function<bool()>& ready) = 0;
};

/// The computer's steady clock; lives for the whole program.
Clock& systemClock();

inline double secondsOf(Clock::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// Time since it was made or restarted. Not thread-safe; `clock` must outlive it.
class Stopwatch {
public:
    explicit Stopwatch(const Clock& clock = systemClock()) : m_clock(&clock), m_start(clock.now()) {}

    double seconds() const { return secondsOf(elapsed()); }
    uint64_t nanoseconds() const { return static_cast<uint64_t>(elapsed().count()); }

    /// Returns the seconds up to now and starts again from zero.
    double restart() {
        const Clock::Duration now = m_clock->now();
        const double passed = secondsOf(now - m_start);
        m_start = now;
        return passed;
    }

private:
    Clock::Duration elapsed() const { return m_clock->now() - m_start; }

    const Clock* m_clock;
    Clock::Duration m_start;
};

}  // namespace gsst
