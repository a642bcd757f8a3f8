// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/slice_math_fixture.h"

namespace gsst {
namespace {

struct Case {
    ModelSpec model;
    Precision precision;
    ProductChoice products = ProductChoice::Auto;
};

class SliceMathBits : public testing::TestWithParam<Case> {
protected:
    void SetUp() override { at::set_num_threads(2); }
    DrivenModel driven() const { return {GetParam().model, tinyTraining(GetParam().precision, GetParam().products)}; }
};

double relativeError(const at::Tensor& value, const at::Tensor& reference) {
    return ((value - reference).abs().max() / reference.abs().max()).item<double>();
}

TEST_P(SliceMathBits, DoNotDependOnTheSlicing) {
    DrivenModel model = driven();
    const double loss = model.step(model.slicing(1));
    const at::Tensor gradient = model.gradient.clone();
    EXPECT_GT(gradient.abs().sum().item<double>(), 0.0);
    for (const auto& slices :
         {model.slicing(2), model.slicing(3), model.slicing(100), model.wholeBody(),
          DrivenModel::Slices{{0, 2}, {2, 3}, {5, model.table.headUnit() - 5}, {model.table.headUnit(), 1}}}) {
        model.gradient.zero_();
        EXPECT_EQ(model.step(slices), loss);
        EXPECT_TRUE(at::equal(model.gradient, gradient)) << slices.size() << " slices";
    }
}

TEST_P(SliceMathBits, DoNotDependOnWhereWeightsLie) {
    DrivenModel model = driven();
    const double loss = model.step(model.slicing(2));
    const at::Tensor gradient = model.gradient.clone();
    for (const int64_t shift : {0, 1, 7, 2048}) {
        model.setWeights(shift);
        model.gradient.zero_();
        EXPECT_EQ(model.step(model.slicing(2)), loss);
        EXPECT_TRUE(at::equal(model.gradient, gradient)) << shift;
    }
}

TEST_P(SliceMathBits, GradientsOfMicroBatchesAreAddedInOrder) {
    DrivenModel model = driven();
    model.step(model.slicing(2));
    const at::Tensor together = model.gradient.clone();
    // One micro-batch after the other into the same accumulator: per tensor the order of the sums is the same, except
    // where the head adds to the tied table before the embedding does.
    model.gradient.zero_();
    const auto inputs = model.inputs, targets = model.targets;
    for (size_t m = 0; m < inputs.size(); ++m) {
        model.inputs = {inputs[m]};
        model.targets = {targets[m]};
        model.step(model.slicing(2));
    }
    const int64_t first = model.table.model().tiedHead ? model.elementsBeforeUnit(1) : 0;
    const int64_t rest = model.gradient.numel() - first;
    EXPECT_TRUE(at::equal(model.gradient.narrow(0, first, rest), together.narrow(0, first, rest)));
    EXPECT_LT(relativeError(model.gradient, together), 1e-5);
}

TEST_P(SliceMathBits, PaddingOfGradientsStaysZero) {
    DrivenModel model = driven();
    model.step(model.slicing(2));
    for (int i = 0; i < int(model.table.tensors().size()); ++i)
        model.gradientOf(i).zero_();
    EXPECT_EQ(model.gradient.abs().max().item<float>(), 0.0f);
}

TEST_P(SliceMathBits, HeadChunkChangesOnlyTheOrderOfSums) {
    DrivenModel model = driven();
    const double loss = model.step(model.slicing(2));
    const at::Tensor gradient = model.gradient.clone();
    for (const int64_t chunk : {1, 33, 1000}) {
        DrivenModel other = driven();
        other.spec.headTokenChunk = chunk;
        EXPECT_NEAR(other.step(other.slicing(2)), loss, loss * (GetParam().precision == Precision::Fp32 ? 1e-6 : 1e-4));
        EXPECT_LT(relativeError(other.gradient, gradient), GetParam().precision == Precision::Fp32 ? 1e-5 : 2e-2)
            << chunk;
    }
}

TEST_P(SliceMathBits, InputGradientMayLieInTheMemoryOfTheOutputGradient) {
    DrivenModel model = driven();
    const DrivenModel::Slices slices{{0, 1}, {1, 4}, {5, model.table.headUnit() - 5}, {model.table.headUnit(), 1}};
    const auto math = model.math(slices);
    const auto boundaries = model.forward(*math, slices, 0);
    const at::Tensor gradient = at::randn_like(boundaries[0]), kept = gradient.clone(), apart = model.boundary();
    BackwardCall call{
        1, 0, model.weightsAt(1), boundaries[0].data_ptr(), gradient.data_ptr(), apart.data_ptr(), model.gradientAt(1)};
    ASSERT_TRUE(math->backward(call).ok());
    EXPECT_TRUE(at::equal(gradient, kept));
    const at::Tensor weights = model.gradient.clone();
    model.gradient.zero_();
    call.inputGradient = gradient.data_ptr();
    ASSERT_TRUE(math->backward(call).ok());
    EXPECT_TRUE(at::equal(gradient, apart));
    EXPECT_TRUE(at::equal(model.gradient, weights));
}

TEST_P(SliceMathBits, EvaluationGivesTheSameLoss) {
    DrivenModel model = driven();
    const auto slices = model.slicing(2);
    const auto math = model.math(slices);
    const auto boundaries = model.forward(*math, slices, 1);
    const double without = model.head(*math, 1, boundaries.back(), {});
    EXPECT_EQ(model.gradient.abs().max().item<float>(), 0.0f);
    EXPECT_EQ(model.head(*math, 1, boundaries.back(), model.boundary()), without);
}

TEST_P(SliceMathBits, DoNotDependOnVocabularySlices) {
    for (const bool tied : {false, true}) {
        ModelSpec spec = GetParam().model;
        spec.width = 64;
        spec.vocabulary = 3333;  // four canonical chunks, the last of them small
        spec.tiedHead = tied;
        TrainSpec training = tinyTraining(GetParam().precision, GetParam().products);
        training.vocabularyChunk = 1;
        DrivenModel model(spec, training);
        const double loss = model.step(model.slicing(2));
        const at::Tensor gradient = model.gradient.clone();
        EXPECT_GT(gradient.abs().sum().item<double>(), 0.0);
        for (const int64_t rows : {1024, 2048, 3072}) {
            model.gradient.zero_();
            EXPECT_EQ(model.step(model.slicing(3, rows)), loss) << rows;
            EXPECT_TRUE(at::equal(model.gradient, gradient)) << rows << (tied ? " tied" : " untied");
        }
        // Another canonical chunk changes no more than the order of sums.
        TrainSpec other = training;
        other.vocabularyChunk = 2000;
        DrivenModel coarse(spec, other);
        EXPECT_NEAR(coarse.step(coarse.slicing(2)), loss,
                    loss * (GetParam().precision == Precision::Fp32 ? 1e-6 : 1e-4));
        EXPECT_LT(relativeError(coarse.gradient, gradient), GetParam().precision == Precision::Fp32 ? 1e-5 : 2e-2);
    }
}

INSTANTIATE_TEST_SUITE_P(Models, SliceMathBits,
                         testing::Values(Case{tinyGpt2(), Precision::Fp32}, Case{tinyGpt2(), Precision::Bf16},
                                         Case{tinyLlama(), Precision::Fp32}, Case{tinyLlama(), Precision::Bf16},
                                         Case{tinyGpt2(), Precision::Fp16}, Case{tinyLlama(), Precision::Fp16},
                                         Case{tinyGpt2(), Precision::Bf16, ProductChoice::Upcast},
                                         Case{tinyLlama(), Precision::Bf16, ProductChoice::Upcast}));

TEST(SliceMath, JoinAndUpdateGiveTheSameWeights) {
    for (const Precision precision : {Precision::Fp32, Precision::Bf16, Precision::Fp16}) {
        DrivenModel model(tinyLlama(), tinyTraining(precision));
        const auto math = model.math(model.slicing(2));
        model.step(model.slicing(2));
        const UnitInfo& unit = model.table.units()[2];
        const auto count = size_t(unit.paddedElements);
        std::vector<uint16_t> hi(count), lo(count);
        std::vector<float> moment1(count), moment2(count);
        const at::Tensor updated = at::zeros({int64_t(count)}, model.weights.options()),
                         joined = at::ones_like(updated);
        UpdateCall call;
        call.firstBlock = unit.firstBlock;
        call.blockCount = unit.blockCount;
        call.state.set(StateKind::Hi, hi.data());
        call.state.set(StateKind::Lo, lo.data());
        call.state.set(StateKind::Moment1, moment1.data());
        call.state.set(StateKind::Moment2, moment2.data());
        call.gradient = model.gradientAt(2);
        call.weights = updated.data_ptr();
        ASSERT_TRUE(math->update(call).ok());
        ASSERT_TRUE(math->join({unit.firstBlock, unit.blockCount, hi.data(), lo.data(), joined.data_ptr(), {}}).ok());
        EXPECT_GT(updated.abs().sum().item<double>(), 0.0);
        EXPECT_TRUE(at::equal(updated, joined));
        // The same from the second block on, as the engine does in chunks.
        if (unit.blockCount > 1) {
            const BlockInfo& second = model.table.blocks()[size_t(unit.firstBlock + 1)];
            const auto skip = size_t(second.offset);
            const at::Tensor part = at::ones_like(updated);
            auto* to = static_cast<std::byte*>(part.data_ptr()) + skip * part.element_size();
            ASSERT_TRUE(math->join({unit.firstBlock + 1, unit.blockCount - 1, &hi[skip], &lo[skip], to, {}}).ok());
            EXPECT_TRUE(at::equal(part.narrow(0, second.offset, int64_t(count - skip)),
                                  updated.narrow(0, second.offset, int64_t(count - skip))));
            std::vector<double> all(size_t(unit.blockCount)), rest(all.size() - 1);
            ASSERT_TRUE(math->norms({unit.firstBlock, unit.blockCount, model.gradientAt(2), all.data()}).ok());
            ASSERT_TRUE(
                math->norms({unit.firstBlock + 1, unit.blockCount - 1, model.gradientAt(2) + skip, rest.data()}).ok());
            EXPECT_EQ(std::vector<double>(all.begin() + 1, all.end()), rest);
        }
    }
}

TEST(SliceMath, Fp16WeightsAreNotTakenForTheState) {
    DrivenModel model(tinyLlama(), tinyTraining(Precision::Fp16));
    const auto math = model.math(model.slicing(2));
    UpdateCall call;
    call.current = model.weightsAt(0);
    const Status status = math->update(call);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::Internal);
}

/// Small gradients are below the smallest fp16 unless they are scaled.
TEST(SliceMath, TheLossScaleSavesSmallGradients) {
    at::set_num_threads(2);
    DrivenModel exact(tinyLlama(), tinyTraining(Precision::Fp32)), model(tinyLlama(), tinyTraining(Precision::Fp16));
    exact.targetsInStep = model.targetsInStep = 2'000'000;
    exact.step(exact.slicing(2));
    double errors[2];
    for (const int scaled : {0, 1}) {
        model.lossScale = scaled ? 1 << 24 : 1;
        model.gradient.zero_();
        model.step(model.slicing(2));
        errors[scaled] = relativeError(model.gradient / model.lossScale, exact.gradient);
    }
    EXPECT_LT(errors[1], 1e-2);
    EXPECT_GT(errors[0], 10 * errors[1]);
}

TEST(SliceMath, MemoryBeyondTheLimitIsAnError) {
    DrivenModel model(tinyGpt2(), tinyTraining(Precision::Fp32), 50'000);
    const auto slices = model.slicing(2);
    const auto math = model.math(slices);
    const at::Tensor input = at::zeros_like(model.boundary()), output = model.boundary();
    const Status status = math->forward({1, 0, model.weightsAt(1), input.data_ptr(), output.data_ptr()});
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::OutOfMemory);
    EXPECT_EQ(model.pool.usage().inUse, 0);
}

TEST(SliceMath, NothingStaysInThePool) {
    DrivenModel model(tinyLlama(), tinyTraining(Precision::Bf16));
    model.step(model.slicing(2));
    EXPECT_EQ(model.pool.usage().inUse, 0);
    EXPECT_GT(model.pool.usage().peak, 0);
}

TEST(SliceMath, RefusesTokensOutsideTheVocabulary) {
    DrivenModel model(tinyGpt2(), tinyTraining(Precision::Fp32));
    const auto math = model.math(model.slicing(2));
    const auto refused = [&](std::vector<int64_t> inputs, std::vector<int64_t> targets) {
        const Status status = math->setBatch(0, std::move(inputs), std::move(targets), 1);
        return !status.ok() && status.error().code == ErrorCode::InvalidInput;
    };
    const std::vector<int64_t> good = model.inputs[0];
    std::vector<int64_t> bad = good;
    bad[3] = model.table.model().vocabulary;
    EXPECT_TRUE(refused(bad, good));
    EXPECT_TRUE(refused(good, bad));
    bad[3] = -1;
    EXPECT_TRUE(refused(bad, good));
    EXPECT_FALSE(refused(good, bad));
    EXPECT_TRUE(refused(good, {}));
    EXPECT_TRUE(refused({1, 2, 3}, {1, 2, 3}));
}

}  // namespace
}  // namespace gsst
