// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/events.h"

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

namespace gsst {

/// Bounded queue from the worker to one reader. When full, SliceActivity and Progress are dropped oldest first, then
/// StepDone older than the newest; StateChanged, Committed, Sampled, Validated, Planned, LogLine(Error) and Failed
/// never are. At most one wake-up is outstanding: after it the reader drains everything. Thread-safe.
class EventQueue {
public:
    explicit EventQueue(size_t capacity = 4096);
    /// Called on the worker's thread when the queue becomes non-empty and the last wake-up was drained. Set before the
    /// worker starts.
    void setWake(std::function<void()> wake);
    void push(Event event);
    std::vector<Event> drain();

private:
    std::mutex m_mutex;
    std::deque<Event> m_events;
    std::function<void()> m_wake;
    size_t m_capacity;
    bool m_wakePosted = false;
};

}  // namespace gsst
