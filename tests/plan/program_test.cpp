// SPDX-License-Identifier: GPL-3.0-or-later
#include "program_fixture.h"

#include <array>

namespace gsst::test {
namespace {

TEST(StepProgram, EveryBufferLivesExactlyFromFirstToLastUse) {
    for (bool tied : {false, true}) {
        const TensorTable table(model(tied));
        const TrainSpec recipe = training(Precision::Bf16);
        const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
        for (const Placement& placement : placements())
            for (const ProgramVariant& variant : kVariants) {
                const StepProgram program = ProgramBuilder(table, format, recipe, placement).build(variant);
                std::map<int, int> state;  // 0 unborn, 1 live, 2 dead
                for (const Op& op : program.ops) {
                    for (int buffer : op.acquires)
                        ASSERT_EQ(std::exchange(state[buffer], 1), 0);
                    for (int buffer : op.touches())
                        ASSERT_EQ(state[buffer], 1) << nameOf(op.kind);
                    for (int buffer : op.releases)
                        ASSERT_EQ(std::exchange(state[buffer], 2), 1);
                }
                for (size_t buffer = 0; buffer < program.buffers.size(); ++buffer)
                    EXPECT_EQ(state[int(buffer)], 2);
                EXPECT_EQ(program.ops.empty(), false);
            }
    }
}

TEST(StepProgram, MovesTheBytesOfTheTheory) {
    for (bool tied : {false, true})
        for (Precision precision : {Precision::Bf16, Precision::Fp32, Precision::Fp16}) {
            const TensorTable table(model(tied));
            const TrainSpec recipe = training(precision);
            const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
            const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(4096)).build(kUpdating);
            const int64_t all = table.paddedParameters();
            const int64_t embedding = table.units().front().paddedElements;
            const int64_t head = table.units().back().paddedElements;
            const int64_t weightBytes = precision == Precision::Bf16 ? 2 : 4;
            EXPECT_EQ(step.readBytes(),
                      all * 16 + (all - embedding - head) * weightBytes + (tied ? embedding * weightBytes : 0));
            EXPECT_EQ(step.writtenBytes(), all * 16);
        }
}

TEST(StepProgram, UpdatePlacementsMoveTheBytesOfTheDesign) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    Placement inRam = onDisk(4096);
    inRam.everywhere.gradient = Tier::Ram;
    const int64_t all = table.paddedParameters();
    const int64_t ends = table.units().front().paddedElements + table.units().back().paddedElements;
    const ProgramVariant speculative{ProgramKind::Step, false, BackwardUpdate::Speculative};
    const ProgramVariant insured{ProgramKind::Step, false, BackwardUpdate::Insured};
    // Working weights are read in both sweeps but for the embedding and the head, which have one each. An update in the
    // backward sweep takes them from the device; only the embedding's are not there.
    const int64_t early = all * 2 + (all - ends) * 2 + table.units().front().paddedElements * 2 + all * 10;
    const auto expect = [&](const Placement& placement, const ProgramVariant& variant, int64_t read, int64_t written) {
        const StepProgram step = ProgramBuilder(table, format, recipe, placement).build(variant);
        EXPECT_EQ(step.readBytes(), read);
        EXPECT_EQ(step.writtenBytes(), written);
    };
    expect(onDisk(4096), speculative, early, all * 12);
    expect(onDisk(4096), insured, early, all * 16);
    expect(inRam, insured, early, all * 12);
    expect(inRam, kUpdating, all * 12 + (all - ends) * 2, all * 12);
}

/// They were rounded from hi and lo and do not give them back.
TEST(StepProgram, AnUpdateTakesNothingFromFp16Weights) {
    const TensorTable table(model(false));
    TrainSpec recipe = training(Precision::Fp16);
    const int64_t all = table.paddedParameters();
    const int64_t ends = table.units().front().paddedElements + table.units().back().paddedElements;
    for (StatePreset preset : {StatePreset::Exact, StatePreset::Mixed, StatePreset::Lean}) {
        recipe.state = preset;
        const StateFormat format(table, preset, kAdamW, kWholeState);
        const int64_t weightBytes = preset == StatePreset::Lean ? 2 : 4;
        for (Tier weights : {Tier::Device, Tier::Disk})
            for (BackwardUpdate update : {BackwardUpdate::Speculative, BackwardUpdate::Insured}) {
                Placement placement = onDisk(4096);
                placement.everywhere.weights = weights;
                const StepProgram step =
                    ProgramBuilder(table, format, recipe, placement).build({ProgramKind::Step, false, update});
                const KindMask onDisk =
                    KindMask(bitsOf(format) & ~(weights == Tier::Device ? bitOf(StateKind::Hi) : 0));
                for (const Op& op : step.ops) {
                    if (op.kind == OpKind::Update) {
                        EXPECT_EQ(op.current, kNoBuffer);
                    }
                    if (op.kind == OpKind::ReadState) {
                        EXPECT_EQ(op.fetched, onDisk);
                    }
                    if (op.kind == OpKind::Materialize) {
                        EXPECT_EQ(op.withLo, preset != StatePreset::Lean);
                    }
                }
                if (weights == Tier::Disk) {
                    EXPECT_EQ(step.readBytes(), (2 * all - ends) * weightBytes + format.totalBytes());
                }
            }
    }
}

