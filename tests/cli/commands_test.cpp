// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_service.h"

#include <nlohmann/json.hpp>

#include <limits>
#include <sstream>

namespace gsst::test {
namespace {

using Words = std::vector<std::string>;

class CommandsTest : public CommandTest {
protected:
    /// `gsst train` on the sample with more options; the request that reached the service.
    RunRequest train(const Words& more) {
        Words words{"train", "--preset", "sample", "--sample-text"};
        words.insert(words.end(), more.begin(), more.end());
        EXPECT_EQ(run(words), 0) << m_err;
        return m_service.started.value_or(RunRequest{});
    }

    /// The same, refused: bad input, nothing started, the message names all these words.
    void refuse(const Words& more, const Words& named) {
        Words words{"train", "--preset", "sample", "--sample-text"};
        words.insert(words.end(), more.begin(), more.end());
        m_service.started.reset();
        EXPECT_EQ(run(words), 2) << m_err;
        EXPECT_FALSE(m_service.started);
        for (const std::string& word : named)
            EXPECT_NE(m_err.find(word), std::string::npos) << word << " in " << m_err;
    }
};

TEST_F(CommandsTest, TrainTakesThePresetAsItIs) {
    const RunRequest request = train({});
    auto preset = loadPreset(GSST_PRESETS, "sample");
    ASSERT_TRUE(preset.ok());
    EXPECT_EQ(request.spec, *preset);
    EXPECT_TRUE(request.sampleText);
    EXPECT_TRUE(request.text.empty());
    EXPECT_EQ(request.runFolder, std::filesystem::path("runs") / "sample");
    EXPECT_EQ(request.device, DeviceId{});
}

TEST_F(CommandsTest, TrainHandsOverEveryOption) {
    const RunRequest request =
        train({"--text",      "a.txt",   "--text",      "books",        "--run",  "my run",   "--steps",
               "20",          "--vram",  "64MiB",       "--ram",        "2GiB",   "--disk",   "1GB",
               "--precision", "bf16",    "--residency", "resident",     "--seed", "5",        "--threads",
               "3",           "--state", "lean",        "--vocabulary", "512",    "--device", "cuda:3"});
    EXPECT_EQ(request.text, (std::vector<std::filesystem::path>{"a.txt", "books"}));
    EXPECT_EQ(request.runFolder, "my run");
    EXPECT_EQ(request.device, (DeviceId{DeviceKind::Cuda, 3}));
    EXPECT_EQ(request.spec.training.steps, 20);
    EXPECT_LE(request.spec.training.warmupSteps, 20);
    EXPECT_EQ(request.spec.budget.deviceBytes, 64 << 20);
    EXPECT_EQ(request.spec.budget.ramBytes, int64_t{2} << 30);
    EXPECT_EQ(request.spec.budget.diskBytes, 1'000'000'000);
    EXPECT_EQ(request.spec.training.precision, Precision::Bf16);
    EXPECT_EQ(request.spec.training.state, StatePreset::Lean);
    EXPECT_EQ(request.spec.budget.residency, ResidencyChoice::Resident);
    EXPECT_EQ(request.spec.training.seed, 5u);
    EXPECT_EQ(request.spec.training.threads, 3);
    EXPECT_EQ(request.spec.model.vocabulary, 512);
}

// The sample's sequences have 128 tokens, its micro-batch 16 of them.
TEST_F(CommandsTest, TokensPerStepChangesTheSequencesOfAStep) {
    const RunRequest request = train({"--tokens-per-step", "8192"});
    EXPECT_EQ(request.spec.training.sequencesPerStep, 64);
    EXPECT_EQ(request.spec.training.microBatch, 16);
}

TEST_F(CommandsTest, SequenceLengthIsWhatTokensPerStepAreCountedIn) {
    const RunRequest request = train({"--sequence-length", "64", "--tokens-per-step", "1024"});
    EXPECT_EQ(request.spec.training.sequenceLength, 64);
    EXPECT_EQ(request.spec.training.sequencesPerStep, 16);
    refuse({"--sequence-length", "0"}, {"--sequence-length", "0 is out of range"});
    refuse({"--sequence-length", "100000"}, {"--sequence-length", "100000", "context"});
}

TEST_F(CommandsTest, EvaluationCanBeShortOrLeftOut) {
    EXPECT_EQ(train({}).spec.training.evaluateSequences, 64);
    EXPECT_EQ(train({"--evaluate-sequences", "8"}).spec.training.evaluateSequences, 8);
    EXPECT_FALSE(train({"--evaluate-sequences", "0"}).spec.training.evaluates());
    refuse({"--evaluate-sequences", "-1"}, {"--evaluate-sequences", "-1 is out of range", "from 0 to"});
    refuse({"--evaluate-sequences", "2000000000"}, {"--evaluate-sequences", "1000000000"});
    EXPECT_EQ(run({"resume", "runs/a"}), 0);
    EXPECT_FALSE(m_service.resumed->evaluateSequences) << "the run's own number";
    EXPECT_EQ(run({"resume", "runs/a", "--evaluate-sequences", "0"}), 0);
    EXPECT_EQ(m_service.resumed->evaluateSequences, 0);
    EXPECT_EQ(run({"resume", "runs/a", "--evaluate-sequences", "-1"}), 2);
}

TEST_F(CommandsTest, TokensPerStepFitsTheMicroBatchOfTheRecipe) {
    EXPECT_EQ(train({"--tokens-per-step", "2560"}).spec.training.microBatch, 10);  // 20 sequences
    EXPECT_EQ(train({"--tokens-per-step", "128"}).spec.training.microBatch, 1);
}

TEST_F(CommandsTest, TokensPerStepLeavesAMicroBatchThatWasNamed) {
    const RunRequest request = train({"--tokens-per-step", "3072", "--micro-batch", "8"});
    EXPECT_EQ(request.spec.training.microBatch, 8);
    EXPECT_EQ(request.spec.training.sequencesPerStep, 24);
    refuse({"--tokens-per-step", "2560", "--micro-batch", "16"}, {"--tokens-per-step", "2560", "2048", "2048 or 4096"});
}

TEST_F(CommandsTest, TokensPerStepSaysWhatWouldDo) {
    refuse({"--tokens-per-step", "1000"}, {"1000", "sequence length", "896 or 1024"});
    refuse({"--tokens-per-step", "5"}, {"Use 128"});
}

TEST_F(CommandsTest, BadOptionsAreRefusedByName) {
    refuse({"--tokens-per-step", "many"}, {"--tokens-per-step", "not a whole number"});
    refuse({"--tokens-per-step", "1024", "--sequences-per-step", "8"}, {"--sequences-per-step"});
    refuse({"--tokens-per-step", "0"}, {"--tokens-per-step", "out of range"});
    refuse({"--tokens-per-step", "9223372036854775807"}, {"--tokens-per-step", "out of range"});
    refuse({"--micro-batch", "0", "--tokens-per-step", "1024"}, {"--micro-batch", "out of range"});
    refuse({"--micro-batch", "-3"}, {"--micro-batch"});
    refuse({"--vram", "much"}, {"--vram", "4GiB"});
    refuse({"--precision", "fp8"}, {"--precision", "fp8", "bf16", "fp16"});
    refuse({"--state", "tiny"}, {"--state", "tiny", "mixed"});
    refuse({"--residency", "cloud"}, {"--residency", "cloud", "resident"});
    refuse({"--steps", "-1"}, {"steps"});
}

TEST_F(CommandsTest, TrainWantsARecipeAndText) {
    EXPECT_EQ(run({"plan"}), 2);
    EXPECT_NE(m_err.find("--preset sample"), std::string::npos) << m_err;
    EXPECT_EQ(run({"train", "--preset", "sample"}), 2);
    EXPECT_NE(m_err.find("--sample-text"), std::string::npos) << m_err;
    EXPECT_EQ(run({"train", "--preset", "smaple", "--sample-text"}), 3);
    EXPECT_NE(m_err.find("Use sample"), std::string::npos) << m_err;
    EXPECT_FALSE(m_service.started);
}

TEST_F(CommandsTest, ARefusedStartIsTheExitCode) {
    m_service.refusal =
        Error{ErrorCode::Busy, "The run is in use", "runs/a", "another program has it", "Close that first"};
    EXPECT_EQ(run({"train", "--preset", "sample", "--sample-text", "--json"}), exitCode(ErrorCode::Busy));
    EXPECT_NE(m_err.find("The run is in use (runs/a): another program has it. Close that first"), std::string::npos)
        << m_err;
    const auto json = nlohmann::json::parse(m_out);
    EXPECT_EQ(json["event"], "error");
    EXPECT_EQ(json["todo"], "Close that first");
}

TEST_F(CommandsTest, ResumeHandsOverFolderAndSteps) {
    EXPECT_EQ(run({"resume", "runs/a"}), 0);
    EXPECT_EQ(m_service.resumed->folder, "runs/a");
    EXPECT_EQ(m_service.resumed->steps, 0);
    EXPECT_TRUE(m_service.resumed->trace.file.empty());
    EXPECT_EQ(run({"resume", "runs/a", "--steps", "50"}), 0);
    EXPECT_EQ(m_service.resumed->steps, 50);
    EXPECT_NE(run({"resume"}), 0);
}

TEST_F(CommandsTest, ResumeHandsOverTheWaysBack) {
    EXPECT_EQ(run({"resume", "runs/a"}), 0);
    EXPECT_FALSE(m_service.resumed->rollBack || m_service.resumed->reshuffle);
    EXPECT_EQ(run({"resume", "runs/a", "--roll-back"}), 0);
    EXPECT_TRUE(m_service.resumed->rollBack && !m_service.resumed->reshuffle);
    EXPECT_EQ(run({"resume", "runs/a", "--reshuffle"}), 0);
    EXPECT_TRUE(!m_service.resumed->rollBack && m_service.resumed->reshuffle);
}

TEST_F(CommandsTest, AnUnusualStepIsAnObjectOfItsOwn) {
    m_service.events = {
        UnusualStep{.step = 7,
                    .fault = "outlier",
                    .skipped = true,
                    .skippedInARow = 2,
                    .loss = 9,
                    .usualLoss = 2,
                    .lossSigmas = 41},
        UnusualStep{.step = 8, .fault = "not finite", .loss = std::numeric_limits<double>::quiet_NaN()}};
    EXPECT_EQ(run({"resume", "runs/a", "--json"}), 0);
    std::istringstream lines(m_out);
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    const auto first = nlohmann::json::parse(line);
    EXPECT_EQ(first["event"], "unusual_step");
    EXPECT_EQ(first["step"], 7);
    EXPECT_EQ(first["skipped_in_a_row"], 2);
    EXPECT_EQ(first["loss_sigmas"], 41.0);
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_TRUE(nlohmann::json::parse(line)["loss"].is_null());
}

TEST_F(CommandsTest, EventsAreOneJsonObjectALine) {
    m_service.events = {
        StateChanged{RunState::Training, 0}, StepDone{.step = 1, .loss = 2.5}, SliceActivity{},
        Progress{"Reading", 1, 2, "MiB"},    Committed{1, 7, "abc"},           StateChanged{RunState::Finished, 1}};
    EXPECT_EQ(run({"resume", "runs/a", "--json"}), 0);
    std::istringstream lines(m_out);
    std::string names;
    for (std::string line; std::getline(lines, line);)
        names += nlohmann::json::parse(line)["event"].get<std::string>() + ' ';
    EXPECT_EQ(names, "state step commit state ");
}

TEST_F(CommandsTest, AFailureInTheRunIsTheExitCode) {
    m_service.events = {StepDone{.step = 1},
                        Failed{{ErrorCode::NoSpace, "The disk is full", "runs/a", "0 B left", "Free some space"}, 1}};
    EXPECT_EQ(run({"resume", "runs/a"}), exitCode(ErrorCode::NoSpace));
    EXPECT_NE(m_err.find("The disk is full"), std::string::npos);
}

TEST_F(CommandsTest, StoppingNamesTheCommittedStep) {
    m_service.events = {StateChanged{RunState::Training, 3}, Committed{4, 1, ""}, StepDone{.step = 5},
                        StateChanged{RunState::Paused, 5}};
    EXPECT_EQ(run({"resume", "runs/a"}), 0);
    EXPECT_NE(m_err.find("step 4 is committed"), std::string::npos) << m_err;
}

TEST_F(CommandsTest, PlanPrintsWhatItCosts) {
    m_service.preview.fits = true;
    m_service.preview.parameters = 1'200'000'000;
    m_service.preview.streamed = true;
    m_service.preview.devicePeakBytes = int64_t{3} << 30;
    m_service.preview.bytes[0][2] = int64_t{5} << 30;
    m_service.preview.bottleneck = Bottleneck::Disk;
    EXPECT_EQ(run({"plan", "--preset", "sample", "--vram", "4GiB"}), 0);
    EXPECT_EQ(m_service.planned->budget.deviceBytes, int64_t{4} << 30);
    for (const char* words : {"1.2 B parameters", "streamed from disk", "3 GiB", "5 GiB", "disk-bound"})
        EXPECT_NE(m_out.find(words), std::string::npos) << words << " in " << m_out;
    EXPECT_EQ(run({"plan", "--preset", "sample", "--json"}), 0);
    EXPECT_EQ(nlohmann::json::parse(m_out)["bytes"]["weights"]["disk"], int64_t{5} << 30);
}

TEST_F(CommandsTest, PlanIsForTheDriveOfTheRun) {
    m_service.preview.fits = true;
    EXPECT_EQ(run({"plan", "--preset", "sample"}), 0);
    EXPECT_EQ(m_service.plannedFolder, std::filesystem::path("runs") / "sample") << "where train would put it";
    EXPECT_EQ(run({"plan", "--preset", "sample", "--run", "other/drive"}), 0);
    EXPECT_EQ(m_service.plannedFolder, "other/drive");
}

/// Probing the machine takes its time, and two probes could tell of two machines.
TEST_F(CommandsTest, ACallPlansOnce) {
    for (const char* option : {"--json", "--program"}) {
        m_service.plans = 0;
        EXPECT_EQ(run({"plan", "--preset", "sample", option}), 0);
        EXPECT_EQ(m_service.plans, 1) << option;
    }
}

TEST_F(CommandsTest, APlanThatDoesNotFitIsAnError) {
    for (ErrorCode code : {ErrorCode::OverBudget, ErrorCode::NoSpace})
        for (const char* option : {"--json", "--program"}) {
            m_service.noPlan = Error{code, "The device limit is too small", "", "it is", "Raise it"};
            EXPECT_EQ(run({"plan", "--preset", "sample", option}), exitCode(ErrorCode::OverBudget)) << option;
            const std::string told = m_out + m_err;
            EXPECT_NE(told.find("The plan does not fit"), std::string::npos) << told;
            EXPECT_NE(told.find("too small"), std::string::npos) << told;
            EXPECT_EQ(told.find(".."), std::string::npos) << told;
        }
}

/// What has nothing to do with limits is told as it is.
TEST_F(CommandsTest, OtherErrorsOfPlansStayTheirOwn) {
    m_service.noPlan = Error{ErrorCode::InvalidInput, "The recipe cannot be used", "model.width", "it is odd", ""};
    EXPECT_EQ(run({"plan", "--preset", "sample"}), exitCode(ErrorCode::InvalidInput));
    EXPECT_EQ(m_err.find("does not fit"), std::string::npos) << m_err;
}

}  // namespace
}  // namespace gsst::test
