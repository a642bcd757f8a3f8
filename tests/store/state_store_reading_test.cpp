// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_fixture.h"

#include "io/twins/fault_files.h"

#include <map>

namespace gsst::test {
namespace {

/// A state is opened for reading only: what is said about it, and that nothing happens to it.
class ReadingTest : public StoreTest {
protected:
    void SetUp() override { createAndCommit(5); }

    Result<std::unique_ptr<StateStore>> openToRead(FileSystem& files) {
        m_store.reset();
        return StateStore::openForReading(files, kRun, m_table, format(), Caching::Direct);
    }

    /// Opens and verifies; no call may change a file.
    VerifyReport verifyUnchanged() {
        FaultFiles counting(*m_files);
        const auto before = contents();
        auto opened = openToRead(counting);
        EXPECT_TRUE(opened.ok()) << opened.error().text();
        if (!opened.ok())
            return {};
        m_notices = (*opened)->notices();
        auto report = (*opened)->verify(true, {}, {});
        EXPECT_TRUE(report.ok());
        for (const FileCall call : {FileCall::Write, FileCall::Sync, FileCall::Reserve, FileCall::Truncate,
                                    FileCall::Rename, FileCall::Remove, FileCall::SyncFolder})
            EXPECT_EQ(counting.calls(call), 0) << "call " << int(call);
        EXPECT_EQ(contents(), before);
        return report.ok() ? *report : VerifyReport();
    }

    std::map<std::string, std::string> contents() {
        std::map<std::string, std::string> all;
        for (const char* name : {"HEAD", "slots/A", "slots/B"})
            if (m_files->exists(kRun / name))
                all[name] = readText(*m_files, kRun / name, 1u << 30).value();
        return all;
    }

    bool noticed(const std::string& text) const {
        return std::ranges::any_of(m_notices,
                                   [&](const std::string& notice) { return notice.find(text) != std::string::npos; });
    }
    std::string committedSlot() const { return slotName(m_store->committedSlot()); }
    std::string otherSlot() const { return slotName(m_store->otherSlot()); }

    std::vector<std::string> m_notices;
};

TEST_F(ReadingTest, AGoodState) {
    const VerifyReport report = verifyUnchanged();
    EXPECT_EQ(report.record.step, 5);
    EXPECT_TRUE(report.damaged.empty());
    EXPECT_TRUE(report.previousUsable);
    EXPECT_EQ(report.previous.step, 4);
    EXPECT_TRUE(m_notices.empty());
}

TEST_F(ReadingTest, DamagedHeadersAreToldAndLeftAlone) {
    for (const char* name : {"slots/A", "slots/B"})
        flipBit(*m_files, kRun / name, 40);
    EXPECT_TRUE(verifyUnchanged().damaged.empty());
    EXPECT_TRUE(noticed("slots/A: the header is damaged"));
    EXPECT_TRUE(noticed("slots/B: the header is damaged"));
    // Opening the run to go on mends them.
    reopenWell();
    reopenWell();
    EXPECT_TRUE(m_store->notices().empty());
}

TEST_F(ReadingTest, AMissingSlotIsNotMade) {
    const std::string committed = committedSlot(), other = otherSlot();
    m_store.reset();
    ASSERT_TRUE(m_files->remove(kRun / other).ok());
    const VerifyReport report = verifyUnchanged();
    EXPECT_EQ(report.record.step, 5);
    EXPECT_TRUE(report.damaged.empty());
    EXPECT_FALSE(report.previousUsable);
    EXPECT_TRUE(noticed(other + " is missing"));
}

TEST_F(ReadingTest, TheSlotOfTheNewestCommitIsMissing) {
    const std::string committed = committedSlot();
    m_store.reset();
    ASSERT_TRUE(m_files->remove(kRun / committed).ok());
    const VerifyReport report = verifyUnchanged();
    EXPECT_EQ(report.record.step, 4);
    EXPECT_TRUE(report.damaged.empty());
    EXPECT_FALSE(report.previousUsable);
    EXPECT_TRUE(noticed("The commit of step 5 is lost"));
}

TEST_F(ReadingTest, ASlotThatIsTooShortStaysSo) {
    const std::string other = otherSlot();
    m_store.reset();
    auto file = m_files->open(kRun / other, OpenMode::ReadWrite, Caching::Buffered);
    ASSERT_TRUE((*file)->truncate(5000).ok());
    EXPECT_EQ(verifyUnchanged().record.step, 5);
    EXPECT_TRUE(noticed(other + " is too short"));
}

TEST_F(ReadingTest, DamageIsNamed) {
    const std::string committed = committedSlot();
    flipBit(*m_files, kRun / committed, 5000);
    const VerifyReport report = verifyUnchanged();
    ASSERT_EQ(report.damaged.size(), 1u);
    EXPECT_EQ(report.damaged.front().file, committed);
    EXPECT_TRUE(report.previousUsable);
}

TEST_F(ReadingTest, NothingCanBeCommittedOrTakenBack) {
    auto opened = openToRead(*m_files);
    ASSERT_TRUE(opened.ok());
    const auto before = contents();
    CommitRecord record;
    record.step = 6;
    for (const Status& status :
         {(*opened)->commit((*opened)->committedSlot(), record), (*opened)->rollBackToPrevious()}) {
        ASSERT_FALSE(status.ok());
        EXPECT_EQ(status.error().code, ErrorCode::Internal);
    }
    EXPECT_EQ(contents(), before);
}

}  // namespace
}  // namespace gsst::test
