// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run_fixture.h"

#include "run/run_log.h"

#include <limits>

namespace gsst::test {
namespace {

StepDone done(int64_t step) {
    StepDone event;
    event.step = step;
    return event;
}

class RunLogs : public testing::Test {
protected:
    std::unique_ptr<RunLog> open() {
        auto log = RunLog::open(osFileSystem(), run, record);
        EXPECT_TRUE(log.ok());
        return log.ok() ? std::move(*log) : nullptr;
    }
    std::string metrics() { return *readText(osFileSystem(), run.metrics(), 1 << 20); }

    const TemporaryFolder folder;
    const RunFolder run{folder.path};
    CommitRecord record;
};

/// Runs of earlier versions have such lines.
TEST_F(RunLogs, LinesKeepTheirBytes) {
    const auto log = open();
    ASSERT_TRUE(log->add(StepDone{.step = 1,
                                  .loss = 2.5,
                                  .gradientNorm = std::numeric_limits<double>::quiet_NaN(),
                                  .seconds = 0.1,
                                  .secondsLeft = 7,
                                  .readBytes = 12})
                    .ok());
    ASSERT_TRUE(log->add(Validated{1, 1.5, 10}).ok());
    record.step = 1;
    ASSERT_TRUE(log->stamp(record).ok());
    EXPECT_EQ(metrics(),
              "{\"event\":\"step\",\"step\":1,\"loss\":2.5,\"gradient_norm\":null,\"clip_factor\":1.0,"
              "\"loss_scale\":1.0,\"learning_rate\":0.0,\"seconds\":0.1,\"tokens_per_second\":0.0,"
              "\"device_peak_bytes\":0,\"ram_bytes\":0,\"read_bytes\":12,\"written_bytes\":0,"
              "\"read_wait_seconds\":0.0,\"write_wait_seconds\":0.0,\"link_wait_seconds\":0.0,\"epoch\":0.0}\n"
              "{\"event\":\"validation\",\"step\":1,\"loss\":1.5,\"tokens\":10}\n");
}

/// A skipped step is committed before its line is written, an applied one afterwards.
TEST_F(RunLogs, TheLineOfASkippedStepIsNoValidationOfIt) {
    {
        const auto log = open();
        ASSERT_TRUE(log->add(done(1)).ok());
        record.step = 2;
        ASSERT_TRUE(log->stamp(record).ok());
        ASSERT_TRUE(log->add(done(2)).ok());
    }
    {
        const auto log = open();
        EXPECT_FALSE(log->hasValidation()) << "it would be left out";
        EXPECT_NE(metrics().find("\"step\":2"), std::string::npos);
        ASSERT_TRUE(log->add(Validated{2, 1.5, 10}).ok());
        ASSERT_TRUE(log->add(done(3)).ok());
    }
    EXPECT_TRUE(open()->hasValidation());
    EXPECT_NE(metrics().find("validation"), std::string::npos);
    EXPECT_EQ(metrics().find("\"step\":3"), std::string::npos) << "not committed";
}

TEST_F(RunLogs, ASampleBehindTheCommitIsOfItsState) {
    record.step = 2;
    {
        const auto log = open();
        EXPECT_FALSE(log->hasSample());
        ASSERT_TRUE(log->add(Sampled{2, "Once", " upon a time"}).ok());
    }
    EXPECT_TRUE(open()->hasSample());
}

}  // namespace
}  // namespace gsst::test
