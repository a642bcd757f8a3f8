// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/rotary.h"

#include "nn/dispatch.h"

#include <ATen/Parallel.h>

#include <cmath>

namespace gsst {

namespace {

using namespace vector_math;

template <typename T>
GSST_ALWAYS_INLINE void turnBody(T* head, const float* cosine, const float* sine, float direction, int64_t half) {
#pragma GCC ivdep
    for (int64_t i = 0; i < half; ++i) {
        const float a = load(head[i]);
        const float b = load(head[i + half]);
        const float s = sine[i] * direction;
        store(head[i], a * cosine[i] - b * s);
        store(head[i + half], b * cosine[i] + a * s);
    }
}

GSST_VECTOR_CLONES void turnHead(float* head, const float* cosine, const float* sine, float direction, int64_t half) {
    turnBody(head, cosine, sine, direction, half);
}
GSST_VECTOR_CLONES void turnHead(Bf16* head, const float* cosine, const float* sine, float direction, int64_t half) {
    turnBody(head, cosine, sine, direction, half);
}
GSST_VECTOR_CLONES void turnHead(Fp16* head, const float* cosine, const float* sine, float direction, int64_t half) {
    turnBody(head, cosine, sine, direction, half);
}

}  // namespace

Rotary::Rotary(const ModelSpec& model) : m_half(model.headSize() / 2) {
    m_cosine.reserve(size_t(model.context * m_half));
    m_sine.reserve(size_t(model.context * m_half));
    for (int64_t position = 0; position < model.context; ++position) {
        for (int64_t i = 0; i < m_half; ++i) {
            const float frequency = 1.0f / std::pow(float(model.ropeTheta), float(2 * i) / float(model.headSize()));
            const float angle = float(position) * frequency;
            m_cosine.push_back(std::cos(angle));
            m_sine.push_back(std::sin(angle));
        }
    }
}

void Rotary::turn(const at::Tensor& heads, int64_t firstPosition, float direction) const {
    const int64_t tokens = heads.size(1), headCount = heads.size(2);
    TORCH_INTERNAL_ASSERT(heads.stride(3) == 1 && (firstPosition + tokens) * m_half <= int64_t(m_cosine.size()));
    dispatchPrecision(heads, [&](auto type) {
        auto* data = kernelData<decltype(type)>(heads);
        at::parallel_for(0, heads.size(0) * tokens, 16, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
                const int64_t token = row % tokens;
                const int64_t angles = (firstPosition + token) * m_half;
                auto* first = data + (row / tokens) * heads.stride(0) + token * heads.stride(1);
                for (int64_t head = 0; head < headCount; ++head)
                    turnHead(first + head * heads.stride(2), &m_cosine[size_t(angles)], &m_sine[size_t(angles)],
                             direction, m_half);
            }
        });
    });
}

}  // namespace gsst
