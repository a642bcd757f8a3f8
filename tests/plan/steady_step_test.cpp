// SPDX-License-Identifier: GPL-3.0-or-later
#include "plan/compiled_plan.h"
#include "plan/search/planner.h"

#include "tests/support/models.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace gsst {
namespace {

constexpr int64_t kGiB = int64_t(1) << 30;

RunSpec spec() {
    RunSpec run = test::plannedRecipe();
    run.model.layers = 6;
    run.model.context = run.training.sequenceLength = 256;
    run.training.sequencesPerStep = 4;
    run.training.microBatch = 2;
    return run;
}

/// A drive so slow that every step waits for it.
HardwareProfile slowDrive() {
    HardwareProfile hardware;
    hardware.readBytesPerSecond = hardware.writeBytesPerSecond = 100e6;
    return hardware;
}

struct Case {
    ResidencyChoice residency;
    UpdateChoice update;
    size_t programs;
};

class SteadyStep : public testing::TestWithParam<Case> {
protected:
    void SetUp() override {
        m_run.budget.residency = GetParam().residency;
        m_run.budget.update = GetParam().update;
        auto plan = makePlan(m_run, m_table, m_hardware, {0, 16 * kGiB, 100 * kGiB, 0});
        ASSERT_TRUE(plan.ok()) << plan.error().text();
        m_plan = *plan;
        m_compiled.emplace(m_table, m_run.training, StateShard{}, m_plan);
        m_step = m_compiled->stepPrograms();
        m_times = simulateOps(m_step, m_hardware, m_plan.ringBytes);
    }

    RunSpec m_run = spec();
    TensorTable m_table{m_run.model};
    HardwareProfile m_hardware = slowDrive();
    Plan m_plan;
    std::optional<CompiledPlan> m_compiled;
    std::vector<const StepProgram*> m_step;
    StepTimes m_times;
};

TEST_P(SteadyStep, IsWhatThePlanCosts) {
    EXPECT_EQ(m_step.size(), GetParam().programs);
    EXPECT_NEAR(m_times.seconds, m_plan.step.seconds, 1e-9 + 1e-6 * m_plan.step.seconds);
    int64_t read = 0, written = 0;
    for (const StepProgram* program : m_step) {
        read += program->readBytes();
        written += program->writtenBytes();
    }
    EXPECT_EQ(read, m_plan.step.readBytes);
    EXPECT_EQ(written, m_plan.step.writtenBytes);
}

TEST_P(SteadyStep, ALaneDoesOneThingAtATime) {
    std::array<double, kLanes> free;
    free.fill(-1e9);
    for (size_t program = 0; program < m_step.size(); ++program)
        for (size_t op = 0; op < m_step[program]->ops.size(); ++op) {
            const OpTime& time = m_times.programs[program][op];
            double& laneFree = free[size_t(laneOf(m_step[program]->ops[op].kind))];
            ASSERT_GE(time.start, laneFree - 1e-12) << "op " << op;
            ASSERT_GT(time.finish, time.start);
            laneFree = time.finish;
        }
}

/// The compute lane computes or waits, and every wait has a cause.
TEST_P(SteadyStep, ComputingAndWaitingFillTheStep) {
    double busy = 0, waits = 0;
    for (size_t program = 0; program < m_step.size(); ++program)
        for (size_t op = 0; op < m_step[program]->ops.size(); ++op)
            if (laneOf(m_step[program]->ops[op].kind) == Lane::Compute) {
                const OpTime& time = m_times.programs[program][op];
                busy += time.finish - time.start;
                waits += time.readWait + time.writeWait;
            }
    EXPECT_NEAR(busy + waits, m_times.seconds, 1e-6 * m_times.seconds);
    EXPECT_EQ(waits > 0, m_plan.stateOnDisk) << "this drive is slow";
}

INSTANTIATE_TEST_SUITE_P(Rules, SteadyStep,
                         testing::Values(Case{ResidencyChoice::Disk, UpdateChoice::Deferred, 1},
                                         Case{ResidencyChoice::Disk, UpdateChoice::Insured, 2},
                                         Case{ResidencyChoice::Disk, UpdateChoice::Speculative, 2},
                                         Case{ResidencyChoice::Resident, UpdateChoice::Auto, 2}));

}  // namespace
}  // namespace gsst
