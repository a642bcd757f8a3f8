// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/event_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace gsst {
namespace {

template <typename Kind>
size_t countOf(const std::vector<Event>& events) {
    return size_t(std::count_if(events.begin(), events.end(),
                                [](const Event& event) { return std::holds_alternative<Kind>(event); }));
}

TEST(EventQueue, UnderAFloodKeepsWhatMustNotBeLost) {
    EventQueue queue(50);
    for (int i = 0; i < 2000; ++i) {
        queue.push(SliceActivity{});
        queue.push(StepDone{i});
        if (i % 100 == 0) {
            queue.push(Committed{i, 0, {}});
            queue.push(StateChanged{RunState::Training, i});
        }
    }
    queue.push(Failed{});
    const std::vector<Event> events = queue.drain();
    EXPECT_LE(events.size(), 60u);
    EXPECT_EQ(countOf<Committed>(events), 20u);
    EXPECT_EQ(countOf<StateChanged>(events), 20u);
    EXPECT_EQ(countOf<Failed>(events), 1u);
    int64_t newest = -1;
    for (const Event& event : events)
        if (const auto* step = std::get_if<StepDone>(&event)) {
            EXPECT_GT(step->step, newest) << "order must be kept";
            newest = step->step;
        }
    EXPECT_EQ(newest, 1999) << "the newest figures must survive";
}

TEST(EventQueue, OneWakeUpUntilItIsDrained) {
    EventQueue queue;
    int wakes = 0;
    queue.setWake([&wakes] { ++wakes; });
    for (int i = 0; i < 10; ++i)
        queue.push(LogLine{});
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(queue.drain().size(), 10u);
    queue.push(LogLine{});
    EXPECT_EQ(wakes, 2);
}

TEST(EventQueue, TwoThreadsLoseNothing) {
    EventQueue queue;
    std::atomic<bool> ended = false;
    size_t seen = 0;
    std::thread reader([&] {
        while (!ended.load())
            seen += queue.drain().size();
        seen += queue.drain().size();
    });
    for (int i = 0; i < 2000; ++i)
        queue.push(Committed{i, 0, {}});
    ended.store(true);
    reader.join();
    EXPECT_EQ(seen, 2000u);
}

}  // namespace
}  // namespace gsst
