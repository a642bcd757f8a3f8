// SPDX-License-Identifier: GPL-3.0-or-later
#include "run/committed_state.h"
#include "tests/store/store_fixture.h"

namespace gsst::test {
namespace {

/// A run that another process trains, and one that reads beside it.
class CommittedStateTest : public ::testing::Test {
protected:
    void SetUp() override {
        RunRecord record;
        record.spec.model = tinyModel();
        record.spec.model.vocabulary = 256;
        record.spec.data.tokenizer = TokenizerKind::Bytes;
        record.spec.training.sequenceLength = record.spec.model.context;
        m_table.emplace(record.spec.model);
        ASSERT_TRUE(m_files.makeFolders(kRun).ok());
        ASSERT_TRUE(writeRunRecord(m_files, {kRun}, record).ok());
        const StateFormat format(*m_table, record.spec.training.state, optimizerSpec(record.spec.training.optimizer),
                                 record.share());
        auto store = StateStore::create(m_files, kRun, *m_table, format, Caching::Direct);
        ASSERT_TRUE(store.ok()) << store.error().text();
        m_writer = std::move(*store);
        train(2);
    }

    /// So many steps more, each with its commit.
    void train(int steps) {
        for (int i = 0; i < steps; ++i)
            ASSERT_TRUE(commitState(*m_writer, *m_table, m_writer->committed().step + 1).ok());
    }
    /// What a step writes before it commits.
    void beginStep() { ASSERT_TRUE(writeState(*m_writer, *m_table, m_writer->otherSlot(), 77).ok()); }

    /// Reads all of the state; `meanwhile` happens after it was opened, with the number of the attempt.
    Status read(const std::function<void(int attempt)>& meanwhile) {
        return readCommitted(m_files, kRun, [&](CommittedState& state) -> Status {
            meanwhile(++m_attempts);
            m_step = state.record.spec.model == m_table->model() ? state.store->committed().step : -1;
            GSST_ASSIGN(const VerifyReport report, state.store->verify(false, {}, {}));
            if (report.damaged.empty())
                return {};
            return Error{ErrorCode::Corrupt, "damaged", report.damaged.front().file, "", ""};
        });
    }

    std::unique_ptr<FileSystem> m_memory = makeMemoryFiles();
    FileSystem& m_files = *m_memory;
    std::optional<TensorTable> m_table;
    std::unique_ptr<StateStore> m_writer;
    int m_attempts = 0;
    int64_t m_step = 0;
};

TEST_F(CommittedStateTest, AStepInProgressDoesNotTouchIt) {
    const Status status = read([this](int) { beginStep(); });
    EXPECT_TRUE(status.ok()) << status.error().text();
    EXPECT_EQ(m_attempts, 1);
    EXPECT_EQ(m_step, 2);
}

TEST_F(CommittedStateTest, WhatIsWrittenOverMeanwhileIsReadFromTheNewerCommit) {
    const Status status = read([this](int attempt) {
        if (attempt == 1) {
            train(1);
            beginStep();
        }
    });
    EXPECT_TRUE(status.ok()) << status.error().text();
    EXPECT_EQ(m_attempts, 2);
    EXPECT_EQ(m_step, 3);
}

TEST_F(CommittedStateTest, RealDamageIsToldAtOnce) {
    const Status status = read([this](int) {
        const int slot = m_writer->committedSlot();
        const Extent extent = m_writer->layout().blocks(0, 1, StateKind::Hi);
        auto block = AlignedBuffer::create(extent.bytes);
        ASSERT_TRUE(block.ok());
        ASSERT_TRUE(m_writer->file(slot).write(extent.offset, block->span()).ok());
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::Corrupt);
    EXPECT_EQ(m_attempts, 1);
}

TEST_F(CommittedStateTest, ARunThatIsAlwaysFasterIsBusy) {
    const Status status = read([this](int) {
        train(1);
        beginStep();
    });
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::Busy);
    EXPECT_GT(m_attempts, 10);
}

TEST_F(CommittedStateTest, OtherErrorsAreThoseOfTheReader) {
    int calls = 0;
    const Status status = readCommitted(m_files, kRun, [&](CommittedState&) -> Status {
        ++calls;
        train(1);
        return Error{ErrorCode::OutOfMemory, "too large", "", "", ""};
    });
    EXPECT_EQ(status.error().code, ErrorCode::OutOfMemory);
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(readCommitted(m_files, "elsewhere", [](CommittedState&) { return Status(); }).error().code,
              ErrorCode::NotFound);
}

}  // namespace
}  // namespace gsst::test
