// SPDX-License-Identifier: GPL-3.0-or-later
#include "generate/generator.h"

#include "nn/linear.h"
#include "nn/norm.h"
#include "tests/support/slice_math_fixture.h"

#include <cmath>
#include <numeric>

namespace gsst {
namespace {

/// Gives one slice at a time from memory that the next one overwrites, as a reader from disk would.
class OneUnitAtATime : public SliceSource {
public:
    explicit OneUnitAtATime(const DrivenModel& model) : m_model(model) {}
    Result<const void*> load(const SliceRange& slice) override {
        if (slice.firstUnit == failing)
            return Error{ErrorCode::Io, "cannot read", "", "", ""};
        const size_t bytes = size_t(sliceElements(m_model.table, slice)) * m_model.weights.element_size();
        m_memory.assign(bytes, std::byte{0xFF});
        std::copy_n(m_model.weightsAt(slice), bytes, m_memory.data());
        largest = std::max(largest, bytes);
        return static_cast<const void*>(m_memory.data());
    }
    int failing = -1;
    size_t largest = 0;

private:
    const DrivenModel& m_model;
    std::vector<std::byte> m_memory;
};

struct Case {
    ModelSpec model;
    Precision precision;
};

class Generation : public testing::TestWithParam<Case> {
protected:
    void SetUp() override { at::set_num_threads(2); }

    /// Logits after each token of micro-batch 0's first sequence by the training forward.
    at::Tensor fullLogits(DrivenModel& model) const {
        const auto slices = model.slicing(2);
        const auto math = model.math(slices);
        const at::Tensor x = model.forward(*math, slices, 0).back()[0];
        const int unit = model.table.headUnit();
        const UnitWeights head(model.table, unit, model.weightsAt(unit), x.scalar_type());
        const at::Tensor table = model.table.model().tiedHead ? UnitWeights(model.table, 0, model.weightsAt(0),
                                                                            x.scalar_type())[TensorRole::TokenEmbedding]
                                                              : head[TensorRole::HeadWeight];
        const Norm norm(model.table.model(), head);
        const at::Tensor normed = at::empty_like(x);
        norm.apply(x, norm.statistics(x), normed);
        return gsst::linear(normed, table, {}, productsOf(model.spec)).to(at::kFloat);
    }

