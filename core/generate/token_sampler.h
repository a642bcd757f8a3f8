// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>

namespace gsst {

/// How the next token is drawn from the logits.
struct SamplingOptions {
    double temperature = 0.8;  ///< 0 = always the most probable token
    int64_t topK = 0;          ///< only the k most probable; 0 = no limit
    double topP = 1.0;         ///< only the most probable that together reach this probability
};

/// The token that `uniform` in [0, 1) picks from the distribution: a pure function, ties in favour of the smaller
/// number.
int64_t sampleToken(std::span<const float> logits, const SamplingOptions& options, double uniform);

}  // namespace gsst
