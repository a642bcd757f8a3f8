// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/upcast_products.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>

namespace gsst {

namespace {

constexpr int64_t kUpcastElements =
    1 << 21;                        // half as many: a tenth slower; twice as many: 2 % faster (two cores, AVX-512)
constexpr int64_t kWholeRows = 64;  // odd pieces: 2 % slower, in the whole step

}  // namespace

int64_t upcastRows(int64_t rows, int64_t outputs, int64_t inputs) {
    const int64_t most = kUpcastElements / (inputs + rows);
    return std::min(outputs, most < kWholeRows ? std::max<int64_t>(1, most) : most / kWholeRows * kWholeRows);
}

void upcastProduct(const at::Tensor& start, const at::Tensor& bias, const at::Tensor& input, const at::Tensor& weight,
                   const at::Tensor& out) {
    const int64_t rows = input.size(0), outputs = weight.size(0), inputs = weight.size(1);
    const int64_t piece = upcastRows(rows, outputs, inputs);
    const at::Tensor wideInput = input.to(at::kFloat);
    const at::Tensor wideWeights = at::empty({piece, inputs}, at::kFloat), sums = at::empty({rows, piece}, at::kFloat);
    for (int64_t first = 0; first < outputs; first += piece) {
        const int64_t count = std::min(piece, outputs - first);
        const at::Tensor weights = wideWeights.narrow(0, 0, count);
        weights.copy_(weight.narrow(0, first, count));
        at::Tensor sum = sums.narrow(1, 0, count);
        if (start.defined())
            sum.copy_(start.narrow(1, first, count));
        else if (bias.defined())
            sum.zero_();
        if (bias.defined())
            sum.add_(bias.narrow(0, first, count).to(at::kFloat));
        if (start.defined() || bias.defined())
            sum.addmm_(wideInput, weights.t());
        else
            at::mm_out(sum, wideInput, weights.t());
        out.narrow(1, first, count).copy_(sum);
    }
}

void upcastBackProduct(const at::Tensor& outputGradient, const at::Tensor& weight, const at::Tensor& out) {
    const int64_t rows = outputGradient.size(0), outputs = weight.size(0), inputs = weight.size(1);
    const int64_t piece = upcastRows(rows, outputs, inputs);
    at::Tensor sum = at::empty({rows, inputs}, at::kFloat);
    const at::Tensor wideWeights = at::empty({piece, inputs}, at::kFloat),
                     wideGradients = at::empty({rows, piece}, at::kFloat);
    for (int64_t first = 0; first < outputs; first += piece) {
        const int64_t count = std::min(piece, outputs - first);
        const at::Tensor weights = wideWeights.narrow(0, 0, count), gradients = wideGradients.narrow(1, 0, count);
        weights.copy_(weight.narrow(0, first, count));
        gradients.copy_(outputGradient.narrow(1, first, count));
        if (first == 0)
            at::mm_out(sum, gradients, weights);
        else
            sum.addmm_(gradients, weights);
    }
    out.copy_(sum);
}

void addUpcastGradients(const at::Tensor& outputGradient, const at::Tensor& wideInput, const at::Tensor& weight,
                        const at::Tensor& accumulator, const at::Tensor& inputSum) {
    const int64_t rows = outputGradient.size(0), outputs = weight.size(0), inputs = weight.size(1);
    const int64_t piece = upcastRows(rows, outputs, inputs);
    const at::Tensor wideWeights = at::empty({piece, inputs}, at::kFloat),
                     wideGradients = at::empty({rows, piece}, at::kFloat);
    for (int64_t first = 0; first < outputs; first += piece) {
        const int64_t count = std::min(piece, outputs - first);
        const at::Tensor weights = wideWeights.narrow(0, 0, count), gradients = wideGradients.narrow(1, 0, count);
        gradients.copy_(outputGradient.narrow(1, first, count));
        at::Tensor matrix = accumulator.narrow(0, first, count), sum = inputSum;
        matrix.addmm_(gradients.t(), wideInput);
        weights.copy_(weight.narrow(0, first, count));
        sum.addmm_(gradients, weights);
    }
}

void addUpcastWeightGradient(const at::Tensor& accumulator, const at::Tensor& outputGradient, const at::Tensor& input) {
    const int64_t rows = input.size(0), outputs = accumulator.size(0), inputs = accumulator.size(1);
    const int64_t piece = upcastRows(rows, outputs, inputs);
    const at::Tensor wideInput = input.to(at::kFloat), wideGradients = at::empty({rows, piece}, at::kFloat);
    for (int64_t first = 0; first < outputs; first += piece) {
        const int64_t count = std::min(piece, outputs - first);
        const at::Tensor gradients = wideGradients.narrow(1, 0, count);
        gradients.copy_(outputGradient.narrow(1, first, count));
        at::Tensor sums = accumulator.narrow(0, first, count);
        sums.addmm_(gradients.t(), wideInput);
    }
}

}  // namespace gsst
