// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/slicing.h"
#include "spec/state_format.h"
#include "spec/train_spec.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gsst {

/// What an op does. Its operands are buffers of the program; see Op.
enum class OpKind : uint8_t {
    ReadState,      ///< disk -> state: the staged kinds of a chunk, sums checked
    ReadGradient,   ///< disk -> chunkGradient: the stored gradient of a chunk
    Update,         ///< state and RAM copies, gradient (stored, or still on the device) -> state in place, weights
    WriteState,     ///< state and RAM copies -> disk, sums recorded
    ReadWeights,    ///< disk -> state: of hi (fp32 and fp16 compute: and lo) what is not in RAM, sums checked
    Materialize,    ///< state and RAM copies -> weights
    ZeroGradient,   ///< gradient = 0
    ReadBoundary,   ///< disk -> host (disk tier only)
    LoadBoundary,   ///< host -> input (RAM and disk tier)
    LoadGradient,   ///< host -> outputGradient (RAM and disk tier)
    Forward,        ///< weights, input -> output
    StoreBoundary,  ///< output (or inputGradient) -> host (RAM and disk tier)
    WriteBoundary,  ///< host -> disk (disk tier only)
    HeadSums,  ///< weights, table, input -> sums of a vocabulary slice added to `sums`; after the last slice the loss
    Head,      ///< weights, table, input -> loss, inputGradient, gradient, tableGradient; of a vocabulary slice with
               ///< `sums`, see HeadCall
    Backward,  ///< weights, input, outputGradient -> inputGradient, gradient
    AllReduceGradient,  ///< gradient -> its sum over all ranks (data parallel only)
    AllGatherWeights,   ///< state or RAM copies: what weights are made from goes from the chunk's owner to all other
                        ///< ranks
    Norms,  ///< the complete gradient, rounded if the preset says so -> squared norms of the slice's blocks, on the
            ///< host
    StoreGradient,      ///< gradient -> chunkGradient (staging), or the RAM copy without it
    WriteGradient,      ///< chunkGradient -> disk
    StoreTiedGradient,  ///< gradient -> host: a chunk of what a tied head has added to a vocabulary slice's gradient,
                        ///< in fp32
    WriteTiedGradient,  ///< host -> disk (disk tier only)
    ReadTiedGradient,   ///< disk -> host (disk tier only)
    LoadTiedGradient,   ///< host -> gradient
    Commit              ///< everything written to the slot so far becomes the committed state
};
const char* nameOf(OpKind kind);
inline constexpr size_t kOpKinds = size_t(OpKind::Commit) + 1;

/// Which engine part works on an op. Compute and link run in program order, the drive's ops in any that buffers and
/// files allow.
enum class Lane : uint8_t { Read, Compute, Write, Link };  // Link: to other ranks
inline constexpr size_t kLanes = 4;
constexpr Lane laneOf(OpKind kind) {
    switch (kind) {
    case OpKind::ReadState:
    case OpKind::ReadGradient:
    case OpKind::ReadBoundary:
    case OpKind::ReadTiedGradient:
    case OpKind::ReadWeights:
        return Lane::Read;
    case OpKind::WriteState:
    case OpKind::WriteGradient:
    case OpKind::WriteTiedGradient:
    case OpKind::WriteBoundary:
    case OpKind::Commit:
        return Lane::Write;
    case OpKind::AllReduceGradient:
    case OpKind::AllGatherWeights:
        return Lane::Link;
    default:
        return Lane::Compute;
    }
}

/// Reads and writes share the drive.
constexpr bool isOfDrive(Lane lane) {
    return lane == Lane::Read || lane == Lane::Write;
}

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
    int keptFor = -1;     ///< slice whose weights or gradient it keeps across programs; -1: lives within the program
    bool byMath = false;  ///< memory that the math takes from the pool itself; the engine only counts it
};

/// Which slot file an op means: the state as committed before the program, or the one the program writes.
enum class SlotRef : uint8_t { Old, New };

inline constexpr int kNoBuffer = -1;

/// Sets of kinds of state, by StateKind.
using KindMask = uint8_t;
constexpr KindMask bitOf(StateKind kind) {
    return KindMask(1u << unsigned(kind));
}
inline KindMask bitsOf(const StateFormat& format) {
    KindMask bits = 0;
    for (StateKind kind : format.kinds())
        bits |= bitOf(kind);
    return bits;
}

