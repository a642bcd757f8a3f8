// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/device.h"
#include "engine/engine_parts.h"
#include "engine/slice_math.h"
#include "plan/program/step_program.h"
#include "spec/state_format.h"
#include "store/commit_record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace gsst {

/// How a gradient is applied.
struct AppliedUpdate {
    int64_t step = 0;    ///< 1-based number of the step whose gradient it is
    float scale = 1.0f;  ///< its clip factor over its loss scale
    std::function<float(int unit)>
        scaleOfUnit;  ///< instead of `scale`, if there; asked once the unit's norms are known
};

/// What an op needs to know that is not in the static program.
struct StepContext {
    AppliedUpdate pending;  ///< of the gradient that an earlier step left
    AppliedUpdate present;  ///< of this step's, when it is updated in the backward sweep
    double lossScale = 1;   ///< of this step's gradient
    CommitRecord record;    ///< what a commit of this program says besides slot, generation and root
};

/// Seconds the compute lane waited, by what for.
struct WaitTimes {
    double read = 0;   ///< a disk read was not there yet
    double link = 0;   ///< the sum over all ranks was not there yet
    double write = 0;  ///< no free staging, or a write or commit had to be finished first

    WaitTimes& operator+=(const WaitTimes& other) {
        read += other.read;
        link += other.link;
        write += other.write;
        return *this;
    }
};

/// Seconds that the compute lane was busy, by kind of op.
struct ComputeTimes {
    std::array<double, kOpKinds> byKind{};
    double total() const {
        double sum = 0;
        for (double seconds : byKind)
            sum += seconds;
        return sum;
    }
    ComputeTimes& operator+=(const ComputeTimes& other) {
        for (size_t kind = 0; kind < kOpKinds; ++kind)
            byKind[kind] += other.byKind[kind];
        return *this;
    }
};

/// What running a program gave.
struct StepOutcome {
    LossSum loss;
    bool updateFinite = true;  ///< of updates in the backward sweep; those before it end the program
    WaitTimes waits;
    double seconds = 0;
    ComputeTimes compute;
};

/// A buffer of a program while it lives. Which member holds it follows from its BufferInfo::space.
struct LiveBuffer {
    std::byte* data = nullptr;
    int64_t bytes = 0;
    DeviceBuffer device;
    std::span<std::byte> staging;
    bool inRam = false;
};

/// A program in the executor's queue, with its live buffers. Buffers in staging belong to the executor's lock, all
/// others to the compute thread.
struct ProgramRun {
    std::shared_ptr<const StepProgram> program;
    ProgramPass pass;
    size_t firstOp = 0;  ///< global number
    int oldSlot = 0;
    StepContext context;
    StepOutcome outcome;
    std::vector<LiveBuffer> buffers;
    /// By block: sums of the state that an update of this program has left, by kind, for when it is written
    /// (EngineParts::sumsWithMath; else empty). Not in the store at once: the slot's sums are still those of a
    /// committed state then, perhaps.
    std::vector<std::array<uint64_t, kStateKinds.size()>> sums;

    int slotOf(SlotRef slot) const { return slot == SlotRef::Old ? oldSlot : 1 - oldSlot; }
    std::byte* data(int buffer) const { return buffer == kNoBuffer ? nullptr : buffers[size_t(buffer)].data; }
};

}  // namespace gsst
