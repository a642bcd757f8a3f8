// SPDX-License-Identifier: GPL-3.0-or-later
#include "compute/product_probe.h"

#include "base/clock.h"
#include "nn/linear.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <array>
#include <exception>
#include <future>
#include <thread>

namespace gsst {
namespace {

constexpr int64_t kTokens = 1024, kInputs = 768, kOutputs = 3072;  ///< of the first matrix of an MLP in a small model
constexpr int kLeastRounds = 2;
constexpr int kMostRounds = 6;
constexpr double kEnoughSeconds = 1.0;

/// Seconds of a forward product and a weight gradient, the shortest of several each. The ways take turns, so that
/// whatever else the computer does slows down both.
std::array<double, 2> shortestSeconds() {
    const c10::InferenceMode guard;
    const at::Tensor input = at::ones({kTokens, kInputs}, at::kBFloat16),
                     weight = at::ones({kOutputs, kInputs}, at::kBFloat16);
    const at::Tensor output = at::empty({kTokens, kOutputs}, at::kBFloat16),
                     gradient = at::zeros({kOutputs, kInputs}, at::kFloat);
    std::array<double, 2> forward{1e9, 1e9}, backward{1e9, 1e9};
    const auto shorten = [](double& shortest, const auto& work) {
        const Stopwatch watch;
        work();
        shortest = std::min(shortest, watch.seconds());
    };
    const Stopwatch total;
    for (int round = 0; round < kLeastRounds || (round < kMostRounds && total.seconds() < kEnoughSeconds); ++round)
        for (const Products products : {Products::Native, Products::Upcast}) {
            shorten(forward[size_t(products)], [&] { linearInto(output, input, weight, products); });
            shorten(backward[size_t(products)], [&] { addWeightGradient(gradient, output, input, products); });
        }
    return {forward[0] + backward[0], forward[1] + backward[1]};
}

}  // namespace

ProductRates probeProducts() {
    const auto measure = []() -> ProductRates {
        try {
            at::set_num_threads(int(std::max(1u, std::thread::hardware_concurrency())));
            const auto seconds = shortestSeconds();
            const double flops = 2 * 2.0 * double(kTokens * kInputs * kOutputs);
            return {flops / std::max(1e-9, seconds[size_t(Products::Native)]),
                    flops / std::max(1e-9, seconds[size_t(Products::Upcast)])};
        } catch (const std::exception&) {
            return {};  // no memory for it, say: the recipe is not to fail because of that
        }
    };
    return std::async(std::launch::async, measure).get();
}

}  // namespace gsst
