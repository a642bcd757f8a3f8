// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/run_spec.h"

#include "spec/tensor_table.h"
#include "tests/support/folders.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace gsst {
namespace {

namespace fs = std::filesystem;

const fs::path kPresets = GSST_PRESETS_FOLDER;

/// A folder of its own for each test, removed afterwards.
class PresetFolder : public testing::Test {
protected:
    void write(const std::string& file, const std::string& text) const {
        std::ofstream(folder / file, std::ios::binary) << text;
    }

    RunSpec named(const std::string& name, int64_t layers) const {
        RunSpec spec;
        spec.name = name;
        spec.model.layers = layers;
        spec.model.vocabulary = 300;
        return spec;
    }

    test::TemporaryFolder temporary;
    const fs::path& folder = temporary.path;
};

TEST(Presets, AreAllThereInOrderOfSize) {
    const auto presets = loadPresets(kPresets);
    ASSERT_TRUE(presets.ok()) << presets.error().text();
    std::vector<std::string> names;
    for (const RunSpec& preset : *presets)
        names.push_back(preset.name);
    EXPECT_EQ(names, (std::vector<std::string>{"shakespeare-bytes", "sample", "gpt2-124m", "gsst-199m", "llama-350m",
                                               "qwen3-0.6b", "llama-800m", "llama-1.3b", "llama-3b", "llama-7b"}));
}

TEST(Presets, AreValidAndRoundTrip) {
    const auto presets = loadPresets(kPresets);
    ASSERT_TRUE(presets.ok()) << presets.error().text();
    for (const RunSpec& preset : *presets) {
        SCOPED_TRACE(preset.name);
        EXPECT_EQ(problemsOf(preset), std::vector<std::string>{});
        EXPECT_FALSE(preset.title.empty());
        const auto back = parseRunSpec(toJson(preset), preset.name);
        ASSERT_TRUE(back.ok()) << back.error().text();
        EXPECT_TRUE(*back == preset);
        const auto single = loadPreset(kPresets, preset.name);
        ASSERT_TRUE(single.ok());
        EXPECT_TRUE(*single == preset);
    }
}

TEST(Presets, HaveTheSizeTheirNamesPromise) {
    const std::map<std::string, double> sizes{{"sample", 3e6},       {"gpt2-124m", 124e6},  {"gsst-199m", 199e6},
                                              {"llama-350m", 350e6}, {"llama-800m", 800e6}, {"llama-1.3b", 1.3e9},
                                              {"llama-3b", 3e9},     {"llama-7b", 7e9}};
    for (const auto& [name, size] : sizes) {
        const auto preset = loadPreset(kPresets, name);
        ASSERT_TRUE(preset.ok()) << preset.error().text();
        EXPECT_NEAR(double(parameterCount(preset->model)), size, 0.05 * size) << name;
    }
    EXPECT_EQ(parameterCount(loadPreset(kPresets, "gpt2-124m")->model), 124'439'808);
    EXPECT_EQ(parameterCount(loadPreset(kPresets, "llama-7b")->model), 6'738'415'616);
    EXPECT_EQ(parameterCount(loadPreset(kPresets, "qwen3-0.6b")->model), 596'049'920);
}

TEST(Presets, ShakespeareIsThePublishedRecipe) {
    const auto preset = loadPreset(kPresets, "shakespeare-bytes");
    ASSERT_TRUE(preset.ok()) << preset.error().text();
    EXPECT_TRUE(preset->model == (ModelSpec{Family::Gpt2, 4, 128, 4, 4, 512, 256, 64, true, 1e-5, 1e4}));
    EXPECT_EQ(preset->data.tokenizer, TokenizerKind::Bytes);
    EXPECT_EQ(preset->data.validationShare, 0.1);
    const TrainSpec& training = preset->training;
    EXPECT_EQ(training.steps, 2000);
    EXPECT_EQ(training.sequenceLength, 64);
    EXPECT_EQ(training.sequencesPerStep, 12);
    EXPECT_EQ(training.microBatch, 12);
    EXPECT_EQ(training.precision, Precision::Fp32);
    EXPECT_EQ(training.learningRate, 1e-3);
    EXPECT_EQ(training.minLearningRate, 1e-4);
    EXPECT_EQ(training.warmupSteps, 100);
    EXPECT_EQ(training.schedule, ScheduleKind::Cosine);
    EXPECT_EQ(training.beta1, 0.9);
    EXPECT_EQ(training.beta2, 0.99);
    EXPECT_EQ(training.weightDecay, 0.1);
    EXPECT_EQ(training.clipNorm, 1.0);
}

TEST(Presets, AnUnknownNameListsThoseThatExist) {
    const auto slip = loadPreset(kPresets, "gpt2-142m");
    ASSERT_FALSE(slip.ok());
    EXPECT_EQ(slip.error().code, ErrorCode::NotFound);
    EXPECT_EQ(slip.error().what, "There is no preset gpt2-142m");
    EXPECT_NE(slip.error().why.find("llama-7b, llama-800m, qwen3-0.6b, sample, shakespeare-bytes"), std::string::npos)
        << slip.error().why;
    EXPECT_EQ(slip.error().todo, "Use gpt2-124m if that is what you meant");
    EXPECT_FALSE(loadPreset(kPresets, "../presets/sample").ok());
    EXPECT_FALSE(loadPreset(kPresets, "").ok());
}

TEST_F(PresetFolder, OrdersBySizeAndNamesABrokenFile) {
    write("a.json", toJson(named("a", 9)));
    write("b.json", toJson(named("b", 1)));
    write("notes.txt", "not a preset");
    const auto presets = loadPresets(folder);
    ASSERT_TRUE(presets.ok()) << presets.error().text();
    ASSERT_EQ(presets->size(), 2u);
    EXPECT_EQ((*presets)[0].name, "b");

    write("c.json", "{");
    const auto broken = loadPresets(folder);
    ASSERT_FALSE(broken.ok());
    EXPECT_EQ(broken.error().where, (folder / "c.json").string());
}

TEST_F(PresetFolder, RefusesAFileUnderAnotherName) {
    write("a.json", toJson(named("b", 1)));
    const auto preset = loadPreset(folder, "a");
    ASSERT_FALSE(preset.ok());
    EXPECT_EQ(preset.error().why, "its name is b, but its file says a");
}

TEST_F(PresetFolder, RefusesWhatCannotBeRead) {
    EXPECT_EQ(loadPresets(folder / "none").error().code, ErrorCode::NotFound);
    EXPECT_EQ(loadPreset(folder / "none", "sample").error().code, ErrorCode::NotFound);
    EXPECT_EQ(loadRunSpec(folder / "none.json").error().code, ErrorCode::NotFound);
    EXPECT_EQ(loadRunSpec(folder).error().why, "it is a folder");
    write("big.json", std::string((1u << 20) + 1, ' '));
    EXPECT_EQ(loadRunSpec(folder / "big.json").error().why, "it is larger than 1 MiB");
    EXPECT_EQ(loadPreset(folder / "none", "x").error().where, (folder / "none").string());
}

}  // namespace
}  // namespace gsst
