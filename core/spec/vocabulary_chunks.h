// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/round_up.h"
#include "spec/model_spec.h"
#include "spec/tensor_table.h"
#include "spec/train_spec.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace gsst {

/// The canonical cut of the vocabulary. Log-sum-exp and the gradient of the head's input are summed up chunk by chunk
/// in this cut's order whatever lies on the device at a time, so vocabulary slices, which are made of whole chunks,
/// change no bit. A pure function of model and recipe.
class VocabularyChunks {
public:
    VocabularyChunks(const ModelSpec& model, const TrainSpec& training) : m_vocabulary(model.vocabulary) {
        // A chunk is whole blocks, so that the blocks of a slice are its own.
        const int64_t rowsOfBlocks = kBlockElements / std::gcd(model.width, kBlockElements);
        m_rows = roundUp(training.vocabularyChunk, rowsOfBlocks);
    }

    int64_t vocabulary() const { return m_vocabulary; }
    /// Of every chunk but the last, which has the rest. More than the vocabulary if there is only one.
    int64_t rows() const { return m_rows; }
    /// Of the largest.
    int64_t largest() const { return std::min(m_rows, m_vocabulary); }
    int64_t count() const { return (m_vocabulary + m_rows - 1) / m_rows; }

private:
    int64_t m_vocabulary;
    int64_t m_rows;
};

}  // namespace gsst
