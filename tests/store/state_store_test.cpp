// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_fixture.h"

#include "store/commit_log.h"
#include "tests/support/folders.h"

#include <atomic>
#include <thread>

namespace gsst::test {
namespace {

GSST_FOR_EACH_PRESET(PresetStoreTest);

TEST_P(PresetStoreTest, EveryCommitCanBeOpened) {
    createAndCommit(0);
    for (int64_t step = 1; step <= 20; ++step) {
        ASSERT_TRUE(commitState(*m_store, m_table, step).ok());
        reopenWell();
        ASSERT_TRUE(holdsState(*m_store, m_table, step));
        EXPECT_EQ(m_store->committed().generation, uint64_t(step + 1));
        EXPECT_EQ(m_store->committedSlot(), int(step % 2));
        EXPECT_EQ(m_store->committed().metricsBytes, uint64_t(step * 100));
        EXPECT_TRUE(m_store->notices().empty());
    }
}

TEST_P(PresetStoreTest, FilesHaveTheirFullSizeFromTheStart) {
    auto made = StateStore::create(*m_files, kRun, m_table, format(), Caching::Direct);
    ASSERT_TRUE(made.ok());
    EXPECT_EQ((*made)->committed().generation, 0u);
    EXPECT_EQ((*made)->otherSlot(), 0);
    uint64_t all = 0;
    for (const char* name : {"HEAD", "slots/A", "slots/B"}) {
        auto file = m_files->open(kRun / name, OpenMode::Read, Caching::Buffered);
        ASSERT_TRUE(file.ok());
        all += *(*file)->size();
    }
    EXPECT_EQ(all, StateStore::bytesOnDisk(m_table, format()));
    EXPECT_EQ(*(*made)->file(1).size(), (*made)->layout().fileBytes());
}

TEST_P(PresetStoreTest, CreateRefusesAFolderInUse) {
    createAndCommit(0);
    auto again = StateStore::create(*m_files, kRun, m_table, format(), Caching::Direct);
    ASSERT_FALSE(again.ok());
    EXPECT_EQ(again.error().code, ErrorCode::InvalidInput);
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 0));
}

TEST_P(PresetStoreTest, RootHashDependsOnTheStateAlone) {
    createAndCommit(3);
    const std::string root = m_store->committed().rootHashHex();
    EXPECT_EQ(root.size(), 32u);
    // The same state in the other slot, as another step and generation.
    const int slot = m_store->otherSlot();
    ASSERT_TRUE(writeState(*m_store, m_table, slot, 3).ok());
    CommitRecord record;
    record.step = 17;
    ASSERT_TRUE(m_store->commit(slot, record).ok());
    EXPECT_EQ(m_store->committed().rootHashHex(), root);
    ASSERT_TRUE(commitState(*m_store, m_table, 18).ok());
    EXPECT_NE(m_store->committed().rootHashHex(), root);
}

TEST_P(PresetStoreTest, BlocksAreCheckedAgainstTheirSums) {
    createAndCommit(1);
    auto buffer = AlignedBuffer::create(kBlockElements * 4);
    ASSERT_TRUE(buffer.ok());
    const int slot = m_store->committedSlot();
    for (size_t block = 0; block < m_table.blocks().size(); ++block)
        for (StateKind kind : m_store->layout().format().kinds()) {
            const Extent extent = m_store->layout().blocks(int(block), 1, kind);
            const auto bytes = buffer->span().first(extent.bytes);
            ASSERT_TRUE(m_store->file(slot).read(extent.offset, bytes).ok());
            EXPECT_TRUE(m_store->checkBlock(slot, int(block), kind, bytes).ok());
            bytes.back() ^= std::byte{1};  // padding counts
            const Status damaged = m_store->checkBlock(slot, int(block), kind, bytes);
            ASSERT_FALSE(damaged.ok());
            EXPECT_EQ(damaged.error().code, ErrorCode::Corrupt);
            EXPECT_NE(damaged.error().text().find("slots/B"), std::string::npos);
            EXPECT_NE(damaged.error().text().find(m_table.tensors()[size_t(m_table.blocks()[block].tensor)].name),
                      std::string::npos);
        }
}

TEST_P(PresetStoreTest, BlocksAreRecordedAndCheckedByManyThreads) {
    createAndCommit(0);
    const int slot = m_store->otherSlot();
    std::atomic<int> bad = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&, thread] {
                std::vector<std::byte> bytes(kBlockElements * 4);
                for (int block = thread; block < int(m_table.blocks().size()); block += 4)
                    for (StateKind kind : m_store->layout().format().kinds()) {
                        const auto part = std::span(bytes).first(m_store->layout().blocks(block, 1, kind).bytes);
                        fillSection(part, 9, block, kind);
                        m_store->recordBlock(slot, block, kind, part);
                        bad += !m_store->checkBlock(slot, block, kind, part).ok();
                    }
            });
    }
    EXPECT_EQ(bad, 0);
    EXPECT_TRUE(m_store->commit(slot, CommitRecord{}).ok());
}

TEST_P(PresetStoreTest, ASkippedStepWritesARecordOnly) {
    createAndCommit(2);
    CommitRecord record = m_store->committed();
    record.step = 3;
    record.skippedSteps = 1;
    record.lossScale = 32768;
    ASSERT_TRUE(m_store->commit(m_store->committedSlot(), record).ok());
    EXPECT_EQ(m_store->committed().generation, 4u);
    reopenWell();
    EXPECT_EQ(m_store->committed().step, 3);
    EXPECT_EQ(m_store->committed().slot, 0);
    EXPECT_EQ(m_store->committed().lossScale, 32768);
    // And the state before is still that of the other slot.
    const auto report = m_store->verify(true, {}, {});
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->damaged.empty());
    EXPECT_TRUE(report->previousUsable);
    EXPECT_EQ(report->previous.step, 1);
}

