// SPDX-License-Identifier: GPL-3.0-or-later
// Programs of one of several ranks: what each does, and what goes over the link.
#include "program_fixture.h"

#include <utility>

namespace gsst::test {
namespace {

int64_t boundaryBytesOf(const StepProgram& program) {
    int64_t bytes = 0;
    for (const Op& op : program.ops)
        bytes += op.kind == OpKind::WriteBoundary || op.kind == OpKind::WriteTiedGradient ? op.ioBytes : 0;
    return bytes;
}

/// As rank `rank` of `ranks` has it.
StateFormat shared(const TensorTable& table, const TrainSpec& recipe, int rank, int ranks) {
    return StateFormat(table, recipe.state, optimizerSpec(recipe.optimizer), {rank, ranks, recipe.precision});
}

TEST(StepProgram, SumsOverRanksAreTakenOneSliceLater) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format = shared(table, recipe, 0, 2);
    for (const Placement& placement : placements()) {
        const StepProgram step =
            ProgramBuilder(table, format, recipe, placement).build({ProgramKind::Step, false, BackwardUpdate::Insured});
        std::vector<int> summed, taken;
        int64_t sumBytes = 0;
        for (const Op& op : step.ops) {
            if (op.kind == OpKind::AllReduceGradient) {
                summed.push_back(op.slice);
                sumBytes += op.linkBytes;
            }
            if (op.kind != OpKind::Norms)
                continue;
            taken.push_back(op.slice);
            ASSERT_LE(taken.size(), summed.size());
            EXPECT_EQ(taken.back(), summed[taken.size() - 1]);
            EXPECT_EQ(int(summed.size()), std::min(int(taken.size()) + 1, step.slices))
                << "the next sum is on its way already";
        }
        EXPECT_EQ(int(taken.size()), step.slices);
        EXPECT_EQ(sumBytes, table.paddedParameters() * 4)
            << "of two ranks each sends half of it, and the sum of its half";
    }
}

/// What ranks do to the state, together: every block is updated by one of them and sent to all others.
TEST(StepProgram, RanksShareUpdatesAndBytes) {
    const TensorTable table(model(true));
    for (const auto& [precision, wholeBytes] : {std::pair{Precision::Bf16, 2}, std::pair{Precision::Fp32, 4}})
        for (int ranks : {2, 3}) {
            const TrainSpec recipe = training(precision);
            const StateFormat whole(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
            for (const Placement& placement : placements()) {
                const StepProgram alone = ProgramBuilder(table, whole, recipe, placement).build(kUpdating);
                std::map<int, int> updates, sent;
                std::vector<std::pair<OpKind, int>> firstOrder;
                int64_t written = 0;
                for (int rank = 0; rank < ranks; ++rank) {
                    const StateFormat format = shared(table, recipe, rank, ranks);
                    const StepProgram step = ProgramBuilder(table, format, recipe, placement).build(kUpdating);
                    written += step.writtenBytes();
                    std::vector<std::pair<OpKind, int>> order;
                    for (const Op& op : step.ops) {
                        if (op.kind == OpKind::Update)
                            for (int block = op.firstBlock; block < op.firstBlock + op.blockCount; ++block) {
                                ++updates[block];
                                EXPECT_TRUE(format.owns(block));
                            }
                        if (op.kind == OpKind::AllGatherWeights && op.owner == rank)
                            for (int block = op.firstBlock; block < op.firstBlock + op.blockCount; ++block)
                                ++sent[block];
                        if (laneOf(op.kind) == Lane::Link)
                            order.emplace_back(op.kind, op.kind == OpKind::AllGatherWeights ? op.firstBlock : op.slice);
                    }
                    if (rank == 0)
                        firstOrder = order;
                    EXPECT_EQ(order, firstOrder) << "all ranks make the same calls in the same order";
                }
                for (int block = 0; block < whole.blockCount(); ++block) {
                    EXPECT_EQ(updates[block], 1);
                    EXPECT_EQ(sent[block], 1);
                }
                if (!alone.stateOnDisk)
                    continue;
                // Weights are whole, and boundary activations are each rank's own.
                EXPECT_EQ(written, alone.writtenBytes() +
                                       (ranks - 1) * (wholeBytes * table.paddedParameters() + boundaryBytesOf(alone)));
            }
        }
}

TEST(Dependencies, SumsOverRanksComeOneAfterTheOther) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format = shared(table, recipe, 1, 2);
    const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(4096)).build(kPlain);
    DependencyTracker tracker;
    std::vector<size_t> sums;
    size_t first = 0;
    for (int repetition = 0; repetition < 2; ++repetition, first += step.ops.size()) {
        const auto waits = tracker.append(step, first, 0);
        for (size_t op = 0; op < step.ops.size(); ++op) {
            if (step.ops[op].kind != OpKind::AllReduceGradient)
                continue;
            const auto after = [&](size_t sum) { return std::count(waits[op].begin(), waits[op].end(), sum) == 1; };
            EXPECT_TRUE(sums.empty() || after(sums.back())) << "all ranks must agree on the order";
            sums.push_back(first + op);
        }
    }
    EXPECT_EQ(sums.size(), 2 * size_t(step.slices));
}