TEST(StepProgram, SmallerStatesMoveTheirOwnBytes) {
    const TensorTable table(model(false));
    TrainSpec recipe = training(Precision::Fp32);
    const int64_t all = table.paddedParameters();
    const int64_t ends = table.units().front().paddedElements + table.units().back().paddedElements;
    for (StatePreset preset : {StatePreset::Mixed, StatePreset::Lean}) {
        recipe.state = preset;
        const StateFormat format(table, preset, kAdamW, kWholeState);
        const int64_t weightBytes = format.has(StateKind::Lo) ? 4 : 2;
        const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(4096)).build(kUpdating);
        EXPECT_EQ(step.readBytes(), format.totalBytes() + all * 2 + (all - ends) * weightBytes);
        EXPECT_EQ(step.writtenBytes(), format.totalBytes() + all * 2);
        EXPECT_EQ(ProgramBuilder(table, format, recipe, residentPlacement()).build(kWriteOut).writtenBytes(),
                  format.totalBytes());
    }
}

TEST(StepProgram, ResidentMovesNothing) {
    const TensorTable table(model(true));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    const ProgramBuilder builder(table, format, recipe, residentPlacement());
    const ProgramVariant used[] = {kPlain,
                                   {ProgramKind::UpdateOnly, false, BackwardUpdate::None},
                                   {ProgramKind::Evaluate, false, BackwardUpdate::None}};
    for (const ProgramVariant& variant : used) {
        EXPECT_EQ(builder.build(variant).readBytes(), 0);
        EXPECT_EQ(builder.build(variant).writtenBytes(), 0);
    }
    EXPECT_EQ(builder.build(kWriteOut).writtenBytes(), table.paddedParameters() * 12);
}

TEST(StepProgram, EveryMicroBatchPassesEverySliceOnceEachWay) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Fp32);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(4 << 20)).build(kUpdating);
    std::map<std::tuple<OpKind, int, int>, int> seen;
    for (const Op& op : step.ops)
        if (op.kind == OpKind::Forward || op.kind == OpKind::Backward || op.kind == OpKind::Head)
            ++seen[{op.kind, op.slice, op.microBatch}];
    EXPECT_EQ(seen.size(), size_t(step.microBatches * (2 * (step.slices - 1) + 1)));
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](const auto& entry) { return entry.second == 1; }));
}

TEST(StepProgram, VocabularySlicesAreReadOnceMoreForTheHead) {
    for (bool tied : {false, true}) {
        const TensorTable table(model(tied));
        const TrainSpec recipe = training(Precision::Bf16);
        const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
        Placement placement = onDisk(16384);
        placement.vocabularyRows = 512;
        placement.tiedGradients = Tier::Disk;
        const std::vector<SliceRange> slices = makeSlicing(table, placement);
        const StepProgram whole = ProgramBuilder(table, format, recipe, onDisk(16384)).build(kUpdating);
        const StepProgram sliced = ProgramBuilder(table, format, recipe, placement).build(kUpdating);
        // Up and down again, and what is up last stays. The positions go with the last rows. A tied head's share waits
        // in fp32.
        const UnitInfo& embedding = table.units().front();
        const int64_t positions = table.find(0, TensorRole::PositionEmbedding)->elements;
        const int64_t matrix = embedding.paddedElements - positions;
        const int64_t last = sliceElements(table, tied ? slices[3] : slices.back()) - (tied ? positions : 0);
        EXPECT_EQ(sliced.readBytes() - whole.readBytes(),
                  (matrix - last) * 2 + (tied ? embedding.paddedElements * 4 : 0));
        EXPECT_EQ(sliced.writtenBytes() - whole.writtenBytes(), tied ? embedding.paddedElements * 4 : 0);
        // The logits are computed once more.
        const UnitCost head = unitCost(table, table.headUnit(), recipe);
        EXPECT_NEAR(sliced.flops() - whole.flops(), head.forwardFlops * recipe.microBatchesPerStep(), 1);
    }
}

