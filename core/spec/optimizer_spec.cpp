// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/optimizer_spec.h"

#include "spec/recipe_choices.h"

namespace gsst {

namespace {

/// A row that stands elsewhere than its number would be another optimizer's state on disk.
constexpr bool rowsAreInOrder() {
    for (size_t row = 0; row < kOptimizers.size(); ++row)
        if (kOptimizers[row].kind != OptimizerKind(row))
            return false;
    return true;
}
static_assert(rowsAreInOrder());
static_assert(kChoices<OptimizerKind>.size() == kOptimizers.size(), "recipes cannot name every optimizer");

}  // namespace

const char* nameOf(OptimizerKind kind) {
    return wordOf(kind);
}

void setOptimizer(TrainSpec& training, OptimizerKind kind) {
    training.optimizer = kind;
    for (const Hyperparameter& each : optimizerSpec(kind).hyperparameters)
        training.*each.value = each.standard;
}

}  // namespace gsst
