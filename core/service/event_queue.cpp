// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/event_queue.h"

#include <algorithm>
#include <utility>

namespace gsst {
namespace {

/// Events that a reader can do without, the most dispensable first.
enum class Worth { Activity, Figures, Kept };

Worth worthOf(const Event& event) {
    if (std::holds_alternative<SliceActivity>(event) || std::holds_alternative<Progress>(event))
        return Worth::Activity;
    if (std::holds_alternative<StepDone>(event))
        return Worth::Figures;
    if (const auto* line = std::get_if<LogLine>(&event); line && line->level != LogLine::Level::Error)
        return Worth::Figures;
    return Worth::Kept;
}

}  // namespace

EventQueue::EventQueue(size_t capacity) : m_capacity(capacity) {}

void EventQueue::setWake(std::function<void()> wake) {
    const std::lock_guard lock(m_mutex);
    m_wake = std::move(wake);
}

void EventQueue::push(Event event) {
    std::function<void()> wake;
    {
        const std::lock_guard lock(m_mutex);
        if (m_events.size() >= m_capacity) {
            for (Worth worth : {Worth::Activity, Worth::Figures}) {
                const auto oldest = std::find_if(m_events.begin(), m_events.end(),
                                                 [worth](const Event& each) { return worthOf(each) == worth; });
                if (oldest == m_events.end())
                    continue;
                m_events.erase(oldest);
                break;
            }
        }
        m_events.push_back(std::move(event));
        if (!m_wakePosted && m_wake) {
            m_wakePosted = true;
            wake = m_wake;
        }
    }
    if (wake)
        wake();
}

std::vector<Event> EventQueue::drain() {
    const std::lock_guard lock(m_mutex);
    m_wakePosted = false;
    std::vector<Event> events(std::make_move_iterator(m_events.begin()), std::make_move_iterator(m_events.end()));
    m_events.clear();
    return events;
}

}  // namespace gsst
