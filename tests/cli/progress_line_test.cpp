// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/console.h"
#include "app/cli/progress_line.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>

namespace gsst {
namespace {

StepDone someStep() {
    return {.step = 412,
            .loss = 2.0360,
            .seconds = 2,
            .tokensPerSecond = 2473.4,
            .secondsLeft = 26700,
            .devicePeakBytes = int64_t{6} << 30,
            .readBytes = 1'200'000'000,
            .writtenBytes = 760'000'000};
}

TEST(ProgressLine, TellsWhatAPersonWantsToKnow) {
    EXPECT_EQ(stepLine(someStep(), 916),
              "44 %  7 h 25 min left  step 412/916  loss 2.0360  2473 tokens/s  memory 6 GiB  disk 980 MB/s");
}

TEST(ProgressLine, LeavesOutWholePartsFromTheEnd) {
    const auto parts = stepParts(someStep(), 916);
    EXPECT_EQ(partsThatFit(parts, 79), "44 %  7 h 25 min left  step 412/916  loss 2.0360  2473 tokens/s  memory 6 GiB");
    EXPECT_EQ(partsThatFit(parts, 40), "44 %  7 h 25 min left  step 412/916");
    EXPECT_EQ(partsThatFit(parts, 12), "44 %");
    EXPECT_EQ(partsThatFit(parts, 3), "44 ");
}

TEST(ProgressLine, AHundredPerCentIsTheLastStep) {
    StepDone step = someStep();
    step.step = 915;
    EXPECT_EQ(stepParts(step, 916).front(), "99 %");
    step.step = 916;
    EXPECT_EQ(stepParts(step, 916).front(), "100 %");
    EXPECT_EQ(stepParts(step, 0).front(), "0 %");
}

TEST(ProgressLine, StandsOddFigures) {
    StepDone step = someStep();
    step.loss = std::numeric_limits<double>::quiet_NaN();
    step.seconds = 0;
    step.secondsLeft = std::numeric_limits<double>::infinity();
    const std::string line = stepLine(step, 916);
    EXPECT_NE(line.find("loss nan"), std::string::npos) << line;
    EXPECT_NE(line.find("unknown left"), std::string::npos) << line;
}

TEST(ProgressLine, JsonHasEveryFigureOfAStep) {
    const auto json = nlohmann::json::parse(eventJson(someStep()));
    EXPECT_EQ(json["schema"], kJsonSchema);
    EXPECT_EQ(json["event"], "step");
    EXPECT_EQ(json["step"], 412);
    EXPECT_DOUBLE_EQ(json["loss"], 2.0360);
    EXPECT_EQ(json["device_peak_bytes"], int64_t{6} << 30);
    EXPECT_EQ(json["read_bytes"], 1'200'000'000);
    EXPECT_EQ(json["loss_scale"], 1);
}

TEST(ProgressLine, JsonTellsWhyThereIsANewPlan) {
    Planned plan;
    plan.microBatch = 2;
    EXPECT_EQ(nlohmann::json::parse(eventJson(plan))["cause"], "opened");
    plan.cause = PlanCause::OutOfMemory;
    EXPECT_EQ(nlohmann::json::parse(eventJson(plan))["cause"], "out of memory");
    EXPECT_EQ(nlohmann::json::parse(eventJson(plan))["micro_batch"], 2);
    plan.cause = PlanCause::OtherPrograms;
    EXPECT_EQ(nlohmann::json::parse(eventJson(plan))["cause"], "other programs");
}

TEST(ProgressLine, JsonHasNullForWhatIsNoNumber) {
    StepDone step = someStep();
    step.loss = std::numeric_limits<double>::quiet_NaN();
    EXPECT_TRUE(nlohmann::json::parse(eventJson(step))["loss"].is_null());
}

TEST(ProgressLine, JsonStandsTextThatIsNoUtf8) {
    const std::string line = eventJson(Sampled{3, "Once", "half a \xE2\x82 letter\n"});
    EXPECT_EQ(nlohmann::json::parse(line)["step"], 3);
    EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(ProgressLine, JsonLeavesOutWhatOnlyAScreenShows) {
    EXPECT_EQ(eventJson(SliceActivity{}), "");
    EXPECT_EQ(eventJson(Progress{"Reading", 1, 2, "MiB"}), "");
}

TEST(Console, ProgressLeavesOutWhatIsNotKnown) {
    EXPECT_EQ(progressText({"Reading the text", 12, 340, "MiB"}), "Reading the text  12 of 340 MiB");
    EXPECT_EQ(progressText({"Reading the text", 12, 0, "MiB"}), "Reading the text  12 MiB");
    EXPECT_EQ(progressText({"Planning", 0, 0, ""}), "Planning ...");
}

TEST(Console, CutsBetweenCharacters) {
    EXPECT_EQ(cutTo("step 1", 80), "step 1");
    EXPECT_EQ(cutTo("step 1", 4), "step");
    EXPECT_EQ(cutTo("a\xC3\xA4o", 2), "a\xC3\xA4");
    EXPECT_EQ(cutTo("step", 0), "");
}

}  // namespace
}  // namespace gsst
