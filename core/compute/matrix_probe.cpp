// SPDX-License-Identifier: GPL-3.0-or-later
#include "compute/matrix_probe.h"

#include "base/clock.h"
#include "nn/linear.h"

#include <ATen/ATen.h>
#include <ATen/cpu/Utils.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace gsst {
namespace {

constexpr int64_t kProductSize = 1024;
constexpr int64_t kCopiedFloats = int64_t{32} << 20;  ///< 128 MiB: more than caches hold
constexpr int kLeastRounds = 3;
constexpr int kMostRounds = 100;
constexpr double kEnoughSeconds = 0.5;

/// Seconds of the shortest of several calls, after one to warm up.
double shortestOf(const std::function<void()>& work) {
    work();
    double shortest = 1e9;
    const Stopwatch total;
    for (int round = 0; round < kLeastRounds || (round < kMostRounds && total.seconds() < kEnoughSeconds); ++round) {
        const Stopwatch watch;
        work();
        shortest = std::min(shortest, watch.seconds());
    }
    return std::max(1e-9, shortest);
}

double productFlops(at::ScalarType type) {
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({kProductSize, kProductSize}, type), b = at::ones({kProductSize, kProductSize}, type);
    at::Tensor product = at::empty_like(a);
    return 2.0 * double(kProductSize * kProductSize * kProductSize) /
           shortestOf([&] { at::matmul_out(product, a, b); });
}

double upcastProductFlops() {
    const at::InferenceMode guard;
    const at::Tensor a = at::ones({kProductSize, kProductSize}, at::kHalf),
                     b = at::ones({kProductSize, kProductSize}, at::kHalf);
    const at::Tensor product = at::empty_like(a);
    return 2.0 * double(kProductSize * kProductSize * kProductSize) /
           shortestOf([&] { linearInto(product, a, b, Products::Upcast); });
}

}  // namespace

MatrixRates probeMatrices() {
    return {productFlops(at::kFloat), productFlops(at::kBFloat16), upcastProductFlops()};
}

double probeMemory() {
    const at::InferenceMode guard;
    const at::Tensor from = at::ones({kCopiedFloats}, at::kFloat);
    const at::Tensor to = at::ones({kCopiedFloats}, at::kFloat);
    return 2.0 * double(kCopiedFloats) * sizeof(float) / shortestOf([&] { to.copy_(from); });
}

ProcessorFacts processorFacts() {
    const auto capabilities = at::cpu::get_cpu_capabilities();
    const auto value = [&](const char* name) {
        const auto found = capabilities.find(name);
        return found == capabilities.end() ? c10::IValue() : found->second;
    };
    const auto has = [&](const char* name) {
        const c10::IValue flag = value(name);
        return flag.isBool() && flag.toBool();
    };
    const c10::IValue name = value("cpu_name"), cores = value("num_physical_cores");
    ProcessorFacts facts;
    facts.name = name.isString() ? name.toStringRef() : "";
    facts.cores = cores.isInt() ? cores.toInt() : 0;
    constexpr std::pair<const char*, const char*> kSets[] = {
        {"avx2", "AVX2"}, {"avx512_f", "AVX-512"}, {"avx512_bf16", "AVX-512 BF16"}, {"amx_bf16", "AMX BF16"},
        {"neon", "NEON"}, {"sve", "SVE"},          {"sve_bf16", "SVE BF16"}};
    for (const auto& [flag, label] : kSets)
        if (has(flag))
            facts.instructions.emplace_back(label);
    facts.fastBf16 = has("avx512_bf16") || has("amx_bf16") || has("sve_bf16");
    return facts;
}

}  // namespace gsst
