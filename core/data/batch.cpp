// SPDX-License-Identifier: GPL-3.0-or-later
#include "data/batch.h"

#include <algorithm>
#include <string>
#include <vector>

namespace gsst {
namespace {

Result<int64_t> rowsOf(const BatchView& batch, int64_t length) {
    const auto elements = static_cast<int64_t>(batch.input.size());
    if (batch.input.size() != batch.target.size() || elements == 0 || elements % length != 0)
        return Error{ErrorCode::Internal, "A batch has the wrong size", "",
                     std::to_string(batch.input.size()) + " inputs and " + std::to_string(batch.target.size()) +
                         " targets for sequences of " + std::to_string(length),
                     "Report this defect"};
    return elements / length;
}

}  // namespace

Status fillTrainingBatch(const TokenStore& store, const Sampler& sampler, int64_t step, int64_t sequencesPerStep,
                         int64_t microBatchIndex, const BatchView& batch) {
    const int64_t length = sampler.sequenceLength();
    GSST_ASSIGN(const int64_t rows, rowsOf(batch, length));
    const int64_t firstSequence = step * sequencesPerStep + microBatchIndex * rows;
    std::vector<int32_t> tokens(static_cast<size_t>(length) + 1);
    for (int64_t row = 0; row < rows; ++row) {
        GSST_TRY(store.read(sampler.sequence(firstSequence + row).start, tokens));
        std::copy(tokens.begin(), tokens.end() - 1, batch.input.begin() + row * length);
        std::copy(tokens.begin() + 1, tokens.end(), batch.target.begin() + row * length);
    }
    return {};
}

ValidationSequences::ValidationSequences(int64_t first, int64_t tokens, int64_t sequenceLength, int64_t mostSequences)
    : m_first(first), m_targets(std::max<int64_t>(0, tokens - 1)), m_length(sequenceLength),
      m_all((m_targets + sequenceLength - 1) / sequenceLength), m_count(std::clamp<int64_t>(mostSequences, 0, m_all)) {}

ValidationSequences::Window ValidationSequences::window(int64_t index) const {
    // index * all / count without overflow: both factors are below 2^31 for any text that fits on a disk.
    const int64_t position = index * m_all / m_count;
    const int64_t begin = position * m_length;
    if (begin + m_length <= m_targets)
        return {m_first + begin, m_length, 0};
    const int64_t shifted = std::max<int64_t>(0, m_targets - m_length);
    return {m_first + shifted, std::min(m_length, m_targets), begin - shifted};
}

int64_t ValidationSequences::countedTargets() const {
    int64_t counted = 0;
    for (int64_t i = 0; i < m_count; ++i)
        counted += window(i).length - window(i).ignored;
    return counted;
}

Result<int64_t> ValidationSequences::fill(const TokenStore& store, int64_t index, const BatchView& batch) const {
    GSST_ASSIGN(const int64_t rows, rowsOf(batch, m_length));
    std::fill(batch.input.begin(), batch.input.end(), 0);
    std::fill(batch.target.begin(), batch.target.end(), kIgnoredTarget);
    std::vector<int32_t> tokens;
    int64_t counted = 0;
    for (int64_t row = 0; row < rows && index * rows + row < m_count; ++row) {
        const Window part = window(index * rows + row);
        tokens.resize(static_cast<size_t>(part.length) + 1);
        GSST_TRY(store.read(part.start, tokens));
        std::copy(tokens.begin(), tokens.end() - 1, batch.input.begin() + row * m_length);
        std::copy(tokens.begin() + 1 + part.ignored, tokens.end(),
                  batch.target.begin() + row * m_length + part.ignored);
        counted += part.length - part.ignored;
    }
    return counted;
}

}  // namespace gsst
