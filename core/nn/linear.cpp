// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/linear.h"

#include "nn/dispatch.h"
#include "nn/upcast_products.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace gsst {

namespace {

using namespace vector_math;

constexpr int64_t kElementGrain = 16384;
constexpr int64_t kColumnTile = 256;
constexpr int64_t kPartialRows = 64;
constexpr int64_t kRowGrain = 64;

template <typename T>
struct Matrix {
    const T* data;
    int64_t rows;
    int64_t columns;
    int64_t stride;
};

template <typename T>
GSST_ALWAYS_INLINE void columnSumsBody(const Matrix<T>& from, float* into, int64_t firstTile, int64_t endTile) {
    for (int64_t tile = firstTile; tile < endTile; ++tile) {
        const int64_t first = tile * kColumnTile;
        const int64_t count = std::min(kColumnTile, from.columns - first);
        float total[kColumnTile] = {};
        for (int64_t block = 0; block < from.rows; block += kPartialRows) {
            float partial[kColumnTile] = {};
            const int64_t end = std::min(block + kPartialRows, from.rows);
            for (int64_t row = block; row < end; ++row) {
                const T* values = from.data + row * from.stride + first;
                for (int64_t i = 0; i < count; ++i)
                    partial[i] += load(values[i]);
            }
            for (int64_t i = 0; i < count; ++i)
                total[i] += partial[i];
        }
        for (int64_t i = 0; i < count; ++i)
            into[first + i] += total[i];
    }
}

template <typename T>
GSST_ALWAYS_INLINE void addRowsBody(const Matrix<T>& from, const int64_t* indices, float* into, int64_t begin,
                                    int64_t end) {
    for (int64_t row = 0; row < from.rows; ++row) {
        if (indices[row] < 0)
            continue;
        const T* values = from.data + row * from.stride;
        float* sums = into + indices[row] * from.columns;
        for (int64_t i = begin; i < end; ++i)
            sums[i] += load(values[i]);
    }
}

GSST_VECTOR_CLONES void columnSums(const Matrix<float>& from, float* into, int64_t first, int64_t end) {
    columnSumsBody(from, into, first, end);
}
GSST_VECTOR_CLONES void columnSums(const Matrix<Bf16>& from, float* into, int64_t first, int64_t end) {
    columnSumsBody(from, into, first, end);
}
GSST_VECTOR_CLONES void columnSums(const Matrix<Fp16>& from, float* into, int64_t first, int64_t end) {
    columnSumsBody(from, into, first, end);
}
GSST_VECTOR_CLONES void addRowColumns(const Matrix<Fp16>& from, const int64_t* indices, float* into, int64_t begin,
                                      int64_t end) {
    addRowsBody(from, indices, into, begin, end);
}
GSST_VECTOR_CLONES void addRowColumns(const Matrix<float>& from, const int64_t* indices, float* into, int64_t begin,
                                      int64_t end) {
    addRowsBody(from, indices, into, begin, end);
}
GSST_VECTOR_CLONES void addRowColumns(const Matrix<Bf16>& from, const int64_t* indices, float* into, int64_t begin,
                                      int64_t end) {
    addRowsBody(from, indices, into, begin, end);
}
GSST_VECTOR_CLONES void upcastAdd(const Bf16* from, float* into, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
        into[i] += load(from[i]);
}

template <typename T>
Matrix<T> matrixOf(const at::Tensor& tensor) {
    return {kernelData<T>(tensor), tensor.size(0), tensor.size(1), tensor.stride(0)};
}

}  // namespace

at::Tensor linear(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, Products products) {
    if (products == Products::Upcast) {
        const at::Tensor out = at::empty({input.size(0), weight.size(0)}, weight.options());
        upcastProduct({}, bias, input, weight, out);
        return out;
    }
    return bias.defined() ? at::addmm(bias, input, weight.t()) : at::mm(input, weight.t());
}

void linearInto(const at::Tensor& out, const at::Tensor& input, const at::Tensor& weight, Products products) {
    at::Tensor product = out;
    if (products == Products::Upcast)
        upcastProduct({}, {}, input, weight, product);
    else
        at::mm_out(product, input, weight.t());
}

void inputGradient(const at::Tensor& outputGradient, const at::Tensor& weight, const at::Tensor& out,
                   Products products) {
    at::Tensor product = out;
    if (products == Products::Upcast)
        upcastBackProduct(outputGradient, weight, product);
    else
        at::mm_out(product, outputGradient, weight);
}

void addLinear(const AddedLinear& terms, const at::Tensor& out, Products products) {
    const auto& [residual, input, weight, bias] = terms;
    if (products == Products::Upcast) {
        upcastProduct(residual, bias, input, weight, out);
        return;
    }
    at::Tensor sum = out;
    if (bias.defined())
        at::add_out(sum, residual, bias);
    else if (out.data_ptr() != residual.data_ptr())
        sum.copy_(residual);
    sum.addmm_(input, weight.t());
}

