// SPDX-License-Identifier: GPL-3.0-or-later
#include "nn/swiglu.h"

#include "nn/dispatch.h"

#include <ATen/Parallel.h>

namespace gsst {

namespace {

using namespace vector_math;

constexpr int64_t kElementGrain = 8192;

// Where out is an input, element i is read before it is written: the loops stay parallel (ivdep).

template <typename T>
GSST_ALWAYS_INLINE void forwardBody(const T* gate, const T* up, T* out, int64_t begin, int64_t end) {
#pragma GCC ivdep
    for (int64_t i = begin; i < end; ++i) {
        const float g = load(gate[i]);
        store(out[i], g * sigmoid(g) * load(up[i]));
    }
}

template <typename T>
GSST_ALWAYS_INLINE void backwardBody(T* gate, T* up, const T* outGradient, int64_t begin, int64_t end) {
#pragma GCC ivdep
    for (int64_t i = begin; i < end; ++i) {
        const float g = load(gate[i]);
        const float u = load(up[i]);
        const float dy = load(outGradient[i]);
        const float s = sigmoid(g);
        store(gate[i], dy * u * (s * (1.0f + g * (1.0f - s))));
        store(up[i], dy * (g * s));
    }
}

GSST_VECTOR_CLONES void forwardRange(const float* gate, const float* up, float* out, int64_t begin, int64_t end) {
    forwardBody(gate, up, out, begin, end);
}
GSST_VECTOR_CLONES void forwardRange(const Bf16* gate, const Bf16* up, Bf16* out, int64_t begin, int64_t end) {
    forwardBody(gate, up, out, begin, end);
}
GSST_VECTOR_CLONES void forwardRange(const Fp16* gate, const Fp16* up, Fp16* out, int64_t begin, int64_t end) {
    forwardBody(gate, up, out, begin, end);
}
GSST_VECTOR_CLONES void backwardRange(float* gate, float* up, const float* outGradient, int64_t begin, int64_t end) {
    backwardBody(gate, up, outGradient, begin, end);
}
GSST_VECTOR_CLONES void backwardRange(Bf16* gate, Bf16* up, const Bf16* outGradient, int64_t begin, int64_t end) {
    backwardBody(gate, up, outGradient, begin, end);
}
GSST_VECTOR_CLONES void backwardRange(Fp16* gate, Fp16* up, const Fp16* outGradient, int64_t begin, int64_t end) {
    backwardBody(gate, up, outGradient, begin, end);
}

}  // namespace

void swiglu(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& out) {
    TORCH_INTERNAL_ASSERT(gate.is_contiguous() && up.is_contiguous() && out.is_contiguous());
    dispatchPrecision(gate, [&](auto type) {
        using T = decltype(type);
        at::parallel_for(0, gate.numel(), kElementGrain, [&](int64_t begin, int64_t end) {
            forwardRange(kernelData<T>(gate), kernelData<T>(up), kernelData<T>(out), begin, end);
        });
    });
}

void swigluBackward(const at::Tensor& gate, const at::Tensor& up, const at::Tensor& outGradient) {
    TORCH_INTERNAL_ASSERT(gate.is_contiguous() && up.is_contiguous() && outGradient.is_contiguous());
    dispatchPrecision(gate, [&](auto type) {
        using T = decltype(type);
        at::parallel_for(0, gate.numel(), kElementGrain, [&](int64_t begin, int64_t end) {
            backwardRange(kernelData<T>(gate), kernelData<T>(up), kernelData<T>(outGradient), begin, end);
        });
    });
}

}  // namespace gsst
