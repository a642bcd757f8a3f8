// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/describe_unit.h"

#include "tests/support/models.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

TEST(DescribeUnit, LayersCountFromOne) {
    const TensorTable table(test::modelOf(Family::Llama, {.layers = 12}));
    const auto& units = table.units();
    EXPECT_EQ(wordsFor(units[0]), "embedding");
    EXPECT_EQ(wordsFor(units[1]), "attention of layer 1");
    EXPECT_EQ(wordsFor(units[24]), "MLP of layer 12");
    EXPECT_EQ(wordsFor(units[25]), "head");
    EXPECT_EQ(labelFor(units[0]), "emb");
    EXPECT_EQ(labelFor(units[1]), "1a");
    EXPECT_EQ(labelFor(units[24]), "12m");
    EXPECT_EQ(labelFor(units[25]), "head");
}

}  // namespace
}  // namespace gsst
