// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/norm.h"

#include "nn/dispatch.h"

#include <ATen/ops/empty.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

namespace gsst {

namespace {

using namespace vector_math;

constexpr int64_t kRowGrain = 16;
constexpr int64_t kPartialRows =
    64;  // weight gradients are summed in blocks of this many rows, whatever the thread count

template <typename T>
struct Rows {
    const T* input;
    int64_t width;
    float* mean;  // null: root mean square
    float* scale;
    const T* weight;
    const T* bias;
};

template <typename T>
GSST_ALWAYS_INLINE void statisticsBody(const Rows<T>& rows, float epsilon, int64_t begin, int64_t end) {
    const int64_t width = rows.width;
    for (int64_t row = begin; row < end; ++row) {
        const T* x = rows.input + row * width;
        float centre = 0.0f;
        if (rows.mean) {
            centre = laneSum(width, [x](int64_t i) { return load(x[i]); }) / float(width);
            rows.mean[row] = centre;
        }
        const float squares = laneSum(width, [x, centre](int64_t i) {
            const float difference = load(x[i]) - centre;
            return difference * difference;
        });
        rows.scale[row] = 1.0f / std::sqrt(squares / float(width) + epsilon);
    }
}

template <typename T>
GSST_ALWAYS_INLINE void applyBody(const Rows<T>& rows, T* out, int64_t begin, int64_t end) {
    const int64_t width = rows.width;
    const T* weight = rows.weight;
    const T* bias = rows.bias;
    for (int64_t row = begin; row < end; ++row) {
        const T* x = rows.input + row * width;
        T* y = out + row * width;
        const float scale = rows.scale[row];
        if (rows.mean) {
            const float centre = rows.mean[row];
            for (int64_t i = 0; i < width; ++i)
                store(y[i], (load(x[i]) - centre) * scale * load(weight[i]) + load(bias[i]));
        } else {
            for (int64_t i = 0; i < width; ++i)
                store(y[i], load(x[i]) * scale * load(weight[i]));
        }
    }
}

template <typename T>
struct BackwardRows {
    const T* gradient;
    const T* residual;  // may be null
    T* inputGradient;
    float* weightPartials;  // [blocks, width]
    float* biasPartials;
    int64_t rowCount;
};

template <typename T>
GSST_ALWAYS_INLINE void backwardRow(const Rows<T>& rows, const BackwardRows<T>& call, int64_t row, float* dWeight,
                                    float* dBias) {
    const int64_t width = rows.width;
    const T* x = rows.input + row * width;
    const T* dy = call.gradient + row * width;
    const T* residual = call.residual ? call.residual + row * width : nullptr;
    const T* weight = rows.weight;
    T* dx = call.inputGradient + row * width;
    const float scale = rows.scale[row];
    const float centre = rows.mean ? rows.mean[row] : 0.0f;
    const float along =
        laneSum(width, [=](int64_t i) { return load(dy[i]) * load(weight[i]) * ((load(x[i]) - centre) * scale); }) /
        float(width);
    float level = 0.0f;
    if (rows.mean)
        level = laneSum(width, [=](int64_t i) { return load(dy[i]) * load(weight[i]); }) / float(width);
    for (int64_t i = 0; i < width; ++i)
        dWeight[i] += load(dy[i]) * ((load(x[i]) - centre) * scale);
    if (dBias)
        for (int64_t i = 0; i < width; ++i)
            dBias[i] += load(dy[i]);
    // dx may be dy or the residual: element i is read before it is written, so the loops are still parallel.
    if (residual) {
#pragma GCC ivdep
        for (int64_t i = 0; i < width; ++i) {
            const float unit = (load(x[i]) - centre) * scale;
            store(dx[i], load(residual[i]) + (load(dy[i]) * load(weight[i]) - level - unit * along) * scale);
        }
    } else {
#pragma GCC ivdep
        for (int64_t i = 0; i < width; ++i) {
            const float unit = (load(x[i]) - centre) * scale;
            store(dx[i], (load(dy[i]) * load(weight[i]) - level - unit * along) * scale);
        }
    }
}

template <typename T>
GSST_ALWAYS_INLINE void backwardBody(const Rows<T>& rows, const BackwardRows<T>& call, int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
        float* dWeight = call.weightPartials + block * rows.width;
        float* dBias = call.biasPartials ? call.biasPartials + block * rows.width : nullptr;
        for (int64_t i = 0; i < rows.width; ++i)
            dWeight[i] = 0.0f;
        if (dBias)
            for (int64_t i = 0; i < rows.width; ++i)
                dBias[i] = 0.0f;
        const int64_t last = std::min((block + 1) * kPartialRows, call.rowCount);
        for (int64_t row = block * kPartialRows; row < last; ++row)
            backwardRow(rows, call, row, dWeight, dBias);
    }
}

GSST_VECTOR_CLONES void statisticsRows(const Rows<float>& rows, float epsilon, int64_t begin, int64_t end) {
    statisticsBody(rows, epsilon, begin, end);
}
GSST_VECTOR_CLONES void statisticsRows(const Rows<Bf16>& rows, float epsilon, int64_t begin, int64_t end) {
    statisticsBody(rows, epsilon, begin, end);
}
GSST_VECTOR_CLONES void statisticsRows(const Rows<Fp16>& rows, float epsilon, int64_t begin, int64_t end) {
    statisticsBody(rows, epsilon, begin, end);
}
GSST_VECTOR_CLONES void applyRows(const Rows<float>& rows, float* out, int64_t begin, int64_t end) {
    applyBody(rows, out, begin, end);
}
GSST_VECTOR_CLONES void applyRows(const Rows<Bf16>& rows, Bf16* out, int64_t begin, int64_t end) {
    applyBody(rows, out, begin, end);
}
GSST_VECTOR_CLONES void applyRows(const Rows<Fp16>& rows, Fp16* out, int64_t begin, int64_t end) {
    applyBody(rows, out, begin, end);
}
GSST_VECTOR_CLONES void backwardBlocks(const Rows<float>& rows, const BackwardRows<float>& call, int64_t begin,
                                       int64_t end) {
    backwardBody(rows, call, begin, end);
}
GSST_VECTOR_CLONES void backwardBlocks(const Rows<Bf16>& rows, const BackwardRows<Bf16>& call, int64_t begin,
                                       int64_t end) {
    backwardBody(rows, call, begin, end);
}
GSST_VECTOR_CLONES void backwardBlocks(const Rows<Fp16>& rows, const BackwardRows<Fp16>& call, int64_t begin,
                                       int64_t end) {
    backwardBody(rows, call, begin, end);
}

template <typename T>
Rows<T> rowsOf(const at::Tensor& input, const NormStatistics& statistics, const at::Tensor& weight,
               const at::Tensor& bias) {
    return {kernelData<T>(input),
            input.size(-1),
            kernelData<float>(statistics.mean),
            kernelData<float>(statistics.scale),
            kernelData<T>(weight),
            kernelData<T>(bias)};
}

void addBlocks(const at::Tensor& partials, int64_t blocks, const at::Tensor& into) {
    const int64_t width = into.size(0);
    const auto* from = kernelData<const float>(partials);
    auto* to = kernelData<float>(into);
    for (int64_t block = 0; block < blocks; ++block)
        for (int64_t i = 0; i < width; ++i)
            to[i] += from[block * width + i];
}

}  // namespace

