// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/run_spec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace gsst {
namespace {

constexpr const char* kModel = R"("model": {"family": "llama", "layers": 2, "width": 64, "heads": 4, "ffn_width": 96,
                                 "vocabulary": 512, "context": 64})";

std::string whyNot(const std::string& json) {
    const auto spec = parseRunSpec(json, "my.json");
    if (spec.ok())
        return "";
    EXPECT_EQ(spec.error().code, ErrorCode::InvalidInput);
    EXPECT_EQ(spec.error().where, "my.json");
    EXPECT_FALSE(spec.error().todo.empty());
    return spec.error().why;
}

std::string with(const std::string& sections) {
    return std::string("{").append(kModel).append(", ").append(sections).append("}");
}

/// Every value differs from its default, so that a forgotten field shows.
RunSpec unusualSpec() {
    RunSpec spec;
    spec.name = "odd \"one\"\n";
    spec.title = "Ünusual · title";
    spec.model = {Family::Llama, 3, 96, 6, 2, 1000, 777, 129, false, 1.0 / 3e5, 12345.678901234567, 20, 17};
    spec.training = {7,
                     33,
                     10,
                     5,
                     77,
                     4321,
                     Precision::Bf16,
                     ProductChoice::Upcast,
                     StatePreset::Lean,
                     OptimizerKind::Lion,
                     4096,
                     77,
                     0.1 + 0.2,
                     1.0 / 3.0 * 1e-7,
                     3,
                     ScheduleKind::Constant,
                     0.123456789012345678,
                     0.95,
                     3e-7,
                     1.0 / 7.0,
                     0.7,
                     ClipKind::PerUnit,
                     std::numeric_limits<uint64_t>::max(),
                     3,
                     11,
                     12,
                     13,
                     14,
                     "a\tb\"\\ é",
                     15,
                     7.5,
                     OutlierAction::Skip};
    spec.data = {TokenizerKind::SentencePieceBpe, 1.0 / 9.0};
    spec.budget = {4'294'967'297,
                   123,
                   999'999'999'999,
                   ResidencyChoice::Disk,
                   UpdateChoice::Insured,
                   GradientChoice::Disk,
                   ActivationChoice::Recompute};
    return spec;
}

TEST(RunSpecJson, RoundTripsExactly) {
    const RunSpec spec = unusualSpec();
    ASSERT_EQ(problemsOf(spec), std::vector<std::string>{});
    const auto back = parseRunSpec(toJson(spec), "text");
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_TRUE(*back == spec);
    EXPECT_EQ(toJson(*back), toJson(spec));
}

TEST(RunSpecJson, RoundTripsEveryChoice) {
    RunSpec spec = unusualSpec();
    for (const ResidencyChoice residency : {ResidencyChoice::Auto, ResidencyChoice::Disk, ResidencyChoice::Resident}) {
        for (const bool other : {false, true}) {
            spec.budget.residency = residency;
            spec.model.family = other ? Family::Gpt2 : Family::Llama;
            spec.model.kvHeads = other ? 6 : 3;
            spec.model.ownHeadSize = other ? 0 : 20;
            spec.model.vocabulary = other ? 256 : 500;
            spec.training.precision = other                                ? Precision::Fp32
                                      : residency == ResidencyChoice::Auto ? Precision::Bf16
                                                                           : Precision::Fp16;
            spec.training.products = other ? ProductChoice::Native : ProductChoice::Auto;
            spec.training.state = other ? StatePreset::Mixed : StatePreset::Exact;
            spec.training.optimizer = other ? OptimizerKind::AdamW : OptimizerKind::Lion;
            spec.training.schedule = other ? ScheduleKind::Cosine : ScheduleKind::Constant;
            spec.data.tokenizer = other ? TokenizerKind::Bytes : TokenizerKind::SentencePieceBpe;
            const auto back = parseRunSpec(toJson(spec), "text");
            ASSERT_TRUE(back.ok()) << back.error().text();
            EXPECT_TRUE(*back == spec);
        }
    }
}

