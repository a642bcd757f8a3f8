// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine_fixture.h"

#include "io/fault_files.h"
#include "io/memory_files.h"
#include "io/throttled_files.h"

namespace gsst::test {
namespace {

constexpr int kSteps = 4;

struct Variant {
    std::string name;
    Placement placement;
    int64_t ringBytes = 8 << 20;
    bool delaying = false;
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

struct Outcome {
    std::string rootHash;
    std::vector<double> losses;
};

std::unique_ptr<Device> makeDevice(CpuPool& pool, bool delaying) {
    if (delaying)
        return std::make_unique<DelayingDevice>(pool, 7);
    return std::make_unique<CpuDevice>(pool);
}

Outcome train(FileSystem& files, bool tied, const Variant& variant) {
    const TensorTable table(tinyModel(tied));
    CpuPool pool(0);
    FakeRun run(files, "run", table, variant.placement, variant.ringBytes, makeDevice(pool, variant.delaying));
    run.create();
    run.open();
    run.steps(kSteps);
    EXPECT_EQ(run.store().committed().step, kSteps);
    auto report = run.store().verify(false, {}, {});
    EXPECT_TRUE(report.ok() && report->damaged.empty());
    EXPECT_EQ(run.ring().usedBytes(), 0u);
    return {run.store().committed().rootHashHex(), run.losses};
}

class ExecutorVariants : public testing::TestWithParam<std::tuple<bool, Variant>> {};

TEST_P(ExecutorVariants, SameBitsAsResident) {
    const auto& [tied, variant] = GetParam();
    auto reference = makeMemoryFiles();
    const Outcome resident = train(*reference, tied, {"resident", {true, false, 2, 4 << 20}});
    auto files = makeMemoryFiles();
    const Outcome outcome = train(*files, tied, variant);
    EXPECT_EQ(outcome.rootHash, resident.rootHash);
    EXPECT_EQ(outcome.losses, resident.losses);
    EXPECT_NE(outcome.losses.front(), outcome.losses.back()) << "the fake model does not learn: the test would prove nothing";
}

const Variant kVariants[] = {
    {"disk", {false, true, 2, 4 << 20}},
    {"diskBoundariesOnDevice", {false, false, 2, 4 << 20}},
    {"diskHalfLayers", {false, true, 1, 4 << 20}},
    {"diskTwoLayers", {false, true, 4, 4 << 20}},
    {"diskSmallChunks", {false, true, 2, 4096}},
    {"diskMiddleChunks", {false, true, 1, 16384}},
    {"diskSmallRing", {false, true, 2, 4096}, 2200 << 10},
    {"diskDelayingDevice", {false, true, 2, 16384}, 4 << 20, true},
    {"diskDelayingDeviceBoundariesOnDevice", {false, false, 1, 16384}, 4 << 20, true},
    {"residentDelayingDevice", {true, false, 2, 16384}, 1 << 20, true},
    {"residentHalfLayers", {true, true, 1, 8192}},
};

INSTANTIATE_TEST_SUITE_P(All, ExecutorVariants, testing::Combine(testing::Bool(), testing::ValuesIn(kVariants)),
                         [](const auto& parameters) { return std::string(std::get<0>(parameters.param) ? "tied_" : "untied_") + std::get<1>(parameters.param).name; });

const Variant kDisk{"disk", {false, true, 2, 16384}};

TEST(Executor, SlowJitteryDriveGivesTheSameBits) {
    auto reference = makeMemoryFiles();
    const Outcome fast = train(*reference, true, kDisk);
    auto inner = makeMemoryFiles();
    ThrottledFiles slow(*inner, {100e6, 60e6, 1e-4, 0.9, 3});
    EXPECT_EQ(train(slow, true, kDisk).rootHash, fast.rootHash);
}

TEST(Executor, FlippedBitOnReadStopsTheRunAndNamesTheFile) {
    auto inner = makeMemoryFiles();
    FaultFiles files(*inner);
    const TensorTable table(tinyModel(true));
    CpuPool pool(0);
    FakeRun run(files, "run", table, kDisk.placement, kDisk.ringBytes, makeDevice(pool, false));
    run.create();
    run.open();
    files.add({FileCall::Read, Fault::Corrupt, "A", 5, 1, 100});
    bool good = true;
    for (int i = 0; i < 3 && good; ++i)
        good = run.step(false);
    EXPECT_FALSE(good);
    EXPECT_EQ(run.lastError.code, ErrorCode::Corrupt);
    EXPECT_NE(run.lastError.text().find("A"), std::string::npos);
    run.executor().abandon();
    EXPECT_EQ(run.ring().usedBytes(), 0u);
}

TEST(Executor, EveryFailingWriteLosesNothingCommitted) {
    const TensorTable table(tinyModel(false));
    // A clean run tells what each step's commit must look like.
    std::map<int64_t, std::string> roots;
    {
        auto files = makeMemoryFiles();
        CpuPool pool(0);
        FakeRun run(*files, "run", table, kDisk.placement, kDisk.ringBytes, makeDevice(pool, false));
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
        CpuPool pool(0);
        {
            FakeRun run(files, "run", table, kDisk.placement, kDisk.ringBytes, makeDevice(pool, false));
            run.create();
            run.open();
            files.add({FileCall::Write, Fault::NoSpace, "", nth, 1, 0});
            bool good = true;
            for (int i = 0; i < 3 && good; ++i)
                good = run.step(false) && run.settle();
            if (files.fired() > 0) {
                EXPECT_FALSE(good) << nth;
                EXPECT_EQ(run.lastError.code, ErrorCode::NoSpace);
            }
            run.executor().abandon();
        }
        files.clear();
        auto store = StateStore::open(files, "run", table, Caching::Direct);
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
    CpuPool pool(0);
    FakeRun run(*files, "run", table, kDisk.placement, kDisk.ringBytes, makeDevice(pool, false));
    run.create();
    run.open();
    ASSERT_TRUE(run.step(true));
    std::stop_source stop;
    stop.request_stop();
    run.executor().enqueue(std::make_shared<const StepProgram>(run.builder().build(ProgramKind::StepUpdating)));
    auto outcome = run.executor().run({}, stop.get_token());
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.error().code, ErrorCode::Cancelled);
    run.executor().abandon();
    EXPECT_EQ(pool.usage().inUse, 0);
    EXPECT_EQ(run.ram().usage().inUse, 0);
    EXPECT_EQ(run.ring().usedBytes(), 0u);
    EXPECT_EQ(run.store().committed().step, 0);
}

TEST(Executor, DevicePeakIsThePlannedOne) {
    // The fake math has no workspace, so the pool must see exactly the program's buffers.
    const TensorTable table(tinyModel(true));
    for (const Variant& variant : {kVariants[0], kVariants[1], kVariants[2]}) {
        auto files = makeMemoryFiles();
        CpuPool pool(0);
        FakeRun run(*files, "run", table, variant.placement, variant.ringBytes, makeDevice(pool, false));
        run.create();
        run.open();
        pool.resetPeak();
        run.steps(2);
        StepProgram program = run.builder().build(ProgramKind::StepUpdating);
        int64_t live = 0;
        int64_t peak = 0;
        for (const Op& op : program.ops) {
            for (int buffer : op.acquires)
                if (program.buffers[size_t(buffer)].space == Space::Device)
                    live += CpuPool::roundedBytes(program.buffers[size_t(buffer)].bytes);
            peak = std::max(peak, live);
            for (int buffer : op.releases)
                if (program.buffers[size_t(buffer)].space == Space::Device)
                    live -= CpuPool::roundedBytes(program.buffers[size_t(buffer)].bytes);
        }
        EXPECT_EQ(live, 0);
        EXPECT_EQ(pool.usage().peak, peak) << variant.name;
    }
}

}  // namespace
}  // namespace gsst::test
