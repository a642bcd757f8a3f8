// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace gsst {

/// Nanoseconds since an arbitrary point; never goes back. For durations, not for dates.
inline uint64_t monotonicNanoseconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

/// The same in seconds.
inline double monotonicSeconds() {
    return static_cast<double>(monotonicNanoseconds()) * 1e-9;
}

/// Time since it was made or restarted. Not thread-safe.
class Stopwatch {
public:
    Stopwatch() : m_start(monotonicNanoseconds()) {}

    double seconds() const { return static_cast<double>(nanoseconds()) * 1e-9; }
    uint64_t nanoseconds() const { return monotonicNanoseconds() - m_start; }

    /// Returns the seconds up to now and starts again from zero.
    double restart() {
        const uint64_t now = monotonicNanoseconds();
        const double elapsed = static_cast<double>(now - m_start) * 1e-9;
        m_start = now;
        return elapsed;
    }

private:
    uint64_t m_start;
};

}  // namespace gsst