/// Buffers that an op touches. Asked of every op of every program that is planned: no memory is allocated.
class Operands {
public:
    void add(int buffer) {
        if (buffer != kNoBuffer)
            m_buffers[m_count++] = buffer;
    }
    const int* begin() const { return m_buffers.data(); }
    const int* end() const { return m_buffers.data() + m_count; }

private:
    std::array<int, 14> m_buffers;  ///< as many as an op has
    size_t m_count = 0;
};

/// One step of the static schedule. Operands are indices into StepProgram::buffers or kNoBuffer. Kinds of state that
/// are not in `staged`, and the gradient of an update without chunkGradient and gradient, are the RAM copies at the
/// op's unit and blocks.
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
    int current = kNoBuffer;  ///< Update: weights on the device from which the kinds of `state` are filled that were
                              ///< not fetched; none with fp16
    int weights = kNoBuffer;
    int table = kNoBuffer;  ///< Head: weights of the embedding for a tied head, or of the vocabulary slice
    int gradient = kNoBuffer;
    int tableGradient = kNoBuffer;  ///< Head: of `table`
    int sums = kNoBuffer;           ///< HeadSums, Head of a vocabulary slice: kTokenSumBytes for each token
    int input = kNoBuffer;
    int output = kNoBuffer;
    int outputGradient = kNoBuffer;
    int inputGradient = kNoBuffer;
    int host = kNoBuffer;
    int kept = kNoBuffer;  ///< Forward, Backward: activations that the one leaves for the other

    KindMask staged = 0;  ///< kinds that `state` holds, one section after the other in order of StateKind
    KindMask fetched =
        0;  ///< ReadState, ReadWeights: those of `staged` that are read; Update, Materialize: that were read
    bool lossOnly = false;    ///< Head: evaluation
    bool withLo = false;      ///< Materialize: fp32 or fp16 compute
    bool usesRam = false;     ///< ops on state: some kinds are RAM copies
    bool inBackward = false;  ///< Update: of the present step's gradient, not of the pending one
    int16_t owner = 0;        ///< AllGatherWeights: the rank that has updated the chunk
    int32_t boundary = -1;    ///< ReadBoundary, WriteBoundary: which place of the boundary file
    int64_t ioBytes = 0;      ///< read from or written to disk
    int64_t copyBytes = 0;    ///< moved by memory copies and update kernels
    int64_t linkBytes = 0;    ///< sent to another rank, and as many received
    double flops = 0;
    int64_t workspace = 0;  ///< device bytes used beyond the buffers, only during the op

    std::vector<int> acquires;  ///< buffers that begin to live with this op
    std::vector<int> releases;  ///< buffers that die after it
    Operands touches() const;   ///< all operands, without kNoBuffer
};

/// What a program does, as a whole.
enum class ProgramKind : uint8_t {
    Step,        ///< forward, backward
    UpdateOnly,  ///< applies (and with state on disk commits) the pending update
    Commit,      ///< what a speculative or insured step wrote becomes the committed state
    Evaluate,    ///< forward and loss of one group of micro-batches
    WriteOut,    ///< state in RAM -> slot, commit
    LoadWeights  ///< fills the weights that stay on the device
};
const char* nameOf(ProgramKind kind);

/// What the backward sweep does with a complete gradient.
enum class BackwardUpdate : uint8_t {
    None,         ///< deferred: it is stored, and the next forward sweep updates from it
    Speculative,  ///< the slice is updated at once with a guessed factor; nothing is stored
    Insured       ///< both
};

/// One of the programs that a placement can need.
struct ProgramVariant {
    ProgramKind kind = ProgramKind::Step;
    bool updating = false;  ///< Step: the pending update rides on the forward sweep and is committed
    BackwardUpdate update = BackwardUpdate::None;  ///< Step
    auto operator<=>(const ProgramVariant&) const = default;
};

/// The flat, static schedule of one step. Three readers: the executor runs it, the planner simulates it, the UI draws
/// it.
struct StepProgram {
    ProgramVariant variant;
    bool stateOnDisk = true;  ///< any state of any slice is
    int slices = 0;
    int microBatches = 0;
    std::vector<BufferInfo> buffers;
    std::vector<Op> ops;

    int64_t readBytes() const;
    int64_t writtenBytes() const;
    double flops() const;
};

}  // namespace gsst