TEST(RunSpecJson, SpellsChoicesAsDocumented) {
    const std::string text = toJson(unusualSpec());
    for (const char* line :
         {"\"version\": 2,", "\"family\": \"llama\"", "\"kv_heads\": 2", "\"precision\": \"bf16\"",
          "\"products\": \"widened\"", "\"state\": \"lean\"", "\"schedule\": \"constant\"", "\"loss_scale\": 4096.0",
          "\"loss_scale_grow_steps\": 77", "\"learning_rate\": 0.30000000000000004", "\"seed\": 18446744073709551615",
          "\"tokenizer\": \"sentencepiece-bpe\"", "\"device_bytes\": 4294967297", "\"ram_bytes\": 123",
          "\"disk_bytes\": 999999999999", "\"outlier_sigmas\": 7.5", "\"outlier_action\": \"skip\"",
          "\"residency\": \"disk\""})
        EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

/// What AdamW writes is what was written before there was a choice, so that older programs read it.
TEST(RunSpecJson, NamesNoOptimizerWhereItIsTheFirst) {
    RunSpec spec = unusualSpec();
    EXPECT_NE(toJson(spec).find("\"optimizer\": \"lion\""), std::string::npos);
    spec.training.optimizer = OptimizerKind::AdamW;
    EXPECT_EQ(toJson(spec).find("optimizer"), std::string::npos);
    const auto back = parseRunSpec(toJson(spec), "text");
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_TRUE(*back == spec);
}

TEST(RunSpecJson, OptimizersHaveNumbersOfTheirOwn) {
    const auto adamw = parseRunSpec(with(R"("training": {"optimizer": "adamw"})"), "text");
    ASSERT_TRUE(adamw.ok()) << adamw.error().text();
    EXPECT_TRUE(adamw->training == TrainSpec());
    const auto lion = parseRunSpec(with(R"("training": {"optimizer": "lion", "beta2": 0.98})"), "text");
    ASSERT_TRUE(lion.ok()) << lion.error().text();
    EXPECT_EQ(lion->training.optimizer, OptimizerKind::Lion);
    EXPECT_EQ(lion->training.learningRate, 3e-4);
    EXPECT_EQ(lion->training.weightDecay, 0.3);
    EXPECT_EQ(lion->training.beta2, 0.98) << "named, so it stays";
    const auto other = parseRunSpec(with(R"("training": {"optimizer": "lino"})"), "text");
    ASSERT_FALSE(other.ok());
    EXPECT_NE(other.error().text().find("training.optimizer"), std::string::npos) << other.error().text();
    EXPECT_NE(other.error().text().find("lion"), std::string::npos) << other.error().text();
}

TEST(RunSpecJson, NeverThrowsOnTextThatIsNotUtf8) {
    RunSpec spec = unusualSpec();
    spec.training.samplePrompt = std::string(1, '\xff');
    EXPECT_FALSE(toJson(spec).empty());
    EXPECT_EQ(problemsOf(spec), std::vector<std::string>{"training.sample_prompt: is not valid UTF-8"});
}

TEST(RunSpecJson, TakesDefaultsForWhatIsLeftOut) {
    const auto spec = parseRunSpec(std::string("{").append(kModel).append("}"), "my.json");
    ASSERT_TRUE(spec.ok()) << spec.error().text();
    EXPECT_TRUE(spec->training == TrainSpec{});
    EXPECT_TRUE(spec->data == DataSpec{});
    EXPECT_TRUE(spec->budget == Budget{});
    EXPECT_EQ(spec->model.kvHeads, 4);
    EXPECT_EQ(spec->model.ffnWidth, 96);
    EXPECT_TRUE(spec->model.tiedHead);
}

TEST(RunSpecJson, TakesTheFamilysDefaultsForWhatIsLeftOutOfTheModel) {
    for (const FamilyInfo& family : kFamilies) {
        const std::string shape = R"("layers": 2, "width": 64, "heads": 4, "ffn_width": 96, "vocabulary": 512,
                                     "context": 64)";
        const auto spec = parseRunSpec(
            std::string(R"({"model": {"family": ")").append(family.word).append("\", ").append(shape).append("}}"),
            "a");
        ASSERT_TRUE(spec.ok()) << spec.error().text();
        EXPECT_EQ(spec->model.family, family.family);
        EXPECT_EQ(spec->model.ownHeadSize, family.headSize);
        EXPECT_EQ(spec->model.headSize(), family.headSize > 0 ? family.headSize : 16);
        EXPECT_EQ(spec->model.normEpsilon, family.normEpsilon);
        EXPECT_EQ(spec->model.ropeTheta, family.ropeTheta);
    }
    EXPECT_EQ(infoOf(Family::Qwen3).headSize, 128);
    EXPECT_EQ(infoOf(Family::Qwen3).normEpsilon, 1e-6);
    EXPECT_EQ(infoOf(Family::Qwen3).ropeTheta, 1e6);
    // What recipes of these families have always meant.
    for (const Family family : {Family::Gpt2, Family::Llama}) {
        EXPECT_EQ(infoOf(family).headSize, 0);
        EXPECT_EQ(infoOf(family).normEpsilon, 1e-5);
        EXPECT_EQ(infoOf(family).ropeTheta, 1e4);
    }
}

