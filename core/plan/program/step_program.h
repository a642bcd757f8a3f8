// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/slicing.h"
#include "spec/buffer_kind.h"
#include "spec/op_kind.h"
#include "spec/state_format.h"
#include "spec/train_spec.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gsst {

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
    std::array<int, kOperands> m_buffers;
    size_t m_count = 0;
};

/// One step of the static schedule. kOps says which operands each kind has: the others are kNoBuffer. Operands are
/// indices into StepProgram::buffers or kNoBuffer. Kinds of state that
/// are not in `staged`, and the gradient of an update without chunkGradient and gradient, are the RAM copies at the
/// op's unit and blocks.
struct Op {
    OpKind kind{};
    Sweep sweep{};
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
    int operand(Operand which) const;
    Operands touches() const;  ///< all operands that its kind can have, without kNoBuffer
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
constexpr ProgramVariant stepVariant(bool updating, BackwardUpdate update) {
    return {ProgramKind::Step, updating, update};
}
inline constexpr ProgramVariant kUpdateOnlyProgram{ProgramKind::UpdateOnly, false, BackwardUpdate::None};
inline constexpr ProgramVariant kCommitProgram{ProgramKind::Commit, false, BackwardUpdate::None};
inline constexpr ProgramVariant kEvaluateProgram{ProgramKind::Evaluate, false, BackwardUpdate::None};
inline constexpr ProgramVariant kWriteOutProgram{ProgramKind::WriteOut, false, BackwardUpdate::None};
inline constexpr ProgramVariant kLoadWeightsProgram{ProgramKind::LoadWeights, false, BackwardUpdate::None};

/// The programs that make a training step among others of its kind, in their order. With state on disk: forward and
/// backward with the pending update on the way up, or, if the backward sweep updates, with a commit behind it. With all
/// state in RAM: forward and backward, then the update in place, whatever `update` says.
std::vector<ProgramVariant> stepVariants(bool stateOnDisk, BackwardUpdate update);

/// The flat, static schedule of one step. Three readers: the executor runs it, the planner simulates it, and the screen
/// draws what the engine tells of it, op by op, with the op's own slice and sweep.
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
