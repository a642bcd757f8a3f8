// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/plan_preview.h"

#include "plan/program/host_pieces.h"

#include <array>
#include <vector>

namespace gsst {
namespace {

void put(PlanPreview& preview, MemoryKind kind, MemoryTier tier, int64_t bytes) {
    preview.bytes[size_t(kind)][size_t(tier)] += bytes;
}

/// Device bytes of the program's worst op, by kind of use. What is kept across programs is there all the time.
void placeDevice(PlanPreview& preview, const StepProgram& program) {
    std::array<int64_t, 5> live{};
    for (const BufferInfo& info : program.buffers)
        live[size_t(info.use)] += info.keptFor >= 0 ? info.bytes : 0;
    std::array<int64_t, 5> worst{};
    int64_t peak = -1;
    const auto account = [&](const std::vector<int>& buffers, int64_t sign) {
        for (int buffer : buffers) {
            const BufferInfo& info = program.buffers[size_t(buffer)];
            if (info.space == Space::Device && info.keptFor < 0)
                live[size_t(info.use)] += sign * info.bytes;
        }
    };
    for (const Op& op : program.ops) {
        account(op.acquires, 1);
        int64_t sum = op.workspace;
        for (int64_t bytes : live)
            sum += bytes;
        if (sum > peak) {
            peak = sum;
            worst = live;
            worst[size_t(BufferUse::Activation)] += op.workspace;
        }
        account(op.releases, -1);
    }
    put(preview, MemoryKind::Weights, MemoryTier::Device, worst[size_t(BufferUse::Weights)]);
    put(preview, MemoryKind::Gradients, MemoryTier::Device, worst[size_t(BufferUse::Gradient)]);
    put(preview, MemoryKind::Activations, MemoryTier::Device, worst[size_t(BufferUse::Activation)]);
}

MemoryKind shownAs(const HostPiece& piece) {
    if (!piece.kind)
        return MemoryKind::Gradients;
    return *piece.kind == StateKind::Hi || *piece.kind == StateKind::Lo ? MemoryKind::Weights : MemoryKind::Optimizer;
}

void placeRam(PlanPreview& preview, const TensorTable& table, const StateFormat& format,
              const std::vector<SliceRange>& slices, const Plan& plan) {
    for (const HostPiece& piece : hostPieces(table, format, slices, plan.placement))
        put(preview, shownAs(piece), MemoryTier::Ram, piece.bytes);
    put(preview, MemoryKind::Activations, MemoryTier::Ram, plan.boundaryBytes);
    put(preview, MemoryKind::Staging, MemoryTier::Ram, plan.ringBytes + plan.programBytes);
}

/// Two slots, and the work files.
void placeDisk(PlanPreview& preview, const TensorTable& table, const StateFormat& format, const TrainSpec& training,
               const Plan& plan) {
    const int64_t gradients = gradientFileBytes(table, format, plan) + tiedGradientFileBytes(table, plan);
    const int64_t boundaries = boundaryFileBytes(table, training, plan);
    int64_t weights = 0;
    for (StateKind kind : {StateKind::Hi, StateKind::Lo})
        weights += 2 * format.bytes(0, format.blockCount(), kind);
    put(preview, MemoryKind::Weights, MemoryTier::Disk, weights);
    put(preview, MemoryKind::Gradients, MemoryTier::Disk, gradients);
    put(preview, MemoryKind::Activations, MemoryTier::Disk, boundaries);
    put(preview, MemoryKind::Optimizer, MemoryTier::Disk, plan.diskBytes - weights - gradients - boundaries);
}

}  // namespace

void fillPreview(PlanPreview& preview, const RunSpec& spec, const TensorTable& table, const HardwareProfile& hardware,
                 const Plan& plan) {
    preview.fits = true;
    preview.streamed = plan.stateOnDisk;
    preview.slices = plan.slices;
    preview.updateRule = plan.stateOnDisk ? nameOf(plan.rule) : "in place";
    TrainSpec training = spec.training;
    training.microBatch = plan.microBatch;
    const StateFormat format(table, training.state);
    const ProgramBuilder builder(table, format, training, plan.placement);
    placeDevice(preview, builder.build({ProgramKind::Step, false, BackwardUpdate::None}));
    placeRam(preview, table, format, builder.slices(), plan);
    placeDisk(preview, table, format, training, plan);
    preview.devicePeakBytes = plan.devicePeak;
    preview.ramPeakBytes = plan.ramPeak;
    preview.diskBytes = plan.diskBytes;
    preview.readBytesPerStep = plan.step.readBytes;
    preview.writtenBytesPerStep = plan.step.writtenBytes;
    preview.secondsPerStep = plan.step.seconds;
    preview.tokensPerSecond = double(spec.training.tokensPerStep()) / plan.step.seconds;
    preview.totalSeconds = plan.step.seconds * double(spec.training.steps);
    preview.driveReadRate = hardware.readBytesPerSecond;
    preview.driveWriteRate = hardware.writeBytesPerSecond;
    preview.driveMeasured = hardware.driveMeasured;
    preview.bottleneck = plan.diskBound() ? "disk" : "compute";
}

}  // namespace gsst