TEST(RunSpecJson, NamesMissingKeysOfTheModel) {
    EXPECT_EQ(whyNot("{}"), "model: missing");
    EXPECT_EQ(whyNot(R"({"model": {}})"),
              "model.family: missing\nmodel.layers: missing\nmodel.width: missing\nmodel.heads: missing\n"
              "model.ffn_width: missing\nmodel.vocabulary: missing\nmodel.context: missing");
}

TEST(RunSpecJson, ReportsAllProblemsAtOnce) {
    const std::string why = whyNot(R"({
        "model": {"family": "lama", "layers": "two", "wdith": 100, "heads": 12, "ffn_width": 1.5, "vocabulary": 512,
                  "context": 64},
        "training": {"precision": "fp8", "products": "widen", "state": "leen", "sequence_length": 65,
                     "learning-rate": 1, "beta1": 1, "seed": -1},
        "data": {"tokenizer": "byte"},
        "budget": {"device_bytes": 1e9},
        "extra": 0})");
    EXPECT_EQ(why, "model.family: unknown value \"lama\"; did you mean \"llama\"?\n"
                   "model.layers: must be a whole number, not \"two\"\n"
                   "model.width: missing\n"
                   "model.ffn_width: must be a whole number, not 1.5\n"
                   "model.wdith: unknown key; did you mean model.width?\n"
                   "training.precision: unknown value \"fp8\"; use one of \"fp32\", \"bf16\", \"fp16\"\n"
                   "training.products: unknown value \"widen\"; did you mean \"widened\"?\n"
                   "training.state: unknown value \"leen\"; did you mean \"lean\"?\n"
                   "training.seed: must be a whole number from 0 to 18446744073709551615, not -1\n"
                   "training.learning-rate: unknown key; did you mean training.learning_rate?\n"
                   "data.tokenizer: unknown value \"byte\"; did you mean \"bytes\"?\n"
                   "budget.device_bytes: must be a whole number, not 1000000000.0\n"
                   "extra: unknown key; known are version, name, title, model, training, data, budget\n"
                   "training.sequence_length: 65 is more than model.context (64)\n"
                   "training.beta1: 1 is not between 0 and 0.999999");
}

