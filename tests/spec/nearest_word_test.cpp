// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/run_spec.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

const std::vector<std::string> kWords{"width", "heads", "kv_heads", "learning_rate", "min_learning_rate",
                                      "beta1", "beta2"};

TEST(NearestWord, ForgivesSlips) {
    EXPECT_EQ(nearestWord("wdith", kWords), "width");
    EXPECT_EQ(nearestWord("widt", kWords), "width");
    EXPECT_EQ(nearestWord("Width", kWords), "width");
    EXPECT_EQ(nearestWord("kvHeads", kWords), "kv_heads");
    EXPECT_EQ(nearestWord("learning-rate", kWords), "learning_rate");
    EXPECT_EQ(nearestWord("learnign_raet", kWords), "learning_rate");
    EXPECT_EQ(nearestWord("beta2", kWords), "beta2");
}

TEST(NearestWord, LeavesOtherWordsAlone) {
    EXPECT_EQ(nearestWord("depth", kWords), "");
    EXPECT_EQ(nearestWord("", kWords), "");
    EXPECT_EQ(nearestWord("x", {"y"}), "");
    EXPECT_EQ(nearestWord("width", {}), "");
    EXPECT_EQ(nearestWord(std::string(1'000'000, 'w'), kWords), "");
}

}  // namespace
}  // namespace gsst
