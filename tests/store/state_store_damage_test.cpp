// SPDX-License-Identifier: GPL-3.0-or-later
#include "store_fixture.h"

#include "store/sealed_block.h"
#include "store/slot_header.h"

namespace gsst::test {
namespace {

bool says(const std::vector<std::string>& notices, const std::string& text) {
    return std::ranges::any_of(notices,
                               [&](const std::string& notice) { return notice.find(text) != std::string::npos; });
}

/// Seals the block at `offset` again as one of a newer version.
void makeNewer(FileSystem& files, const std::filesystem::path& path, uint64_t offset, std::string_view magic) {
    auto file = files.open(path, OpenMode::ReadWrite, Caching::Buffered);
    ASSERT_TRUE(file.ok());
    std::array<std::byte, kSealedBytes> block;
    ASSERT_TRUE((*file)->read(offset, block).ok());
    seal(block, magic, kStateFormatVersion + 1);
    ASSERT_TRUE((*file)->write(offset, block).ok());
}

class DamageTest : public StoreTest {
protected:
    /// Overwrites one block of the free slot, as an update in progress does.
    void startOverwriting() {
        const Extent extent = m_store->layout().blocks(1, 1, StateKind::Moment1);
        auto buffer = AlignedBuffer::create(extent.bytes);
        ASSERT_TRUE(m_store->file(m_store->otherSlot()).write(extent.offset, buffer->span()).ok());
    }
    void expectCorrupt(const std::string& text) {
        auto opened = reopen();
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code, ErrorCode::Corrupt);
        EXPECT_NE(opened.error().text().find(text), std::string::npos) << opened.error().text();
        EXPECT_FALSE(opened.error().todo.empty());
    }
};

TEST_F(DamageTest, ADamagedNewestRecordGivesTheStateBefore) {
    createAndCommit(5);
    flipBit(*m_files, kRun / "HEAD", headOffset(6) + 40);
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 4));
    EXPECT_TRUE(says(m_store->notices(), "HEAD: commit record 7 of 8"));
    ASSERT_TRUE(commitState(*m_store, m_table, 5).ok());
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 5));
    EXPECT_TRUE(m_store->notices().empty());
}

TEST_F(DamageTest, ADamagedNewestRecordIsNoReasonToTakeAStateInPieces) {
    createAndCommit(5);
    startOverwriting();
    flipBit(*m_files, kRun / "HEAD", headOffset(6) + 40);
    expectCorrupt("commit record 7 of 8");
}

TEST_F(DamageTest, ADamagedOldRecordIsNoMatter) {
    createAndCommit(11);
    startOverwriting();
    flipBit(*m_files, kRun / "HEAD", headOffset(6) + 4095);
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 11));
    EXPECT_TRUE(says(m_store->notices(), "HEAD: commit record 7 of 8"));
}

TEST_F(DamageTest, AllOfHeadCanBeLostButNotSilently) {
    createAndCommit(3);
    auto head = m_files->open(kRun / "HEAD", OpenMode::ReadWrite, Caching::Buffered);
    ASSERT_TRUE((*head)->truncate(0).ok());
    expectCorrupt("HEAD");
}

TEST_F(DamageTest, DamagedSumsGiveTheStateBefore) {
    createAndCommit(5);
    for (const uint64_t byte : {0, 77}) {
        flipBit(*m_files, kRun / slotName(m_store->committedSlot()), m_store->layout().sums().offset + byte);
        reopenWell();
        EXPECT_TRUE(holdsState(*m_store, m_table, 4));
        EXPECT_TRUE(says(m_store->notices(), "table of checksums"));
        ASSERT_TRUE(commitState(*m_store, m_table, 5).ok());
        reopenWell();
        EXPECT_TRUE(holdsState(*m_store, m_table, 5));
        EXPECT_TRUE(m_store->notices().empty());
    }
}

TEST_F(DamageTest, DamagedSumsAreNoReasonToTakeAStateInPieces) {
    createAndCommit(5);
    startOverwriting();
    flipBit(*m_files, kRun / slotName(m_store->committedSlot()), m_store->layout().sums().offset + 8);
    expectCorrupt("slots/B");
}

TEST_F(DamageTest, ZerosBehindTheSumsAreNotLookedAt) {
    createAndCommit(1);
    flipBit(*m_files, kRun / slotName(m_store->committedSlot()), m_store->layout().fileBytes() - 1);
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 1));
}

TEST_F(DamageTest, AStaleRecordNeverGoesWithNewerSums) {
    createAndCommit(5);
    // Records of generation 5 and 6 are lost; 4 and 3 name the same slots, which hold newer states.
    flipBit(*m_files, kRun / "HEAD", headOffset(5));
    flipBit(*m_files, kRun / "HEAD", headOffset(6));
    expectCorrupt("No complete state");
}

