// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/describe_unit.h"

#include <gtest/gtest.h>

namespace gsst {
namespace {

TEST(DescribeUnit, LayersCountFromOne) {
    ModelSpec model;
    model.family = Family::Llama;
    model.layers = 12;
    model.width = 64;
    model.heads = model.kvHeads = 2;
    model.ffnWidth = 128;
    model.vocabulary = 256;
    model.context = 32;
    const TensorTable table(model);
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