TEST_P(PresetStoreTest, ACommitNeedsEveryBlock) {
    createAndCommit(1);
    const int slot = m_store->otherSlot();
    const Status status = m_store->commit(slot, CommitRecord{});
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::Internal);
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 1));
}

TEST_P(PresetStoreTest, TheCommittedSlotMustNotChangeInPlace) {
    createAndCommit(1);
    ASSERT_TRUE(writeState(*m_store, m_table, m_store->committedSlot(), 5).ok());
    EXPECT_FALSE(m_store->commit(m_store->committedSlot(), CommitRecord{}).ok());
}

TEST_P(PresetStoreTest, VerifyReportsProgressAndAGoodRun) {
    createAndCommit(4);
    uint64_t last = 0;
    uint64_t total = 0;
    const auto progress = [&](uint64_t done, uint64_t all) {
        EXPECT_GT(done, last);
        last = done;
        total = all;
    };
    const auto report = m_store->verify(true, progress, {});
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->damaged.empty());
    EXPECT_EQ(report->record, m_store->committed());
    EXPECT_TRUE(report->previousUsable);
    EXPECT_EQ(report->previous.step, 3);
    EXPECT_EQ(last, total);
    EXPECT_EQ(total, 2u * uint64_t(format().totalBytes()));
    if (GetParam() == StatePreset::Exact) {
        EXPECT_EQ(total, 2u * 12u * uint64_t(m_table.paddedParameters()));
    }
    EXPECT_FALSE(m_store->verify(false, {}, {})->previousUsable);
}

TEST_P(PresetStoreTest, VerifyCanBeCancelled) {
    createAndCommit(1);
    std::stop_source stop;
    int calls = 0;
    const auto progress = [&](uint64_t, uint64_t) {
        if (++calls == 3)
            stop.request_stop();
    };
    const auto report = m_store->verify(true, progress, stop.get_token());
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::Cancelled);
    EXPECT_EQ(calls, 3);
    EXPECT_TRUE(commitState(*m_store, m_table, 2).ok()) << "a cancelled check changes nothing";
}

TEST_P(PresetStoreTest, RollsBackToTheStateBefore) {
    createAndCommit(5);
    const Status back = m_store->rollBackToPrevious();
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_TRUE(holdsState(*m_store, m_table, 4));
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 4));
    EXPECT_FALSE(m_store->verify(true, {}, {})->previousUsable) << "what was left is no state before";
    EXPECT_FALSE(m_store->rollBackToPrevious().ok());
    ASSERT_TRUE(commitState(*m_store, m_table, 5).ok());
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 5));
    EXPECT_EQ(m_store->verify(true, {}, {})->previous.step, 4);
}

TEST_P(PresetStoreTest, DoesNotRollBackToAStateInPieces) {
    createAndCommit(5);
    const Extent extent = m_store->layout().blocks(0, 1, StateKind::Moment2);
    auto buffer = AlignedBuffer::create(extent.bytes);
    ASSERT_TRUE(m_store->file(m_store->otherSlot()).write(extent.offset, buffer->span()).ok());
    const auto report = m_store->verify(true, {}, {});
    EXPECT_TRUE(report->damaged.empty());
    EXPECT_FALSE(report->previousUsable);
    const Status back = m_store->rollBackToPrevious();
    ASSERT_FALSE(back.ok());
    EXPECT_EQ(back.error().code, ErrorCode::Corrupt);
    EXPECT_TRUE(holdsState(*m_store, m_table, 5));
    EXPECT_TRUE(commitState(*m_store, m_table, 6).ok());
}

TEST_P(PresetStoreTest, TheNewestRecordIsReadWithoutTheModel) {
    EXPECT_EQ(readNewestRecord(*m_files, kRun).error().code, ErrorCode::NotFound);
    {
        auto made = StateStore::create(*m_files, "empty", m_table, format(), Caching::Direct);
        ASSERT_TRUE(made.ok());
        EXPECT_EQ(readNewestRecord(*m_files, "empty").error().code, ErrorCode::NotFound);
    }
    createAndCommit(11);
    const auto record = readNewestRecord(*m_files, kRun);
    ASSERT_TRUE(record.ok());
    EXPECT_EQ(*record, m_store->committed());
}

TEST(StateStore, LeanTakesLessOfTheDisk) {
    const TensorTable table(quantizedModel());
    EXPECT_LT(StateStore::bytesOnDisk(table, StateFormat(table, StatePreset::Lean, kAdamW, kWholeState)),
              StateStore::bytesOnDisk(table, exactFormat(table)));
}

TEST(StateStore, WorksOnRealFiles) {
    const TemporaryFolder temporary;
    const std::filesystem::path folder = temporary.path / "run";
    const TensorTable table(wideModel());
    {
        auto made = StateStore::create(osFileSystem(), folder, table, exactFormat(table), Caching::Direct);
        ASSERT_TRUE(made.ok()) << made.error().text();
        for (int64_t step = 0; step <= 2; ++step)
            ASSERT_TRUE(commitState(**made, table, step).ok());
    }
    auto opened = StateStore::open(osFileSystem(), folder, table, exactFormat(table), Caching::Direct);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    EXPECT_TRUE(holdsState(**opened, table, 2));
    EXPECT_TRUE((*opened)->verify(true, {}, {})->previousUsable);
}

}  // namespace
}  // namespace gsst::test
