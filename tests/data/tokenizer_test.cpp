// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/tokenizer.h"

#include "data/stream_decoder.h"
#include "data/tokenizer_trainer.h"
#include "data_helpers.h"

#include <thread>

namespace gsst {
namespace {

/// Some English-like text with a few hundred different words.
std::string trainingText(size_t bytes) {
    const std::vector<std::string> words = {"the",    "river",  "gave",  "light", "under", "winter",
                                            "stones", "and",    "a",     "small", "voice", "called",
                                            "over",   "bright", "water", "again", "in"};
    std::string text;
    for (size_t i = 0; text.size() < bytes; ++i) {
        text += words[(i * i + i / 7) % words.size()];
        text += i % 11 == 10 ? ".\n" : (i % 29 == 7 ? "ly " : " ");
    }
    return text;
}

class TokenizerTest : public DataTest {
protected:
    Result<TrainedTokenizer> train(int64_t vocabulary, std::string_view text, uint64_t sampleBytes = 20'000'000) {
        const auto list = listTextFiles(osFileSystem(), {write("training.txt", text)});
        return trainTokenizer(osFileSystem(), list, {vocabulary, sampleBytes}, {}, {});
    }
};

const std::vector<std::string>& roundTripTexts() {
    static const std::vector<std::string> texts = {
        "",
        " ",
        "\n",
        "the river",
        "  leading and  double   spaces  ",
        "tabs\tand\t\ttabs\n\n\n  indented\n",
        "\n\nlight\n",
        "unseen: \xC3\xA9\xC3\xA0 \xE6\xBC\xA2\xE5\xAD\x97 \xF0\x9F\x98\x80!",
        "space mark \xE2\x96\x81 and \xE2\x96\x85, <unk> <s> </s> <0x0A>",
        "lone\rreturn and \x01 control",
        "digits 12345 and 3.14"};
    return texts;
}

TEST_F(TokenizerTest, BytesAreTheirOwnIds) {
    const Tokenizer tokenizer = Tokenizer::bytes();
    EXPECT_EQ(tokenizer.vocabularySize(), 256);
    EXPECT_FALSE(tokenizer.endOfText());
    std::string all;
    for (int i = 0; i < 256; ++i)
        all += static_cast<char>(static_cast<unsigned char>(i));
    const auto tokens = tokenizer.encode(all);
    for (int i = 0; i < 256; ++i)
        EXPECT_EQ(tokens[static_cast<size_t>(i)], i);
    EXPECT_EQ(tokenizer.decode(tokens), all);
}

TEST_F(TokenizerTest, SentencePieceRoundTripsOrdinaryText) {
    const auto trained = train(512, trainingText(200'000));
    ASSERT_OK(trained);
    const Tokenizer& tokenizer = trained->tokenizer;
    EXPECT_LE(tokenizer.vocabularySize(), 512);
    EXPECT_EQ(tokenizer.endOfText(), 2);
    for (const std::string& text : roundTripTexts()) {
        const auto tokens = tokenizer.encode(text);
        for (const int32_t token : tokens) {
            EXPECT_GE(token, 3);
            EXPECT_LT(token, tokenizer.vocabularySize());
        }
        EXPECT_EQ(tokenizer.decode(tokens), text);
    }
    const std::string sample = trainingText(5000);
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(sample)), sample);
    EXPECT_LT(tokenizer.encode(sample).size() * 3, sample.size());
}

TEST_F(TokenizerTest, TextCutAfterALineFeedEncodesTheSame) {
    const auto trained = train(512, trainingText(100'000));
    ASSERT_OK(trained);
    const std::string first = "the river gave\n";
    const std::string second = "  light under winter\n";
    auto parts = trained->tokenizer.encode(first);
    trained->tokenizer.encodeTo(second, parts);
    EXPECT_EQ(trained->tokenizer.encode(first + second), parts);
}

TEST_F(TokenizerTest, TrainingIsDeterministic) {
    const std::string text = trainingText(300'000);
    const auto first = train(600, text, 100'000);
    const auto second = train(600, text, 100'000);
    ASSERT_OK(first);
    ASSERT_OK(second);
    EXPECT_EQ(first->tokenizer.hash(), second->tokenizer.hash());
    const auto other = train(600, text + "quite another zebra\n", 400'000);
    ASSERT_OK(other);
    EXPECT_NE(first->tokenizer.hash(), other->tokenizer.hash());
}

TEST_F(TokenizerTest, TheSampleIsSpreadOverTheWholeText) {
    // Only the last quarter has the word; a sample of a tenth must still know it.
    std::string text = trainingText(600'000);
    for (int i = 0; i < 10'000; ++i)
        text += "xylophone zigzag\n";
    const auto trained = train(700, text, 80'000);
    ASSERT_OK(trained);
    EXPECT_LE(trained->tokenizer.encode("xylophone").size(), 2u);
}

TEST_F(TokenizerTest, TooLargeAVocabularyIsClampedWithAWarning) {
    const auto trained = train(8192, "A very short text.\nWith two lines.\n");
    ASSERT_OK(trained);
    EXPECT_LT(trained->tokenizer.vocabularySize(), 8192);
    ASSERT_EQ(trained->warnings.size(), 1u);
    EXPECT_NE(trained->warnings[0].find("8192"), std::string::npos);
    EXPECT_EQ(trained->tokenizer.decode(trained->tokenizer.encode("A new text\n")), "A new text\n");
}

TEST_F(TokenizerTest, ManyDifferentCharactersFitASmallVocabulary) {
    std::string text;
    for (unsigned i = 0; i < 60'000; ++i) {
        const unsigned code = 0x4E00 + (i * 7919u) % 3000u;
        text += static_cast<char>(0xE0 | (code >> 12));
        text += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        text += static_cast<char>(0x80 | (code & 0x3F));
        if (i % 40 == 39)
            text += '\n';
    }
    const auto trained = train(512, text);
    ASSERT_OK(trained);
    EXPECT_LE(trained->tokenizer.vocabularySize(), 512);
    const std::string part = text.substr(0, 400 / 3 * 3);
    EXPECT_EQ(trained->tokenizer.decode(trained->tokenizer.encode(part)), part);
}

TEST_F(TokenizerTest, TooSmallAVocabularyAndNoTextAreInvalidInput) {
    const auto small = train(256, trainingText(1000));
    ASSERT_FALSE(small.ok());
    EXPECT_EQ(small.error().code, ErrorCode::InvalidInput);
    const auto blank = train(512, "\n\n\n");
    ASSERT_FALSE(blank.ok());
    EXPECT_EQ(blank.error().code, ErrorCode::InvalidInput);
    const auto none = trainTokenizer(osFileSystem(), {}, {512, 1000}, {}, {});
    ASSERT_FALSE(none.ok());
    EXPECT_EQ(none.error().code, ErrorCode::InvalidInput);
}

TEST_F(TokenizerTest, TrainingIsCancelled) {
    std::stop_source stop;
    const auto list = listTextFiles(osFileSystem(), {write("t.txt", trainingText(400'000))});
    const auto cancelAtOnce = [&](const DataProgress&) { stop.request_stop(); };
    const auto trained = trainTokenizer(osFileSystem(), list, {512, 400'000}, cancelAtOnce, stop.get_token());
    ASSERT_FALSE(trained.ok());
    EXPECT_EQ(trained.error().code, ErrorCode::Cancelled);
}

TEST_F(TokenizerTest, SaveAndLoad) {
    const auto trained = train(512, trainingText(50'000));
    ASSERT_OK(trained);
    for (const Tokenizer& tokenizer : {Tokenizer::bytes(), trained->tokenizer}) {
        ASSERT_OK(tokenizer.save(osFileSystem(), m_folder / "tokenizer"));
        const auto loaded = Tokenizer::load(osFileSystem(), m_folder / "tokenizer");
        ASSERT_OK(loaded);
        EXPECT_EQ(loaded->kind(), tokenizer.kind());
        EXPECT_EQ(loaded->hash(), tokenizer.hash());
        EXPECT_EQ(loaded->encode("the river\n"), tokenizer.encode("the river\n"));
    }
}

TEST_F(TokenizerTest, DamageIsFoundWhenLoading) {
    const auto missing = Tokenizer::load(osFileSystem(), m_folder / "none");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
    const auto trained = train(512, trainingText(50'000));
    ASSERT_OK(trained);
    ASSERT_OK(trained->tokenizer.save(osFileSystem(), m_folder));
    std::string model = readBack(m_folder / "tokenizer.model");
    model[model.size() / 2] = static_cast<char>(model[model.size() / 2] ^ 1);
    write("tokenizer.model", model);
    const auto damaged = Tokenizer::load(osFileSystem(), m_folder);
    ASSERT_FALSE(damaged.ok());
    EXPECT_EQ(damaged.error().code, ErrorCode::Corrupt);
    for (const std::string_view json :
         {"", "[]", "{}", R"({"version":1})", R"({"version":1,"kind":"words"})", R"({"version":"x"})"}) {
        write("gsst_tokenizer.json", json);
        const auto bad = Tokenizer::load(osFileSystem(), m_folder);
        ASSERT_FALSE(bad.ok()) << json;
        EXPECT_EQ(bad.error().code, ErrorCode::Corrupt) << json;
    }
    write("gsst_tokenizer.json", R"({"version":2,"kind":"bytes"})");
    const auto newer = Tokenizer::load(osFileSystem(), m_folder);
    ASSERT_FALSE(newer.ok());
    EXPECT_EQ(newer.error().code, ErrorCode::NewerVersion);
    EXPECT_FALSE(Tokenizer::fromSentencePiece("no model", "x").ok());
    EXPECT_FALSE(Tokenizer::fromSentencePiece("", "x").ok());
}

TEST_F(TokenizerTest, StreamDecoderHoldsBackPartialCharacters) {
    StreamDecoder decoder(Tokenizer::bytes());
    std::string text;
    const std::string input = "a\xE2\x82\xAC\xF0\x9F\x98\x80\xFF z\xE2\x82";
    std::vector<std::string> steps;
    for (const int32_t token : Tokenizer::bytes().encode(input)) {
        steps.push_back(decoder.push(token));
        text += steps.back();
    }
    EXPECT_EQ(steps[1], "");
    EXPECT_EQ(steps[3], "\xE2\x82\xAC");
    EXPECT_EQ(text, "a\xE2\x82\xAC\xF0\x9F\x98\x80\xEF\xBF\xBD z");
    EXPECT_EQ(decoder.finish(), "\xEF\xBF\xBD");
    EXPECT_EQ(decoder.finish(), "");
    EXPECT_EQ(decoder.push(-5) + decoder.push(1000), "");
}

TEST_F(TokenizerTest, ThreadsShareATokenizer) {
    const auto trained = train(512, trainingText(50'000));
    ASSERT_OK(trained);
    const std::string text = trainingText(20'000);
    const auto expected = trained->tokenizer.encode(text);
    std::vector<int> equal(4, 0);
    {
        std::vector<std::jthread> threads;
        for (int& result : equal)
            threads.emplace_back([&] { result = trained->tokenizer.encode(text) == expected ? 1 : 0; });
    }
    EXPECT_EQ(equal, std::vector<int>(4, 1));
}

TEST(SuggestedVocabulary, GrowsWithTheText) {
    EXPECT_EQ(suggestedVocabulary(0), 1024);
    EXPECT_EQ(suggestedVocabulary(1'115'394), 2048);
    EXPECT_EQ(suggestedVocabulary(50'000'000), 8192);
    EXPECT_EQ(suggestedVocabulary(500'000'000), 16384);
    EXPECT_EQ(suggestedVocabulary(5'000'000'000), 32768);
}

}  // namespace
}  // namespace gsst
