// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/aligned_buffer.h"
#include "io/twins/memory_files.h"
#include "spec/tensor_table.h"
#include "store/state_store.h"
#include "tests/support/exact_format.h"
#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

namespace gsst::test {

inline const std::filesystem::path kRun = "run";

/// A model whose slots are a few hundred KiB.
inline ModelSpec tinyModel() {
    return modelOf(Family::Gpt2, {.width = 16, .ffnWidth = 32, .vocabulary = 64, .context = 8});
}

/// One whose embedding has several blocks, the last of them short.
inline ModelSpec wideModel() {
    ModelSpec model = tinyModel();
    model.vocabulary = 9000;
    return model;
}

/// One that has moments in 8 bits, with preset mixed or lean, and others.
inline ModelSpec quantizedModel() {
    ModelSpec model = tinyModel();
    model.width = 48;
    model.ffnWidth = 96;
    return model;
}

inline constexpr std::array kPresets{StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean};

/// The bytes of one section of a unit in the state number `state`: random-looking, all different.
inline void fillSection(std::span<std::byte> bytes, uint64_t state, int unit, StateKind kind) {
    uint64_t x = (state + 1) * 0x9e3779b97f4a7c15u ^ uint64_t(unit) << 32 ^ uint64_t(kind) << 40;
    for (std::byte& byte : bytes) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        byte = std::byte(x >> 56);
    }
}

/// Writes and records all of state `state` in `slot`, a section of a unit at a time.
inline Status writeState(StateStore& store, const TensorTable& table, int slot, uint64_t state) {
    for (int unit = 0; unit < table.unitCount(); ++unit)
        for (StateKind kind : store.layout().format().kinds()) {
            const UnitInfo& info = table.units()[size_t(unit)];
            const Extent section = store.layout().blocks(info.firstBlock, info.blockCount, kind);
            if (section.bytes == 0)
                continue;
            GSST_ASSIGN(const AlignedBuffer buffer, AlignedBuffer::create(section.bytes));
            fillSection(buffer.span(), state, unit, kind);
            for (int block = info.firstBlock; block < info.firstBlock + info.blockCount; ++block) {
                const Extent extent = store.layout().blocks(block, 1, kind);
                if (extent.bytes > 0)
                    store.recordBlock(slot, block, kind,
                                      buffer.span().subspan(extent.offset - section.offset, extent.bytes));
            }
            GSST_TRY(store.file(slot).write(section.offset, buffer.span()));
        }
    return {};
}

/// Writes state number `step` to the free slot and commits it as step `step`.
inline Status commitState(StateStore& store, const TensorTable& table, int64_t step) {
    const int slot = store.otherSlot();
    GSST_TRY(writeState(store, table, slot, uint64_t(step)));
    CommitRecord record;
    record.step = step;
    record.metricsBytes = uint64_t(step) * 100;
    return store.commit(slot, record);
}

/// Whether the committed slot holds state number `step` in every byte.
inline testing::AssertionResult holdsState(StateStore& store, const TensorTable& table, int64_t step) {
    if (store.committed().step != step)
        return testing::AssertionFailure() << "committed is step " << store.committed().step << ", not " << step;
    for (int unit = 0; unit < table.unitCount(); ++unit)
        for (StateKind kind : store.layout().format().kinds()) {
            const UnitInfo& info = table.units()[size_t(unit)];
            const Extent section = store.layout().blocks(info.firstBlock, info.blockCount, kind);
            auto wanted = AlignedBuffer::create(section.bytes);
            auto found = AlignedBuffer::create(section.bytes);
            if (!wanted.ok() || !found.ok())
                return testing::AssertionFailure() << "no memory";
            fillSection(wanted->span(), uint64_t(step), unit, kind);
            const Status read = store.file(store.committedSlot()).read(section.offset, found->span());
            if (!read.ok())
                return testing::AssertionFailure() << read.error().text();
            if (!std::ranges::equal(wanted->span(), found->span()))
                return testing::AssertionFailure()
                       << "unit " << unit << ", " << nameOf(kind) << " is not that of step " << step;
        }
    return testing::AssertionSuccess();
}

/// Flips one bit of a file.
inline void flipBit(FileSystem& files, const std::filesystem::path& path, uint64_t offset) {
    auto file = files.open(path, OpenMode::ReadWrite, Caching::Buffered);
    ASSERT_TRUE(file.ok()) << file.error().text();
    std::byte byte{};
    ASSERT_TRUE((*file)->read(offset, {&byte, 1}).ok());
    byte ^= std::byte{4};
    ASSERT_TRUE((*file)->write(offset, {&byte, 1}).ok());
}

/// Runs in memory, with the states of some steps committed.
class StoreTest : public testing::Test {
protected:
    void createAndCommit(int64_t lastStep) {
        auto made = StateStore::create(*m_files, kRun, m_table, format(), Caching::Direct);
        ASSERT_TRUE(made.ok()) << made.error().text();
        m_store = std::move(*made);
        for (int64_t step = 0; step <= lastStep; ++step) {
            const Status status = commitState(*m_store, m_table, step);
            ASSERT_TRUE(status.ok()) << status.error().text();
        }
    }
    /// Closes the store and opens it again.
    Result<std::unique_ptr<StateStore>> reopen() {
        m_store.reset();
        return StateStore::open(*m_files, kRun, m_table, format(), Caching::Direct);
    }
    void reopenWell() {
        auto opened = reopen();
        ASSERT_TRUE(opened.ok()) << opened.error().text();
        m_store = std::move(*opened);
    }
    StateFormat format() const { return {m_table, m_preset, kAdamW, kWholeState}; }
    uint64_t headOffset(uint64_t generation) const { return generation % 8 * 4096; }

    std::unique_ptr<FileSystem> m_files = makeMemoryFiles();
    TensorTable m_table{tinyModel()};
    StatePreset m_preset = StatePreset::Exact;
    std::unique_ptr<StateStore> m_store;
};

/// The same for each preset, with a model to which the presets matter.
class PresetStoreTest : public StoreTest, public testing::WithParamInterface<StatePreset> {
protected:
    PresetStoreTest() {
        m_table = TensorTable(quantizedModel());
        m_preset = GetParam();
    }
};
#define GSST_FOR_EACH_PRESET(fixture)                                                                                  \
    INSTANTIATE_TEST_SUITE_P(Presets, fixture, testing::ValuesIn(kPresets),                                            \
                             [](const auto& each) { return nameOf(each.param); })

}  // namespace gsst::test
