// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_fixture.h"

#include "io/twins/fault_files.h"
#include "io/twins/memory_files.h"
#include "io/twins/throttled_files.h"
#include "plan/simulation.h"
#include "tests/support/exact_format.h"

#include <mutex>

namespace gsst::test {
namespace {

std::unique_ptr<Device> makeDevice(HostPool& pool) {
    return std::make_unique<CpuDevice>(pool);
}

FakeOptions onDisk() {
    FakeOptions options;
    options.placement.chunkElements = 16384;
    return options;
}

std::string trained(FileSystem& files, const FakeOptions& options) {
    const TensorTable table(tinyModel(true));
    HostPool pool(0);
    FakeRun run(files, "run", table, options, makeDevice(pool));
    run.create();
    run.open();
    run.steps(4);
    return run.store().committed().rootHashHex();
}

TEST(Executor, SlowJitteryDriveGivesTheSameBits) {
    auto reference = makeMemoryFiles();
    const std::string fast = trained(*reference, onDisk());
    for (UpdateRule rule : {UpdateRule::Deferred, UpdateRule::Speculative, UpdateRule::Insured}) {
        FakeOptions options = onDisk();
        options.rule = rule;
        auto inner = makeMemoryFiles();
        ThrottledFiles slow(*inner, {100e6, 60e6, 1e-4, 0.9, 3});
        EXPECT_EQ(trained(slow, options), fast);
    }
}

/// How many ops of the drive are under way at a time.
class CountingObserver final : public EngineObserver {
public:
    void opStarted(const Op& op, const ProgramPass&) override {
        const std::lock_guard lock(m_mutex);
        m_now += isOfDrive(laneOf(op.kind)) ? 1 : 0;
        m_most = std::max(m_most, m_now);
    }
    void opDone(const Op& op, const ProgramPass&) override {
        const std::lock_guard lock(m_mutex);
        m_now -= isOfDrive(laneOf(op.kind)) ? 1 : 0;
    }
    void committed(const CommitRecord&) override {}
    int most() const { return m_most; }

private:
    std::mutex m_mutex;
    int m_now = 0;   // guarded by m_mutex
    int m_most = 0;  // guarded by m_mutex
};

TEST(Executor, AsksADriveForAFewThingsAtATime) {
    for (UpdateRule rule : {UpdateRule::Deferred, UpdateRule::Speculative}) {
        CountingObserver observer;
        FakeOptions options = onDisk();
        options.rule = rule;
        options.observer = &observer;
        auto inner = makeMemoryFiles();
        ThrottledFiles slow(*inner, {100e6, 100e6});
        trained(slow, options);
        EXPECT_GT(observer.most(), 1) << "a drive that has one thing to do at a time is slow";
        EXPECT_LE(observer.most(), 4) << "what comes later would be in the way of what is needed first";
    }
}

/// What begins when, over `steps` steps.
class OrderObserver final : public EngineObserver {
public:
    explicit OrderObserver(int steps) : m_steps(steps) {}
    void opStarted(const Op& op, const ProgramPass&) override {
        const std::lock_guard lock(m_mutex);
        m_started.push_back(op.kind);
    }
    void opDone(const Op&, const ProgramPass&) override {}
    void committed(const CommitRecord&) override {}

