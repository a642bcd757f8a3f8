// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <limits>
#include <span>

namespace gsst {

/// Targets with this value do not count.
inline constexpr int64_t kIgnoredTarget = -1;

/// What is known of one token after some of its logits: the log-sum-exp of these is highest + log(sum).
struct TokenSum {
    double sum = 0;  ///< of e to the logits less `highest`
    float highest = -std::numeric_limits<float>::infinity();
    float hit = 0;  ///< the target's logit, once it was among them

    double logSumExp() const;
};

/// The cross-entropy of rows of logits, the logits of which come chunk by chunk over the vocabulary: `logits` [rows, R]
/// are those of the tokens from `firstToken` on. `targets`: one a row, in [0, V) or kIgnoredTarget. Everything is
/// exact, in fp32 with double block sums, whatever the precision of the logits; the bits depend on the chunks and on
/// their order.
struct LogitChunk {
    at::Tensor logits;  ///< contiguous
    int64_t firstToken = 0;
};

/// Adds a chunk to the sums (a value for each row), or begins them with the first. Sums of ignored targets stay as they
/// are.
void addTokenSums(const LogitChunk& chunk, std::span<const int64_t> targets, std::span<TokenSum> sums);

/// Losses in nats from complete sums; 0 for ignored targets.
void tokenLosses(std::span<const int64_t> targets, std::span<const TokenSum> sums, std::span<double> losses);

/// Replaces the logits by `scale` times the gradient of the losses, given complete sums: scale * (softmax - onehot);
/// zeros where ignored.
void turnIntoGradient(const LogitChunk& chunk, std::span<const int64_t> targets, std::span<const TokenSum> sums,
                      float scale);

}  // namespace gsst
