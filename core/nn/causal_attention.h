// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/train_spec.h"

#include <ATen/core/Tensor.h>

#include <tuple>

namespace gsst {

// LibTorch's fused CPU attention. Tensors are [batch, heads, tokens, headSize] views of [batch, tokens, heads,
// headSize] memory; keys and values may have fewer heads. Upcast, it goes through fp32, one sequence at a time: of
// fp16 LibTorch's own kernel takes 3 times as long forward and 8 times backward (2.11), of bf16 without AMX 1.4 times
// both ways.

struct Attended {
    at::Tensor values;     ///< as the queries, in their precision
    at::Tensor logSumExp;  ///< [batch, heads, tokens], fp32
};

/// `causal`: query i sees keys 0 to i; else all of them.
Attended attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, bool causal,
                Products products);

/// Gradients of query, key and value of causal attention.
std::tuple<at::Tensor, at::Tensor, at::Tensor> attendBackward(const at::Tensor& gradient, const at::Tensor& query,
                                                              const at::Tensor& key, const at::Tensor& value,
                                                              const Attended& attended, Products products);

}  // namespace gsst
