// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/model_spec.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gsst {

/// Elements of a canonical block. A block is the one granule of everything that must not depend on slicing, chunk
/// size or residency: one checksum per block and kind, one partial squared norm per block.
inline constexpr int64_t kBlockElements = 64 * 1024;

/// Every tensor starts at a multiple of this many elements inside its unit, so that every block of every kind
/// (2 or 4 bytes an element) starts at a multiple of 4 KiB and direct I/O can read it alone.
inline constexpr int64_t kTensorAlignment = 2048;

/// A unit is the smallest piece of a model that a slice can consist of.
enum class UnitKind {
    Embedding,  ///< token table (and learned positions)
    Attention,  ///< x + attention(norm(x)) of one layer
    Mlp,        ///< x + mlp(norm(x)) of one layer
    Head        ///< final norm, and the output matrix unless tied
};

enum class InitKind { Zeros, Ones, Normal };

/// Roles are what `nn` looks tensors up by. Which exist depends on the unit's kind and the model's Architecture; d is
/// the width, f ffnWidth, q queryWidth(), k keyWidth(), h headSize().
enum class TensorRole {
    TokenEmbedding,     ///< [V, d]
    PositionEmbedding,  ///< [C, d]        Positions::Learned
    NormWeight,         ///< [d]           all but Embedding
    NormBias,           ///< [d]           NormKind::LayerNorm
    Qkv,                ///< [q + 2 k, d]  QkvLayout::Fused
    QkvBias,            ///< [q + 2 k]     QkvLayout::Fused, Biases::All
    Query,              ///< [q, d]        QkvLayout::Separate
    Key,                ///< [k, d]        QkvLayout::Separate
    Value,              ///< [k, d]        QkvLayout::Separate
    QueryNorm,          ///< [h]           QueryKeyNorm::PerHead
    KeyNorm,            ///< [h]           QueryKeyNorm::PerHead
    AttentionOut,       ///< [d, q]
    AttentionOutBias,   ///< [d]           Biases::All
    Gate,               ///< [f, d]        MlpKind::SwiGlu
    Up,                 ///< [f, d]
    UpBias,             ///< [f]           Biases::All
    Down,               ///< [d, f]
    DownBias,           ///< [d]           Biases::All
    HeadWeight          ///< [V, d]        untied Head
};

struct TensorInfo {
    std::string name;  ///< e.g. "layers.3.attention.qkv.weight"; unique
    TensorRole role{};
    std::vector<int64_t> shape;  ///< row-major; matrices are [out, in]
    int64_t elements = 0;
    int unit = 0;        ///< index into TensorTable::units()
    int64_t offset = 0;  ///< first element inside the unit, a multiple of kTensorAlignment
    int firstBlock = 0;  ///< index into TensorTable::blocks()
    int blockCount = 0;
    bool decay = false;  ///< weight decay applies (matrices, embeddings included)
    InitKind init = InitKind::Zeros;
    double initStd = 0.0;  ///< for Normal
};

struct UnitInfo {
    UnitKind kind{};
    int layer = -1;  ///< -1 for Embedding and Head
    int firstTensor = 0;
    int tensorCount = 0;
    int firstBlock = 0;  ///< blocks of a unit are contiguous and in order of their offset
    int blockCount = 0;
    int64_t elements = 0;        ///< parameters, without padding
    int64_t paddedElements = 0;  ///< the unit's element space: a multiple of kTensorAlignment
};

struct BlockInfo {
    int unit = 0;
    int tensor = 0;
    int64_t offset = 0;          ///< first element inside the unit, a multiple of kTensorAlignment
    int64_t elements = 0;        ///< real elements, <= kBlockElements
    int64_t paddedElements = 0;  ///< up to the next block: a multiple of kTensorAlignment; padding is zero
};

/// TensorTable::parameters() without building the table. `model` must be valid, but may be as large as each of its
/// fields allows.
int64_t parameterCount(const ModelSpec& model);

/// The canonical order of everything a model consists of: Embedding, then Attention and Mlp of each layer, then Head.
/// It is a pure function of the ModelSpec; files, sums and norms are indexed by it. Immutable.
class TensorTable {
public:
    /// `spec` must be valid (see problemsOf()).
    explicit TensorTable(const ModelSpec& spec);

    const ModelSpec& model() const { return m_model; }
    const std::vector<UnitInfo>& units() const { return m_units; }
    const std::vector<TensorInfo>& tensors() const { return m_tensors; }
    const std::vector<BlockInfo>& blocks() const { return m_blocks; }
    std::span<const TensorInfo> tensorsOf(int unit) const;
    std::span<const BlockInfo> blocksOf(int unit) const;
    /// The tensor of `unit` with `role`, or nullptr.
    const TensorInfo* find(int unit, TensorRole role) const;

    int64_t parameters() const { return m_parameters; }  ///< without padding, a tied head counted once
    int64_t paddedParameters() const { return m_paddedParameters; }
    int unitCount() const { return int(m_units.size()); }
    int headUnit() const { return unitCount() - 1; }

private:
    ModelSpec m_model;
    std::vector<UnitInfo> m_units;
    std::vector<TensorInfo> m_tensors;
    std::vector<BlockInfo> m_blocks;
    int64_t m_parameters = 0;
    int64_t m_paddedParameters = 0;
};

}  // namespace gsst
