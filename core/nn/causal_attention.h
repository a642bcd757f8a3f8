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

/// Which keys a query sees.
struct Sight {
    bool causal = true;  ///< of as many keys query i sees 0 to i; else all of them
    int64_t window = 0;  ///< causal: only so many of these, the last; 0 = no limit
};
/// A window hides by a mask [tokens, tokens], in the compute precision or in fp32: what it hides is computed all the
/// same.
Attended attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const Sight& sight,
                Products products);

/// Gradients of query, key and value of causal attention with that window.
std::tuple<at::Tensor, at::Tensor, at::Tensor> attendBackward(const at::Tensor& gradient, const at::Tensor& query,
                                                              const at::Tensor& key, const at::Tensor& value,
                                                              const Attended& attended, int64_t window,
                                                              Products products);

}  // namespace gsst