TEST_F(DamageTest, AnOldHeadFromABackupIsRefused) {
    createAndCommit(3);
    auto head = m_files->open(kRun / "HEAD", OpenMode::ReadWrite, Caching::Buffered);
    std::vector<std::byte> old(8 * 4096);
    ASSERT_TRUE((*head)->read(0, old).ok());
    ASSERT_TRUE(commitState(*m_store, m_table, 4).ok());
    ASSERT_TRUE(commitState(*m_store, m_table, 5).ok());
    ASSERT_TRUE((*head)->write(0, old).ok());
    expectCorrupt("No complete state");
}

TEST_F(DamageTest, VerifyNamesEveryDamagedBlock) {
    m_table = TensorTable(wideModel());
    createAndCommit(2);
    const int slot = m_store->committedSlot();
    const auto damage = [&](int block, StateKind kind, uint64_t byte) {
        flipBit(*m_files, kRun / slotName(slot), m_store->layout().blocks(block, 1, kind).offset + byte);
    };
    const int last = int(m_table.blocks().size()) - 1;
    damage(0, StateKind::Hi, 0);
    damage(2, StateKind::Moment2, 4095);
    damage(last, StateKind::Lo, 4095);
    const auto report = m_store->verify(true, {}, {});
    ASSERT_TRUE(report.ok());
    ASSERT_EQ(report->damaged.size(), 3u);
    EXPECT_EQ(report->damaged[0].block, 0);
    EXPECT_EQ(report->damaged[0].kind, StateKind::Hi);
    EXPECT_EQ(report->damaged[0].file, "slots/A");
    EXPECT_EQ(report->damaged[0].tensor, "embedding.tokens.weight");
    EXPECT_EQ(report->damaged[1].block, 2);
    EXPECT_EQ(report->damaged[1].kind, StateKind::Moment2);
    EXPECT_EQ(report->damaged[2].block, last);
    EXPECT_EQ(report->damaged[2].kind, StateKind::Lo);
    EXPECT_TRUE(report->previousUsable);
    ASSERT_TRUE(m_store->rollBackToPrevious().ok());
    EXPECT_TRUE(holdsState(*m_store, m_table, 1));
}

class PresetDamageTest : public PresetStoreTest {};
GSST_FOR_EACH_PRESET(PresetDamageTest);

TEST_P(PresetDamageTest, VerifyNamesTheKind) {
    createAndCommit(2);
    const int slot = m_store->committedSlot();
    for (const StateKind kind : format().kinds())
        for (int block = 0; block < format().blockCount(); ++block) {
            const Extent extent = m_store->layout().blocks(block, 1, kind);
            for (const uint64_t byte : {uint64_t{0}, extent.bytes - 1}) {
                flipBit(*m_files, kRun / slotName(slot), extent.offset + byte);
                const auto report = m_store->verify(false, {}, {});
                ASSERT_TRUE(report.ok());
                ASSERT_EQ(report->damaged.size(), 1u);
                EXPECT_EQ(report->damaged[0].block, block);
                EXPECT_EQ(report->damaged[0].kind, kind);
                flipBit(*m_files, kRun / slotName(slot), extent.offset + byte);
            }
        }
    EXPECT_TRUE(m_store->verify(false, {}, {})->damaged.empty());
}

TEST_P(PresetDamageTest, AnotherPresetIsRefused) {
    createAndCommit(2);
    m_store.reset();
    for (const StatePreset other : kPresets) {
        auto opened = StateStore::open(*m_files, kRun, m_table, StateFormat(m_table, other, kAdamW, kWholeState),
                                       Caching::Direct);
        ASSERT_EQ(opened.ok(), other == GetParam());
        if (opened.ok())
            continue;
        EXPECT_EQ(opened.error().code, ErrorCode::InvalidInput);
        const std::string text = opened.error().text();
        EXPECT_NE(text.find(std::string("a state of preset ") + nameOf(GetParam())), std::string::npos) << text;
        EXPECT_NE(text.find(std::string("training.state ") + nameOf(other)), std::string::npos) << text;
    }
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 2));
}

TEST_P(PresetDamageTest, AnotherOptimizerIsRefused) {
    createAndCommit(2);
    m_store.reset();
    const auto opened =
        StateStore::open(*m_files, kRun, m_table, {m_table, m_preset, kLion, kWholeState}, Caching::Direct);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::InvalidInput);
    const std::string text = opened.error().text();
    EXPECT_NE(text.find("the state of adamw"), std::string::npos) << text;
    EXPECT_NE(text.find("training.optimizer lion"), std::string::npos) << text;
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 2));
}

TEST_F(DamageTest, AnUnknownOptimizerIsNewer) {
    createAndCommit(2);
    auto file = m_files->open(kRun / "slots/B", OpenMode::ReadWrite, Caching::Buffered);
    std::array<std::byte, kSealedBytes> block;
    ASSERT_TRUE((*file)->read(0, block).ok());
    SlotHeader header = decodeHeader(block).header;
    header.optimizer = uint32_t(kOptimizers.size());
    encode(header, block);
    ASSERT_TRUE((*file)->write(0, block).ok());
    EXPECT_EQ(reopen().error().code, ErrorCode::NewerVersion);
}

