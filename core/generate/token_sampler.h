// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tensors/text_generator.h"

#include <cstdint>
#include <span>

namespace gsst {

/// The token that `uniform` in [0, 1) picks from the distribution: a pure function, ties in favour of the smaller
/// number.
int64_t sampleToken(std::span<const float> logits, const SamplingOptions& options, double uniform);

}  // namespace gsst
