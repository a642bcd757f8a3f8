// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/thread_warning.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

bool says(const ThreadUse& use, const std::string& part) {
    return threadWarning(use).find(part) != std::string::npos;
}

TEST(ThreadWarning, ComesWithTheFirstThreadThatHasNoCore) {
    EXPECT_EQ(threadWarning({2, 1, 2}), "");
    EXPECT_EQ(threadWarning({1, 1, 2}), "");
    EXPECT_EQ(threadWarning({0, 1, 2}), "") << "as many as there are";
    EXPECT_TRUE(says({3, 1, 2}, "3 threads share the 2 processor cores"));
    EXPECT_TRUE(says({2, 1, 1}, "2 threads share the one processor core"));
    EXPECT_TRUE(says({64, 1, 2}, "Use --threads 2, or leave it out"));
}

TEST(ThreadWarning, CountsTheThreadsOfAllProcesses) {
    EXPECT_EQ(threadWarning({2, 2, 4}), "");
    EXPECT_TRUE(says({3, 2, 4}, "6 threads of 2 processes share the 4 processor cores"));
    EXPECT_TRUE(says({3, 2, 4}, "Use --threads 2"));
    EXPECT_TRUE(says({0, 3, 2}, "3 threads of 3 processes")) << "none does with less than one";
    EXPECT_TRUE(says({1, 3, 2}, "Start no more processes on this computer than it has cores"));
}

}  // namespace
}  // namespace gsst
