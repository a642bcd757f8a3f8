// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/recipe_fields.h"

#include <optional>
#include <string>
#include <vector>

namespace gsst {

/// What was typed for each field, beside recipeFields(); none = the field was not named.
using TypedFields = std::vector<std::optional<std::string>>;

/// Whether the field of this path was named.
bool isNamed(const TypedFields& typed, std::string_view path);

/// Sets what was named. What stands in proportion to a named field follows it, unless it was named as well: the last
/// learning rate, key/value heads that are as many as heads, a warm-up longer than the run, a micro-batch that does not
/// divide the step. For clipping "none" is a word besides. InvalidInput names the flag.
Status applyTyped(const TypedFields& typed, RunSpec& spec);

/// What to name so that applyTyped() makes `spec` of `base`.
TypedFields typedDifference(const RunSpec& base, const RunSpec& spec);

/// The largest micro-batch not above the recipe's that divides the step.
void fitMicroBatch(TrainSpec& training);

}  // namespace gsst