Norm::Norm(const ModelSpec& model, const UnitWeights& weights)
    : m_kind(model.architecture().norm), m_epsilon(model.normEpsilon), m_weightRole(TensorRole::NormWeight),
      m_weight(weights[m_weightRole]), m_bias(weights[TensorRole::NormBias]) {}

Norm::Norm(const ModelSpec& model, const UnitWeights& weights, TensorRole weight)
    : m_kind(NormKind::RmsNorm), m_epsilon(model.normEpsilon), m_weightRole(weight), m_weight(weights[weight]) {}

NormStatistics Norm::statistics(const at::Tensor& input) const {
    const int64_t rows = input.numel() / input.size(-1);
    NormStatistics result;
    if (m_kind == NormKind::LayerNorm)
        result.mean = at::empty({rows}, at::kFloat);
    result.scale = at::empty({rows}, at::kFloat);
    dispatchPrecision(input, [&](auto type) {
        const auto view = rowsOf<decltype(type)>(input, result, m_weight, m_bias);
        at::parallel_for(0, rows, kRowGrain,
                         [&](int64_t begin, int64_t end) { statisticsRows(view, float(m_epsilon), begin, end); });
    });
    return result;
}

void Norm::apply(const at::Tensor& input, const NormStatistics& statistics, const at::Tensor& out) const {
    const int64_t rows = input.numel() / input.size(-1);
    dispatchPrecision(input, [&](auto type) {
        using T = decltype(type);
        const auto view = rowsOf<T>(input, statistics, m_weight, m_bias);
        at::parallel_for(0, rows, kRowGrain,
                         [&](int64_t begin, int64_t end) { applyRows(view, kernelData<T>(out), begin, end); });
    });
}

void Norm::backward(const at::Tensor& gradient, const at::Tensor& input, const NormStatistics& statistics,
                    const at::Tensor& residualGradient, const at::Tensor& inputGradient,
                    const UnitGradients& gradients) const {
    const int64_t width = input.size(-1);
    const int64_t rows = input.numel() / width;
    const int64_t blocks = (rows + kPartialRows - 1) / kPartialRows;
    const at::Tensor weightPartials = at::empty({blocks, width}, at::kFloat);
    const at::Tensor biasPartials =
        m_kind == NormKind::LayerNorm ? at::empty({blocks, width}, at::kFloat) : at::Tensor();
    dispatchPrecision(input, [&](auto type) {
        using T = decltype(type);
        const auto view = rowsOf<T>(input, statistics, m_weight, m_bias);
        const BackwardRows<T> call{kernelData<T>(gradient),         kernelData<T>(residualGradient),
                                   kernelData<T>(inputGradient),    kernelData<float>(weightPartials),
                                   kernelData<float>(biasPartials), rows};
        at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) { backwardBlocks(view, call, begin, end); });
    });
    addBlocks(weightPartials, blocks, gradients[m_weightRole]);
    if (m_kind == NormKind::LayerNorm)
        addBlocks(biasPartials, blocks, gradients[TensorRole::NormBias]);
}

}  // namespace gsst
