// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/causal_attention.h"

#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>

#include <limits>
#include <optional>
#include <utility>

namespace gsst {

namespace {

/// Of the same shape and layout.
at::Tensor emptyHeads(const at::Tensor& heads, at::ScalarType type) {
    return at::empty({heads.size(0), heads.size(2), heads.size(1), heads.size(3)}, type).transpose(1, 2);
}

at::Tensor wideSequence(const at::Tensor& heads, int64_t sequence) {
    return heads.narrow(0, sequence, 1).to(at::kFloat);
}

/// What is added to the scores, so that keys before the window count nothing.
std::optional<at::Tensor> windowMask(int64_t tokens, int64_t window, at::ScalarType type) {
    if (window == 0 || window >= tokens)
        return std::nullopt;
    return at::full({tokens, tokens}, -std::numeric_limits<double>::infinity(), type).tril_(-window);
}

Attended attendUpcast(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const Sight& sight) {
    const auto mask = windowMask(query.size(2), sight.window, at::kFloat);
    Attended all{emptyHeads(query, query.scalar_type()),
                 at::empty({query.size(0), query.size(2), query.size(1)}, at::kFloat).transpose(1, 2)};
    for (int64_t sequence = 0; sequence < query.size(0); ++sequence) {
        const auto [values, logSumExp] =
            at::_scaled_dot_product_flash_attention_for_cpu(wideSequence(query, sequence), wideSequence(key, sequence),
                                                            wideSequence(value, sequence), 0.0, sight.causal, mask);
        all.values.narrow(0, sequence, 1).copy_(values);
        all.logSumExp.narrow(0, sequence, 1).copy_(logSumExp);
    }
    return all;
}

}  // namespace

Attended attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, const Sight& sight,
                Products products) {
    if (products == Products::Upcast)
        return attendUpcast(query, key, value, sight);
    auto [values, logSumExp] = at::_scaled_dot_product_flash_attention_for_cpu(
        query, key, value, 0.0, sight.causal, windowMask(query.size(2), sight.window, query.scalar_type()));
    return {std::move(values), std::move(logSumExp)};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> attendBackward(const at::Tensor& gradient, const at::Tensor& query,
                                                              const at::Tensor& key, const at::Tensor& value,
                                                              const Attended& attended, int64_t window,
                                                              Products products) {
    const at::ScalarType maskType = products == Products::Native ? query.scalar_type() : at::kFloat;
    const auto mask = windowMask(query.size(2), window, maskType);
    if (products == Products::Native)
        return at::_scaled_dot_product_flash_attention_for_cpu_backward(gradient, query, key, value, attended.values,
                                                                        attended.logSumExp, 0.0, true, mask);
    const at::ScalarType type = query.scalar_type();
    std::tuple all{emptyHeads(query, type), emptyHeads(key, type), emptyHeads(value, type)};
    for (int64_t sequence = 0; sequence < query.size(0); ++sequence) {
        const auto [dQuery, dKey, dValue] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
            wideSequence(gradient, sequence), wideSequence(query, sequence), wideSequence(key, sequence),
            wideSequence(value, sequence), wideSequence(attended.values, sequence),
            attended.logSumExp.narrow(0, sequence, 1), 0.0, true, mask);
        std::get<0>(all).narrow(0, sequence, 1).copy_(dQuery);
        std::get<1>(all).narrow(0, sequence, 1).copy_(dKey);
        std::get<2>(all).narrow(0, sequence, 1).copy_(dValue);
    }
    return all;
}

}  // namespace gsst
