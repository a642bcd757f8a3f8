// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/program/residency.h"
#include "spec/vocabulary_chunks.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <numeric>

namespace gsst {
namespace {

ModelSpec model(Family family, bool tied, int64_t width, int64_t vocabulary) {
    return test::withHead(
        test::modelOf(family,
                      {.layers = 3, .width = width, .ffnWidth = 2 * width, .vocabulary = vocabulary, .context = 100}),
        tied);
}

TrainSpec chunksOf(int64_t rows) {
    TrainSpec training;
    training.vocabularyChunk = rows;
    return training;
}

TEST(VocabularyChunks, AreWholeBlocksAndCoverTheVocabulary) {
    for (int64_t width : {6, 48, 64, 768, 1000, 4096})
        for (int64_t least : {1, 1000, 16384}) {
            const VocabularyChunks chunks(model(Family::Llama, false, width, 50'257), chunksOf(least));
            EXPECT_GE(chunks.rows(), least);
            EXPECT_EQ(chunks.rows() * width % kBlockElements, 0);
            EXPECT_GE(chunks.rows() * chunks.count(), 50'257);
            EXPECT_LT(chunks.rows() * (chunks.count() - 1), 50'257);
        }
    EXPECT_EQ(VocabularyChunks(model(Family::Gpt2, true, 768, 50'257), TrainSpec{}).rows(), 16'384);
    EXPECT_EQ(VocabularyChunks(model(Family::Gpt2, true, 768, 8'192), TrainSpec{}).count(), 1);
}

/// Blocks of the slices, in order.
std::vector<int> blocksOf(const TensorTable& table, const std::vector<SliceRange>& slices, int64_t chunkElements) {
    std::vector<int> blocks;
    for (const SliceRange& slice : slices) {
        int64_t elements = 0;
        for (const ChunkRange& chunk :
             chunksOfSlice(table, StateFormat(table, StatePreset::Exact, kAdamW, kWholeState), slice, chunkElements)) {
            EXPECT_EQ(offsetInSlice(table, slice, chunk.unit, chunk.unitOffset), elements);
            EXPECT_EQ(table.blocks()[size_t(chunk.firstBlock)].offset, chunk.unitOffset);
            elements += chunk.paddedElements;
            for (int block = chunk.firstBlock; block < chunk.firstBlock + chunk.blockCount; ++block)
                blocks.push_back(block);
        }
        EXPECT_EQ(sliceElements(table, slice), elements);
    }
    return blocks;
}

TEST(Slicing, EveryBlockIsInOneSliceInOrder) {
    for (Family family : {Family::Gpt2, Family::Llama})
        for (bool tied : {false, true})
            for (int64_t rows : {0, 1024, 2048, 4096}) {
                const TensorTable table(model(family, tied, 64, 3000));
                std::vector<int> all(table.blocks().size());
                std::iota(all.begin(), all.end(), 0);
                for (int units : {1, 2, 6})
                    for (int64_t chunk : {int64_t{1}, int64_t{100'000}, int64_t{1} << 40})
                        EXPECT_EQ(blocksOf(table, makeSlicing(table, units, rows), chunk), all) << rows;
            }
}

/// An optimizer that needs matrices of the layers whole gets them so, however small chunks are wanted.
TEST(Slicing, ChunksDoNotCutWhatIsUpdatedAsAWhole) {
    const RoleUpdate exceptions[] = {{TensorRole::Up, {kLion.usual.moments, UpdateScope::Matrix}},
                                     {TensorRole::Down, {kLion.usual.moments, UpdateScope::Matrix}}};
    const OptimizerSpec spec{OptimizerKind::Lion, {kLion.usual.moments}, exceptions, {}};
    const TensorTable table(model(Family::Gpt2, true, 320, 3000));
    const StateFormat format(table, StatePreset::Exact, spec, kWholeState),
        cutting(table, StatePreset::Exact, kLion, kWholeState);
    const SliceRange layer = makeSlicing(table, 2)[1];
    for (const int64_t elements : {int64_t{1}, kBlockElements, 3 * kBlockElements, int64_t{1} << 40}) {
        std::vector<int> starts, begun;
        int end = table.units()[1].firstBlock;
        bool larger = false;
        for (const ChunkRange& chunk : chunksOfSlice(table, format, layer, elements)) {
            EXPECT_EQ(chunk.firstBlock, end) << "no block is left out";
            end = chunk.firstBlock + chunk.blockCount;
            for (const int block : {chunk.firstBlock, end}) {
                const TensorInfo& tensor = table.tensors()[size_t(table.blocks()[size_t(block)].tensor)];
                const bool whole = tensor.role == TensorRole::Up || tensor.role == TensorRole::Down;
                EXPECT_TRUE(!whole || block == tensor.firstBlock) << tensor.name << ", chunks of " << elements;
                larger = larger || (chunk.paddedElements > elements && chunk.blockCount > 1);
            }
        }
        EXPECT_EQ(end, table.units()[3].firstBlock);
        EXPECT_EQ(larger, elements <= 3 * kBlockElements) << "matrices of four blocks";
        EXPECT_EQ(chunksOfSlice(table, cutting, layer, 1).size(),
                  size_t(table.units()[3].firstBlock - table.units()[1].firstBlock))
            << "block by block where nothing is whole";
    }
}

TEST(Slicing, VocabularySlicesHaveTheirRows) {
    const TensorTable table(model(Family::Gpt2, false, 64, 3000));
    const std::vector<SliceRange> slices = makeSlicing(table, 2, 1024);
    ASSERT_EQ(slices.size(), size_t(3 + 3 + 1 + 3));
    const RowRange expected[] = {{0, 1024}, {1024, 1024}, {2048, 952}};
    for (int part = 0; part < 3; ++part) {
        EXPECT_EQ(slices[size_t(part)].firstUnit, 0);
        for (const SliceRange& slice : {slices[size_t(part)], slices[size_t(7 + part)]}) {
            EXPECT_EQ(rowsOfSlice(table, slice).first, expected[part].first);
            EXPECT_EQ(rowsOfSlice(table, slice).count, expected[part].count);
        }
        EXPECT_EQ(rowsOfSlice(table, slices[size_t(3 + part)]).count, 0) << "layers have none";
    }
    EXPECT_EQ(rowsOfSlice(table, slices[6]).count, 0) << "the norm of the head";
    EXPECT_EQ(sliceElements(table, slices[6]), 2 * kTensorAlignment);
    // The positions, 100 rows, go with the last rows of the embedding.
    EXPECT_EQ(sliceElements(table, slices[2]), 61'440 + 8'192);
    EXPECT_EQ(sliceElements(table, slices[9]), 61'440);
    const TensorTable tied(model(Family::Llama, true, 64, 3000));
    EXPECT_EQ(makeSlicing(tied, 2, 2048).size(), size_t(2 + 3 + 1));
    EXPECT_EQ(makeSlicing(tied, 2, 4096), makeSlicing(tied, 2)) << "nothing to cut";
}

}  // namespace
}  // namespace gsst
