// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_service.h"
#include "fake_tools.h"

#include <nlohmann/json.hpp>

namespace gsst::test {
namespace {

class GenerateTest : public CommandTest {
protected:
    void SetUp() override { fakeTools() = FakeTools(); }
};

TEST_F(GenerateTest, WritesThePromptAndTheText) {
    EXPECT_EQ(run({"generate", "runs/a", "--prompt", "Once", "--tokens", "9", "--vram", "2GiB"}), 0) << m_err;
    EXPECT_EQ(m_out, "Once upon a time\n");
    EXPECT_EQ(fakeTools().run, "runs/a");
    EXPECT_EQ(fakeTools().generate.tokens, 9);
    EXPECT_EQ(fakeTools().generate.deviceBytes, int64_t{2} << 30);
}

TEST_F(GenerateTest, LeavesThePromptOut) {
    EXPECT_EQ(run({"generate", "runs/a", "--prompt", "Once", "--no-echo"}), 0);
    EXPECT_EQ(m_out, " upon a time\n");
}

TEST_F(GenerateTest, TellsProgramsHowItWasMade) {
    EXPECT_EQ(run({"generate", "runs/a", "--prompt", "Once", "--seed", "5", "--json"}), 0);
    const auto json = nlohmann::json::parse(m_out);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["prompt"], "Once");
    EXPECT_EQ(json["text"], " upon a time");
    EXPECT_EQ(json["step"], 7);
    EXPECT_EQ(json["seed"], 5);
    EXPECT_EQ(json["tokens"], 3);
    EXPECT_GE(json["seconds"], 0.0);
}

TEST_F(GenerateTest, AModelThatEndsAtOnceStillShowsThePrompt) {
    fakeTools().pieces = {};
    EXPECT_EQ(run({"generate", "runs/a", "--prompt", "The end"}), 0);
    EXPECT_EQ(m_out, "The end\n");
}

TEST_F(GenerateTest, AnErrorStandsAlone) {
    fakeTools().refusal = Error{ErrorCode::Corrupt, "The saved state is damaged", "slots/A", "", ""};
    EXPECT_EQ(run({"generate", "runs/a", "--prompt", "Once"}), exitCode(ErrorCode::Corrupt));
    EXPECT_EQ(m_out, "");
    EXPECT_EQ(run({"generate", "runs/a", "--vram", "4"}), 2);
    EXPECT_NE(m_err.find("Did you mean 4 GiB?"), std::string::npos) << m_err;
}

TEST_F(GenerateTest, VerifyPrintsWhatItFound) {
    fakeTools().verified.step = 3;
    fakeTools().verified.rootHash = "abc";
    EXPECT_EQ(run({"verify", "runs/a"}), 0);
    expectOut({"step 3", "root hash abc", "all sums hold"});
    EXPECT_EQ(run({"verify", "runs/a", "--json"}), 0);
    EXPECT_EQ(nlohmann::json::parse(m_out)["schema"], 1);
    EXPECT_EQ(nlohmann::json::parse(m_out)["root_hash"], "abc");
}

}  // namespace
}  // namespace gsst::test
