// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/slicing.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gsst {

/// What an op does. Its operands are buffers of the program; see Op.
enum class OpKind : uint8_t {
    ReadState,      ///< disk -> state: hi, lo, m, v of a chunk, sums checked
    ReadGradient,   ///< disk -> chunkGradient: the stored gradient of a chunk
    Update,         ///< state, chunkGradient -> state (in place), weights
    WriteState,     ///< state -> disk, sums recorded
    ReadWeights,    ///< disk -> state: hi (fp32 compute: and lo) of a chunk, sums checked
    Join,           ///< state -> weights
    ZeroGradient,   ///< gradient = 0
    LoadBoundary,   ///< host -> input (RAM tier only)
    LoadGradient,   ///< host -> outputGradient (RAM tier only)
    Forward,        ///< weights, input -> output
    StoreBoundary,  ///< output (or inputGradient) -> host (RAM tier only)
    Head,           ///< weights, tied, input -> loss, inputGradient, gradient, tiedGradient
    Backward,       ///< weights, input, outputGradient -> inputGradient, gradient
    Norms,          ///< gradient -> squared norms of the slice's blocks, on the host
    StoreGradient,  ///< gradient -> chunkGradient (staging)
    WriteGradient,  ///< chunkGradient -> disk
    Commit          ///< everything written to the slot so far becomes the committed state
};
const char* nameOf(OpKind kind);

/// Which engine part works on an op. Ops of one lane run in program order; lanes overlap as far as buffers and files allow.
enum class Lane : uint8_t { Read, Compute, Write };
Lane laneOf(OpKind kind);

/// Where a buffer lives.
enum class Space : uint8_t {
    Staging,  ///< the ring of I/O memory
    Device,   ///< the capped pool
    Ram       ///< host memory besides the ring
};

enum class BufferUse : uint8_t { State, ChunkGradient, Weights, Gradient, Activation };

struct BufferInfo {
    Space space{};
    BufferUse use{};
    int64_t bytes = 0;
};

/// Which slot file an op means: the state as committed before the program, or the one the program writes.
enum class SlotRef : uint8_t { Old, New };

inline constexpr int kNoBuffer = -1;

/// One step of the static schedule. Operands are indices into StepProgram::buffers or kNoBuffer. In resident programs
/// state, weights (bf16) and gradient may be kNoBuffer: the engine then uses the resident arrays at the op's unit and blocks.
struct Op {
    OpKind kind{};
    SlotRef slot = SlotRef::Old;
    int16_t slice = -1;
    int16_t unit = -1;
    int32_t microBatch = -1;
    int32_t firstBlock = 0;
    int32_t blockCount = 0;
    int64_t unitOffset = 0;    ///< first element of the chunk inside its unit
    int64_t elements = 0;      ///< padded elements of the chunk
    int64_t targetOffset = 0;  ///< first element of the chunk inside the weights or gradient buffer

    int state = kNoBuffer;
    int chunkGradient = kNoBuffer;
    int weights = kNoBuffer;
    int tied = kNoBuffer;            ///< weights of the embedding unit, for a tied head
    int gradient = kNoBuffer;
    int tiedGradient = kNoBuffer;
    int input = kNoBuffer;
    int output = kNoBuffer;
    int outputGradient = kNoBuffer;
    int inputGradient = kNoBuffer;
    int host = kNoBuffer;

    bool lossOnly = false;     ///< Head: evaluation
    bool readsLo = false;      ///< ReadWeights, Join: fp32 compute
    int64_t ioBytes = 0;       ///< read from or written to disk
    int64_t copyBytes = 0;     ///< moved by memory copies and update kernels
    double flops = 0;
    int64_t workspace = 0;     ///< device bytes used beyond the buffers, only during the op

    std::vector<int> acquires; ///< buffers that begin to live with this op
    std::vector<int> releases; ///< buffers that die after it
    std::vector<int> touches() const;  ///< all operands, without kNoBuffer
};

/// What a program does, as a whole.
enum class ProgramKind : uint8_t {
    StepPlain,     ///< forward, backward; the state is not changed
    StepUpdating,  ///< as StepPlain; the pending update of the step before rides on the forward sweep and is committed
    UpdateOnly,    ///< applies (and with state on disk commits) the pending update
    Evaluate,      ///< forward and loss of one group of micro-batches
    WriteOut       ///< resident state -> slot, commit
};
const char* nameOf(ProgramKind kind);

/// The flat, static schedule of one step. Three readers: the executor runs it, the planner simulates it, the UI draws it.
struct StepProgram {
    ProgramKind kind{};
    bool resident = false;
    int slices = 0;
    int microBatches = 0;
    std::vector<BufferInfo> buffers;
    std::vector<Op> ops;

    int64_t readBytes() const;
    int64_t writtenBytes() const;
    double flops() const;
};

}  // namespace gsst
