// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/sampler.h"

#include "data/batch.h"
#include "data/prepare_tokens.h"
#include "data_helpers.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace gsst {
namespace {

TEST(Sampler, UsesEveryWindowOfAnEpochExactlyOnce) {
    for (const int64_t length : {1, 2, 7, 64})
        for (int64_t tokens = length + 1; tokens < 40 * length; tokens += std::max<int64_t>(1, length / 3)) {
            const auto sampler = Sampler::create(11, tokens, length);
            ASSERT_OK(sampler);
            for (const int64_t epoch : {int64_t{0}, int64_t{1}, int64_t{1'000'000'007}}) {
                std::set<int64_t> starts;
                for (int64_t i = 0; i < sampler->windowsPerEpoch(); ++i)
                    starts.insert(sampler->start(epoch, i));
                ASSERT_EQ(static_cast<int64_t>(starts.size()), sampler->windowsPerEpoch());
                EXPECT_EQ(*starts.begin(), sampler->offset(epoch));
                EXPECT_EQ(*starts.rbegin() - *starts.begin(), (sampler->windowsPerEpoch() - 1) * length);
                EXPECT_LE(*starts.rbegin() + length + 1, tokens);
                for (const int64_t start : starts)
                    ASSERT_EQ((start - sampler->offset(epoch)) % length, 0);
            }
        }
}

TEST(Sampler, LargeEpochIsAPermutation) {
    const auto sampler = Sampler::create(3, 1'003'854, 8);
    ASSERT_OK(sampler);
    std::vector<char> seen(static_cast<size_t>(sampler->windowsPerEpoch()), 0);
    int64_t inPlace = 0;
    for (int64_t i = 0; i < sampler->windowsPerEpoch(); ++i) {
        const int64_t window = (sampler->start(2, i) - sampler->offset(2)) / 8;
        ASSERT_EQ(seen[static_cast<size_t>(window)]++, 0);
        inPlace += window == i ? 1 : 0;
    }
    EXPECT_LT(inPlace, 20);
}

TEST(Sampler, IsAPureFunctionOfSeedEpochAndIndex) {
    const auto a = Sampler::create(1, 10'000, 16);
    const auto b = Sampler::create(1, 10'000, 16);
    const auto c = Sampler::create(2, 10'000, 16);
    ASSERT_TRUE(a.ok() && b.ok() && c.ok());
    int differentSeed = 0;
    int differentEpoch = 0;
    for (int64_t i = 0; i < 500; ++i) {
        EXPECT_EQ(a->sequence(i), b->sequence(i));
        differentSeed += a->start(0, i) != c->start(0, i) ? 1 : 0;
        differentEpoch += a->start(0, i) != a->start(1, i) ? 1 : 0;
    }
    EXPECT_GT(differentSeed, 450);
    EXPECT_GT(differentEpoch, 450);
    const int64_t windows = a->windowsPerEpoch();
    EXPECT_EQ(a->sequence(3 * windows + 5), (SequenceLocation{3, a->start(3, 5)}));
    EXPECT_EQ(a->offset(0), 0);
    std::set<int64_t> offsets;
    for (int64_t epoch = 0; epoch < 400; ++epoch)
        offsets.insert(a->offset(epoch));
    EXPECT_EQ(offsets.size(), 16u);
    EXPECT_EQ(*offsets.rbegin(), 15);
}

// The order of sequences is part of what makes a resumed run the same: it must not change between versions.
TEST(Sampler, OrderIsFixed) {
    const auto sampler = Sampler::create(1337, 1'003'854, 64);
    ASSERT_OK(sampler);
    EXPECT_EQ(sampler->windowsPerEpoch(), 15'684);
    std::vector<int64_t> starts;
    for (const int64_t i : {0, 1, 2, 15'684, 1'000'000})
        starts.push_back(sampler->sequence(i).start);
    EXPECT_EQ(starts, (std::vector<int64_t>{723'648, 713'216, 117'824, 943'611, 377'193}));
}

TEST(Sampler, AnotherOrderGivesOtherWindows) {
    const auto first = Sampler::create(1337, 100'000, 16);
    const auto second = Sampler::create(1337, 100'000, 16, 1);
    const auto again = Sampler::create(1337, 100'000, 16, 1);
    const auto third = Sampler::create(1337, 100'000, 16, 2);
    ASSERT_TRUE(first.ok() && second.ok() && again.ok() && third.ok());
    EXPECT_EQ(second->windowsPerEpoch(), first->windowsPerEpoch());
    int sameAsFirst = 0;
    int sameAsThird = 0;
    std::set<int64_t> starts;
    for (int64_t i = 0; i < second->windowsPerEpoch(); ++i) {
        const SequenceLocation place = second->sequence(i);
        EXPECT_EQ(place, again->sequence(i));
        sameAsFirst += place == first->sequence(i) ? 1 : 0;
        sameAsThird += place == third->sequence(i) ? 1 : 0;
        starts.insert(place.start);
        ASSERT_LE(place.start + 16, 100'000 - 1);
    }
    EXPECT_LT(sameAsFirst, 20);
    EXPECT_LT(sameAsThird, 20);
    EXPECT_EQ(int64_t(starts.size()), second->windowsPerEpoch()) << "each window once";
    EXPECT_NE(second->offset(0), third->offset(0)) << "and cut at other places";
    EXPECT_EQ(Sampler::create(1337, 100'000, 16, 0)->sequence(77), first->sequence(77));
}

// Nor may the other orders.
TEST(Sampler, OtherOrdersAreFixedToo) {
    const auto sampler = Sampler::create(1337, 1'003'854, 64, 3);
    ASSERT_OK(sampler);
    std::vector<int64_t> starts;
    for (const int64_t i : {0, 1, 2, 15'684, 1'000'000})
        starts.push_back(sampler->sequence(i).start);
    EXPECT_EQ(starts, (std::vector<int64_t>{854'095, 128'783, 920'271, 727'494, 691'515}));
}

TEST(Sampler, RefusesTooFewTokens) {
    EXPECT_FALSE(Sampler::create(1, 64, 64).ok());
    EXPECT_FALSE(Sampler::create(1, 64, 0).ok());
    EXPECT_TRUE(Sampler::create(1, 65, 64).ok());
}

class BatchTest : public DataTest {
protected:
    /// A store of `count` byte tokens, token i being 1 + i % 251.
    TokenStore makeStore(int64_t count) {
        std::string text;
        for (int64_t i = 0; i < count; ++i)
            text += static_cast<char>(static_cast<unsigned char>(1 + i % 251));
        write("data.txt", text);
        const std::vector<TextFile> sources = {{m_folder / "data.txt", text.size(), {}}};
        const auto prepared =
            prepareTokens(osFileSystem(), sources, Tokenizer::bytes(), m_folder / "data", {}, {}, 999);
        EXPECT_TRUE(prepared.ok()) << messageOf(prepared);
        auto store = TokenStore::open(m_folder / "data");
        EXPECT_TRUE(store.ok()) << messageOf(store);
        return std::move(store).value();
    }
};

TEST_F(BatchTest, TrainingBatchHoldsTheSequencesOfTheStep) {
    const TokenStore store = makeStore(5000);
    const auto sampler = Sampler::create(5, 4000, 16);
    ASSERT_OK(sampler);
    std::vector<int64_t> input(4 * 16);
    std::vector<int64_t> target(4 * 16);
    for (const int64_t step : {0, 1, 100})
        for (int64_t m = 0; m < 3; ++m) {
            ASSERT_OK(fillTrainingBatch(store, *sampler, step, 12, m, {input, target}));
            for (int64_t row = 0; row < 4; ++row) {
                const int64_t start = sampler->sequence(step * 12 + m * 4 + row).start;
                for (int64_t i = 0; i < 16; ++i) {
                    ASSERT_EQ(input[static_cast<size_t>(row * 16 + i)], 1 + (start + i) % 251);
                    ASSERT_EQ(target[static_cast<size_t>(row * 16 + i)], 1 + (start + i + 1) % 251);
                }
            }
        }
    EXPECT_FALSE(fillTrainingBatch(store, *sampler, 0, 12, 0, {std::span(input).first(17), target}).ok());
}

TEST_F(BatchTest, ValidationCountsEveryTargetOnce) {
    const TokenStore store = makeStore(2000);
    constexpr int64_t kFirst = 1234;
    constexpr int64_t kLength = 16;
    constexpr int64_t kRows = 3;
    for (const int64_t tokens : {2, 3, 15, 16, 17, 18, 32, 33, 34, 100, 766}) {
        const ValidationSequences sequences(kFirst, tokens, kLength);
        EXPECT_EQ(sequences.countedTargets(), tokens - 1);
        std::vector<int64_t> input(kRows * kLength);
        std::vector<int64_t> target(kRows * kLength);
        std::vector<int> counted(static_cast<size_t>(tokens), 0);
        int64_t sum = 0;
        for (int64_t m = 0; m < sequences.microBatches(kRows); ++m) {
            const auto filled = sequences.fill(store, m, {input, target});
            ASSERT_OK(filled);
            sum += *filled;
            for (int64_t row = 0; row < kRows; ++row) {
                const int64_t index = std::min(m * kRows + row, sequences.count() - 1);
                const bool last = index == sequences.count() - 1;
                const int64_t start = last && tokens > kLength ? tokens - 1 - kLength : index * kLength;
                for (int64_t i = 0; i < kLength; ++i) {
                    const auto at = static_cast<size_t>(row * kLength + i);
                    if (target[at] == kIgnoredTarget)
                        continue;
                    EXPECT_EQ(input[at], 1 + (kFirst + start + i) % 251);
                    EXPECT_EQ(target[at], 1 + (kFirst + start + i + 1) % 251);
                    ++counted[static_cast<size_t>(start + i + 1)];
                }
            }
        }
        EXPECT_EQ(sum, tokens - 1);
        EXPECT_EQ(counted[0], 0);
        EXPECT_EQ(std::count(counted.begin() + 1, counted.end(), 1), tokens - 1) << tokens;
    }
}

TEST_F(BatchTest, ALimitSpreadsValidationOverThePart) {
    const TokenStore store = makeStore(2000);
    const ValidationSequences sequences(1000, 1000, 10, 4);
    EXPECT_EQ(sequences.count(), 4);
    EXPECT_EQ(sequences.countedTargets(), 40);
    std::vector<int64_t> input(40);
    std::vector<int64_t> target(40);
    const auto filled = sequences.fill(store, 0, {input, target});
    ASSERT_OK(filled);
    EXPECT_EQ(*filled, 40);
    for (size_t row = 0; row < 4; ++row)
        EXPECT_EQ(input[row * 10], static_cast<int64_t>(1 + (1000 + row * 250) % 251));
    EXPECT_EQ(ValidationSequences(0, 0, 10).count(), 0);
    EXPECT_EQ(ValidationSequences(1000, 1000, 10, 1'000'000).count(), 100);
    const ValidationSequences none(1000, 1000, 10, 0);
    EXPECT_EQ(none.count(), 0);
    EXPECT_EQ(none.microBatches(4), 0);
    EXPECT_EQ(none.countedTargets(), 0);
}

}  // namespace
}  // namespace gsst
