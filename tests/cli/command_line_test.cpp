// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/completion.h"
#include "fake_service.h"
#include "spec/recipe_fields.h"

#include <nlohmann/json.hpp>

namespace gsst::test {
namespace {

class CommandLineTest : public CommandTest {
protected:
    void expectError(const std::vector<std::string>& texts) {
        for (const std::string& text : texts)
            EXPECT_NE(m_err.find(text), std::string::npos) << text << " in\n" << m_err;
    }
    PlanPreview costs(double totalSeconds, int64_t parameters) {
        PlanPreview preview;
        preview.fits = true;
        preview.totalSeconds = totalSeconds;
        preview.parameters = parameters;
        return preview;
    }
};

TEST_F(CommandLineTest, UnknownWordsNameTheNearest) {
    EXPECT_EQ(run({"tarin"}), 2);
    expectError({"no such command (tarin)", "Did you mean gsst train?"});
    EXPECT_EQ(m_err.find("?."), std::string::npos) << m_err;
    EXPECT_EQ(run({"frobnicate"}), 2);
    expectError({"no such command", "resume, plan"});
    EXPECT_EQ(run({"train", "--lerning-rate", "0.1"}), 2);
    expectError({"no such option (--lerning-rate)", "Did you mean --learning-rate?"});
    EXPECT_EQ(run({"train", "--stepz=5"}), 2);
    expectError({"(--stepz)", "Did you mean --steps?"});
    EXPECT_EQ(run({"train", "--zzzzzzzzzz"}), 2);
    expectError({"no such option", "--help-all lists all options"});
    EXPECT_EQ(run({"train", "book.txt"}), 2);
    expectError({"(book.txt)", "write the option before it"});
    EXPECT_EQ(run({"resume"}), 2);
    expectError({"run is required", "gsst resume --help"});
    EXPECT_EQ(run({"--frob"}), 2);
    expectError({"No command"});
}

TEST_F(CommandLineTest, MistakesAreJsonToo) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"train", "--stepz", "5", "--json"},
                                                  {"tarin", "--json"},
                                                  {"train", "--json", "--sample-text", "--steps", "x"},
                                                  {"generate", "--json"}}) {
        EXPECT_EQ(run(words), 2);
        const auto json = nlohmann::json::parse(m_out);
        EXPECT_EQ(json["event"], "error");
        EXPECT_EQ(json["schema"], 1);
        EXPECT_FALSE(json["todo"].get<std::string>().empty()) << m_out;
    }
}

/// Something else than what the sample has.
std::string otherValue(const RecipeField& field) {
    if (const auto* choice = std::get_if<OneOf>(&field.kind))
        return field.path() == "budget.residency" ? "resident" : choice->choices.back().word;
    if (std::holds_alternative<ByteCount>(field.kind))
        return "3GiB";
    if (std::holds_alternative<Decimal>(field.kind))
        return field.path() == "training.loss_scale" || field.path() == "model.rope_theta" ? "4" : "0.05";
    if (std::holds_alternative<YesOrNo>(field.kind))
        return "false";
    return field.path() == "model.context" ? "512" : "64";
}

TEST_F(CommandLineTest, EveryFieldHasAFlagThatSetsIt) {
    const auto sample = loadPreset(GSST_PRESETS, "sample");
    ASSERT_TRUE(sample.ok());
    m_service.preview.fits = true;
    for (const RecipeField& field : recipeFields()) {
        const std::string value = otherValue(field);
        RunSpec wanted = *sample;
        ASSERT_TRUE(setFromText(field, value, wanted).ok()) << field.path();
        m_service.planned.reset();
        ASSERT_EQ(run({"plan", "--preset", "sample", field.flag, value}), 0) << field.flag << "\n" << m_err;
        EXPECT_TRUE(sameField(field, *m_service.planned, wanted)) << field.flag;
    }
}

