// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/model_spec.h"
#include "spec/train_spec.h"

#include <cstdint>
#include <string>

namespace gsst {

/// More than caches hold.
inline constexpr int64_t kProbeUncachedBytes = int64_t{128} << 20;

/// What is timed to know how fast a recipe's arithmetic is here: a layer of its kind, of about its size, on about as
/// many tokens. Recipes with the same shape share a measurement. The recipe's products are settled (see
/// resolveProducts).
struct ProbeShape {
    ModelSpec model;     ///< one layer, or several small ones; width at most 2,048, vocabulary at most 8,192 rows
    TrainSpec training;  ///< one micro-batch of at most 1,024 tokens, 512 for widths over 1,024; the number of threads
                         ///< is settled
    std::string key() const;  ///< names the shape
};
ProbeShape probeShapeOf(const ModelSpec& model, const TrainSpec& training);

}  // namespace gsst
