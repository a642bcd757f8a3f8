// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/step_program.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace gsst {

/// Bytes in use at one time, in all and by what they are for. As the pools count them: an allocation takes whole pages,
/// and an op's workspace, which is of activations, comes with some small tensors that no cost formula knows.
struct MemoryPeak {
    int64_t bytes = 0;
    std::array<int64_t, kBufferUses> byUse{};

    int64_t of(BufferUse use) const { return byUse[size_t(use)]; }
    void add(BufferUse use, int64_t more) {
        bytes += more;
        byUse[size_t(use)] += more;
    }
    MemoryPeak& operator+=(const MemoryPeak& other);
    bool operator==(const MemoryPeak&) const = default;
};

/// What stays on the device across programs.
MemoryPeak keptOf(const StepProgram& program);

/// At the worst op of the program, the first if there are several. On the device without what stays across programs:
/// that is keptOf(), and there all the time.
MemoryPeak passingPeakOf(const StepProgram& program, Space space);

/// On the device with it.
inline MemoryPeak devicePeakOf(const StepProgram& program) {
    MemoryPeak peak = passingPeakOf(program, Space::Device);
    return peak += keptOf(program);
}

}  // namespace gsst