    /// Writes of each step that begin when more than `more` of the next step's slices are computed or begun.
    std::vector<int> overtaken(int more) const {
        const int forwards = int(std::count(m_started.begin(), m_started.end(), OpKind::Forward)) / m_steps;
        std::vector<int> counts{0};
        int forwardsSoFar = 0;
        for (OpKind kind : m_started) {
            forwardsSoFar += kind == OpKind::Forward ? 1 : 0;
            if (kind == OpKind::WriteState && forwardsSoFar > forwards * int(counts.size()) + more)
                ++counts.back();
            if (kind == OpKind::Commit)
                counts.push_back(0);
        }
        return counts;
    }

private:
    const int m_steps;
    std::mutex m_mutex;
    std::vector<OpKind> m_started;  // guarded by m_mutex
};

TEST(Executor, TheDriveDoesFirstWhatIsNeededFirst) {
#if defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "the drive has to be far slower than the arithmetic";
#endif
    OrderObserver observer(4);
    FakeOptions options = onDisk();
    options.observer = &observer;
    auto inner = makeMemoryFiles();
    ThrottledFiles slow(*inner, {30e6, 30e6});
    trained(slow, options);
    const std::vector<int> overtaken = observer.overtaken(6);
    for (size_t step = 0; step < 3; ++step)
        EXPECT_GT(overtaken[step], 10) << "in program order it is six";
}

/// Three steps, of whose `nth` read from slot A (from 1) one bit is wrong.
void expectAFlippedBitIsFound(int nth, UpdateRule rule, bool sumsWithMath) {
    auto inner = makeMemoryFiles();
    FaultFiles files(*inner);
    const TensorTable table(tinyModel(true));
    HostPool pool(0);
    FakeOptions options = onDisk();
    options.rule = rule;
    options.sumsWithMath = sumsWithMath;
    FakeRun run(files, "run", table, options, makeDevice(pool));
    run.create();
    run.open();
    files.add({FileCall::Read, Fault::Corrupt, "A", nth, 1, 100});
    bool good = true;
    for (int i = 0; i < 3 && good; ++i)
        good = run.step(false);
    EXPECT_FALSE(good);
    EXPECT_EQ(run.lastError.code, ErrorCode::Corrupt);
    EXPECT_NE(run.lastError.text().find("A"), std::string::npos);
    EXPECT_TRUE(run.driver().giveUp(Survives::FinishedSteps).ok());
    EXPECT_EQ(run.ring().usedBytes(), 0u);
}

TEST(Executor, FlippedBitOnReadStopsTheRunAndNamesTheFile) {
    for (UpdateRule rule : {UpdateRule::Deferred, UpdateRule::Insured})
        for (bool sumsWithMath : {false, true})
            for (int nth = 1; nth < 40; nth += 3) {
                SCOPED_TRACE(testing::Message() << "read " << nth << ", rule " << int(rule)
                                                << (sumsWithMath ? ", sums with the math" : ""));
                expectAFlippedBitIsFound(nth, rule, sumsWithMath);
            }
}

TEST(Executor, EveryFailingWriteLosesNothingCommitted) {
    const TensorTable table(tinyModel(false));
    // A clean run tells what each step's commit must look like.
    std::map<int64_t, std::string> roots;
    {
        auto files = makeMemoryFiles();
        HostPool pool(0);
        FakeRun run(*files, "run", table, onDisk(), makeDevice(pool));
        run.create();
        run.open();
        roots[0] = run.store().committed().rootHashHex();
        for (int i = 1; i <= 3; ++i) {
            run.steps(1);
            roots[run.store().committed().step] = run.store().committed().rootHashHex();
        }
    }
    for (int nth = 1; nth < 120; nth += 7) {
        auto inner = makeMemoryFiles();
        FaultFiles files(*inner);
        HostPool pool(0);
        {
            FakeRun run(files, "run", table, onDisk(), makeDevice(pool));
            run.create();
            run.open();
            files.add({FileCall::Write, Fault::NoSpace, "", nth, 1, 0});
            bool good = true;
            for (int i = 0; i < 3 && good; ++i)
                good = run.step(false) && run.flush();
            if (files.fired() > 0) {
                EXPECT_FALSE(good) << nth;
                EXPECT_EQ(run.lastError.code, ErrorCode::NoSpace);
            }
            EXPECT_TRUE(run.driver().giveUp(Survives::FinishedSteps).ok());
        }
        files.clear();
        auto store = StateStore::open(files, "run", table, exactFormat(table), Caching::Direct);
        ASSERT_TRUE(store.ok()) << store.error().text();
        const CommitRecord& record = (*store)->committed();
        EXPECT_EQ(record.rootHashHex(), roots.at(record.step)) << nth;
        auto report = (*store)->verify(false, {}, {});
        EXPECT_TRUE(report.ok() && report->damaged.empty()) << nth;
    }
}

TEST(Executor, StopGivesUpTheStepAndAllMemory) {
    auto files = makeMemoryFiles();
    const TensorTable table(tinyModel(true));
    HostPool pool(0);
    FakeRun run(*files, "run", table, onDisk(), makeDevice(pool));
    run.create();
    run.open();
    ASSERT_TRUE(run.step(true));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(run.step(false, stop.get_token()));
    EXPECT_EQ(run.lastError.code, ErrorCode::Cancelled);
    EXPECT_TRUE(run.driver().giveUp(Survives::FinishedSteps).ok());
    EXPECT_EQ(pool.usage().inUse, 0);
    EXPECT_EQ(run.ram().usage().inUse, 0);
    EXPECT_EQ(run.ring().usedBytes(), 0u);
    EXPECT_EQ(run.store().committed().step, 0);
}

TEST(Executor, DevicePeakIsThePlannedOne) {
    // The fake math has no workspace, so the pool must see exactly the program's buffers.
    const TensorTable table(tinyModel(true));
    std::vector<FakeOptions> all(7);
    all[1].placement.boundaries = Tier::Device;
    all[2].placement.unitsPerSlice = 1;
    all[3].placement = residentPlacement();
    all[4].placement.vocabularyRows = 1024;
    all[5].placement = residentPlacement();
    all[5].placement.vocabularyRows = 2048;
    all[6].placement.vocabularyRows = 1024;
    all[6].placement.tiedGradients = Tier::Disk;
    all[6].placement.boundaries = Tier::Disk;
    for (const FakeOptions& options : all) {
        auto files = makeMemoryFiles();
        HostPool pool(0);
        FakeRun run(*files, "run", table, options, makeDevice(pool));
        run.create();
        run.open();
        pool.resetPeak();
        run.steps(2);
        StepProgram program = *run.plan().program(stepVariant(run.plan().plan().stateOnDisk, BackwardUpdate::None));
        for (Op& op : program.ops)
            op.workspace = 0;
        EXPECT_EQ(pool.usage().peak, devicePeakOf(program).bytes);
        EXPECT_EQ(pool.usage().inUse, keptOf(program).bytes);
    }
}

}  // namespace
}  // namespace gsst::test
