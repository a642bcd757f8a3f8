// SPDX-License-Identifier: GPL-3.0-or-later
#include "insight/plan_preview.h"

namespace gsst {
namespace {

void put(PlanPreview& preview, MemoryKind kind, MemoryTier tier, int64_t bytes) {
    preview.bytes[size_t(kind)][size_t(tier)] += bytes;
}

MemoryKind shownAs(BufferUse use) {
    switch (use) {
    case BufferUse::Weights:
        return MemoryKind::Weights;
    case BufferUse::Gradient:
    case BufferUse::ChunkGradient:
        return MemoryKind::Gradients;
    case BufferUse::State:
        return MemoryKind::Staging;
    case BufferUse::Activation:
        break;
    }
    return MemoryKind::Activations;
}

MemoryKind shownAs(StateKind kind) {
    return isMoment(kind) ? MemoryKind::Optimizer : MemoryKind::Weights;
}

void put(PlanPreview& preview, MemoryTier tier, const MemoryPeak& peak) {
    for (size_t use = 0; use < kBufferUses; ++use)
        put(preview, shownAs(BufferUse(use)), tier, peak.byUse[use]);
}

/// What is kept there, at the worst op what passes through, and the fixed rest.
void placeMemory(PlanPreview& preview, const CompiledPlan& plan) {
    const PlanPeaks peaks = plan.peaks();
    put(preview, MemoryTier::Device, peaks.device);
    put(preview, MemoryTier::Ram, peaks.ram);
    for (const HostPiece& piece : plan.hostPieces())
        put(preview, piece.kind ? shownAs(*piece.kind) : MemoryKind::Gradients, MemoryTier::Ram,
            hostPieceBytes(piece.bytes));
    put(preview, MemoryKind::Staging, MemoryTier::Ram, plan.plan().ringBytes + plan.plan().programBytes);
}

/// Two slots, and the work files. What both have besides state and gradients is small and goes with the optimizer.
void placeDisk(PlanPreview& preview, const CompiledPlan& plan) {
    const StateFormat& format = plan.format();
    const int64_t gradients = plan.gradientFileBytes() + plan.tiedGradientFileBytes();
    int64_t weights = 0;
    for (StateKind kind : format.kinds())
        if (shownAs(kind) == MemoryKind::Weights)
            weights += 2 * format.bytes(0, format.blockCount(), kind);
    put(preview, MemoryKind::Weights, MemoryTier::Disk, weights);
    put(preview, MemoryKind::Gradients, MemoryTier::Disk, gradients);
    put(preview, MemoryKind::Activations, MemoryTier::Disk, plan.boundaryFileBytes());
    put(preview, MemoryKind::Optimizer, MemoryTier::Disk,
        plan.diskBytes() - weights - gradients - plan.boundaryFileBytes());
}

}  // namespace

void fillPreview(PlanPreview& preview, const PlanBasis& basis, const CompiledPlan& compiled) {
    const Plan& plan = compiled.plan();
    const TrainSpec& training = compiled.training();
    preview.fits = true;
    preview.streamed = plan.stateOnDisk;
    preview.slices = plan.slices;
    preview.updateRule = plan.updateName();
    placeMemory(preview, compiled);
    placeDisk(preview, compiled);
    preview.devicePeakBytes = plan.devicePeak;
    preview.ramPeakBytes = plan.ramPeak;
    preview.diskBytes = plan.diskBytes;
    preview.readBytesPerStep = plan.step.readBytes;
    preview.writtenBytesPerStep = plan.step.writtenBytes;
    preview.secondsPerStep = plan.step.seconds;
    preview.tokensPerSecond = double(training.tokensPerStep()) / plan.step.seconds;
    preview.totalSeconds = plan.step.seconds * double(training.steps);
    preview.driveReadRate = basis.hardware.readBytesPerSecond;
    preview.driveWriteRate = basis.hardware.writeBytesPerSecond;
    preview.driveMeasured = basis.hardware.driveMeasured;
    preview.bottleneck = plan.bottleneck();
}

}  // namespace gsst
