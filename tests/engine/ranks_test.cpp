// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/agreement.h"
#include "engine_fixture.h"
#include "fake_collective.h"
#include "io/twins/memory_files.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace gsst::test {
namespace {

constexpr Hash128 kSameRun{1, 2, 3};

FakeOptions optionsOf(UpdateRule rule, Placement placement, double bound) {
    FakeOptions options;
    options.rule = rule;
    options.placement = std::move(placement);
    options.clip = fakeClipping(bound);
    options.sequences = 4;  // two micro-batches
    return options;
}

/// Two ranks as threads, each with a folder of its own.
class TwoRanks {
public:
    TwoRanks(FileSystem& files, const TensorTable& table, FakeOptions options,
             std::array<EngineObserver*, 2> observers = {})
        : m_files(files), m_table(table), m_options(std::move(options)), m_observers(observers) {
        meet();
        for (int rank : {0, 1})
            run(rank).create();
    }

    /// As if both were started anew.
    void meet() {
        m_place = std::make_unique<FakeRendezvous>(2);
        for (int rank : {0, 1}) {
            m_runs[size_t(rank)].reset();
            m_ranks[size_t(rank)] = std::make_unique<FakeCollective>(*m_place, rank);
            FakeOptions own = m_options;
            own.collective = m_ranks[size_t(rank)].get();
            own.observer = m_observers[size_t(rank)];
            m_runs[size_t(rank)] =
                std::make_unique<FakeRun>(m_files, "rank" + std::to_string(rank), m_table, own,
                                          std::make_unique<DelayingDevice>(m_pools[size_t(rank)], uint64_t(rank + 1)));
        }
    }

    /// Both at once; each leaves the meeting place when it fails, as a process would.
    template <typename Work>
    void both(Work work) {
        std::array<std::thread, 2> threads;
        for (int rank : {0, 1})
            threads[size_t(rank)] = std::thread([this, rank, &work] {
                if (!work(run(rank)))
                    m_place->leave(rank);
            });
        for (std::thread& thread : threads)
            thread.join();
    }

    FakeRun& run(int rank) { return *m_runs[size_t(rank)]; }
    FakeCollective& rank(int number) { return *m_ranks[size_t(number)]; }

private:
    FileSystem& m_files;
    const TensorTable& m_table;
    FakeOptions m_options;
    std::array<EngineObserver*, 2> m_observers;
    std::array<HostPool, 2> m_pools{HostPool(0), HostPool(0)};  // a pool knows the order of one device only
    std::unique_ptr<FakeRendezvous> m_place;
    std::array<std::unique_ptr<FakeCollective>, 2> m_ranks;
    std::array<std::unique_ptr<FakeRun>, 2> m_runs;
};

struct Case {
    const char* name;
    UpdateRule rule;
    Placement placement;
};

class Ranks : public testing::TestWithParam<Case> {
protected:
    /// A bound of the norm that some steps pass and some do not.
    void SetUp() override {
        FakeRun free(*files, "free", table, optionsOf(UpdateRule::Deferred, residentPlacement(), 1e9),
                     std::make_unique<CpuDevice>(pool));
        free.create();
        free.open();
        free.steps(5);
        std::sort(free.norms.begin(), free.norms.end());
        m_bound = free.norms[2];
    }
    FakeOptions options() const { return optionsOf(GetParam().rule, GetParam().placement, m_bound); }

    /// What each rank keeps is what one process has there.
    void compare(TwoRanks& ranks, FakeRun& alone) {
        std::vector<std::byte> expected, found;
        for (int rank : {0, 1}) {
            StateStore& store = ranks.run(rank).store();
            EXPECT_EQ(store.committed().step, alone.store().committed().step) << "rank " << rank;
            int64_t differing = 0, compared = 0;
            for (int block = 0; block < store.layout().format().blockCount(); ++block)
                for (StateKind kind : store.layout().format().kinds()) {
                    if (!store.layout().format().holds(block, kind))
                        continue;
                    readBlock(store, block, kind, found);
                    readBlock(alone.store(), block, kind, expected);
                    differing += found == expected ? 0 : 1;
                    ++compared;
                }
            EXPECT_EQ(differing, 0) << "rank " << rank;
            EXPECT_LE(compared, 3 * store.layout().format().blockCount() + 3 * 4) << "it keeps half of what is divided";
        }
    }
    static void readBlock(StateStore& store, int block, StateKind kind, std::vector<std::byte>& into) {
        const Extent extent = store.layout().blocks(block, 1, kind);
        const auto buffer = AlignedBuffer::create(extent.bytes);
        ASSERT_TRUE(buffer.ok());
        ASSERT_TRUE(store.file(store.committedSlot()).read(extent.offset, buffer->span().first(extent.bytes)).ok());
        ASSERT_TRUE(store.checkBlock(store.committedSlot(), block, kind, buffer->span().first(extent.bytes)).ok());
        into.assign(buffer->data(), buffer->data() + extent.bytes);
    }

