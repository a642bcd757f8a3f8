// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/train_spec.h"

#include <ATen/core/Tensor.h>

#include <vector>

namespace gsst {

// Products with weight matrices [out, in], and their gradients. Inputs are [rows, in] and [rows, out] in compute
// precision.

// Products::Native are LibTorch's; Products::Upcast those of upcast_products.h. With fp32 there is no difference but
// in speed.

/// Native bf16 gradients of a matrix are made in pieces of at most this many elements, so that no whole temporary
/// exists.
inline constexpr int64_t kGradientPieceElements = 1 << 20;

/// input * weight^T (+ bias, if defined).
at::Tensor linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, Products products);

/// out = input * weight^T.
void linearInto(const at::Tensor& out, const at::Tensor& input, const at::Tensor& weight, Products products);

/// The terms of residual + input * weight^T (+ bias, if defined).
struct AddedLinear {
    const at::Tensor& residual;
    const at::Tensor& input;
    const at::Tensor& weight;
    const at::Tensor& bias;
};
/// out = their sum. `out` may be the memory of `residual`. Native needs no temporary.
void addLinear(const AddedLinear& terms, const at::Tensor& out, Products products);

/// out = outputGradient * weight: the gradient of the input, [rows, in].
void inputGradient(const at::Tensor& outputGradient, const at::Tensor& weight, const at::Tensor& out,
                   Products products);

/// `input`, in the form in which products take it: for one that several products share, so that it is made once.
at::Tensor factor(const at::Tensor& input, Products products);

/// Gradients of layers that share their input [rows, in].
class LinearBackward {
public:
    /// Keeps `input`.
    LinearBackward(const at::Tensor& input, Products products)
        : m_input(factor(input, products)), m_products(products) {}

    /// Begins with the gradient that the input has already. Otherwise with zero.
    void start(const at::Tensor& inputGradient);
    /// accumulator (fp32, [out, in]) += outputGradient^T * input, as addWeightGradient(). Keeps `outputGradient` and
    /// `weight`.
    void add(const at::Tensor& outputGradient, const at::Tensor& weight, const at::Tensor& accumulator);
    /// out = start + sum over the layers of outputGradient * weight: widened in fp32 and rounded once. After the last
    /// add(); `out` may be the memory of the input or of the start.
    void inputGradient(const at::Tensor& out);

private:
    struct Layer {
        at::Tensor outputGradient, weight;
    };
    at::Tensor m_input;
    at::Tensor m_start;
    at::Tensor m_sum;             ///< widened: in fp32
    std::vector<Layer> m_layers;  ///< native
    Products m_products;
};

/// accumulator (fp32, [out, in]) += outputGradient^T * input. Upcast, and with fp32, added inside the product; native
/// bf16: each piece of the product is rounded to bf16, widened and added. fp16 is always to be widened: products of
/// gradients leave its range.
void addWeightGradient(const at::Tensor& accumulator, const at::Tensor& outputGradient, const at::Tensor& input,
                       Products products);

/// accumulator (fp32, [out]) += sum over rows of outputGradient, in fp32 and in an order that no thread count changes.
void addBiasGradient(const at::Tensor& accumulator, const at::Tensor& outputGradient);

/// accumulator (fp32, contiguous) += values (bf16, contiguous).
void addUpcast(const at::Tensor& accumulator, const at::Tensor& values);

/// out[i] = table[indices[i]] (both contiguous, of one type); rows with a negative index are left alone.
void copyRows(const at::Tensor& out, const at::Tensor& table, const int64_t* indices);

/// accumulator[indices[i]] += rows[i] for i in order (fp32 accumulator [n, d]; rows [count, d]); rows with a negative
/// index are left out.
void addRows(const at::Tensor& accumulator, const int64_t* indices, const at::Tensor& rows);

}  // namespace gsst