TEST(Dependencies, WhatOthersSendIsWrittenAndJoinedAfterItCame) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    for (const Placement& placement : placements()) {
        const StepProgram step = ProgramBuilder(table, shared(table, recipe, 0, 2), recipe, placement).build(kUpdating);
        DependencyTracker tracker;
        const auto waits = tracker.append(step, 0, 0);
        std::map<int, size_t> sharedAt;
        for (size_t op = 0; op < step.ops.size(); ++op) {
            const Op& each = step.ops[op];
            if (each.kind == OpKind::AllGatherWeights) {
                EXPECT_TRUE(sharedAt.emplace(each.firstBlock, op).second);
                continue;
            }
            const auto from = sharedAt.find(each.firstBlock);
            const bool ofState = each.kind == OpKind::WriteState ||
                                 (each.kind == OpKind::Materialize && each.fetched == 0 && each.slot == SlotRef::Old);
            if (!ofState || from == sharedAt.end() || step.ops[from->second].owner == 0)
                continue;
            // Directly, or through the op between them.
            bool after = false;
            for (size_t other : waits[op])
                after =
                    after || other == from->second ||
                    (other > from->second && std::count(waits[other].begin(), waits[other].end(), from->second) == 1);
            EXPECT_TRUE(after) << nameOf(each.kind);
        }
        EXPECT_FALSE(sharedAt.empty());
    }
}

TEST(Simulation, TheLinkHidesBehindCompute) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format = shared(table, recipe, 0, 2);
    const StepProgram step = ProgramBuilder(table, format, recipe, residentPlacement()).build(kPlain);
    HardwareProfile hardware;
    hardware.secondsPerOp = 0;
    hardware.compute = {1e9, 1e9, 1e9, 1e9, 1e12, 1e12, 1e12};
    const SimulatedCost fast = simulateStep({&step}, hardware, 1 << 20);
    hardware.compute.linkBytes = 2e6;
    const SimulatedCost slow = simulateStep({&step}, hardware, 1 << 20);
    const double link = double(table.paddedParameters()) * 4 / 2e6;
    EXPECT_LT(fast.linkWaitSeconds, 0.01 * fast.seconds);
    EXPECT_GT(slow.linkWaitSeconds, 0);
    EXPECT_NEAR(slow.seconds, slow.computeSeconds + slow.linkWaitSeconds, 1e-9);
    EXPECT_GE(slow.seconds, link);
    EXPECT_LT(slow.linkWaitSeconds, 0.95 * link) << "some of it is hidden";
}

}  // namespace
}  // namespace gsst::test