    const TensorTable table{
        tinyModel(false)};  // a tied matrix has two gradients, and their order of addition is another one
    std::unique_ptr<FileSystem> files = makeMemoryFiles();
    HostPool pool{0};

private:
    double m_bound = 0;
};

TEST_P(Ranks, TwoWithOneMicroBatchAreOneWithTwo) {
    FakeRun alone(*files, "alone", table, options(), std::make_unique<CpuDevice>(pool));
    alone.create();
    alone.open();
    alone.steps(5);
    TwoRanks ranks(*files, table, options());
    for (int rank : {0, 1})
        ranks.run(rank).open();
    ranks.both([](FakeRun& run) {
        run.steps(5);
        return run.lastError.what.empty();
    });
    compare(ranks, alone);
    EXPECT_EQ(ranks.run(0).losses, alone.losses);
    EXPECT_EQ(ranks.run(1).losses, alone.losses);
    EXPECT_EQ(ranks.run(0).norms, alone.norms);
    EXPECT_GT(alone.clipped, 0);
}

/// What was begun for the step after it is dropped on all ranks, and none waits for what no other sends.
TEST_P(Ranks, AStopLeavesTheNextStepAlone) {
    FakeRun alone(*files, "alone", table, options(), std::make_unique<CpuDevice>(pool));
    alone.create();
    alone.open();
    alone.steps(3);
    TwoRanks ranks(*files, table, options());
    for (int rank : {0, 1})
        ranks.run(rank).open();
    ranks.both([](FakeRun& run) {
        for (int step = 0; step < 3; ++step)
            if (!run.step(true))
                return false;
        return run.flush();
    });
    compare(ranks, alone);
}

TEST_P(Ranks, OneThatIsLostEndsTheOtherAndBothGoOnFromTheSameStep) {
    FakeRun alone(*files, "alone", table, options(), std::make_unique<CpuDevice>(pool));
    alone.create();
    alone.open();
    alone.steps(6);
    // At every point of a commit: before it is ready, and when the other has written its record.
    const bool everyStep = alone.plan().plan().stateOnDisk;
    for (int calls = 0; calls < (everyStep ? 6 : 2); ++calls) {
        files = makeMemoryFiles();
        TwoRanks ranks(*files, table, options());
        for (int rank : {0, 1})
            ranks.run(rank).open();
        ranks.rank(1).callsLeft = calls;
        ranks.both([](FakeRun& run) {
            for (int step = 0; step < 6; ++step)
                if (!run.step(step < 5))
                    return false;
            return run.flush();
        });
        EXPECT_EQ(ranks.run(0).lastError.where, "rank 1");
        ranks.run(0).close();
        ranks.run(1).close();
        ranks.meet();
        for (int rank : {0, 1})
            ranks.run(rank).open();
        ranks.both([&](FakeRun& run) {
            Collective& own = &run == &ranks.run(0) ? ranks.rank(0) : ranks.rank(1);
            const Status agreed = agreeOnStart(own, run.store(), kSameRun);
            EXPECT_TRUE(agreed.ok()) << agreed.error().text();
            return agreed.ok();
        });
        const int64_t step = ranks.run(0).store().committed().step;
        EXPECT_EQ(step, ranks.run(1).store().committed().step);
        for (int rank : {0, 1}) {
            ranks.run(rank).close();
            ranks.run(rank).open();
        }
        ranks.both([&](FakeRun& run) {
            run.steps(int(6 - step));
            return run.lastError.what.empty();
        });
        compare(ranks, alone);
    }
}

/// Counts gradients whose sum over the ranks was not done yet when a slice below was computed.
class OverlapObserver : public EngineObserver {
public:
    void opStarted(const Op& op, const ProgramPass&) override {
        const std::lock_guard lock(m_mutex);
        if (op.kind == OpKind::AllReduceGradient)
            m_onLink = op.slice;
        else if (op.kind == OpKind::Backward)
            m_lowest = op.slice;
        m_changed.notify_all();
    }
    /// Returns when a slice below the one on the link is computed, if there is one; never late where both go on beside
    /// each other.
    void awaitNextSlice() {
        std::unique_lock lock(m_mutex);
        m_changed.wait_for(lock, std::chrono::seconds(20), [this] { return m_onLink == 0 || m_lowest < m_onLink; });
    }
    void opDone(const Op& op, const ProgramPass&) override {
        const std::lock_guard lock(m_mutex);
        if (op.kind == OpKind::AllReduceGradient && m_lowest < op.slice)
            ++m_hidden;
    }
    void waited(const Op& op, WaitCause cause, double) override {
        EXPECT_TRUE(cause != WaitCause::Link || op.kind == OpKind::Norms || op.kind == OpKind::Materialize)
            << nameOf(op.kind);
    }
    void committed(const CommitRecord&) override {}
    size_t hidden() const { return m_hidden; }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    int m_onLink = -1;
    int m_lowest = 1 << 30;
    size_t m_hidden = 0;
};

TEST_P(Ranks, SumsGoOnBesideTheNextSlice) {
    std::array<OverlapObserver, 2> observers;
    TwoRanks ranks(*files, table, options(), {&observers[0], &observers[1]});
    for (int rank : {0, 1}) {
        ranks.rank(rank).beforeSum = [&observer = observers[size_t(rank)]] { observer.awaitNextSlice(); };
        ranks.run(rank).open();
    }
    ranks.both([](FakeRun& run) {
        run.steps(1);
        return run.lastError.what.empty();
    });
    // All but that of the slice that is computed last.
    for (const OverlapObserver& observer : observers)
        EXPECT_EQ(observer.hidden(), ranks.run(0).plan().slices().size() - 1);
}

INSTANTIATE_TEST_SUITE_P(All, Ranks,
                         testing::Values(Case{"DeferredOnDisk", UpdateRule::Deferred, streamedPlacement()},
                                         Case{"InsuredOnDisk", UpdateRule::Insured, streamedPlacement()},
                                         Case{"SpeculativeOnDisk", UpdateRule::Speculative, streamedPlacement()},
                                         Case{"Resident", UpdateRule::Deferred, residentPlacement()}),
                         [](const auto& each) { return std::string(each.param.name); });

class Agreement : public testing::Test {
protected:
    static void copyFile(FileSystem& from, FileSystem& to, const char* name) {
        const auto source = from.open(name, OpenMode::Read, Caching::Direct);
        const auto target = to.open(name, OpenMode::Create, Caching::Direct);
        ASSERT_TRUE(source.ok() && target.ok());
        const auto bytes = (*source)->size();
        ASSERT_TRUE(bytes.ok());
        const auto buffer = AlignedBuffer::create(*bytes);
        ASSERT_TRUE(buffer.ok());
        ASSERT_TRUE((*source)->read(0, buffer->span().first(*bytes)).ok());
        ASSERT_TRUE((*target)->write(0, buffer->span().first(*bytes)).ok());
    }

