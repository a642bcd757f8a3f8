// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run_fixture.h"

#include <algorithm>
#include <map>

namespace gsst::test {
namespace {

struct Case {
    std::string name;
    Placement placement;
    UpdateRule rule = UpdateRule::Deferred;
};

/// Some of everything: the first slices keep copies, the others do not.
Placement mixedPlacement() {
    Placement placement = onDisk(2, 12288, Tier::Disk, Tier::Disk);
    placement.slices = {{Tier::Device, Tier::Ram, Tier::Ram, Tier::Device},
                        {Tier::Ram, Tier::Disk, Tier::Ram, Tier::Ram}};
    return placement;
}

Placement keeping(Placement placement) {
    placement.everywhere.keepsActivations = true;
    return placement;
}

Placement residentInHalfLayers() {
    Placement placement = residentPlacement();
    placement.everywhere = {Tier::Ram, Tier::Ram, Tier::Ram, Tier::Ram};
    placement.boundaries = Tier::Ram;
    placement.unitsPerSlice = 1;
    placement.chunkElements = 2048;
    return placement;
}

/// With fp16 the loss scale is too large at first, and grows too large again.
RunSpec scaledSpec(Family family, Precision precision, OptimizerKind optimizer = OptimizerKind::AdamW) {
    RunSpec spec = tinySpec(family, precision);
    if (optimizer == OptimizerKind::Lion) {
        setOptimizer(spec.training, optimizer);
        spec.training.learningRate = 2e-3;  // the run is short
    }
    spec.training.lossScale = 1 << 23;
    spec.training.lossScaleGrowSteps = 3;
    return spec;
}

/// Embedding and head in slices of so many rows.
Placement cut(Placement placement, int64_t rows, Tier tiedGradients = Tier::Ram) {
    placement.vocabularyRows = rows;
    placement.tiedGradients = tiedGradients;
    return placement;
}

class StreamedEqualsResident
    : public testing::TestWithParam<std::tuple<Family, Precision, StatePreset, ProductChoice, OptimizerKind>> {};

std::string nameOfRun(const testing::TestParamInfo<StreamedEqualsResident::ParamType>& run) {
    return std::string(infoOf(std::get<0>(run.param)).word) + "_" + nameOf(std::get<1>(run.param)) + "_" +
           nameOf(std::get<2>(run.param));
}

TEST_P(StreamedEqualsResident, BitForBitAfterTwentySteps) {
    const auto [family, precision, preset, products, optimizer] = GetParam();
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    RunSpec spec = scaledSpec(family, precision, optimizer);
    spec.training.state = preset;
    spec.training.products = products;

    HandRun resident(folder.path / "resident", spec, residentPlacement());
    resident.create(*tokens);
    resident.open();
    resident.run(20);
    const std::string root = resident.flushedRoot();
    int clipped = 0, overflows = 0, doubled = 0;
    for (const StepResult& result : resident.results) {
        clipped += result.clipFactor < 1 && result.verdict.effect == StepEffect::Applied;
        overflows += result.verdict.fault == StepFault::Overflow;
        doubled += result.nextLossScale > result.lossScale;
    }
    EXPECT_EQ(overflows > 1 && doubled > 0, precision == Precision::Fp16)
        << overflows << " overflows, " << doubled << " times doubled";
    EXPECT_GT(clipped, 0) << "clipping must take part in the comparison";
    EXPECT_LT(clipped, 20);
    EXPECT_LT(resident.results.back().loss, resident.results.front().loss - 0.5) << "nothing was learned";

    const Case cases[] = {
        {"layerSlices", onDisk(2, 4 << 20)},
        {"halfLayerSlices", onDisk(1, 4 << 20)},
        {"allLayersInOneSlice", onDisk(6, 4 << 20, Tier::Device)},
        {"smallestChunks", onDisk(2, 2048)},
        {"middleChunks", onDisk(1, 12288, Tier::Device)},
        {"residentHalfLayers", residentInHalfLayers()},
        {"gradientsInRam", onDisk(2, 4 << 20, Tier::Ram, Tier::Ram)},
        {"boundariesOnDisk", onDisk(2, 4 << 20, Tier::Disk)},
        {"insured", onDisk(2, 12288), UpdateRule::Insured},
        {"insuredGradientsInRam", onDisk(2, 4 << 20, Tier::Ram, Tier::Ram), UpdateRule::Insured},
        {"speculative", onDisk(1, 12288), UpdateRule::Speculative},
        {"adaptive", onDisk(2, 4 << 20), UpdateRule::Adaptive},
        {"copies", mixedPlacement()},
        {"keptActivations", keeping(onDisk(2, 4 << 20))},
        {"keptActivationsBoundariesOnDisk", keeping(onDisk(1, 4 << 20, Tier::Disk))},
        {"keptActivationsResident", keeping(residentPlacement())},
        {"copiesInsured", mixedPlacement(), UpdateRule::Insured},
    };
    for (size_t number = 0; number < std::size(cases); ++number) {
        const Case& each = cases[number];
        if (preset != StatePreset::Exact && number % 2 == size_t(precision != Precision::Fp32))
            continue;  // the other half runs in the other precisions
        HandRun streamed(folder.path / each.name, spec, each.placement, each.rule);
        streamed.create(*tokens);
        streamed.open();
        streamed.run(20);
        EXPECT_EQ(streamed.losses(), resident.losses()) << each.name;
        EXPECT_EQ(streamed.flushedRoot(), root) << each.name;
        EXPECT_EQ(streamed.trainer().store().committed().lossScale, resident.trainer().store().committed().lossScale)
            << each.name;
    }
}

INSTANTIATE_TEST_SUITE_P(All, StreamedEqualsResident,
                         testing::Combine(testing::Values(Family::Gpt2, Family::Llama),
                                          testing::Values(Precision::Fp32, Precision::Bf16, Precision::Fp16),
                                          testing::Values(StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean),
                                          testing::Values(ProductChoice::Native),
                                          testing::Values(OptimizerKind::AdamW)),
                         nameOfRun);
INSTANTIATE_TEST_SUITE_P(Upcast, StreamedEqualsResident,
                         testing::Values(std::tuple(Family::Gpt2, Precision::Bf16, StatePreset::Exact,
                                                    ProductChoice::Upcast, OptimizerKind::AdamW),
                                         std::tuple(Family::Llama, Precision::Bf16, StatePreset::Lean,
                                                    ProductChoice::Upcast, OptimizerKind::AdamW)),
                         nameOfRun);
INSTANTIATE_TEST_SUITE_P(Lion, StreamedEqualsResident,
                         testing::Values(std::tuple(Family::Gpt2, Precision::Fp32, StatePreset::Exact,
                                                    ProductChoice::Native, OptimizerKind::Lion),
                                         std::tuple(Family::Llama, Precision::Bf16, StatePreset::Mixed,
                                                    ProductChoice::Native, OptimizerKind::Lion),
                                         std::tuple(Family::Llama, Precision::Fp16, StatePreset::Lean,
                                                    ProductChoice::Native, OptimizerKind::Lion)),
                         nameOfRun);
// What is said of all presets above holds for any tensors: one of each precision and of each preset is enough.
INSTANTIATE_TEST_SUITE_P(HeadsOfTheirOwn, StreamedEqualsResident,
                         testing::Values(std::tuple(Family::Qwen3, Precision::Fp32, StatePreset::Exact,
                                                    ProductChoice::Native, OptimizerKind::AdamW),
                                         std::tuple(Family::Qwen3, Precision::Bf16, StatePreset::Lean,
                                                    ProductChoice::Native, OptimizerKind::AdamW),
                                         std::tuple(Family::Qwen3, Precision::Fp16, StatePreset::Mixed,
                                                    ProductChoice::Native, OptimizerKind::AdamW)),
                         nameOfRun);

class VocabularySlices
    : public testing::TestWithParam<std::tuple<Family, bool, Precision, StatePreset, ProductChoice>> {};

TEST_P(VocabularySlices, BitForBitAfterTenSteps) {
    const auto [family, tied, precision, preset, products] = GetParam();
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    RunSpec spec = scaledSpec(family, precision);
    spec.training.state = preset;
    spec.training.products = products;
    spec.model.tiedHead = tied;
    spec.model.vocabulary = 3500;  // a canonical chunk is 1,024 rows, so there are four, the last smaller
    spec.training.vocabularyChunk = 1;

    HandRun resident(folder.path / "resident", spec, residentPlacement());
    resident.create(*tokens);
    resident.open();
    resident.run(10);
    const std::string root = resident.flushedRoot();
    EXPECT_LT(resident.results.back().loss, resident.results.front().loss - 0.5) << "nothing was learned";

    const Case cases[] = {
        {"oneChunk", cut(onDisk(2, 4 << 20), 1024)},
        {"twoChunks", cut(onDisk(1, 12288, Tier::Device), 2048)},
        {"threeChunksBoundariesOnDisk", cut(onDisk(2, 1 << 20, Tier::Disk), 3072)},
        {"tiedGradientsOnDisk", cut(onDisk(2, 16384), 1024, Tier::Disk)},
        {"gradientsOnDevice", cut(onDisk(2, 4 << 20, Tier::Ram, Tier::Device), 1024)},
        {"residentInSlices", cut(residentPlacement(), 1024)},
        {"residentInRam", cut(residentInHalfLayers(), 2048)},
        {"insured", cut(onDisk(2, 65536, Tier::Ram, Tier::Ram), 1024), UpdateRule::Insured},
        {"speculative", cut(onDisk(2, 4 << 20), 1024, Tier::Disk), UpdateRule::Speculative},
        {"copies", cut(mixedPlacement(), 1024)},
        {"keptActivations", cut(keeping(onDisk(2, 4 << 20, Tier::Disk)), 2048)},
    };
    for (const Case& each : cases) {
        HandRun streamed(folder.path / each.name, spec, each.placement, each.rule);
        streamed.create(*tokens);
        streamed.open();
        streamed.run(10);
        EXPECT_EQ(streamed.losses(), resident.losses()) << each.name;
        EXPECT_EQ(streamed.flushedRoot(), root) << each.name;
        const auto evaluated = streamed.trainer().evaluate({}), reference = resident.trainer().evaluate({});
        ASSERT_TRUE(evaluated.ok() && reference.ok());
        EXPECT_EQ(evaluated->loss, reference->loss) << each.name;
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, VocabularySlices,
    testing::Values(std::tuple(Family::Gpt2, true, Precision::Fp32, StatePreset::Exact, ProductChoice::Native),
                    std::tuple(Family::Gpt2, false, Precision::Bf16, StatePreset::Mixed, ProductChoice::Native),
                    std::tuple(Family::Llama, true, Precision::Bf16, StatePreset::Lean, ProductChoice::Native),
                    std::tuple(Family::Llama, false, Precision::Fp32, StatePreset::Exact, ProductChoice::Native),
                    std::tuple(Family::Qwen3, true, Precision::Bf16, StatePreset::Mixed, ProductChoice::Upcast),
                    std::tuple(Family::Gpt2, true, Precision::Fp16, StatePreset::Mixed, ProductChoice::Native),
                    std::tuple(Family::Gpt2, true, Precision::Bf16, StatePreset::Exact, ProductChoice::Upcast),
                    std::tuple(Family::Llama, false, Precision::Bf16, StatePreset::Mixed, ProductChoice::Upcast)),
    [](const auto& parameters) {
        return std::string(infoOf(std::get<0>(parameters.param)).word) +
               (std::get<1>(parameters.param) ? "Tied_" : "Untied_") + nameOf(std::get<2>(parameters.param)) + "_" +
               nameOf(std::get<3>(parameters.param)) +
               (std::get<4>(parameters.param) == ProductChoice::Upcast ? "_widened" : "");
    });

/// A budget that the head alone would break: the plan cuts the vocabulary, and the pool sees what was predicted.
TEST(PlannedVocabularySlices, TrainInTheBudgetWithThePredictedPeak) {
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    for (const bool tied : {false, true}) {
        RunSpec spec = tinySpec(Family::Gpt2, Precision::Fp32);
        spec.model.tiedHead = tied;
        spec.model.width = 256;
        spec.model.vocabulary = 20'000;
        spec.training.vocabularyChunk = 4096;
        const TensorTable table(spec.model);
        spec.budget.deviceBytes = smallestDeviceLimit(spec, table) * 5 / 4;
        ASSERT_LT(spec.budget.deviceBytes, spec.model.vocabulary * spec.model.width * 4)
            << "the gradient of the whole matrix would fit";
        std::map<int64_t, std::string> roots;  // by micro-batch, which changes bits
        for (const ResidencyChoice residency : {ResidencyChoice::Auto, ResidencyChoice::Disk}) {
            spec.budget.residency = residency;
            const auto plan = makePlan(spec, table, {}, {0, int64_t(4) << 30, int64_t(100) << 30});
            ASSERT_TRUE(plan.ok()) << plan.error().text();
            EXPECT_GT(plan->placement.vocabularyRows, 0);
            EXPECT_EQ(plan->stateOnDisk, residency == ResidencyChoice::Disk);
            RunSpec planned = spec;
            planned.training.microBatch = plan->microBatch;
            const std::string name = std::string(tied ? "tied" : "untied") + (plan->stateOnDisk ? "-disk" : "-ram");
            HandRun run(folder.path / name, planned, *plan);
            run.create(*tokens);
            run.open();
            run.run(3);
            int64_t peak = 0;
            for (const StepResult& result : run.results)
                peak = std::max(peak, result.devicePeakBytes);
            EXPECT_LE(peak, spec.budget.deviceBytes);
            EXPECT_GT(double(peak), 0.97 * double(plan->devicePeak)) << name;
            EXPECT_LE(peak, plan->devicePeak) << name;
            std::string& root = roots[plan->microBatch];
            if (root.empty()) {
                HandRun resident(folder.path / (name + "-resident"), planned, residentPlacement());
                resident.create(*tokens);
                resident.open();
                resident.run(3);
                root = resident.flushedRoot();
            }
            EXPECT_EQ(run.flushedRoot(), root) << name;
        }
    }
}

/// Twelve steps, interrupted after a commit, in the middle, and after a commit again, against twelve that were left
/// alone.
void expectTheSameBitsWhenInterrupted(const std::filesystem::path& folder, const TokenStore& tokens,
                                      const RunSpec& spec, const Case& each) {
    HandRun whole(folder / ("whole-" + each.name), spec, each.placement, each.rule);
    whole.create(tokens);
    whole.open();
    whole.run(12);
    const std::string root = whole.flushedRoot();

    HandRun parts(folder / ("parts-" + each.name), spec, each.placement, each.rule);
    parts.create(tokens);
    parts.open();
    for (int steps : {1, 4, 2}) {
        parts.run(steps);
        if (steps == 4) {
            // Given up without a word: on disk the last step was pending and must be repeated.
            EXPECT_TRUE(parts.trainer().giveUpStep(Survives::FinishedSteps).ok());
        } else {
            parts.flushedRoot();
        }
        EXPECT_TRUE(parts.trainer().evaluate({}).ok());
        parts.close();
        parts.open();
    }
    parts.run(int(12 - parts.trainer().step()));
    EXPECT_EQ(parts.trainer().step(), 12);
    EXPECT_EQ(parts.flushedRoot(), root) << each.name;
}

TEST(Resume, InterruptedAnywhereGivesTheSameBits) {
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    const RunSpec spec = scaledSpec(Family::Gpt2, Precision::Bf16);
    expectTheSameBitsWhenInterrupted(folder.path, *tokens, spec, {"disk", onDisk(2, 4 << 20)});
    expectTheSameBitsWhenInterrupted(folder.path, *tokens, spec, {"ram", residentPlacement()});
    expectTheSameBitsWhenInterrupted(folder.path, *tokens, scaledSpec(Family::Gpt2, Precision::Fp16),
                                     {"scaled", onDisk(2, 4 << 20)});
}

TEST(Resume, InterruptedWithVocabularySlicesGivesTheSameBits) {
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    RunSpec spec = scaledSpec(Family::Gpt2, Precision::Bf16);
    spec.model.tiedHead = true;
    spec.model.vocabulary = 3500;
    spec.training.vocabularyChunk = 1;
    expectTheSameBitsWhenInterrupted(folder.path, *tokens, spec,
                                     {"tiedGradientsOnDisk", cut(onDisk(2, 16384), 1024, Tier::Disk)});
    expectTheSameBitsWhenInterrupted(folder.path, *tokens, spec,
                                     {"speculative", cut(onDisk(2, 4 << 20), 2048), UpdateRule::Speculative});
    spec.model.tiedHead = false;
    spec.training.state = StatePreset::Lean;
    expectTheSameBitsWhenInterrupted(folder.path, *tokens, spec,
                                     {"copiesInsured", cut(mixedPlacement(), 1024), UpdateRule::Insured});
}

TEST(Evaluate, CountsEveryTargetOnceAndLeavesTheRunAlone) {
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    RunSpec spec = tinySpec(Family::Llama, Precision::Fp32);
    spec.training.evaluateSequences = kAllSequences;
    std::string roots[2];
    for (int evaluating : {0, 1}) {
        HandRun run(folder.path / std::to_string(evaluating), spec, onDisk(2, 4 << 20));
        run.create(*tokens);
        run.open();
        for (int i = 0; i < 4; ++i) {
            run.run(1);
            if (!evaluating)
                continue;
            const auto result = run.trainer().evaluate({});
            ASSERT_TRUE(result.ok()) << result.error().text();
            const int64_t train = int64_t(0.9 * double(tokens->size()));
            EXPECT_EQ(result->tokens, tokens->size() - train - 1);
            EXPECT_NEAR(result->loss, run.results.back().loss, 1.0);
        }
        roots[evaluating] = run.flushedRoot();
    }
    EXPECT_EQ(roots[0], roots[1]);
}

TEST(Evaluate, OfNoSequencesIsNoNumberLess) {
    const TemporaryFolder folder;
    const auto tokens = smallTokens(folder.path);
    RunSpec spec = tinySpec(Family::Gpt2, Precision::Fp32);
    spec.training.evaluateSequences = 0;
    HandRun run(folder.path / "run", spec, onDisk(2, 4 << 20));
    run.create(*tokens);
    run.open();
    run.run(1);
    const auto result = run.trainer().evaluate({});
    ASSERT_TRUE(result.ok()) << result.error().text();
    EXPECT_EQ(result->tokens, 0);
    EXPECT_EQ(result->loss, 0);
    run.run(1);
}

}  // namespace
}  // namespace gsst::test
