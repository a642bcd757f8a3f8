// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes as FORMAT.md states them. The sums in here were computed by another implementation of XXH3 (the Python
// package).
#include "store/commit_record.h"
#include "store/little_endian.h"
#include "store/slot_header.h"
#include "store/sum_table.h"
#include "store_fixture.h"

#include <gtest/gtest.h>

#include <thread>

namespace gsst {
namespace {

using Block = std::array<std::byte, kSealedBytes>;

std::string hex(std::span<const std::byte> bytes) {
    std::string text;
    for (const std::byte byte : bytes)
        for (const unsigned digit : {unsigned(byte) >> 4, unsigned(byte) & 15u})
            text += "0123456789abcdef"[digit];
    return text;
}

CommitRecord sampleRecord() {
    CommitRecord record;
    record.generation = 0x0102030405060708;
    record.slot = 1;
    record.step = 411;
    for (size_t i = 0; i < record.rootHash.size(); ++i)
        record.rootHash[i] = uint8_t(i);
    record.metricsBytes = 123456;
    record.samplesBytes = 789;
    record.clippedMask = 0x8000000000000005;
    record.clippedCount = 64;
    record.skippedInARow = 2;
    record.skippedSteps = 7;
    record.lossScale = 65536;
    record.lossScaleAge = 1999;
    return record;
}

TEST(Format, BytesOfACommitRecord) {
    Block block;
    encode(sampleRecord(), block);
    EXPECT_EQ(hex(std::span(block).first(104)), "4753535448454144"
                                                "01000000"
                                                "01000000"
                                                "0807060504030201"
                                                "9b01000000000000"
                                                "000102030405060708090a0b0c0d0e0f"
                                                "40e2010000000000"
                                                "1503000000000000"
                                                "0500000000000080"
                                                "40000000"
                                                "02000000"
                                                "0700000000000000"
                                                "000000000000f040"
                                                "cf07000000000000");
    EXPECT_TRUE(std::all_of(block.begin() + 104, block.end() - 8, [](std::byte byte) { return byte == std::byte{0}; }));
    EXPECT_EQ(hex(std::span(block).last(8)), "ac5eb097331c2550");
    EXPECT_EQ(sampleRecord().rootHashHex(), "000102030405060708090a0b0c0d0e0f");
}

TEST(Format, RecordsComeBackAsTheyWere) {
    Block block;
    for (CommitRecord record : {sampleRecord(), CommitRecord{}}) {
        encode(record, block);
        const DecodedRecord decoded = decodeRecord(block);
        EXPECT_EQ(decoded.seal, Seal::Good);
        EXPECT_EQ(decoded.record, record);
    }
}

CommitRecord recordWithRecentSteps() {
    CommitRecord record = sampleRecord();
    record.gradientNorm = 1.5;
    record.dataOrder = 3;
    record.recent.add(0.5f, 2.0f);
    record.recent.add(1.0f, -0.0f);
    return record;
}

TEST(Format, BytesOfRecentStepsAndDataOrder) {
    Block block;
    encode(recordWithRecentSteps(), block);
    EXPECT_EQ(hex(std::span(block).subspan(8, 4)), "03000000");
    EXPECT_EQ(hex(std::span(block).subspan(104, 24)), "000000000000f83f"
                                                      "0300000000000000"
                                                      "02000000"
                                                      "00000000");
    EXPECT_EQ(hex(std::span(block).subspan(128, 12)), "0000803f"
                                                      "0000003f"
                                                      "00000000")
        << "losses, newest first";
    EXPECT_EQ(hex(std::span(block).subspan(640, 12)), "00000080"
                                                      "00000040"
                                                      "00000000")
        << "norms";
    EXPECT_TRUE(
        std::all_of(block.begin() + 1152, block.end() - 8, [](std::byte byte) { return byte == std::byte{0}; }));
    CommitRecord full = recordWithRecentSteps();
    for (int i = 0; i < RecentSteps::kMost; ++i)
        full.recent.add(float(i) + 0.25f, float(i) + 0.75f);
    for (const CommitRecord& record : {recordWithRecentSteps(), full}) {
        encode(record, block);
        EXPECT_EQ(decodeRecord(block).seal, Seal::Good);
        EXPECT_EQ(decodeRecord(block).record, record);
    }
    EXPECT_EQ(hex(std::span(block).subspan(636, 8)), "0000803e"
                                                     "0080ff42")
        << "the oldest loss and the newest norm meet";
}

TEST(Format, EitherOfThemMakesARecordVersionThree) {
    Block block;
    CommitRecord record = sampleRecord();
    encode(record, block);
    EXPECT_EQ(hex(std::span(block).subspan(8, 4)), "01000000");
    record.dataOrder = 1;
    encode(record, block);
    EXPECT_EQ(hex(std::span(block).subspan(8, 4)), "03000000");
    record.dataOrder = 0;
    record.recent.add(1, 1);
    encode(record, block);
    EXPECT_EQ(hex(std::span(block).subspan(8, 4)), "03000000");
}

TEST(Format, RecentStepsThatCannotBeAreDamage) {
    Block block;
    encode(recordWithRecentSteps(), block);
    for (size_t offset : {size_t{128}, size_t{132}, size_t{640}, size_t{644}})
        for (uint32_t bits : {0x7f800000u, 0xff800000u, 0x7fc00000u}) {
            Block changed = block;
            putLittle(std::span<std::byte>(changed), offset, bits);
            seal(changed, "GSSTHEAD", 3);
            EXPECT_EQ(decodeRecord(changed).seal, Seal::Damaged) << offset;
        }
    putLittle(std::span<std::byte>(block), 120, uint32_t{129});
    seal(block, "GSSTHEAD", 3);
    EXPECT_EQ(decodeRecord(block).seal, Seal::Damaged);
}

TEST(Format, ALossScaleThatCannotBeIsDamage) {
    Block block;
    for (const double scale :
         {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
        CommitRecord record = sampleRecord();
        record.lossScale = scale;
        encode(record, block);
        EXPECT_EQ(decodeRecord(block).seal, Seal::Damaged) << scale;
    }
}

TEST(Format, EveryFlippedBitOfARecordIsSeen) {
    Block block;
    encode(sampleRecord(), block);
    for (size_t bit = 0; bit < kSealedBytes * 8; ++bit) {
        block[bit / 8] ^= std::byte(1u << bit % 8);
        ASSERT_EQ(decodeRecord(block).seal, Seal::Damaged) << bit;
        block[bit / 8] ^= std::byte(1u << bit % 8);
    }
}

TEST(Format, ZerosAndNonsenseAreDamaged) {
    Block block{};
    EXPECT_EQ(decodeRecord(block).seal, Seal::Damaged);
    EXPECT_EQ(decodeHeader(block).seal, Seal::Damaged);
    encode(sampleRecord(), block);
    putLittle(std::span<std::byte>(block), 12, uint32_t{2});  // a third slot
    seal(block, "GSSTHEAD");
    EXPECT_EQ(decodeRecord(block).seal, Seal::Damaged);
    encode(sampleRecord(), block);
    putLittle(std::span<std::byte>(block), 72, uint32_t{65});
    seal(block, "GSSTHEAD");
    EXPECT_EQ(decodeRecord(block).seal, Seal::Damaged);
    EXPECT_EQ(decodeHeader(block).seal, Seal::Damaged) << "a record is no header";
}

TEST(Format, NewerVersionsAreKnownAsSuch) {
    Block block;
    encode(sampleRecord(), block);
    seal(block, "GSSTHEAD", kStateFormatVersion + 1);
    EXPECT_EQ(decodeRecord(block).seal, Seal::NewerVersion);
    block[100] ^= std::byte{1};
    EXPECT_EQ(decodeRecord(block).seal, Seal::Damaged) << "damage is not taken for a new version";
}

TEST(Format, BytesOfASlotHeader) {
    SlotHeader header;
    header.units = 4;
    for (size_t i = 0; i < 16; ++i)
        header.modelHash[i] = uint8_t(0xf0 + i);
    header.blocks = 17;
    header.sumsOffset = 0x123456000;
    header.sumsBytes = 544;
    header.fileBytes = 0x123457000;
    header.blockElements = 65536;
    header.tensorAlignment = 2048;
    Block block;
    encode(header, block);
    EXPECT_EQ(hex(std::span(block).first(72)), "47535354534c4f54"
                                               "01000000"
                                               "04000000"
                                               "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
                                               "1100000000000000"
                                               "0060452301000000"
                                               "2002000000000000"
                                               "0070452301000000"
                                               "00000100"
                                               "00080000");
    EXPECT_EQ(decodeHeader(block).header, header);
    EXPECT_TRUE(std::all_of(block.begin() + 72, block.end() - 8, [](std::byte byte) { return byte == std::byte{0}; }));
    header.preset = 2;
    encode(header, block);
    EXPECT_EQ(hex(std::span(block).subspan(8, 4)), "02000000") << "of a version that knows presets";
    EXPECT_EQ(hex(std::span(block).subspan(72, 8)), "0200000000000000");
    EXPECT_EQ(decodeHeader(block).header, header);
    header.optimizer = 1;
    encode(header, block);
    EXPECT_EQ(hex(std::span(block).subspan(8, 4)), "05000000") << "of a version that knows optimizers";
    EXPECT_EQ(hex(std::span(block).subspan(88, 4)), "01000000");
    EXPECT_EQ(decodeHeader(block).header, header);
}

TEST(Format, ModelHashTellsModelsApart) {
    const TensorTable one(test::tinyModel());
    ModelSpec changed = test::tinyModel();
    EXPECT_EQ(modelHash(one), modelHash(TensorTable(changed)));
    changed.vocabulary += 1;
    EXPECT_NE(modelHash(one), modelHash(TensorTable(changed)));
    changed = test::tinyModel();
    changed.tiedHead = false;
    EXPECT_NE(modelHash(one), modelHash(TensorTable(changed)));
}

TEST(Format, SumOfABlock) {
    std::vector<std::byte> bytes(4096);
    for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = std::byte(i % 251);
    EXPECT_EQ(stateSum(bytes), 0x7135ffa504f1bc71u);
}

TEST(Format, TableOfSumsAndItsRoot) {
    SumTable sums(2);
    for (int block = 0; block < 2; ++block)
        for (StateKind kind : kStateKinds)
            sums.set(block, kind, 0x1111u * uint64_t(4 * block + int(kind) + 1));
    EXPECT_EQ(hexText(sums.root()), "50d83f6828a9aebd1cbacb136f769e79");
    std::vector<std::byte> bytes(sums.serialisedBytes() + 8, std::byte{0xee});
    sums.serialise(bytes);
    EXPECT_EQ(hex(std::span(bytes).first(16)), "11110000000000002222000000000000");
    EXPECT_EQ(bytes[64], std::byte{0xee});
    SumTable back(2);
    back.parse(bytes);
    EXPECT_EQ(back.root(), sums.root());
    EXPECT_EQ(back.get(1, StateKind::Lo), 0x6666u);
}

TEST(Format, TableOfSumsHasTheKindsOfThePreset) {
    const TensorTable table(test::quantizedModel());
    SumTable sums(StateFormat(table, StatePreset::Lean, kAdamW, kWholeState));
    const size_t blocks = table.blocks().size();
    ASSERT_EQ(sums.serialisedBytes(), blocks * 3 * 8);
    for (int block = 0; block < int(blocks); ++block)
        for (StateKind kind : {StateKind::Hi, StateKind::Moment1, StateKind::Moment2})
            sums.set(block, kind, uint64_t(block) << 8 | uint64_t(kind));
    EXPECT_TRUE(sums.complete());
    std::vector<std::byte> bytes(sums.serialisedBytes());
    sums.serialise(bytes);
    EXPECT_EQ(hex(std::span(bytes).subspan(24, 24)), "0001000000000000"
                                                     "0201000000000000"
                                                     "0301000000000000");
}

TEST(Format, TableOfSumsHasTheKindsOfTheOptimizer) {
    const TensorTable table(test::quantizedModel());
    const size_t blocks = table.blocks().size();
    EXPECT_EQ(SumTable(StateFormat(table, StatePreset::Exact, kLion, kWholeState)).serialisedBytes(), blocks * 3 * 8);
    SumTable sums(StateFormat(table, StatePreset::Lean, kLion, kWholeState));
    ASSERT_EQ(sums.serialisedBytes(), blocks * 2 * 8);
    for (int block = 0; block < int(blocks); ++block)
        for (StateKind kind : {StateKind::Hi, StateKind::Moment1})
            sums.set(block, kind, uint64_t(block) << 8 | uint64_t(kind));
    EXPECT_TRUE(sums.complete());
    std::vector<std::byte> bytes(sums.serialisedBytes());
    sums.serialise(bytes);
    EXPECT_EQ(hex(std::span(bytes).subspan(16, 16)), "0001000000000000"
                                                     "0201000000000000");
}

TEST(Format, ATableIsCompleteOnlyWithAllSums) {
    SumTable sums(3);
    for (int block = 0; block < 3; ++block)
        for (StateKind kind : kStateKinds) {
            EXPECT_FALSE(sums.complete());
            sums.set(block, kind, 0);
        }
    EXPECT_TRUE(sums.complete());
    sums.startNew();
    EXPECT_FALSE(sums.complete());
}

TEST(Format, SumsAreSetFromSeveralThreads) {
    constexpr int kBlocks = 1000;
    SumTable sums(kBlocks);
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread)
            threads.emplace_back([&sums, thread] {
                for (int block = thread; block < kBlocks; block += 4)
                    for (StateKind kind : kStateKinds)
                        sums.set(block, kind, uint64_t(block * 4 + int(kind)));
            });
    }
    EXPECT_TRUE(sums.complete());
    for (int block = 0; block < kBlocks; ++block)
        for (StateKind kind : kStateKinds)
            ASSERT_EQ(sums.get(block, kind), uint64_t(block * 4 + int(kind)));
}

TEST(Format, ClippingHistory) {
    CommitRecord record;
    EXPECT_EQ(record.clippedShare(), 0.0);
    record.noteClipped(true);
    record.noteClipped(false);
    EXPECT_EQ(record.clippedMask, 2u);
    EXPECT_EQ(record.clippedShare(), 0.5);
    for (int i = 0; i < 100; ++i)
        record.noteClipped(true);
    EXPECT_EQ(record.clippedCount, 64);
    EXPECT_EQ(record.clippedShare(), 1.0);
}

}  // namespace
}  // namespace gsst
