// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace gsst {

/// Where a buffer of a step program lives. In spec for the reason that op_kind.h is.
enum class Space : uint8_t {
    Staging,  ///< the ring of I/O memory
    Device,   ///< the capped pool
    Ram       ///< host memory besides the ring
};

/// "staging", "device", "RAM".
constexpr const char* nameOf(Space space) {
    switch (space) {
    case Space::Staging:
        return "staging";
    case Space::Device:
        return "device";
    case Space::Ram:
        return "RAM";
    }
    return "";
}

/// What a buffer is for.
enum class BufferUse : uint8_t { State, ChunkGradient, Weights, Gradient, Activation };
inline constexpr size_t kBufferUses = size_t(BufferUse::Activation) + 1;

/// "state", "stored gradient", "weights", "gradient", "activation".
constexpr const char* nameOf(BufferUse use) {
    switch (use) {
    case BufferUse::State:
        return "state";
    case BufferUse::ChunkGradient:
        return "stored gradient";
    case BufferUse::Weights:
        return "weights";
    case BufferUse::Gradient:
        return "gradient";
    case BufferUse::Activation:
        return "activation";
    }
    return "";
}

}  // namespace gsst
