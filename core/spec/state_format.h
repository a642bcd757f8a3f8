// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/optimizer_spec.h"
#include "spec/state_kind.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace gsst {

/// "exact", "mixed", "lean", as in recipes.
const char* nameOf(StatePreset preset);

/// Elements that share one scale where moments are quantized. Counted from the start of the tensor.
inline constexpr int64_t kScaleGroup = 256;

/// Gradients on the device, where they are summed up: fp32.
inline constexpr int64_t kGradientBytes = 4;
/// Complete gradients in RAM and on disk: fp32 with Exact, else bf16.
inline constexpr int64_t gradientBytesPerElement(StatePreset preset) {
    return preset == StatePreset::Exact ? 4 : 2;
}

/// Which part of a state one of several ranks keeps (ZeRO's first stage: Rajbhandari et al., "ZeRO: Memory
/// Optimizations Toward Training Trillion Parameter Models", 2020). What compute weights are made from is whole on
/// every rank; all else, and gradients that wait for their update, are divided among them.
struct StateShard {
    int rank = 0;
    int ranks = 1;
    Precision precision = Precision::Bf16;  ///< that is computed in: tells what weights are made from
    bool operator==(const StateShard&) const = default;
};

/// That of a process which trains alone.
inline constexpr StateShard kWholeState{};

/// The bytes of a model's state: which kinds there are and how large the section of each block is. Plain arithmetic
/// over the tensor table, the same in memory and on disk. Immutable; copies are independent of the table, but not of
/// the OptimizerSpec, which is a row of a table that lives as long as the program.
///
/// With several ranks every block has an owner, which updates it. The blocks of a unit are divided in runs of at most
/// kOwnedBlocks, one for each rank in turn, the last of which share what is left evenly: so each slice, however a model
/// is cut, has a part for every rank.
///
/// Section of a block with P padded elements: P elements of elementBytes(kind); or, quantized, P codes of one byte,
/// then P / kScaleGroup scales in fp32, then zeros up to a multiple of 4,096 bytes. Every section is a multiple of
/// 4,096 bytes. Consecutive blocks of one unit lie together as: all sections of the first kind, then all of the second,
/// ... in the order of kinds().
class StateFormat {
public:
    StateFormat(const TensorTable& table, StatePreset preset, const OptimizerSpec& optimizer, const StateShard& share);

    static constexpr int kOwnedBlocks = 64;  ///< 4 Mi elements: a chunk

    StatePreset preset() const { return m_preset; }
    const OptimizerSpec& optimizer() const { return *m_optimizer; }
    const StateShard& share() const { return m_share; }
    /// The rank that updates the block, and whether it is this one.
    int ownerOf(int block) const { return m_owner[size_t(block)]; }
    bool owns(int block) const { return ownerOf(block) == m_share.rank; }
    /// The first block after `first` and before `end` that has another owner; `end` if there is none.
    int ownedUntil(int first, int end) const;
    /// Whether every rank has this kind of all blocks, and whether this rank has it of `block`.
    bool isWhole(StateKind kind) const { return m_share.ranks == 1 || weightsNeed(kind, m_share.precision); }
    bool holds(int block, StateKind kind) const { return keeps(block, kind) && (isWhole(kind) || owns(block)); }
    /// Those that any tensor has, in the order of StateKind. Lean has no Lo; the optimizer says which moments there
    /// are.
    std::span<const StateKind> kinds() const { return std::span(m_kinds).first(m_kindCount); }
    bool has(StateKind kind) const {
        return isMoment(kind) ? m_optimizer->keeps(kind) : kind == StateKind::Hi || m_preset != StatePreset::Lean;
    }
    /// Whether the block's tensor has this kind, on whichever rank.
    bool keeps(int block, StateKind kind) const { return (m_kept[size_t(block)] >> unsigned(kind) & 1u) != 0; }

    /// Kinds of state from which weights of `precision` are made: `hi`, and `lo` (where there is one) unless bf16 is
    /// computed with. fp16 needs it: `hi` has 8 significant bits, fp16 has 11.
    bool weightsNeed(StateKind kind, Precision precision) const {
        return kind == StateKind::Hi || (kind == StateKind::Lo && has(kind) && precision != Precision::Bf16);
    }
    /// Whether this kind can be had back from such weights: it cannot from fp16, which rounds what it is made from.
    bool weightsTell(StateKind kind, Precision precision) const {
        return precision != Precision::Fp16 && weightsNeed(kind, precision);
    }

    /// Whether this section holds 8-bit codes: the moments of matrices of at least 4,096 elements that are no
    /// embedding, in Mixed and Lean. Everything else keeps 32-bit moments.
    bool quantized(int block, StateKind kind) const {
        return isMoment(kind) && keeps(block, kind) && m_quantizable[size_t(block)] != 0;
    }

    /// Bytes of one section; 0 for a kind that the block's tensor lacks, or that this rank does not hold.
    int64_t bytes(int block, StateKind kind) const { return bytes(block, 1, kind); }
    /// Of the sections of one kind of `blockCount` blocks from `firstBlock`, all of one unit.
    int64_t bytes(int firstBlock, int blockCount, StateKind kind) const;
    /// Of all kinds.
    int64_t bytes(int firstBlock, int blockCount) const;
    int64_t totalBytes() const { return bytes(0, blockCount()); }
    double bytesPerParameter() const;
    int64_t gradientBytes() const {
        return gradientBytesPerElement(m_preset);
    }  ///< of an element, where gradients are stored
    /// Of the gradients of these blocks that wait on this rank.
    int64_t gradientBytes(int firstBlock, int blockCount) const {
        return m_gradientsBefore[size_t(firstBlock) + size_t(blockCount)] - m_gradientsBefore[size_t(firstBlock)];
    }
    int blockCount() const { return int(m_quantizable.size()); }

    /// Memory that the update of these blocks moves: all of their state there and back, and the gradient, of
    /// `gradientBytes`.
    int64_t updateBytes(int firstBlock, int blockCount, int64_t gradientBytes) const {
        return 2 * bytes(firstBlock, blockCount) + gradientBytes;
    }

private:
    StatePreset m_preset;
    const OptimizerSpec* m_optimizer;
    StateShard m_share;
    int64_t m_parameters;
    std::array<StateKind, kStateKinds.size()> m_kinds{};
    size_t m_kindCount = 0;
    std::vector<int16_t> m_owner;        ///< of each block
    std::vector<uint8_t> m_kept;         ///< of each block: its kinds, bit by number
    std::vector<uint8_t> m_quantizable;  ///< of each block: its moments are quantized
    std::array<std::vector<int64_t>, kStateKinds.size()>
        m_before;                            ///< of each kind: bytes of all blocks before this one
    std::vector<int64_t> m_gradientsBefore;  ///< the same of gradients
};

}  // namespace gsst