TEST_F(CommandLineTest, APresetThatSuitsTheTextIsTheDefault) {
    m_service.summary.usableBytes = 400'000'000;
    m_service.summary.suggestedVocabulary = 900;
    m_service.preview = costs(1e6, 10'000'000'000);
    m_service.previews["shakespeare-bytes"] = costs(60, 800'000);
    m_service.previews["sample"] = costs(600, 3'000'000);
    EXPECT_EQ(run({"train", "--text", "book.txt"}), 0) << m_err;
    EXPECT_EQ(m_service.started->spec.name, "sample") << "the larger of those that end within an hour";
    EXPECT_EQ(m_service.started->spec.model.vocabulary, 900) << "as the wizard would have it";
    expectError({"Recipe: sample", "--preset NAME", "gsst presets"});
    EXPECT_EQ(run({"train", "--sample-text"}), 0) << m_err;
    EXPECT_EQ(m_service.started->spec.name, "sample");
    EXPECT_EQ(run({"train", "--text", "book.txt", "--preset", "gpt2-124m"}), 0) << m_err;
    EXPECT_EQ(m_service.started->spec.name, "gpt2-124m");
    m_service.summary.usableBytes = 0;
    m_service.summary.files = {{"x.pdf", 5, "not a text file"}};
    EXPECT_EQ(run({"train", "--text", "x.pdf"}), 2);
    expectError({"no text to train on", "x.pdf: not a text file"});
}

TEST_F(CommandLineTest, PresetsAreListedAndPrinted) {
    m_service.preview = costs(3600, 1);
    m_service.preview.diskBytes = int64_t{3} << 30;
    m_service.preview.readBytesPerStep = 1;
    m_service.previews["llama-7b"] = PlanPreview();
    ASSERT_EQ(run({"presets"}), 0) << m_err;
    expectOut({"gpt2-124m", "124 M", "3 GiB", "1 h*", "gsst doctor", "does not fit this computer"});
    expectNarrow();
    ASSERT_EQ(run({"presets", "--json"}), 0);
    const auto json = nlohmann::json::parse(m_out);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["presets"].size(), loadPresets(GSST_PRESETS)->size());
    EXPECT_EQ(json["presets"][0]["total_seconds"], 3600.0);
    ASSERT_EQ(run({"presets", "gpt2-124m"}), 0);
    const auto printed = parseRunSpec(m_out, "printed");
    ASSERT_TRUE(printed.ok());
    EXPECT_TRUE(*printed == *loadPreset(GSST_PRESETS, "gpt2-124m"));
    EXPECT_EQ(run({"presets", "gpt2-124n"}), 3);
    expectError({"Use gpt2-124m"});
}

TEST_F(CommandLineTest, TheEndTellsWhereTheRunIsAndWhatIsNext) {
    m_service.events = {StateChanged{RunState::Training, 0}, Sampled{6, "Once upon", " a time"}, StepDone{.step = 7},
                        Committed{7, 1, ""}, StateChanged{RunState::Finished, 7}};
    EXPECT_EQ(run({"train", "--sample-text", "--run", "my runs/a"}), 0);
    expectError({"Finished: 7 steps", "The run is in my runs/a", "gsst generate 'my runs/a' --prompt 'Once upon'",
                 "gsst resume 'my runs/a' --steps 14"});
    m_service.events = {StateChanged{RunState::Training, 0}, Committed{4, 1, ""}, StateChanged{RunState::Paused, 4}};
    EXPECT_EQ(run({"resume", "runs/a"}), 0);
    expectError({"step 4 is committed", "gsst resume runs/a"});
}

TEST_F(CommandLineTest, CompletionKnowsCommandsOptionsAndWords) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        ASSERT_EQ(run({"completion", shell}), 0) << m_err;
        expectOut({"learning-rate", "gpt2-124m", "deferred insured speculative", "no-echo", "doctor"});
    }
    EXPECT_EQ(run({"completion", "tcsh"}), 2);
    expectError({"bash, zsh and fish"});
}

}  // namespace
}  // namespace gsst::test
