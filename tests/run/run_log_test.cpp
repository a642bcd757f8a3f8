// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/run_fixture.h"

#include "run/run_log.h"

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
