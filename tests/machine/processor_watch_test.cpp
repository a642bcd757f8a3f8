// SPDX-License-Identifier: GPL-3.0-or-later
#include "machine/processor_watch.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

/// A computer of four cores, on which this process and others work.
class Computer {
public:
    explicit Computer(int64_t threads) : m_watch(threads, 4) {}

    /// Two seconds at a time, as steps are.
    std::optional<ProcessorShare> work(double seconds, double own, double others) {
        std::optional<ProcessorShare> told;
        for (double done = 0; done < seconds; done += 2) {
            m_now += 2;
            m_spent.process += 2 * own;
            m_spent.system += 2 * (own + others);
            if (const auto share = m_watch.look(m_now, m_spent)) {
                EXPECT_FALSE(told) << "twice";
                told = share;
            }
        }
        return told;
    }
    void forget() { m_spent.system = 0; }

private:
    ProcessorWatch m_watch;
    double m_now = 100;
    ProcessorTime m_spent{50, 70};
};

TEST(ProcessorWatch, HasNothingToTellOfARunThatIsAlone) {
    Computer computer(4);
    EXPECT_FALSE(computer.work(60, 3.9, 0.1));
}

TEST(ProcessorWatch, TellsOnceOfOthersThatComeAndOnceWhenTheyHaveLeft) {
    Computer computer(4);
    EXPECT_FALSE(computer.work(20, 4, 0));
    const auto busy = computer.work(40, 2, 2);
    ASSERT_TRUE(busy);
    EXPECT_NEAR(busy->others, 2, 0.7) << "the span in which they came is a mixed one";
    EXPECT_NEAR(busy->share, 0.5, 0.2);
    const auto free = computer.work(40, 4, 0);
    ASSERT_TRUE(free);
    EXPECT_GT(free->share, busy->share);
}

TEST(ProcessorWatch, OthersOnCoresThatNobodyWantsAreNoMatter) {
    Computer computer(2);
    EXPECT_FALSE(computer.work(60, 2, 2));
}

TEST(ProcessorWatch, LooksAtSecondsNotAtMoments) {
    Computer computer(4);
    EXPECT_FALSE(computer.work(4, 0, 4)) << "less than a span";
}

TEST(ProcessorWatch, SomeOfItIsLeftHoweverManyTheOthersAre) {
    Computer computer(4);
    const auto busy = computer.work(20, 0, 4);
    ASSERT_TRUE(busy);
    EXPECT_GT(busy->share, 0);
    EXPECT_LT(busy->share, 0.1);
}

TEST(ProcessorWatch, IsSilentWhereTheSystemDoesNotTell) {
    Computer computer(4);
    computer.forget();
    ProcessorWatch watch(4, 4);
    for (int second = 0; second < 60; ++second)
        EXPECT_FALSE(watch.look(second, {double(second), 0}));
}

}  // namespace
}  // namespace gsst
