// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <span>

namespace gsst {

/// Targets with this value do not count.
inline constexpr int64_t kIgnoredTarget = -1;

/// Writes the cross-entropy of each row of `logits` [rows, V] in nats to `losses` (rows values; 0 for ignored targets). The log-sum-exp
/// is exact: over the whole row, maximum first, in fp32 with double block sums, whatever the precision of the logits.
/// `targets`: one a row, in [0, V) or kIgnoredTarget.
void tokenLosses(const at::Tensor& logits, std::span<const int64_t> targets, std::span<double> losses);

/// The same, and replaces the logits by `scale` times the gradient of the losses: scale * (softmax - onehot); zeros where ignored.
void tokenLossesAndGradient(const at::Tensor& logits, std::span<const int64_t> targets, float scale, std::span<double> losses);

}  // namespace gsst