TEST(StepProgram, VocabularySlicesNeverMeetOnTheDevice) {
    for (bool tied : {false, true})
        for (const ProgramVariant& variant : kVariants) {
            const TensorTable table(model(tied));
            const TrainSpec recipe = training(Precision::Bf16);
            const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
            Placement placement = onDisk(16384);
            placement.vocabularyRows = 512;
            const int64_t slice = 512 * 128;
            const StepProgram program = ProgramBuilder(table, format, recipe, placement).build(variant);
            std::map<BufferUse, int64_t> live;
            const auto account = [&](const std::vector<int>& buffers, int64_t sign) {
                for (int buffer : buffers)
                    if (program.buffers[size_t(buffer)].space == Space::Device)
                        live[program.buffers[size_t(buffer)].use] += sign * program.buffers[size_t(buffer)].bytes;
            };
            const int64_t layer = sliceElements(table, {1, 2});
            const int64_t most = std::max(layer, slice + 2 * kTensorAlignment);  // a layer, or rows and the norm
            for (const Op& op : program.ops) {
                account(op.acquires, 1);
                EXPECT_LE(live[BufferUse::Weights], most * 2) << nameOf(op.kind);
                EXPECT_LE(live[BufferUse::Gradient], most * 4) << nameOf(op.kind);
                account(op.releases, -1);
            }
        }
}

/// Numbers of the ops of one kind, in order.
std::vector<size_t> numbersOf(const StepProgram& program, OpKind kind, size_t first) {
    std::vector<size_t> numbers;
    for (size_t i = 0; i < program.ops.size(); ++i)
        if (program.ops[i].kind == kind)
            numbers.push_back(first + i);
    return numbers;
}

TEST(Dependencies, WriteGateHoldsAcrossPrograms) {
    const TensorTable table(model(true));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(4096)).build(kUpdating);
    DependencyTracker tracker;
    tracker.append(step, 0, 0);
    const size_t second = step.ops.size();
    const auto waits = tracker.append(step, second, slotAfter(step, 0));
    const size_t firstCommit = numbersOf(step, OpKind::Commit, 0).front();
    for (size_t write : numbersOf(step, OpKind::WriteState, second)) {
        const auto& list = waits[write - second];
        EXPECT_TRUE(std::binary_search(list.begin(), list.end(), firstCommit))
            << "a slot is written before the other one is committed";
    }
    const size_t secondCommit = numbersOf(step, OpKind::Commit, second).front();
    const auto& commitWaits = waits[secondCommit - second];
    for (size_t write : numbersOf(step, OpKind::WriteState, second))
        EXPECT_TRUE(std::binary_search(commitWaits.begin(), commitWaits.end(), write));
}

TEST(Dependencies, ReadsComeAfterTheWritesTheyNeed) {
    const TensorTable table(model(false));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(4096)).build(kUpdating);
    DependencyTracker tracker;
    tracker.append(step, 0, 0);
    const size_t second = step.ops.size();
    const auto waits = tracker.append(step, second, 1);
    for (size_t i = 0; i < step.ops.size(); ++i) {
        const Op& op = step.ops[i];
        if (op.kind != OpKind::ReadGradient && op.kind != OpKind::ReadState)
            continue;
        const OpKind writer = op.kind == OpKind::ReadGradient ? OpKind::WriteGradient : OpKind::WriteState;
        const bool found = std::any_of(waits[i].begin(), waits[i].end(), [&](size_t other) {
            return other < second && step.ops[other].kind == writer && step.ops[other].firstBlock == op.firstBlock;
        });
        EXPECT_TRUE(found) << nameOf(op.kind) << " of block " << op.firstBlock;
    }
}

