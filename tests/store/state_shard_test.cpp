// SPDX-License-Identifier: GPL-3.0-or-later
// The part of a state that one of several ranks keeps.
#include "store/slot_header.h"
#include "store_fixture.h"

namespace gsst::test {
namespace {

constexpr StateShard kFirst{0, 2, Precision::Bf16};
constexpr StateShard kSecond{1, 2, Precision::Bf16};

class StateShards : public testing::TestWithParam<StatePreset> {
protected:
    StateFormat format(const StateShard& share) const { return StateFormat(table, GetParam(), kAdamW, share); }
    Result<std::unique_ptr<StateStore>> open(const std::filesystem::path& folder, const StateShard& share) {
        return StateStore::open(*files, folder, table, format(share), Caching::Direct);
    }
    std::unique_ptr<StateStore> make(const std::filesystem::path& folder, const StateShard& share) {
        auto store = StateStore::create(*files, folder, table, format(share), Caching::Direct);
        EXPECT_TRUE(store.ok()) << store.error().text();
        const Status status = commitState(**store, table, 0);
        EXPECT_TRUE(status.ok()) << status.error().text();
        return std::move(*store);
    }

    const TensorTable table{wideModel()};
    std::unique_ptr<FileSystem> files = makeMemoryFiles();
};

TEST_P(StateShards, AreCommittedCheckedAndOpenedLikeAnyState) {
    auto store = make("first", kFirst);
    for (int64_t step = 1; step <= 3; ++step) {
        const Status status = commitState(*store, table, step);
        ASSERT_TRUE(status.ok()) << status.error().text();
    }
    const Hash128 root = store->committed().rootHash;
    store.reset();
    auto opened = open("first", kFirst);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    EXPECT_EQ((*opened)->committed().rootHash, root);
    const auto report = (*opened)->verify(true, {}, {});
    ASSERT_TRUE(report.ok());
    EXPECT_TRUE(report->damaged.empty());
    EXPECT_TRUE(report->previousUsable);
    ASSERT_TRUE((*opened)->rollBackToPrevious().ok());
    EXPECT_EQ((*opened)->committed().step, 2);
}

TEST_P(StateShards, DamageInThemIsFound) {
    auto store = make("first", kFirst);
    const SlotLayout& layout = store->layout();
    int held = 0;
    for (int block = 0; block < layout.format().blockCount(); ++block)
        held += layout.format().holds(block, StateKind::Moment2) ? 1 : 0;
    ASSERT_LT(held, layout.format().blockCount());
    ASSERT_GT(held, 0);
    for (int block = 0; block < layout.format().blockCount(); ++block) {
        if (!layout.format().holds(block, StateKind::Moment2))
            continue;
        const Extent extent = layout.blocks(block, 1, StateKind::Moment2);
        const auto buffer = AlignedBuffer::create(extent.bytes);
        ASSERT_TRUE(buffer.ok());
        File& file = store->file(store->committedSlot());
        ASSERT_TRUE(file.read(extent.offset, buffer->span()).ok());
        buffer->data()[7] ^= std::byte{1};
        ASSERT_TRUE(file.write(extent.offset, buffer->span()).ok());
        const auto report = store->verify(false, {}, {});
        ASSERT_TRUE(report.ok());
        ASSERT_EQ(report->damaged.size(), 1u);
        EXPECT_EQ(report->damaged[0].block, block);
        buffer->data()[7] ^= std::byte{1};
        ASSERT_TRUE(file.write(extent.offset, buffer->span()).ok());
    }
}

TEST_P(StateShards, ACommitNeedsAllOfIt) {
    auto store = make("first", kFirst);
    ASSERT_TRUE(writeState(*store, table, store->otherSlot(), 1).ok());
    const int last = store->layout().format().blockCount() - 1;
    int own = last;
    while (!store->layout().format().owns(own))
        --own;
    ASSERT_TRUE(store->commit(store->otherSlot(), {}).ok());
    // All but one block that it owns, of a kind that is divided.
    for (int block = 0; block <= last; ++block)
        for (StateKind kind : store->layout().format().kinds())
            if (store->layout().format().holds(block, kind) && !(block == own && kind == StateKind::Moment1))
                store->recordSum(store->otherSlot(), block, kind, 1);
    const Status status = store->commit(store->otherSlot(), {});
    EXPECT_FALSE(status.ok());
}

TEST_P(StateShards, AreNotTakenForThoseOfAnotherRankOrForAWholeState) {
    make("first", kFirst);
    make("whole", {});
    for (const auto& [folder, share] : {std::pair<const char*, StateShard>{"first", kSecond},
                                        {"first", {}},
                                        {"first", {0, 3, Precision::Bf16}},
                                        {"whole", kFirst}}) {
        const auto opened = open(folder, share);
        ASSERT_FALSE(opened.ok()) << folder;
        EXPECT_EQ(opened.error().code, ErrorCode::InvalidInput);
        EXPECT_EQ(opened.error().what, "The saved state is that of another rank");
    }
}

TEST_P(StateShards, HaveTheSameWeightsWhoeverKeepsThem) {
    const auto first = make("first", kFirst);
    const auto second = make("second", kSecond);
    // fillSection() depends on the section alone, and that of the weights is whole.
    EXPECT_EQ(first->weightsHash(), second->weightsHash());
    EXPECT_NE(first->committed().rootHash, second->committed().rootHash);
    ASSERT_TRUE(commitState(*second, table, 1).ok());
    EXPECT_NE(first->weightsHash(), second->weightsHash());
}

TEST_P(StateShards, TheHeaderSaysWhoseTheyAre) {
    std::array<std::byte, kSealedBytes> block;
    encode(slotHeaderOf(table, SlotLayout(table, format(kSecond))), block);
    EXPECT_EQ(std::to_integer<int>(block[8]), 4) << "format version";
    EXPECT_EQ(std::to_integer<int>(block[76]), 2) << "ranks";
    EXPECT_EQ(std::to_integer<int>(block[80]), 1) << "rank";
    EXPECT_EQ(std::to_integer<int>(block[84]), 1) << "weights alone are whole with bf16";
    encode(slotHeaderOf(table, SlotLayout(table, StateFormat(table, GetParam(), kAdamW, {1, 2, Precision::Fp32}))),
           block);
    EXPECT_EQ(std::to_integer<int>(block[84]), GetParam() == StatePreset::Lean ? 1 : 3)
        << "and the remainders with fp32";
    EXPECT_EQ(decodeHeader(block).header.rank, 1u);
}

INSTANTIATE_TEST_SUITE_P(All, StateShards, testing::ValuesIn(kPresets),
                         [](const auto& each) { return std::string(nameOf(each.param)); });

}  // namespace
}  // namespace gsst::test
