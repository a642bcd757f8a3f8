// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace gsst {
namespace {

TEST(Clock, StopwatchMeasuresAndRestarts) {
    Stopwatch watch;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_GE(watch.seconds(), 0.019);
    EXPECT_GE(watch.restart(), 0.019);
    const uint64_t before = monotonicNanoseconds();
    EXPECT_LE(watch.nanoseconds(), monotonicNanoseconds());
    EXPECT_LE(before, monotonicNanoseconds());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_GE(watch.nanoseconds(), 4'900'000u);
    EXPECT_NEAR(monotonicSeconds(), static_cast<double>(monotonicNanoseconds()) * 1e-9, 1.0);
}

}  // namespace
}  // namespace gsst
