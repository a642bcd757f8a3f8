// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace gsst {

// Products of fp16 and bf16 matrices on the CPU. Processors that multiply fp16 by themselves are rare, and LibTorch's
// fallback takes 4 to 50 times as long as fp32 (LibTorch 2.11, 512 x 512 matrices). bf16 is fast with AMX or a fast
// AVX-512 BF16 unit only; with a slow one it takes 1.8 times as long as fp32, and 1.6 times as long as this. So factors
// are widened to fp32 (which is exact), multiplied and added up in fp32, and the result is rounded once. Only pieces of
// a weight matrix [outputs, inputs] are widened at a time: some of its rows.
//
// Shapes as in linear.h. Inputs may be in fp32 already. Temporaries, where nothing else is said: 4 bytes for each of
// rows x inputs (unless they are) + piece x (inputs + rows) elements.

/// Rows of the matrix in a piece. Restated in spec/cost.cpp.
int64_t upcastRows(int64_t rows, int64_t outputs, int64_t inputs);

/// out = start (if defined, [rows, out]) + bias (if defined, [out]) + input * weight^T. `out` may be the memory of
/// `start`.
void upcastProduct(const at::Tensor& start, const at::Tensor& bias, const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& out);

/// out = outputGradient * weight.
void upcastBackProduct(const at::Tensor& outputGradient, const at::Tensor& weight, const at::Tensor& out);

/// accumulator (fp32, [out, in]) += outputGradient^T * wideInput, and inputSum (fp32, [rows, in]) += outputGradient *
/// weight, with each piece widened once for both. Temporaries: 4 bytes for each of piece x (inputs + rows) elements.
void addUpcastGradients(const at::Tensor& outputGradient, const at::Tensor& wideInput, const at::Tensor& weight,
                        const at::Tensor& accumulator, const at::Tensor& inputSum);

/// accumulator (fp32, [out, in]) += outputGradient^T * input, not rounded at all.
void addUpcastWeightGradient(const at::Tensor& accumulator, const at::Tensor& outputGradient, const at::Tensor& input);

}  // namespace gsst
