// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/run_spec.h"
#include "spec/tensor_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

namespace gsst {
namespace {

constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

RunSpec llamaSpec() {
    RunSpec spec;
    spec.model = {Family::Llama, 2, 64, 4, 2, 96, 512, 64, true, 1e-5, 1e4};
    return spec;
}

struct Case {
    std::function<void(RunSpec&)> change;
    std::string problem;
};

void expectProblem(const Case& c) {
    RunSpec spec = llamaSpec();
    ASSERT_EQ(problemsOf(spec), std::vector<std::string>{});
    c.change(spec);
    EXPECT_EQ(problemsOf(spec), std::vector<std::string>{c.problem});
}

TEST(SpecRules, ShapeOfTheModel) {
    const std::vector<Case> cases{
        {[](RunSpec& s) { s.model.layers = 0; }, "model.layers: 0 is not between 1 and 1024"},
        {[](RunSpec& s) { s.model.width = 66; }, "model.width: 66 is not a multiple of model.heads (4)"},
        {[](RunSpec& s) { s.model.width = 60; },
         "model.width: 60 over model.heads (4) gives heads of 15, which must be even"},
        {[](RunSpec& s) { s.model.heads = 0; }, "model.heads: 0 is not between 1 and 65536"},
        {[](RunSpec& s) { s.model.kvHeads = 3; }, "model.kv_heads: 3 does not divide model.heads (4)"},
        {[](RunSpec& s) { s.model.kvHeads = 8; }, "model.kv_heads: 8 does not divide model.heads (4)"},
        {[](RunSpec& s) { s.model.kvHeads = -1; }, "model.kv_heads: -1 is not between 1 and 65536"},
        {[](RunSpec& s) { s.model.family = Family::Gpt2; },
         "model.kv_heads: 2 must equal model.heads (4) in the gpt2 family"},
        {[](RunSpec& s) { s.model.ffnWidth = 0; }, "model.ffn_width: 0 is not between 1 and 262144"},
        {[](RunSpec& s) { s.model.vocabulary = kHuge; },
         "model.vocabulary: 9223372036854775807 is not between 2 and 1048576"},
        {[](RunSpec& s) { s.model.context = 0; }, "model.context: 0 is not between 1 and 1048576"},
        {[](RunSpec& s) { s.model.context = 63; }, "training.sequence_length: 64 is more than model.context (63)"},
        {[](RunSpec& s) { s.model.window = -1; }, "model.window: -1 is not between 0 and 1048576"},
        {[](RunSpec& s) { s.model.ownHeadSize = -2; }, "model.head_size: -2 is not between 0 and 65536"},
        {[](RunSpec& s) { s.model.ownHeadSize = 15; }, "model.head_size: 15 is not even"},
        {[](RunSpec& s) {
             s.model.ownHeadSize = 4096;
             s.model.heads = s.model.kvHeads = 17;
         },
         "model.head_size: 4096 times model.heads (17) is more than 65536"},
        {[](RunSpec& s) {
             s.model.family = Family::Gpt2;
             s.model.kvHeads = 4;
             s.model.ownHeadSize = 16;
         },
         "model.head_size: 16 must be 0 in the gpt2 family, whose heads have model.width over model.heads elements"},
        {[](RunSpec& s) { s.model.normEpsilon = 0; }, "model.norm_epsilon: 0 is not between 1e-12 and 0.1"},
        {[](RunSpec& s) { s.model.ropeTheta = kNan; }, "model.rope_theta: nan is not between 1 and 1e+12"},
    };
    for (const Case& c : cases)
        expectProblem(c);
}

TEST(SpecRules, LossScale) {
    const std::vector<Case> cases{
        {[](RunSpec& s) { s.training.lossScale = 0.5; }, "training.loss_scale: 0.5 is not between 1 and 1099511627776"},
        {[](RunSpec& s) { s.training.lossScale = 3 * 65536.0; }, "training.loss_scale: 196608 is no power of two"},
        {[](RunSpec& s) { s.training.lossScale = kNan; },
         "training.loss_scale: nan is not between 1 and 1099511627776"},
        {[](RunSpec& s) { s.training.lossScaleGrowSteps = 0; },
         "training.loss_scale_grow_steps: 0 is not between 1 and 1000000000"},
    };
    for (const Case& c : cases)
        expectProblem(c);
    RunSpec spec = llamaSpec();
    for (spec.training.lossScale = 1; spec.training.lossScale <= kMostLossScale; spec.training.lossScale *= 2)
        ASSERT_EQ(problemsOf(spec), std::vector<std::string>{});
}

TEST(SpecRules, Batches) {
    const std::vector<Case> cases{
        {[](RunSpec& s) { s.training.steps = 0; }, "training.steps: 0 is not between 1 and 1000000000"},
        {[](RunSpec& s) { s.training.sequenceLength = 0; }, "training.sequence_length: 0 is not between 1 and 1048576"},
        {[](RunSpec& s) { s.training.sequencesPerStep = 10; },
         "training.sequences_per_step: 10 is not a multiple of training.micro_batch (12)"},
        {[](RunSpec& s) { s.training.microBatch = 0; }, "training.micro_batch: 0 is not between 1 and 1048576"},
        {[](RunSpec& s) { s.training.headTokenChunk = 0; },
         "training.head_token_chunk: 0 is not between 1 and 1048576"},
        {[](RunSpec& s) { s.training.vocabularyChunk = 0; },
         "training.vocabulary_chunk: 0 is not between 1 and 1048576"},
        {[](RunSpec& s) { s.training.threads = -1; }, "training.threads: -1 is not between 0 and 1024"},
    };
    for (const Case& c : cases)
        expectProblem(c);
}

TEST(SpecRules, Optimizer) {
    const std::vector<Case> cases{
        {[](RunSpec& s) { s.training.learningRate = 0; }, "training.learning_rate: 0 is not between 1e-12 and 100"},
        {[](RunSpec& s) { s.training.learningRate = kNan; },
         "training.learning_rate: nan is not between 1e-12 and 100"},
        {[](RunSpec& s) { s.training.minLearningRate = -1e-9; },
         "training.min_learning_rate: -1e-09 is not between 0 and 100"},
        {[](RunSpec& s) { s.training.minLearningRate = 2e-3; },
         "training.min_learning_rate: 0.002 is more than training.learning_rate (0.001)"},
        {[](RunSpec& s) { s.training.warmupSteps = 1001; },
         "training.warmup_steps: 1001 is more than training.steps (1000)"},
        {[](RunSpec& s) { s.training.beta1 = 1; }, "training.beta1: 1 is not between 0 and 0.999999"},
        {[](RunSpec& s) { s.training.beta2 = -0.1; }, "training.beta2: -0.1 is not between 0 and 0.999999"},
        {[](RunSpec& s) { s.training.epsilon = 0; }, "training.epsilon: 0 is not between 1e-30 and 1"},
        {[](RunSpec& s) { s.training.weightDecay = HUGE_VAL; }, "training.weight_decay: inf is not between 0 and 100"},
        {[](RunSpec& s) { s.training.clipNorm = -1; }, "training.clip_norm: -1 is not between 0 and 1e+09"},
        {[](RunSpec& s) { s.training.outlierSigmas = kNan; },
         "training.outlier_sigmas: nan is not between 0 and 1e+09"},
    };
    for (const Case& c : cases)
        expectProblem(c);
    RunSpec constant = llamaSpec();
    constant.training.schedule = ScheduleKind::Constant;
    constant.training.learningRate =
        1e-5;  // below the default of min_learning_rate, which a constant schedule does not use
    EXPECT_EQ(problemsOf(constant), std::vector<std::string>{});
}

TEST(SpecRules, NumbersThatAnOptimizerDoesNotLookAt) {
    RunSpec spec = llamaSpec();
    spec.training.epsilon = -1;
    EXPECT_EQ(problemsOf(spec), std::vector<std::string>{"training.epsilon: -1 is not between 1e-30 and 1"});
    spec.training.optimizer = OptimizerKind::Lion;
    EXPECT_EQ(problemsOf(spec), std::vector<std::string>{});
    spec.training.beta2 = 1;
    EXPECT_EQ(problemsOf(spec), std::vector<std::string>{"training.beta2: 1 is not between 0 and 0.999999"});
}

TEST(SpecRules, ReportsDataAndBudget) {
    const std::vector<Case> cases{
        {[](RunSpec& s) { s.name = ""; }, "name: must not be empty"},
        {[](RunSpec& s) { s.title = std::string(201, 'x'); }, "title: is longer than 200 bytes"},
        {[](RunSpec& s) { s.training.evaluateEvery = -1; },
         "training.evaluate_every: -1 is not between 0 and 1000000000"},
        {[](RunSpec& s) { s.training.evaluateSequences = -1; },
         "training.evaluate_sequences: -1 is not between 0 and 1000000000"},
        {[](RunSpec& s) { s.training.sampleEvery = -1; }, "training.sample_every: -1 is not between 0 and 1000000000"},
        {[](RunSpec& s) { s.training.sampleTokens = 0; }, "training.sample_tokens: 0 is not between 1 and 100000"},
        {[](RunSpec& s) { s.training.samplePrompt = std::string(10'001, 'x'); },
         "training.sample_prompt: is longer than 10000 bytes"},
        {[](RunSpec& s) { s.training.commitEverySeconds = -1; },
         "training.commit_every_seconds: -1 is not between 0 and 1000000"},
        {[](RunSpec& s) { s.data.tokenizer = TokenizerKind::Bytes; },
         "model.vocabulary: 512 must be 256 with the bytes tokenizer"},
        {[](RunSpec& s) { s.model.vocabulary = 256; },
         "model.vocabulary: 256 must be at least 300 with the sentencepiece-bpe tokenizer"},
        {[](RunSpec& s) { s.data.validationShare = 0.51; }, "data.validation_share: 0.51 is not between 0 and 0.5"},
        {[](RunSpec& s) { s.budget.deviceBytes = -1; },
         "budget.device_bytes: -1 is not between 0 and 1000000000000000"},
        {[](RunSpec& s) { s.budget.ramBytes = kHuge; },
         "budget.ram_bytes: 9223372036854775807 is not between 0 and 1000000000000000"},
        {[](RunSpec& s) { s.budget.diskBytes = -1; }, "budget.disk_bytes: -1 is not between 0 and 1000000000000000"},
    };
    for (const Case& c : cases)
        expectProblem(c);
}

TEST(SpecRules, Totals) {
    const std::vector<Case> cases{
        {[](RunSpec& s) {
             s.model = {Family::Llama, 1024, 65536, 512, 512, 262144, 1 << 20, 64, false, 1e-5, 1e4};
             s.training.sequencesPerStep = 12;
         },
         "model.layers: the model has 70506317414400 parameters; the most that this program trains is 357142857142"},
        {[](RunSpec& s) {
             s.model.context = s.training.sequenceLength = s.training.sequencesPerStep = s.training.microBatch = 1
                                                                                                                 << 20;
         },
         "training.sequences_per_step: 1099511627776 tokens a step need more than 10 TB for this model's activations"},
        {[](RunSpec& s) {
             s.training.steps = 1'000'000'000;
             s.training.sequencesPerStep = 1'000'008;
         },
         "training.steps: 1000000000 steps of 64000512 tokens are more than 10^15 tokens"},
    };
    for (const Case& c : cases)
        expectProblem(c);
}

TEST(SpecRules, AnyTrashIsOnlyTrash) {
    for (const int64_t trash :
         {std::numeric_limits<int64_t>::min(), int64_t{-1}, int64_t{0}, int64_t{1} << 20, kHuge}) {
        RunSpec spec;
        spec.model = {Family::Llama, trash, trash, trash,         trash,        trash,
                      trash,         trash, false, double(trash), double(trash)};
        spec.training.steps = spec.training.sequenceLength = spec.training.sequencesPerStep = spec.training.microBatch =
            trash;
        EXPECT_FALSE(problemsOf(spec).empty());
    }
}

TEST(SpecRules, ValidateNamesTheOrigin) {
    RunSpec spec = llamaSpec();
    EXPECT_TRUE(validate(spec, "the wizard").ok());
    spec.model.layers = 0;
    spec.training.steps = 0;
    const Status status = validate(spec, "the wizard");
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(status.error().where, "the wizard");
    EXPECT_EQ(status.error().why,
              "model.layers: 0 is not between 1 and 1024\ntraining.steps: 0 is not between 1 and 1000000000");
}

}  // namespace
}  // namespace gsst
