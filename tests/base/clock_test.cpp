// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

#include "tests/support/manual_clock.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

namespace gsst {
namespace {

using namespace std::chrono_literals;

TEST(Clock, StopwatchMeasuresAndRestarts) {
    test::ManualClock clock;
    Stopwatch watch(clock);
    EXPECT_EQ(watch.nanoseconds(), 0u);
    clock.advance(20ms);
    EXPECT_EQ(watch.nanoseconds(), 20'000'000u);
    EXPECT_DOUBLE_EQ(watch.restart(), 0.02);
    clock.sleepFor(5ms);
    EXPECT_DOUBLE_EQ(watch.seconds(), 0.005);
}

TEST(Clock, OfTheComputerNeverGoesBackAndSleepsLongEnough) {
    Clock& clock = systemClock();
    const Stopwatch watch;
    const Clock::Duration before = clock.now();
    clock.sleepFor(5ms);
    EXPECT_GE(clock.now() - before, 5ms);
    EXPECT_GE(watch.seconds(), 0.005);
    clock.sleepUntil(before);  // that is over: it returns at once
}

TEST(Clock, WaitsForWhatIsReadyOrUntilTheTimeIsOver) {
    test::ManualClock manual;
    for (Clock* clock : {&systemClock(), static_cast<Clock*>(&manual)}) {
        std::mutex mutex;
        std::condition_variable changed;
        bool ready = false;
        std::unique_lock lock(mutex);
        std::jthread other([&] {
            const std::lock_guard guard(mutex);
            ready = true;
            changed.notify_all();
        });
        EXPECT_TRUE(clock->waitFor(changed, lock, 1h, [&] { return ready; }));
        EXPECT_TRUE(lock.owns_lock());
        EXPECT_FALSE(clock->waitFor(changed, lock, 0ns, [] { return false; }));
    }
    EXPECT_FALSE([] {
        std::mutex mutex;
        std::condition_variable changed;
        std::unique_lock lock(mutex);
        return systemClock().waitFor(changed, lock, 2ms, [] { return false; });
    }());
}

TEST(ManualClock, WhoeverWaitsWaitsUntilItIsAdvanced) {
    test::ManualClock clock;
    const auto waited = std::async(std::launch::async, [&clock] {
        std::mutex mutex;
        std::condition_variable changed;
        std::unique_lock lock(mutex);
        return clock.waitFor(changed, lock, 1h, [] { return false; });
    });
    EXPECT_EQ(waited.wait_for(5ms), std::future_status::timeout);
    // The other thread may read the clock only after the first of these, but not after all of them.
    while (waited.wait_for(0ms) == std::future_status::timeout)
        clock.advance(1h);
}

}  // namespace
}  // namespace gsst
