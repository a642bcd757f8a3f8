// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace gsst {

// What a step program is made of, as plain enums and one table. It stands in spec, below plan and service, so that the
// program, the engine that runs it, what the service tells of it and the screen that draws it share one vocabulary
// without the screen knowing core/plan.

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
inline constexpr size_t kOpKinds = size_t(OpKind::Commit) + 1;  // Commit stays the last

/// Which engine part works on an op. Compute and link run in program order, the drive's ops in any that buffers and
/// files allow.
enum class Lane : uint8_t { Read, Compute, Write, Link };  // Link: to other ranks
inline constexpr size_t kLanes = size_t(Lane::Link) + 1;

/// Reads and writes share the drive.
constexpr bool isOfDrive(Lane lane) {
    return lane == Lane::Read || lane == Lane::Write;
}

/// "read", "compute", "write", "link".
constexpr const char* nameOf(Lane lane) {
    switch (lane) {
    case Lane::Read:
        return "read";
    case Lane::Compute:
        return "compute";
    case Lane::Write:
        return "write";
    case Lane::Link:
        return "link";
    }
    return "";
}

/// Which way through the slices an op belongs to. The builder of a program says it of every op; nobody has to conclude
/// it from the kinds of others.
enum class Sweep : uint8_t {
    Forward,   ///< from the embedding up; an evaluation's loss is part of it
    Backward,  ///< from the head down. It begins with the head, which gives the loss and the first gradient at once
    Update,    ///< over all slices without computing with them: an update by itself, state written out, weights loaded
    Commit     ///< over none: what an earlier program has written becomes the committed state
};

/// "forward", "backward", "update", "commit".
constexpr const char* nameOf(Sweep sweep) {
    switch (sweep) {
    case Sweep::Forward:
        return "forward";
    case Sweep::Backward:
        return "backward";
    case Sweep::Update:
        return "update";
    case Sweep::Commit:
        return "commit";
    }
    return "";
}

/// The operands that an op can have, each a member of Op by the same name.
enum class Operand : uint8_t {
    State,
    ChunkGradient,
    Current,
    Weights,
    Table,
    Gradient,
    TableGradient,
    Sums,
    Input,
    Output,
    OutputGradient,
    InputGradient,
    Host,
    Kept
};
inline constexpr size_t kOperands = size_t(Operand::Kept) + 1;

/// A set of operands.
class OperandSet {
public:
    constexpr OperandSet(std::initializer_list<Operand> operands) {
        for (Operand operand : operands)
            m_bits = uint16_t(m_bits | 1u << unsigned(operand));
    }
    constexpr bool has(Operand operand) const { return (m_bits >> unsigned(operand) & 1u) != 0; }

private:
    uint16_t m_bits = 0;
};

/// What the screen shows of a slice while an op works on it.
enum class ShownAs : uint8_t { Nothing, Reading, Computing, Writing };

/// What is known of a kind of op.
struct OpTraits {
    OpKind kind{};
    const char* name = "";
    Lane lane{};
    ShownAs shown{};
    OperandSet operands;  ///< those it may have
};

