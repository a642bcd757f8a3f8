// SPDX-License-Identifier: GPL-3.0-or-later
// The power goes before every single change of a story, and the run must come back whole.
#include "store_fixture.h"

#include "io/twins/crash_files.h"

#include <limits>
#include <string>
#include <tuple>

namespace gsst::test {
namespace {

constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kSeeds = 3;

std::string nameOfFormat(const testing::TestParamInfo<std::tuple<OptimizerKind, StatePreset>>& each) {
    return nameOf(std::get<1>(each.param));
}

class CrashTest : public testing::TestWithParam<std::tuple<OptimizerKind, StatePreset>> {
protected:
    /// A run with the states 0 to 1 committed.
    std::unique_ptr<StateStore> begin(CrashFiles& files) {
        EXPECT_TRUE(files.makeFolders(kRun).ok());
        auto made = StateStore::create(files, kRun, m_table, m_format, Caching::Direct);
        EXPECT_TRUE(made.ok()) << made.error().text();
        for (int64_t step = 0; step <= 1; ++step)
            EXPECT_TRUE(commitState(**made, m_table, step).ok());
        return std::move(*made);
    }
    Result<std::unique_ptr<StateStore>> open(FileSystem& files) {
        return StateStore::open(files, kRun, m_table, m_format, Caching::Direct);
    }

    TensorTable m_table{tinyModel()};
    StateFormat m_format{m_table, std::get<1>(GetParam()), optimizerSpec(std::get<0>(GetParam())), kWholeState};
};
INSTANTIATE_TEST_SUITE_P(AdamW, CrashTest,
                         testing::Combine(testing::Values(OptimizerKind::AdamW), testing::ValuesIn(kPresets)),
                         nameOfFormat);
INSTANTIATE_TEST_SUITE_P(Lion, CrashTest, testing::Values(std::tuple(OptimizerKind::Lion, StatePreset::Lean)),
                         nameOfFormat);

TEST_P(CrashTest, CommitsAreAllOrNothing) {
    int64_t crashes = 0;
    int64_t newStates = 0;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        bool finished = false;
        for (uint64_t change = 0; !finished; ++change) {
            CrashFiles files;
            auto store = begin(files);
            files.failFromChange(files.changes() + change);
            int64_t safe = 1;   // the caller was told that it is durable
            int64_t tried = 1;  // it may be
            while (tried < 3 && safe == tried)
                if (commitState(*store, m_table, ++tried).ok())
                    safe = tried;
            finished = safe == 3;
            store.reset();
            files.crash(seed * 1000 + change);
            ++crashes;
            auto opened = open(files);
            ASSERT_TRUE(opened.ok()) << opened.error().text() << " change " << change << " seed " << seed;
            const int64_t step = (*opened)->committed().step;
            ASSERT_TRUE(step == safe || step == tried) << "step " << step << " change " << change << " seed " << seed;
            ASSERT_TRUE(holdsState(**opened, m_table, step)) << "change " << change << " seed " << seed;
            ASSERT_TRUE((*opened)->verify(false, {}, {})->damaged.empty());
            newStates += step > safe;
            // The run goes on from there.
            ASSERT_TRUE(commitState(**opened, m_table, step + 1).ok());
            opened = open(files);
            ASSERT_TRUE(opened.ok());
            ASSERT_TRUE(holdsState(**opened, m_table, step + 1));
        }
    }
    EXPECT_GT(crashes, int64_t(kSeeds) * 2 * int64_t(m_format.kinds().size()) * m_table.unitCount());
    EXPECT_GT(newStates, 0) << "at times the record must have arrived before its sync";
}

TEST_P(CrashTest, AKilledProcessThenACrash) {
    // The first process dies between writing a record and syncing it; the second one goes on, and then the power goes.
    for (uint64_t seed = 0; seed < kSeeds * 4; ++seed) {
        CrashFiles files;
        auto store = begin(files);
        const uint64_t before = files.changes();
        ASSERT_TRUE(commitState(*store, m_table, 2).ok());
        const uint64_t changes = files.changes() - before;
        files.failFromChange(files.changes() + changes - 1);  // all but the last sync
        ASSERT_FALSE(commitState(*store, m_table, 3).ok());
        store.reset();
        files.failFromChange(kNever);
        auto second = open(files);
        ASSERT_TRUE(second.ok()) << second.error().text();
        ASSERT_EQ((*second)->committed().step, 3);
        ASSERT_TRUE(writeState(**second, m_table, (*second)->otherSlot(), 4).ok());
        second->reset();
        files.crash(seed);
        auto third = open(files);
        ASSERT_TRUE(third.ok()) << third.error().text();
        ASSERT_TRUE(holdsState(**third, m_table, 3)) << seed;
    }
}

TEST_P(CrashTest, GoingBackIsAllOrNothing) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        bool finished = false;
        for (uint64_t change = 0; !finished; ++change) {
            CrashFiles files;
            auto store = begin(files);
            files.failFromChange(files.changes() + change);
            finished = store->rollBackToPrevious().ok();
            store.reset();
            files.crash(seed * 1000 + change);
            auto opened = open(files);
            ASSERT_TRUE(opened.ok()) << opened.error().text();
            const int64_t step = (*opened)->committed().step;
            EXPECT_TRUE(step == 0 || (step == 1 && !finished));
            EXPECT_TRUE(holdsState(**opened, m_table, step));
        }
    }
}

TEST_P(CrashTest, SkippedStepsAreAllOrNothing) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        bool finished = false;
        for (uint64_t change = 0; !finished; ++change) {
            CrashFiles files;
            auto store = begin(files);
            files.failFromChange(files.changes() + change);
            CommitRecord record;
            record.step = 2;
            finished = store->commit(store->committedSlot(), record).ok();
            store.reset();
            files.crash(seed * 1000 + change);
            auto opened = open(files);
            ASSERT_TRUE(opened.ok()) << opened.error().text();
            const int64_t step = (*opened)->committed().step;
            EXPECT_TRUE(step == 2 || (step == 1 && !finished));
            EXPECT_TRUE((*opened)->verify(false, {}, {})->damaged.empty());
            EXPECT_EQ((*opened)->committedSlot(), 1);
        }
    }
}

TEST_P(CrashTest, AnUnfinishedRunIsNeverTakenForAState) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
        bool finished = false;
        for (uint64_t change = 0; !finished; ++change) {
            CrashFiles files;
            ASSERT_TRUE(files.makeFolders(kRun).ok());
            files.failFromChange(files.changes() + change);
            {
                auto made = StateStore::create(files, kRun, m_table, m_format, Caching::Direct);
                finished = made.ok() && commitState(**made, m_table, 0).ok();
            }
            files.crash(seed * 1000 + change);
            auto opened = open(files);
            if (!opened.ok()) {
                EXPECT_FALSE(finished) << opened.error().text();
                EXPECT_TRUE(opened.error().code == ErrorCode::NotFound || opened.error().code == ErrorCode::Corrupt);
                continue;
            }
            ASSERT_TRUE(holdsState(**opened, m_table, 0));
        }
    }
}

}  // namespace
}  // namespace gsst::test
