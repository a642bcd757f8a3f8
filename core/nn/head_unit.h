// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nn/norm.h"
#include "nn/token_loss.h"
#include "nn/unit_tensors.h"

#include <span>
#include <vector>

namespace gsst {

/// Rows of the output matrix [V, d]: the head's, or the token table when tied.
struct HeadRows {
    at::Tensor rows;         ///< [count, d]
    int64_t first = 0;       ///< a multiple of HeadChunks::rows
    int64_t vocabulary = 0;  ///< V
};

/// The canonical order of sums: tokens whose logits are worked on together, and rows of a vocabulary chunk (see
/// VocabularyChunks).
struct HeadChunks {
    int64_t tokens = 0;
    int64_t rows = 0;
};

/// Where the gradients of the head go.
struct HeadGradients {
    at::Tensor input;    ///< [tokens, d] compute precision, written
    UnitGradients unit;  ///< final norm, added to
    at::Tensor rows;     ///< fp32, of the HeadRows: the tied table's or the head matrix's accumulator, added to
    double scale = 1.0;  ///< of the token losses, e.g. one over the targets of the whole step
};

/// Final norm, output matrix and cross-entropy, in chunks of tokens and of the vocabulary. Logits exist once, in
/// compute precision: they are turned into their gradient in place. Whatever the rows at hand, sums over the vocabulary
/// are in the same order: those of the tokens from the first chunk on, the gradient of the input from the last.
class HeadUnit {
public:
    HeadUnit(const ModelSpec& model, const UnitWeights& norm, HeadRows rows, const HeadChunks& chunks,
             Products products);

    /// With all rows: sum of the losses in nats over input [tokens, d]; targets as in LogitChunk.
    double loss(const at::Tensor& input, std::span<const int64_t> targets) const;
    /// The same bits, and the gradients. All logits of a chunk of tokens exist at a time.
    double lossAndGradients(const at::Tensor& input, std::span<const int64_t> targets,
                            const HeadGradients& gradients) const;

    /// With some of the rows, one chunk of logits at a time. First, rows in ascending order: what they add to the sum
    /// of each token.
    void addSums(const at::Tensor& input, std::span<const int64_t> targets, std::span<TokenSum> sums) const;
    /// The sum of the losses from complete sums.
    static double loss(std::span<const int64_t> targets, std::span<const TokenSum> sums);
    /// Then, rows in descending order: their gradient, and what they add to that of the normed input in
    /// gradients.input, begun by the last rows; the first rows end with the gradient of norm and input.
    void addGradients(const at::Tensor& input, std::span<const int64_t> targets, std::span<const TokenSum> sums,
                      const HeadGradients& gradients) const;

private:
    /// Chunk of tokens at work.
    struct Part {
        int64_t first = 0;
        int64_t count = 0;
        at::Tensor rows;
        NormStatistics statistics;
        at::Tensor normed;
        std::span<const int64_t> targets;
    };
    template <typename Work>
    void forEachPart(const at::Tensor& input, std::span<const int64_t> targets, const Work& work) const;
    int64_t chunkCount() const;
    int64_t rowsOf(int64_t chunk) const;
    LogitChunk logits(const Part& part, int64_t chunk, const at::Tensor& buffer) const;
    void addGradient(const Part& part, int64_t chunk, const at::Tensor& logitGradient,
                     const HeadGradients& gradients) const;
    void endGradient(const Part& part, const HeadGradients& gradients) const;

    Norm m_norm;
    HeadRows m_rows;
    HeadChunks m_chunks;
    Products m_products;
};

}  // namespace gsst
