// SPDX-License-Identifier: GPL-3.0-or-later
#include "generate/token_sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace gsst {

int64_t sampleToken(std::span<const float> logits, const SamplingOptions& options, double uniform) {
    const auto highest = std::max_element(logits.begin(), logits.end());
    if (options.temperature <= 0)
        return highest - logits.begin();

    std::vector<int64_t> order(logits.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    const auto moreProbable = [logits](int64_t a, int64_t b) {
        const float left = logits[size_t(a)], right = logits[size_t(b)];
        return left != right ? left > right : a < b;
    };
    const size_t kept = options.topK > 0 ? std::min(size_t(options.topK), order.size()) : order.size();
    std::partial_sort(order.begin(), order.begin() + std::ptrdiff_t(kept), order.end(), moreProbable);
    order.resize(kept);

    std::vector<double> weights;
    weights.reserve(kept);
    double total = 0;
    for (const int64_t token : order) {
        weights.push_back(std::exp((double(logits[size_t(token)]) - double(*highest)) / options.temperature));
        total += weights.back();
    }
    double allowed = 0;
    size_t count = 0;
    while (count < kept && (count == 0 || allowed < options.topP * total))
        allowed += weights[count++];

    double left = uniform * allowed;
    for (size_t i = 0; i + 1 < count; ++i) {
        left -= weights[i];
        if (left < 0)
            return order[i];
    }
    return order[count - 1];
}

}  // namespace gsst