at::Tensor factor(const at::Tensor& input, Products products) {
    return products == Products::Upcast ? input.to(at::kFloat) : input;
}

void LinearBackward::start(const at::Tensor& inputGradient) {
    m_start = inputGradient;
}

void LinearBackward::add(const at::Tensor& outputGradient, const at::Tensor& weight, const at::Tensor& accumulator) {
    if (m_products != Products::Upcast) {
        addWeightGradient(accumulator, outputGradient, m_input, m_products);
        m_layers.push_back({outputGradient, weight});
        return;
    }
    if (!m_sum.defined())
        m_sum = m_start.defined() ? m_start.to(at::kFloat) : at::zeros(m_input.sizes(), at::kFloat);
    addUpcastGradients(outputGradient, m_input, weight, accumulator, m_sum);
}

void LinearBackward::inputGradient(const at::Tensor& out) {
    if (m_products == Products::Upcast) {
        out.copy_(m_sum);
        return;
    }
    at::Tensor sum = out;
    if (m_start.defined() && m_start.data_ptr() != out.data_ptr())
        sum.copy_(m_start);
    for (size_t i = 0; i < m_layers.size(); ++i) {
        const Layer& layer = m_layers[i];
        if (i == 0 && !m_start.defined())
            at::mm_out(sum, layer.outputGradient, layer.weight);
        else
            sum.addmm_(layer.outputGradient, layer.weight);
    }
}

void addWeightGradient(const at::Tensor& accumulator, const at::Tensor& outputGradient, const at::Tensor& input,
                       Products products) {
    if (input.scalar_type() == at::kFloat) {
        at::Tensor sum = accumulator;
        sum.addmm_(outputGradient.t(), input);
        return;
    }
    if (products == Products::Upcast) {
        addUpcastWeightGradient(accumulator, outputGradient, input);
        return;
    }
    const int64_t rows = accumulator.size(0), width = accumulator.size(1);
    const int64_t pieceRows = std::min(rows, std::max<int64_t>(1, kGradientPieceElements / width));
    const at::Tensor piece = at::empty({pieceRows, width}, input.options());
    for (int64_t first = 0; first < rows; first += pieceRows) {
        const int64_t count = std::min(pieceRows, rows - first);
        at::Tensor part = piece.narrow(0, 0, count);
        at::mm_out(part, outputGradient.narrow(1, first, count).t(), input);
        addUpcast(accumulator.narrow(0, first, count), part);
    }
}

void addBiasGradient(const at::Tensor& accumulator, const at::Tensor& outputGradient) {
    dispatchPrecision(outputGradient, [&](auto type) {
        const auto from = matrixOf<decltype(type)>(outputGradient);
        const int64_t tiles = (from.columns + kColumnTile - 1) / kColumnTile;
        at::parallel_for(0, tiles, 1, [&](int64_t begin, int64_t end) {
            columnSums(from, kernelData<float>(accumulator), begin, end);
        });
    });
}

void addUpcast(const at::Tensor& accumulator, const at::Tensor& values) {
    TORCH_INTERNAL_ASSERT(values.scalar_type() == at::kBFloat16);
    TORCH_INTERNAL_ASSERT(values.is_contiguous() && accumulator.is_contiguous() &&
                          values.numel() == accumulator.numel());
    const auto* from = kernelData<const Bf16>(values);
    auto* into = kernelData<float>(accumulator);
    at::parallel_for(0, values.numel(), kElementGrain,
                     [&](int64_t begin, int64_t end) { upcastAdd(from, into, begin, end); });
}

void copyRows(const at::Tensor& out, const at::Tensor& table, const int64_t* indices) {
    TORCH_INTERNAL_ASSERT(out.is_contiguous() && table.is_contiguous() && out.scalar_type() == table.scalar_type() &&
                          out.size(1) == table.size(1));
    const size_t bytes = size_t(table.size(1)) * table.element_size();
    const auto* from = static_cast<const std::byte*>(table.const_data_ptr());
    auto* into = static_cast<std::byte*>(out.data_ptr());
    at::parallel_for(0, out.size(0), kRowGrain, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            if (indices[row] >= 0)
                std::memcpy(into + size_t(row) * bytes, from + size_t(indices[row]) * bytes, bytes);
    });
}

void addRows(const at::Tensor& accumulator, const int64_t* indices, const at::Tensor& rows) {
    dispatchPrecision(rows, [&](auto type) {
        const auto from = matrixOf<decltype(type)>(rows);
        // Threads share the columns, so each sum keeps the order of the rows.
        const int64_t tiles = (from.columns + kColumnTile - 1) / kColumnTile;
        at::parallel_for(0, tiles, 1, [&](int64_t begin, int64_t end) {
            addRowColumns(from, indices, kernelData<float>(accumulator), begin * kColumnTile,
                          std::min(end * kColumnTile, from.columns));
        });
    });
}

}  // namespace gsst
