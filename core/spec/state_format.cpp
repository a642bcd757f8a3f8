// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/state_format.h"

#include "base/round_up.h"
#include "spec/recipe_choices.h"

#include <algorithm>
#include <cassert>

namespace gsst {

namespace {

constexpr int64_t kSectionAlignment = 4096;
constexpr int64_t kLeastQuantizedElements = 4096;

static_assert(kTensorAlignment % kScaleGroup == 0 && kBlockElements % kScaleGroup == 0);
static_assert(kTensorAlignment * elementBytes(StateKind::Hi) % kSectionAlignment == 0);

/// Embeddings see a few rows a step, so that one scale would serve rows of very different age; vectors and small
/// tensors are too few to save anything.
bool isQuantizable(const TensorInfo& tensor) {
    const bool embedding = tensor.role == TensorRole::TokenEmbedding || tensor.role == TensorRole::PositionEmbedding;
    return !embedding && tensor.shape.size() > 1 && tensor.elements >= kLeastQuantizedElements;
}

int64_t quantizedBytes(int64_t elements) {
    const int64_t bytes = elements + elements / kScaleGroup * int64_t(sizeof(float));
    return roundUp(bytes, kSectionAlignment);
}

/// The owners of the blocks of one unit, appended to `owners`.
void appendOwners(std::vector<int16_t>& owners, std::span<const BlockInfo> blocks, int ranks) {
    const size_t round = size_t(StateFormat::kOwnedBlocks) * size_t(ranks);
    for (size_t first = 0; first < blocks.size(); first += round) {
        const std::span<const BlockInfo> shared = blocks.subspan(first, std::min(round, blocks.size() - first));
        const int64_t elements = shared.back().offset + shared.back().paddedElements - shared.front().offset;
        for (const BlockInfo& block : shared)
            owners.push_back(int16_t((block.offset - shared.front().offset) * ranks / elements));
    }
}

}  // namespace

const char* nameOf(StateKind kind) {
    switch (kind) {
    case StateKind::Hi:
        return "weights";
    case StateKind::Lo:
        return "weight remainders";
    case StateKind::Moment1:
        return "first moments";
    case StateKind::Moment2:
        return "second moments";
    }
    return "";
}

const char* nameOf(StatePreset preset) {
    return wordOf(preset);
}

StateFormat::StateFormat(const TensorTable& table, StatePreset preset, const OptimizerSpec& optimizer,
                         const StateShard& share)
    : m_preset(preset), m_optimizer(&optimizer), m_share(share), m_parameters(table.parameters()) {
    for (const StateKind kind : kStateKinds)
        if (has(kind))
            m_kinds[m_kindCount++] = kind;
    for (int unit = 0; unit < table.unitCount(); ++unit)
        appendOwners(m_owner, table.blocksOf(unit), share.ranks);
    for (const TensorInfo& tensor : table.tensors()) {
        uint8_t kept = 0;
        for (const StateKind kind : kinds())
            kept |= !isMoment(kind) || optimizer.keeps(tensor.role, kind) ? uint8_t(1u << unsigned(kind)) : uint8_t{0};
        m_kept.insert(m_kept.end(), size_t(tensor.blockCount), kept);
        m_quantizable.insert(m_quantizable.end(), size_t(tensor.blockCount),
                             preset != StatePreset::Exact && isQuantizable(tensor));
    }
    for (const StateKind kind : kStateKinds) {
        std::vector<int64_t>& before = m_before[size_t(kind)];
        before.assign(1, 0);
        before.reserve(table.blocks().size() + 1);
        for (size_t block = 0; block < table.blocks().size(); ++block) {
            const int64_t padded = table.blocks()[block].paddedElements;
            const int64_t whole = quantized(int(block), kind) ? quantizedBytes(padded) : padded * elementBytes(kind);
            before.push_back(before.back() + (holds(int(block), kind) ? whole : 0));
        }
    }
    m_gradientsBefore.assign(1, 0);
    for (size_t block = 0; block < table.blocks().size(); ++block)
        m_gradientsBefore.push_back(m_gradientsBefore.back() +
                                    (owns(int(block)) ? table.blocks()[block].paddedElements * gradientBytes() : 0));
}

int StateFormat::ownedUntil(int first, int end) const {
    if (m_share.ranks == 1)
        return end;
    const auto isForeign = [owner = ownerOf(first)](int16_t other) { return other != owner; };
    return int(std::find_if(m_owner.begin() + first, m_owner.begin() + end, isForeign) - m_owner.begin());
}

int64_t StateFormat::bytes(int firstBlock, int blockCount, StateKind kind) const {
    assert(firstBlock >= 0 && blockCount >= 0 && size_t(firstBlock) + size_t(blockCount) <= m_quantizable.size());
    const std::vector<int64_t>& before = m_before[size_t(kind)];
    return before[size_t(firstBlock) + size_t(blockCount)] - before[size_t(firstBlock)];
}

int64_t StateFormat::bytes(int firstBlock, int blockCount) const {
    int64_t sum = 0;
    for (const StateKind kind : kinds())
        sum += bytes(firstBlock, blockCount, kind);
    return sum;
}

double StateFormat::bytesPerParameter() const {
    return double(totalBytes()) / double(m_parameters);
}

}  // namespace gsst
