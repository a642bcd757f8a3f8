// SPDX-License-Identifier: GPL-3.0-or-later
#include "fake_service.h"

#include <nlohmann/json.hpp>

namespace gsst::test {
namespace {

class DoctorReportTest : public CommandTest {
protected:
    void SetUp() override {
        ComputerReport report;
        report.measuredAt = 1'700'000'000;
        report.folder = "/a/folder/with/a/name/so/long/that/it/alone/would/nearly/fill/a/line";
        report.recipe = "gpt2-124m";
        report.processor = "some processor";
        report.cores = 8;
        report.threads = 16;
        report.instructions = {"AVX2", "AVX-512", "AVX-512 BF16"};
        report.ramTotalBytes = int64_t{32} << 30;
        report.ramFreeBytes = int64_t{24} << 30;
        report.diskFreeBytes = int64_t{186} << 30;
        report.memoryBytes = 48e9;
        report.productFlopsFp32 = report.productFlopsBf16 = report.productFlopsFp16 = 950e9;
        report.forwardFlops = report.backwardFlops = report.keptBackwardFlops = report.headFlops = 600e9;
        report.updateBytes = report.copyBytes = 31e9;
        report.readBytes = report.poolReadBytes = 3.4e9;
        report.writeBytes = report.poolWriteBytes = 2.6e9;
        report.whyNoUring = "The system forbids it. A setting of the container allows it.";
        m_service.report = report;
    }
};

TEST_F(DoctorReportTest, MeasuresWhatWasAskedFor) {
    ASSERT_EQ(run({"doctor", "some/folder", "--quick", "--preset", "sample", "--precision", "bf16"}), 0) << m_err;
    ASSERT_TRUE(m_service.measured);
    EXPECT_EQ(m_service.measured->folder, "some/folder");
    EXPECT_TRUE(m_service.measured->quick);
    EXPECT_EQ(m_service.measured->recipe->name, "sample");
    EXPECT_EQ(m_service.measured->recipe->training.precision, Precision::Bf16);
    expectOut({"gsst doctor --show"});
    ASSERT_EQ(run({"doctor"}), 0) << m_err;
    EXPECT_FALSE(m_service.measured->quick);
    EXPECT_EQ(m_service.measured->recipe->name, kUsualRecipe);
    m_service.refusal = Error{ErrorCode::Busy, "Another measurement is on its way", "", "", ""};
    EXPECT_EQ(run({"doctor", "--json"}), exitCode(ErrorCode::Busy));
    EXPECT_EQ(nlohmann::json::parse(m_out)["event"], "error");
}

TEST_F(DoctorReportTest, ShowsWhatWasMeasuredLastAndWhen) {
    ASSERT_EQ(run({"doctor", "--show"}), 0) << m_err;
    EXPECT_FALSE(m_service.measured) << "nothing is measured";
    expectOut({"some processor", "measured 2023-11-1", m_service.report->folder.string(), "3400 MB/s", "600 GFLOP/s",
               "gpt2-124m", "124 M parameters", "The system forbids it."});
    expectNarrow();
    ASSERT_EQ(run({"doctor", "--show", "--json"}), 0) << m_err;
    const auto json = nlohmann::json::parse(m_out);
    EXPECT_EQ(json["measured_at"], 1'700'000'000);
    EXPECT_EQ(json["drive"]["thread_pool"]["read_bytes_per_second"], 3.4e9);
    EXPECT_FALSE(json["drive"].contains("io_uring"));
}

TEST_F(DoctorReportTest, SaysWhatTheFiguresAreWorth) {
    m_service.report->direct = false;
    ASSERT_EQ(run({"doctor"}), 0);
    expectOut({"plans do not use them", "In a short look"});
    EXPECT_EQ(m_out.find("Plans use these figures"), std::string::npos) << m_out;
    expectNarrow();
    m_service.report->sustained = true;
    m_service.report->writtenBytes = int64_t{6} << 30;
    m_service.report->uringReadBytes = m_service.report->uringWriteBytes = 1e9;
    m_service.report->uringProcessor = 0x1p-30;
    m_service.report->poolProcessor = 0x1p-31;
    m_service.report->whyNoUring.clear();
    ASSERT_EQ(run({"doctor", "--show"}), 0);
    expectOut({"Kept up after 6 GiB", "Through a pool of threads, the better", "500 ms", "1000 ms"});
    EXPECT_EQ(m_out.find("was not measured"), std::string::npos) << m_out;
}

TEST_F(DoctorReportTest, NothingMeasuredIsAnErrorThatSaysWhatToDo) {
    m_service.report.reset();
    EXPECT_EQ(run({"doctor", "--show"}), exitCode(ErrorCode::NotFound));
    for (const char* words : {"has not been measured yet", "gsst doctor FOLDER", "--quick"})
        EXPECT_NE(m_err.find(words), std::string::npos) << m_err;
    EXPECT_EQ(run({"doctor", "--show", "--json"}), exitCode(ErrorCode::NotFound));
    EXPECT_EQ(nlohmann::json::parse(m_out)["event"], "error");
}

TEST_F(DoctorReportTest, ShowingTakesNothingThatMeasuringDoes) {
    for (const std::vector<std::string>& more :
         {std::vector<std::string>{"some/folder"}, {"--quick"}, {"--preset", "sample"}, {"--threads", "2"}}) {
        std::vector<std::string> words{"doctor", "--show"};
        words.insert(words.end(), more.begin(), more.end());
        EXPECT_NE(run(words), 0) << more.front();
        EXPECT_FALSE(m_service.measured);
    }
}

}  // namespace
}  // namespace gsst::test