/// By OpKind.
inline constexpr std::array<OpTraits, kOpKinds> kOps{{
    {OpKind::ReadState, "read state", Lane::Read, ShownAs::Reading, {Operand::State}},
    {OpKind::ReadGradient, "read gradient", Lane::Read, ShownAs::Nothing, {Operand::ChunkGradient}},
    {OpKind::Update,
     "update",
     Lane::Compute,
     ShownAs::Nothing,
     {Operand::State, Operand::ChunkGradient, Operand::Current, Operand::Weights, Operand::Gradient}},
    {OpKind::WriteState, "write state", Lane::Write, ShownAs::Writing, {Operand::State}},
    {OpKind::ReadWeights, "read weights", Lane::Read, ShownAs::Reading, {Operand::State}},
    {OpKind::Materialize, "materialize weights", Lane::Compute, ShownAs::Nothing, {Operand::State, Operand::Weights}},
    {OpKind::ZeroGradient, "zero gradient", Lane::Compute, ShownAs::Nothing, {Operand::Gradient}},
    {OpKind::ReadBoundary, "read boundary", Lane::Read, ShownAs::Nothing, {Operand::Host}},
    {OpKind::LoadBoundary, "load boundary", Lane::Compute, ShownAs::Nothing, {Operand::Input, Operand::Host}},
    {OpKind::LoadGradient, "load gradient", Lane::Compute, ShownAs::Nothing, {Operand::OutputGradient, Operand::Host}},
    {OpKind::Forward,
     "forward",
     Lane::Compute,
     ShownAs::Computing,
     {Operand::Weights, Operand::Input, Operand::Output, Operand::Kept}},
    {OpKind::StoreBoundary, "store boundary", Lane::Compute, ShownAs::Nothing, {Operand::Output, Operand::Host}},
    {OpKind::WriteBoundary, "write boundary", Lane::Write, ShownAs::Nothing, {Operand::Host}},
    {OpKind::HeadSums,
     "head sums",
     Lane::Compute,
     ShownAs::Computing,
     {Operand::Weights, Operand::Table, Operand::Sums, Operand::Input}},
    {OpKind::Head,
     "head",
     Lane::Compute,
     ShownAs::Computing,
     {Operand::Weights, Operand::Table, Operand::Gradient, Operand::TableGradient, Operand::Sums, Operand::Input,
      Operand::InputGradient}},
    {OpKind::Backward,
     "backward",
     Lane::Compute,
     ShownAs::Computing,
     {Operand::Weights, Operand::Gradient, Operand::Input, Operand::OutputGradient, Operand::InputGradient,
      Operand::Kept}},
    {OpKind::AllReduceGradient, "all-reduce gradient", Lane::Link, ShownAs::Nothing, {Operand::Gradient}},
    {OpKind::AllGatherWeights, "all-gather weights", Lane::Link, ShownAs::Nothing, {Operand::State}},
    {OpKind::Norms, "norms", Lane::Compute, ShownAs::Nothing, {Operand::Gradient}},
    {OpKind::StoreGradient,
     "store gradient",
     Lane::Compute,
     ShownAs::Nothing,
     {Operand::ChunkGradient, Operand::Gradient}},
    {OpKind::WriteGradient, "write gradient", Lane::Write, ShownAs::Writing, {Operand::ChunkGradient}},
    {OpKind::StoreTiedGradient,
     "store tied gradient",
     Lane::Compute,
     ShownAs::Nothing,
     {Operand::Gradient, Operand::Host}},
    {OpKind::WriteTiedGradient, "write tied gradient", Lane::Write, ShownAs::Writing, {Operand::Host}},
    {OpKind::ReadTiedGradient, "read tied gradient", Lane::Read, ShownAs::Nothing, {Operand::Host}},
    {OpKind::LoadTiedGradient,
     "load tied gradient",
     Lane::Compute,
     ShownAs::Nothing,
     {Operand::Gradient, Operand::Host}},
    {OpKind::Commit, "commit", Lane::Write, ShownAs::Nothing, {}},
}};

constexpr bool isInOrder(const std::array<OpTraits, kOpKinds>& ops) {
    for (size_t kind = 0; kind < ops.size(); ++kind)
        if (size_t(ops[kind].kind) != kind)
            return false;
    return true;
}
static_assert(isInOrder(kOps), "each kind of op has its row, in the order of OpKind");

constexpr const OpTraits& traitsOf(OpKind kind) {
    return kOps[size_t(kind)];
}
constexpr Lane laneOf(OpKind kind) {
    return traitsOf(kind).lane;
}
/// "read state", "all-reduce gradient" ...
constexpr const char* nameOf(OpKind kind) {
    return traitsOf(kind).name;
}

}  // namespace gsst