    const TensorTable table{tinyModel(false)};
    std::unique_ptr<FileSystem> files = makeMemoryFiles();
    HostPool pool{0};
};

TEST_F(Agreement, RefusesARankOfAnotherRun) {
    TwoRanks ranks(*files, table, optionsOf(UpdateRule::Deferred, streamedPlacement(), 1e9));
    ranks.both([&](FakeRun& run) {
        const int rank = &run == &ranks.run(0) ? 0 : 1;
        const Status agreed = agreeOnStart(ranks.rank(rank), run.store(), rank == 0 ? kSameRun : Hash128{9});
        EXPECT_FALSE(agreed.ok());
        EXPECT_EQ(agreed.error().code, ErrorCode::InvalidInput);
        EXPECT_EQ(agreed.error().where, "rank 1");
        return true;
    });
}

/// The state of one rank alone was put back from a backup, say.
TEST_F(Agreement, RefusesARankThatIsTooFarAhead) {
    const FakeOptions options = optionsOf(UpdateRule::Deferred, streamedPlacement(), 1e9);
    const std::unique_ptr<FileSystem> ahead = makeMemoryFiles();
    {
        TwoRanks ranks(*ahead, table, options);
        for (int rank : {0, 1})
            ranks.run(rank).open();
        ranks.both([](FakeRun& run) {
            run.steps(3);
            return run.lastError.what.empty();
        });
    }
    TwoRanks ranks(*files, table, options);
    ranks.run(1).close();
    for (const char* name : {"rank1/HEAD", "rank1/slots/A", "rank1/slots/B"})
        copyFile(*ahead, *files, name);
    ranks.run(1).open();
    ranks.both([&](FakeRun& run) {
        const int rank = &run == &ranks.run(0) ? 0 : 1;
        const Status agreed = agreeOnStart(ranks.rank(rank), run.store(), kSameRun);
        EXPECT_FALSE(agreed.ok());
        EXPECT_EQ(agreed.error().code, ErrorCode::Corrupt) << agreed.error().text();
        return true;
    });
}

/// One rank has recorded steps that were skipped, the other was lost before it could: the state is the same.
TEST_F(Agreement, GoesBackOverSkippedStepsByTheirRecordsAlone) {
    TwoRanks ranks(*files, table, optionsOf(UpdateRule::Deferred, streamedPlacement(), 1e9));
    for (int rank : {0, 1})
        ranks.run(rank).open();
    ranks.both([](FakeRun& run) {
        run.steps(2);
        return run.lastError.what.empty();
    });
    StateStore& store = ranks.run(0).store();
    const Hash128 root = store.committed().rootHash;
    CommitRecord skipped = store.committed();
    skipped.step = 3;
    skipped.skippedInARow = 1;
    ASSERT_TRUE(store.commit(store.committedSlot(), skipped).ok());
    ranks.both([&](FakeRun& run) {
        const int rank = &run == &ranks.run(0) ? 0 : 1;
        const Status agreed = agreeOnStart(ranks.rank(rank), run.store(), kSameRun);
        EXPECT_TRUE(agreed.ok()) << agreed.error().text();
        return agreed.ok();
    });
    EXPECT_EQ(store.committed().step, 2);
    EXPECT_EQ(store.committed().skippedInARow, 0);
    EXPECT_EQ(store.committed().rootHash, root);
}

}  // namespace
}  // namespace gsst::test