TEST(RunSpecJson, BlamesNoDefaultForAValueThatCouldNotBeRead) {
    EXPECT_EQ(
        whyNot(
            R"({"model": {"family": "llama", "layers": 2, "width": 90, "heads": "4", "ffn_width": 96,
                          "vocabulary": 512, "context": 8}})"),
        "model.heads: must be a whole number, not \"4\"\ntraining.sequence_length: 64 is more than model.context (8)");
    EXPECT_EQ(whyNot(with(R"("data": {"tokenizer": 5})")),
              "data.tokenizer: must be a text in quotes, not 5; use one of \"bytes\", \"sentencepiece-bpe\"");
    EXPECT_EQ(whyNot(with(R"("training": 5)")), "training: must be an object in braces, not 5");
    EXPECT_EQ(whyNot("[]"), "the file: must be an object in braces, not a list");
}

TEST(RunSpecJson, RefusesNumbersThatAreNone) {
    EXPECT_NE(whyNot(with(R"("training": {"epsilon": NaN})")).find("line 2, column"), std::string::npos);
    EXPECT_NE(whyNot(with(R"("training": {"epsilon": 1e999})")).find("number overflow"), std::string::npos);
    EXPECT_EQ(whyNot(with(R"("training": {"epsilon": null})")), "training.epsilon: must be a number, not null");
    EXPECT_EQ(whyNot(with(R"("training": {"steps": 99999999999999999999})")),
              "training.steps: must be a whole number, not 1e+20");
}

TEST(RunSpecJson, RefusesSyntaxErrorsAndDoubleKeys) {
    EXPECT_EQ(whyNot("{\"name\": \"a\",\n \"name\": \"b\"}"), "line 2, column 2: the key name is there twice");
    EXPECT_EQ(whyNot("{\"name\": \"a\"").substr(0, 18), "line 1, column 13:");
}

TEST(RunSpecJson, TellsANewerFormatFromABrokenOne) {
    const auto newer = parseRunSpec(R"({"version": 3, "whatever": []})", "new.json");
    ASSERT_FALSE(newer.ok());
    EXPECT_EQ(newer.error().code, ErrorCode::NewerVersion);
    EXPECT_EQ(newer.error().where, "new.json");
    EXPECT_EQ(whyNot(with(R"("version": 0)")), "version: 0 is not between 1 and 2");
    EXPECT_EQ(whyNot(with(R"("version": "1")")), "version: must be a whole number, not \"1\"");
    EXPECT_EQ(whyNot(with(R"("version": 1)")), "");
    EXPECT_EQ(whyNot(with(R"("version": 2)")), "");
}

TEST(RunSpecJson, NoSequencesWereAllInTheFirstFormat) {
    const auto sequences = [](const std::string& keys) {
        const auto spec = parseRunSpec(with(keys), "my.json");
        EXPECT_TRUE(spec.ok()) << spec.error().text();
        return spec.ok() ? spec->training.evaluateSequences : -1;
    };
    EXPECT_EQ(sequences(R"("version": 1, "training": {"evaluate_sequences": 0})"), kAllSequences);
    EXPECT_EQ(sequences(R"("version": 1, "training": {"evaluate_sequences": 7})"), 7);
    EXPECT_EQ(sequences(R"("version": 1)"), kAllSequences);
    EXPECT_EQ(sequences(R"("version": 2, "training": {"evaluate_sequences": 0})"), 0);
    EXPECT_EQ(sequences(R"("training": {"evaluate_sequences": 0})"), 0);
    EXPECT_EQ(sequences(R"("version": 2)"), kAllSequences);
}

TEST(RunSpecJson, SurvivesEveryCutAndEveryFlippedByte) {
    const std::string text = toJson(unusualSpec());
    for (size_t length = 0; length + 2 < text.size(); ++length)
        EXPECT_FALSE(parseRunSpec(text.substr(0, length), "cut").ok()) << length;
    for (size_t at = 0; at < text.size(); ++at) {
        for (const int bit : {0, 3, 7}) {
            std::string flipped = text;
            flipped[at] = char(flipped[at] ^ char(1 << bit));
            const auto spec = parseRunSpec(flipped, "flipped");
            EXPECT_TRUE(!spec.ok() || problemsOf(*spec).empty());
        }
    }
}

}  // namespace
}  // namespace gsst
