// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_fixture.h"

#include "io/twins/fault_files.h"

namespace gsst::test {
namespace {

const std::vector<FileCall> kWritingCalls{FileCall::Open,    FileCall::Write,    FileCall::Sync,
                                          FileCall::Reserve, FileCall::Truncate, FileCall::SyncFolder};

class FaultTest : public StoreTest {
protected:
    Result<std::unique_ptr<StateStore>> createFaulty() {
        return StateStore::create(m_faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
    }

    FaultFiles m_faults{*m_files};
};

TEST_F(FaultTest, EveryFailingCallOfACommitLeavesTheOneBefore) {
    createAndCommit(1);
    for (const FileCall call : {FileCall::Write, FileCall::Sync})
        for (const Fault fault : {Fault::Fail, Fault::Short, Fault::NoSpace}) {
            bool finished = false;
            for (int nth = 1; !finished; ++nth) {
                auto opened = StateStore::open(m_faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
                ASSERT_TRUE(opened.ok()) << opened.error().text();
                const int64_t step = (*opened)->committed().step;
                const int fired = m_faults.fired();
                m_faults.add({call, fault, "", nth, 1, 0});
                const Status status = commitState(**opened, m_table, step + 1);
                finished = m_faults.fired() == fired;
                m_faults.clear();
                ASSERT_EQ(status.ok(), finished);
                if (finished)
                    continue;
                EXPECT_EQ(status.error().code, fault == Fault::NoSpace ? ErrorCode::NoSpace : ErrorCode::Io);
                // The step is either the one before or, when only the last sync failed, the new one; whole in any case.
                opened->reset();
                reopenWell();
                const int64_t now = m_store->committed().step;
                ASSERT_TRUE(now == step || now == step + 1);
                ASSERT_TRUE(holdsState(*m_store, m_table, now));
                m_store.reset();
            }
        }
}

TEST_F(FaultTest, AfterAnErrorNothingIsCommittedAnyMore) {
    for (const char* file : {"slots/A", "slots/B", "HEAD"})
        for (const FileCall call : {FileCall::Write, FileCall::Sync}) {
            auto files = makeMemoryFiles();
            FaultFiles faults(*files);
            auto made = StateStore::create(faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
            ASSERT_TRUE(made.ok());
            StateStore& store = **made;
            ASSERT_TRUE(commitState(store, m_table, 0).ok());
            ASSERT_TRUE(commitState(store, m_table, 1).ok());
            for (int64_t step = 2; step <= 3; ++step) {
                faults.clear();
                ASSERT_TRUE(writeState(store, m_table, store.otherSlot(), uint64_t(step)).ok());
                faults.add({call, Fault::Fail, file, 1, 1, 0});
                CommitRecord record;
                record.step = step;
                if (!store.commit(store.otherSlot(), record).ok())
                    break;
            }
            EXPECT_LT(store.committed().step, 3) << file;
            faults.clear();
            const Status refused = commitState(store, m_table, 9);
            ASSERT_FALSE(refused.ok()) << file;
            EXPECT_NE(refused.error().text().find("open the run again"), std::string::npos);
            EXPECT_FALSE(store.commit(store.committedSlot(), store.committed()).ok());
            EXPECT_FALSE(store.rollBackToPrevious().ok());
        }
}

TEST_F(FaultTest, AFailedCreateLeavesNothingBehind) {
    for (const FileCall call : kWritingCalls)
        for (const Fault fault : {Fault::Fail, Fault::NoSpace}) {
            bool finished = false;
            for (int nth = 1; !finished; ++nth) {
                const int fired = m_faults.fired();
                m_faults.add({call, fault, "", nth, 1, 0});
                auto made = createFaulty();
                finished = m_faults.fired() == fired;
                m_faults.clear();
                ASSERT_EQ(made.ok(), finished);
                if (!finished) {
                    EXPECT_FALSE(m_files->exists(kRun));
                }
            }
            for (const char* name : {"HEAD", "slots/A", "slots/B"})
                ASSERT_TRUE(m_files->remove(kRun / name).ok());
            ASSERT_TRUE(m_files->remove(kRun / "slots").ok());
            ASSERT_TRUE(m_files->remove(kRun).ok());
        }
}

TEST_F(FaultTest, AFailedCreateKeepsWhatWasThere) {
    ASSERT_TRUE(m_files->makeFolders(kRun / "slots").ok());
    ASSERT_TRUE(m_files->open(kRun / "run.json", OpenMode::Create, Caching::Buffered).ok());
    m_faults.add({FileCall::Reserve, Fault::NoSpace, "HEAD", 1, 1, 0});
    auto made = createFaulty();
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::NoSpace);
    EXPECT_TRUE(m_files->exists(kRun / "run.json"));
    EXPECT_TRUE(m_files->exists(kRun / "slots"));
    EXPECT_FALSE(m_files->exists(kRun / "slots/A"));
    EXPECT_FALSE(m_files->exists(kRun / "HEAD"));
}

TEST_F(FaultTest, TooLittleSpaceIsToldBeforeAnythingIsWritten) {
    const uint64_t needed = StateStore::bytesOnDisk(m_table, exactFormat(m_table));
    auto small = makeMemoryFiles(needed - 1);
    FaultFiles counted(*small);
    auto made = StateStore::create(counted, kRun, m_table, exactFormat(m_table), Caching::Direct);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::NoSpace);
    EXPECT_NE(made.error().text().find(std::to_string(needed) + " bytes"), std::string::npos) << made.error().text();
    EXPECT_NE(made.error().text().find(std::to_string(needed - 1) + " bytes"), std::string::npos);
    EXPECT_EQ(counted.calls(FileCall::Open), 0);
    EXPECT_FALSE(small->exists(kRun));
    auto enough = makeMemoryFiles(needed);
    EXPECT_TRUE(StateStore::create(*enough, kRun, m_table, exactFormat(m_table), Caching::Direct).ok());
}

TEST_F(FaultTest, AFailingDriveIsNoReasonToGoBack) {
    createAndCommit(3);
    m_store.reset();
    for (const char* file : {"HEAD", "slots/A", "slots/B"}) {
        bool finished = false;
        for (int nth = 1; !finished; ++nth) {
            const int fired = m_faults.fired();
            m_faults.add({FileCall::Read, Fault::Fail, file, nth, 1, 0});
            auto opened = StateStore::open(m_faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
            finished = m_faults.fired() == fired;
            m_faults.clear();
            ASSERT_EQ(opened.ok(), finished) << file << nth;
            if (!finished) {
                EXPECT_EQ(opened.error().code, ErrorCode::Io);
            }
        }
    }
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 3));
}

TEST_F(FaultTest, FlippedBitsInReadsAreNeverTakenForAState) {
    createAndCommit(3);
    m_store.reset();
    for (int nth = 1; nth <= 12; ++nth) {
        m_faults.add({FileCall::Read, Fault::Corrupt, "", nth, 1, 9});
        auto opened = StateStore::open(m_faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
        m_faults.clear();
        ASSERT_TRUE(opened.ok()) << opened.error().text();
        const int64_t step = (*opened)->committed().step;
        EXPECT_TRUE(step == 3 || step == 2);
        EXPECT_TRUE(holdsState(**opened, m_table, step));
        EXPECT_TRUE(step == 3 || !(*opened)->notices().empty());
    }
}

TEST_F(FaultTest, LostAndGarbledWritesAreFoundByVerify) {
    createAndCommit(1);
    for (const Fault fault : {Fault::Drop, Fault::Corrupt}) {
        auto opened = StateStore::open(m_faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
        ASSERT_TRUE(opened.ok());
        m_faults.add({FileCall::Write, fault, "", 6, 1, 100});
        ASSERT_TRUE(commitState(**opened, m_table, (*opened)->committed().step + 1).ok());
        m_faults.clear();
        const auto report = (*opened)->verify(true, {}, {});
        ASSERT_TRUE(report.ok());
        EXPECT_FALSE(report->damaged.empty());
        EXPECT_TRUE(report->previousUsable);
        EXPECT_TRUE((*opened)->rollBackToPrevious().ok());
    }
}

TEST_F(FaultTest, VerifyCountsWhatCannotBeReadAsDamaged) {
    createAndCommit(1);
    m_store.reset();
    auto opened = StateStore::open(m_faults, kRun, m_table, exactFormat(m_table), Caching::Direct);
    ASSERT_TRUE(opened.ok());
    // The read of the sums, then of the first piece, which is tried again block by block: the second of them fails too.
    m_faults.add({FileCall::Read, Fault::Fail, "slots/B", 2, 1, 0});
    m_faults.add({FileCall::Read, Fault::Fail, "slots/B", 4, 1, 0});
    const auto report = (*opened)->verify(false, {}, {});
    ASSERT_TRUE(report.ok()) << report.error().text();
    ASSERT_EQ(report->damaged.size(), 1u);
    EXPECT_EQ(report->damaged[0].block, 1);
}

}  // namespace
}  // namespace gsst::test