/// kOps is what readers of a program go by: it leaves nothing out, and names nothing that no op has.
TEST(Program, OpsHaveTheOperandsOfTheirKind) {
    std::map<OpKind, std::array<bool, kOperands>> met;
    for (bool tied : {false, true}) {
        const TensorTable table(model(tied));
        const TrainSpec recipe = training(Precision::Fp32);
        for (int ranks : {1, 2}) {
            const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer),
                                     {0, ranks, recipe.precision});
            for (Placement placement : placements()) {
                placement.everywhere.keepsActivations = placement.unitsPerSlice == 2;
                for (const ProgramVariant& variant : kVariants)
                    for (const Op& op : ProgramBuilder(table, format, recipe, placement).build(variant).ops)
                        for (size_t which = 0; which < kOperands; ++which) {
                            const bool has = op.operand(Operand(which)) != kNoBuffer;
                            met[op.kind][which] = met[op.kind][which] || has;
                            ASSERT_TRUE(!has || traitsOf(op.kind).operands.has(Operand(which)))
                                << nameOf(op.kind) << ", operand " << which;
                        }
            }
        }
    }
    EXPECT_EQ(met.size(), kOpKinds);
    for (const auto& [kind, operands] : met)
        for (size_t which = 0; which < kOperands; ++which)
            EXPECT_EQ(traitsOf(kind).operands.has(Operand(which)), operands[which])
                << nameOf(kind) << ", operand " << which;
}

/// The screen and the listing go by it.
TEST(Program, OpsKnowTheirSweep) {
    for (const Placement& placement : placements()) {
        const TensorTable table(model(true));
        const TrainSpec recipe = training(Precision::Bf16);
        const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), {0, 1, recipe.precision});
        const ProgramBuilder builder(table, format, recipe, placement);
        Sweep before = Sweep::Forward;
        for (const Op& op : builder.build({ProgramKind::Step, true, BackwardUpdate::Insured}).ops) {
            const bool backward = op.kind == OpKind::Head || op.kind == OpKind::Backward || op.kind == OpKind::Norms;
            const bool forward = op.kind == OpKind::Forward || op.kind == OpKind::HeadSums;
            ASSERT_TRUE(!backward || op.sweep == Sweep::Backward) << nameOf(op.kind);
            ASSERT_TRUE(!forward || op.sweep == Sweep::Forward) << nameOf(op.kind);
            ASSERT_EQ(op.kind == OpKind::Update && op.inBackward,
                      op.kind == OpKind::Update && op.sweep == Sweep::Backward);
            ASSERT_GE(op.sweep, before) << "one sweep after the other";
            ASSERT_LE(op.sweep, Sweep::Backward);
            before = op.sweep;
        }
        for (const Op& op : builder.build(kEvaluateProgram).ops)
            ASSERT_EQ(op.sweep, Sweep::Forward) << nameOf(op.kind);
        for (const ProgramVariant& variant : {kUpdateOnlyProgram, kWriteOutProgram, kLoadWeightsProgram})
            for (const Op& op : builder.build(variant).ops)
                ASSERT_EQ(op.sweep, Sweep::Update) << nameOf(op.kind);
        for (const Op& op : builder.build(kCommitProgram).ops)
            ASSERT_EQ(op.sweep, Sweep::Commit);
    }
}

TEST(Simulation, IsBoundByTheSlowestLane) {
    const TensorTable table(model(true));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(16384)).build(kUpdating);
    HardwareProfile machine;
    machine.secondsPerOp = 0;
    machine.secondsPerCommit = 0;
    for (double disk : {1e6, 1e8, 1e12}) {
        machine.readBytesPerSecond = machine.writeBytesPerSecond = disk;
        const SimulatedCost cost = simulateStep({&step}, machine, 4 << 20);
        EXPECT_GE(cost.seconds * 1.0001, cost.computeSeconds);
        EXPECT_GE(cost.seconds * 1.0001, (cost.readSeconds + cost.writeSeconds) * 0.9)
            << "reads and writes share the drive";
        EXPECT_LE(cost.seconds, cost.computeSeconds + cost.readSeconds + cost.writeSeconds);
    }
}

TEST(Simulation, FastDiskHidesBehindCompute) {
    const TensorTable table(model(true));
    const TrainSpec recipe = training(Precision::Bf16);
    const StateFormat format(table, recipe.state, optimizerSpec(recipe.optimizer), kWholeState);
    const StepProgram step = ProgramBuilder(table, format, recipe, onDisk(16384)).build(kUpdating);
    HardwareProfile machine;
    machine.secondsPerOp = 0;
    machine.secondsPerCommit = 0;
    machine.readBytesPerSecond = machine.writeBytesPerSecond = 1e13;
    const SimulatedCost cost = simulateStep({&step}, machine, 4 << 20);
    EXPECT_LT(cost.seconds, 1.05 * cost.computeSeconds);
}

}  // namespace
}  // namespace gsst::test
