// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/optimizer_spec.h"

#include "spec/run_spec.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace gsst {
namespace {

TEST(OptimizerSpec, ARecipeThatNamesNoneIsTheFirstWithItsNumbers) {
    TrainSpec training;
    EXPECT_EQ(training.optimizer, kOptimizers.front().kind);
    setOptimizer(training, kOptimizers.front().kind);
    EXPECT_TRUE(training == TrainSpec());
}

TEST(OptimizerSpec, StandardValuesAreInRange) {
    std::set<std::string> words;
    for (const OptimizerSpec& spec : kOptimizers) {
        EXPECT_TRUE(words.insert(nameOf(spec.kind)).second) << nameOf(spec.kind);
        EXPECT_EQ(&optimizerSpec(spec.kind), &spec);
        TrainSpec training;
        setOptimizer(training, spec.kind);
        EXPECT_EQ(training.optimizer, spec.kind);
        RunSpec run;
        run.name = "run";
        run.data.tokenizer = TokenizerKind::Bytes;
        run.model.vocabulary = 256;
        run.training = training;
        EXPECT_EQ(problemsOf(run), std::vector<std::string>{}) << nameOf(spec.kind);
        for (const Hyperparameter& each : spec.hyperparameters) {
            EXPECT_EQ(training.*each.value, each.standard);
            EXPECT_TRUE(spec.looksAt(each.value));
        }
    }
}

TEST(OptimizerSpec, RolesCanBeExceptions) {
    const RoleUpdate exceptions[] = {{TensorRole::Up, {kLion.usual.moments, UpdateScope::Matrix}}};
    const OptimizerSpec spec{OptimizerKind::Lion, {}, exceptions, {}};
    EXPECT_TRUE(spec.keeps(TensorRole::Up, StateKind::Moment1));
    EXPECT_FALSE(spec.keeps(TensorRole::Up, StateKind::Moment2));
    EXPECT_FALSE(spec.keeps(TensorRole::Down, StateKind::Moment1));
    EXPECT_TRUE(spec.keeps(StateKind::Moment1));
    EXPECT_FALSE(spec.keeps(StateKind::Moment2));
    EXPECT_EQ(spec.updateOf(TensorRole::Up).scope, UpdateScope::Matrix);
    EXPECT_FALSE(spec.isElementwise());
    EXPECT_TRUE(kAdamW.isElementwise());
}

}  // namespace
}  // namespace gsst
