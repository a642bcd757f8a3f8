// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/file.h"
#include "store/slot_layout.h"
#include "store/sum_table.h"
#include "tests/support/exact_format.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

namespace gsst {
namespace {

std::vector<ModelSpec> shapes() {
    using test::modelOf;
    const ModelSpec tiny = modelOf(Family::Gpt2, {.width = 16, .ffnWidth = 32, .vocabulary = 64, .context = 8});
    ModelSpec untied = tiny;
    untied.layers = 3;
    untied.tiedHead = false;
    untied.vocabulary = 9001;
    const ModelSpec llama = modelOf(
        Family::Llama, {.layers = 2, .width = 320, .heads = 5, .ffnWidth = 864, .vocabulary = 1000, .kvHeads = 1});
    return {ModelSpec{}, tiny, untied, llama, test::llama7b()};  // 7B: offsets far beyond 32 bits
}

class Layout : public testing::TestWithParam<std::tuple<ModelSpec, StatePreset, OptimizerKind>> {
protected:
    TensorTable m_table{std::get<0>(GetParam())};
    StateFormat m_format{m_table, std::get<1>(GetParam()), optimizerSpec(std::get<2>(GetParam())), kWholeState};
    SlotLayout m_layout{m_table, m_format};
};
INSTANTIATE_TEST_SUITE_P(Shapes, Layout,
                         testing::Combine(testing::ValuesIn(shapes()),
                                          testing::Values(StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean),
                                          testing::Values(OptimizerKind::AdamW, OptimizerKind::Lion)));

TEST_P(Layout, CoversTheFileWithoutGapsOrOverlaps) {
    std::vector<Extent> extents{m_layout.header(), m_layout.sums()};
    for (size_t block = 0; block < m_table.blocks().size(); ++block)
        for (StateKind kind : m_format.kinds())
            extents.push_back(m_layout.blocks(int(block), 1, kind));
    std::ranges::sort(extents, {}, &Extent::offset);
    uint64_t end = 0;
    for (const Extent& extent : extents) {
        ASSERT_EQ(extent.offset, end);
        ASSERT_GT(extent.bytes, 0u);
        ASSERT_EQ(extent.bytes % kIoAlignment, 0u);
        end += extent.bytes;
    }
    EXPECT_EQ(end, m_layout.fileBytes());
}

TEST_P(Layout, BlocksHoldTheirElements) {
    for (size_t block = 0; block < m_table.blocks().size(); ++block)
        for (StateKind kind : m_format.kinds())
            ASSERT_EQ(m_layout.blocks(int(block), 1, kind).bytes, uint64_t(m_format.bytes(int(block), kind)));
}

TEST_P(Layout, RunsOfBlocksAreContiguous) {
    for (const UnitInfo& unit : m_table.units())
        for (StateKind kind : m_format.kinds()) {
            const Extent all = m_layout.blocks(unit.firstBlock, unit.blockCount, kind);
            EXPECT_EQ(all.bytes, uint64_t(m_format.bytes(unit.firstBlock, unit.blockCount, kind)));
            EXPECT_EQ(all.offset, m_layout.blocks(unit.firstBlock, 1, kind).offset);
            const int last = unit.firstBlock + unit.blockCount - 1;
            const Extent end = m_layout.blocks(last, 1, kind);
            EXPECT_EQ(all.offset + all.bytes, end.offset + end.bytes);
        }
}

TEST_P(Layout, SectionsOfAUnitComeInOrder) {
    uint64_t end = m_layout.header().bytes;
    for (const UnitInfo& unit : m_table.units())
        for (StateKind kind : m_format.kinds()) {
            const Extent section = m_layout.blocks(unit.firstBlock, unit.blockCount, kind);
            EXPECT_EQ(section.offset, end);
            end = section.offset + section.bytes;
        }
    EXPECT_EQ(m_layout.sums().offset, end);
    EXPECT_EQ(end, 4096u + uint64_t(m_format.totalBytes()));
    EXPECT_GE(m_layout.sums().bytes, SumTable(m_format).serialisedBytes());
}

TEST_P(Layout, ExactIsAsItAlwaysWas) {
    if (m_format.preset() != StatePreset::Exact || m_format.optimizer().kind != OptimizerKind::AdamW)
        return;
    const SlotLayout plain(m_table, exactFormat(m_table));
    EXPECT_EQ(plain.sums().offset, 4096u + 12u * uint64_t(m_table.paddedParameters()));
    EXPECT_EQ(plain.fileBytes(), m_layout.fileBytes());
    EXPECT_EQ(SumTable(m_format).serialisedBytes(), 32u * m_table.blocks().size());
    uint64_t offset = 4096;
    for (const UnitInfo& unit : m_table.units()) {
        const auto padded = uint64_t(unit.paddedElements);
        EXPECT_EQ(m_layout.blocks(unit.firstBlock, 1, StateKind::Hi).offset, offset);
        EXPECT_EQ(m_layout.blocks(unit.firstBlock, 1, StateKind::Lo).offset, offset + 2 * padded);
        EXPECT_EQ(m_layout.blocks(unit.firstBlock, 1, StateKind::Moment1).offset, offset + 4 * padded);
        EXPECT_EQ(m_layout.blocks(unit.firstBlock, 1, StateKind::Moment2).offset, offset + 8 * padded);
        offset += 12 * padded;
    }
}

}  // namespace
}  // namespace gsst