    void expectLogits(const Result<std::vector<float>>& logits, const at::Tensor& reference) const {
        ASSERT_TRUE(logits.ok());
        const at::Tensor values = at::from_blob(const_cast<float*>(logits->data()), {int64_t(logits->size())});
        const double error = ((values - reference).abs().max() / reference.abs().max()).item<double>();
        EXPECT_LT(error, GetParam().precision == Precision::Fp32 ? 1e-5 : 3e-2);
    }
};

TEST_P(Generation, IncrementalLogitsEqualTheFullForward) {
    DrivenModel model(GetParam().model, tinyTraining(GetParam().precision));
    const at::Tensor reference = fullLogits(model);
    const std::span<const int64_t> tokens = std::span(model.inputs[0]).first(size_t(model.spec.sequenceLength));
    OneUnitAtATime source(model);
    Generator generator(model.table, model.spec, source, model.pool);
    expectLogits(generator.next(tokens.first(11)), reference[10]);
    for (size_t i = 11; i < 20; ++i)
        expectLogits(generator.next(tokens.subspan(i, 1)), reference[int64_t(i)]);
    expectLogits(generator.next(tokens.subspan(20)), reference[int64_t(tokens.size()) - 1]);
}

TEST_P(Generation, LargeVocabulariesComeInChunks) {
    ModelSpec spec = GetParam().model;
    spec.width = 64;
    spec.vocabulary = 2500;
    TrainSpec training = tinyTraining(GetParam().precision);
    training.vocabularyChunk = 1;
    DrivenModel model(spec, training);
    const at::Tensor reference = fullLogits(model);
    const std::span<const int64_t> tokens = std::span(model.inputs[0]).first(size_t(model.spec.sequenceLength));
    OneUnitAtATime source(model);
    Generator generator(model.table, model.spec, source, model.pool);
    expectLogits(generator.next(tokens), reference[int64_t(tokens.size()) - 1]);
    EXPECT_LE(source.largest, size_t(1024 * 64) * model.weights.element_size()) << "not all rows at a time";
}

TEST_P(Generation, FullContextBeginsAgainWithItsLastHalf) {
    DrivenModel model(GetParam().model, tinyTraining(GetParam().precision));
    const int64_t context = model.table.model().context;
    std::vector<int64_t> tokens(size_t(3 * context));
    std::iota(tokens.begin(), tokens.end(), int64_t{0});
    OneUnitAtATime source(model);
    Generator generator(model.table, model.spec, source, model.pool),
        fresh(model.table, model.spec, source, model.pool);
    const std::span<const int64_t> all(tokens);
    // A prompt longer than the context keeps its last tokens ...
    auto expected = fresh.next(all.first(size_t(2 * context)).last(size_t(context)));
    auto got = generator.next(all.first(size_t(2 * context)));
    ASSERT_TRUE(expected.ok() && got.ok());
    EXPECT_EQ(*got, *expected);
    // ... and the next token does not fit any more.
    fresh.clear();
    expected = fresh.next(all.first(size_t(2 * context + 1)).last(size_t(context / 2)));
    got = generator.next(all.subspan(size_t(2 * context), 1));
    ASSERT_TRUE(expected.ok() && got.ok());
    EXPECT_EQ(*got, *expected);
}

TEST_P(Generation, IsRepeatableAndStops) {
    DrivenModel model(GetParam().model, tinyTraining(GetParam().precision));
    OneUnitAtATime source(model);
    Generator generator(model.table, model.spec, source, model.pool);
    GenerationOptions options;
    options.tokens = model.table.model().context + 30;
    const std::vector<int64_t> prompt{1, 2, 3};
    const auto write = [&](const GenerationOptions& chosen) {
        std::vector<int64_t> text;
        const auto count = generator.generate(prompt, chosen,
                                              [&](int64_t token) {
                                                  text.push_back(token);
                                                  return true;
                                              },
                                              {});
        EXPECT_TRUE(count.ok());
        return text;
    };
    const auto first = write(options);
    EXPECT_EQ(int64_t(first.size()), options.tokens);
    EXPECT_EQ(write(options), first);
    options.seed = 2;
    EXPECT_NE(write(options), first);
    options.seed = 1;
    options.endToken = first[5];
    EXPECT_LE(write(options).size(), 5u);
    EXPECT_GT(model.pool.usage().inUse, 0);  // the cache is counted

    int64_t seen = 0;
    EXPECT_EQ(*generator.generate(prompt, {}, [&](int64_t) { return ++seen < 4; }, {}), 4);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_EQ(generator.generate(prompt, {}, {}, stop.get_token()).error().code, ErrorCode::Cancelled);
    EXPECT_EQ(generator.generate({}, {}, {}, {}).error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(generator.generate(std::vector<int64_t>{-1}, {}, {}, {}).error().code, ErrorCode::InvalidInput);
    source.failing = 3;
    EXPECT_EQ(generator.generate(prompt, {}, {}, {}).error().code, ErrorCode::Io);
}

INSTANTIATE_TEST_SUITE_P(Models, Generation,
                         testing::Values(Case{tinyGpt2(), Precision::Fp32}, Case{tinyLlama(), Precision::Fp32},
                                         Case{tinyGpt2(), Precision::Bf16}, Case{tinyLlama(), Precision::Bf16},
                                         Case{tinyGpt2(), Precision::Fp16}, Case{tinyLlama(), Precision::Fp16},
                                         Case{tinyQwen3(), Precision::Fp32}, Case{tinyQwen3(), Precision::Bf16},
                                         Case{tinyQwen3(), Precision::Fp16},
                                         Case{withWindow(tinyQwen3(), 6), Precision::Fp32}));

TEST(TokenSampler, DrawsFromTheTemperedDistribution) {
    const std::vector<float> logits{0.0f, std::log(2.0f), std::log(5.0f)};  // probabilities 1/8, 2/8, 5/8
    SamplingOptions options;
    options.temperature = 1.0;
    EXPECT_EQ(sampleToken(logits, options, 0.0), 2);
    EXPECT_EQ(sampleToken(logits, options, 0.62), 2);
    EXPECT_EQ(sampleToken(logits, options, 0.63), 1);
    EXPECT_EQ(sampleToken(logits, options, 0.874), 1);
    EXPECT_EQ(sampleToken(logits, options, 0.876), 0);
    EXPECT_EQ(sampleToken(logits, options, 0.99999999), 0);
    options.temperature = 0.5;  // 1, 4, 25 of 30
    EXPECT_EQ(sampleToken(logits, options, 0.83), 2);
    EXPECT_EQ(sampleToken(logits, options, 0.84), 1);
}

TEST(TokenSampler, KeepsOnlyTheMostProbable) {
    const std::vector<float> logits{0.0f, std::log(2.0f), std::log(5.0f)};
    const double high = 0.999999;
    EXPECT_EQ(sampleToken(logits, {0.0, 0, 1.0}, high), 2);
    EXPECT_EQ(sampleToken(logits, {1.0, 1, 1.0}, high), 2);
    EXPECT_EQ(sampleToken(logits, {1.0, 2, 1.0}, high), 1);
    EXPECT_EQ(sampleToken(logits, {1.0, 99, 1.0}, high), 0);
    EXPECT_EQ(sampleToken(logits, {1.0, 0, 0.6}, high), 2);
    EXPECT_EQ(sampleToken(logits, {1.0, 0, 0.7}, high), 1);
    EXPECT_EQ(sampleToken(logits, {1.0, 0, 0.0}, high), 2);
    EXPECT_EQ(sampleToken(std::vector<float>{1.0f, 1.0f}, {0.0, 0, 1.0}, high), 0);
}

}  // namespace
}  // namespace gsst