TEST_F(DamageTest, AnUnknownPresetIsNewer) {
    createAndCommit(2);
    auto file = m_files->open(kRun / "slots/B", OpenMode::ReadWrite, Caching::Buffered);
    std::array<std::byte, kSealedBytes> block;
    ASSERT_TRUE((*file)->read(0, block).ok());
    SlotHeader header = decodeHeader(block).header;
    header.preset = 3;
    encode(header, block);
    ASSERT_TRUE((*file)->write(0, block).ok());
    EXPECT_EQ(reopen().error().code, ErrorCode::NewerVersion);
}

TEST_F(DamageTest, VerifyLooksAtRecordAndSumsOnDiskToo) {
    createAndCommit(2);
    flipBit(*m_files, kRun / "HEAD", headOffset(3) + 200);
    flipBit(*m_files, kRun / "slots/A", m_store->layout().sums().offset);
    const auto report = m_store->verify(false, {}, {});
    ASSERT_TRUE(report.ok());
    ASSERT_EQ(report->damaged.size(), 2u);
    EXPECT_EQ(report->damaged[0].file, "HEAD");
    EXPECT_EQ(report->damaged[1].tensor, "(table of checksums)");
}

TEST_F(DamageTest, EveryFlippedBitOfTheStateIsFound) {
    createAndCommit(1);
    for (uint64_t offset = 4096; offset < m_store->layout().sums().offset; offset += 4096 * 3 + 17) {
        flipBit(*m_files, kRun / "slots/B", offset);
        ASSERT_EQ(m_store->verify(false, {}, {})->damaged.size(), 1u) << offset;
        flipBit(*m_files, kRun / "slots/B", offset);
    }
    EXPECT_TRUE(m_store->verify(false, {}, {})->damaged.empty());
}

TEST_F(DamageTest, ADamagedHeaderLosesNothing) {
    createAndCommit(1);
    for (const char* name : {"slots/A", "slots/B"})
        flipBit(*m_files, kRun / name, 5);
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 1));
    EXPECT_EQ(m_store->notices().size(), 2u);
    reopenWell();
    EXPECT_TRUE(m_store->notices().empty());
}

TEST_F(DamageTest, AMissingOrShortFreeSlotIsMadeAnew) {
    createAndCommit(1);
    for (const bool missing : {true, false}) {
        const std::filesystem::path path = kRun / slotName(m_store->otherSlot());
        if (missing)
            ASSERT_TRUE(m_files->remove(path).ok());
        else
            ASSERT_TRUE((*m_files->open(path, OpenMode::ReadWrite, Caching::Buffered))->truncate(5000).ok());
        reopenWell();
        EXPECT_TRUE(holdsState(*m_store, m_table, 1));
        EXPECT_EQ(*m_store->file(m_store->otherSlot()).size(), m_store->layout().fileBytes());
        EXPECT_FALSE(m_store->verify(true, {}, {})->previousUsable);
    }
    ASSERT_TRUE(commitState(*m_store, m_table, 2).ok());
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 2));
}

TEST_F(DamageTest, AMissingCommittedSlotGivesTheStateBefore) {
    createAndCommit(2);
    ASSERT_TRUE(m_files->remove(kRun / slotName(m_store->committedSlot())).ok());
    reopenWell();
    EXPECT_TRUE(holdsState(*m_store, m_table, 1));
    EXPECT_TRUE(says(m_store->notices(), "slots/A is missing"));
}

TEST_F(DamageTest, NewerFormatsAreRefused) {
    for (const bool record : {true, false}) {
        m_files = makeMemoryFiles();
        createAndCommit(2);
        if (record)
            makeNewer(*m_files, kRun / "HEAD", headOffset(3), "GSSTHEAD");
        else
            makeNewer(*m_files, kRun / "slots/B", 0, "GSSTSLOT");
        auto opened = reopen();
        ASSERT_FALSE(opened.ok());
        EXPECT_EQ(opened.error().code, ErrorCode::NewerVersion);
    }
}

TEST_F(DamageTest, AnotherModelIsRefused) {
    createAndCommit(2);
    ModelSpec other = tinyModel();
    other.ffnWidth += 8;
    const TensorTable table(other);
    auto opened = StateStore::open(*m_files, kRun, table, exactFormat(table), Caching::Direct);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().code, ErrorCode::InvalidInput);
    EXPECT_NE(opened.error().text().find("another model"), std::string::npos);
}

TEST_F(DamageTest, EmptyFoldersAndUnfinishedRunsAreTold) {
    auto nothing = reopen();
    ASSERT_FALSE(nothing.ok());
    EXPECT_EQ(nothing.error().code, ErrorCode::NotFound);
    ASSERT_TRUE(StateStore::create(*m_files, kRun, m_table, exactFormat(m_table), Caching::Direct).ok());
    expectCorrupt("before its first commit");
}

}  // namespace
}  // namespace gsst::test
