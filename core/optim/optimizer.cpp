// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/optimizer.h"

#include "optim/adamw.h"
#include "optim/lion.h"

#include <algorithm>

namespace gsst {

namespace {

static_assert(std::all_of(kOptimizers.begin(), kOptimizers.end(),
                          [](const OptimizerSpec& spec) { return spec.isElementwise(); }),
              "nothing here updates a whole matrix, or tensors differently by their role: that needs an interface "
              "beside OptimizerStep, and StateFormat has to divide ranks between matrices");

const AdamW kAdamWArithmetic;
const Lion kLionArithmetic;

}  // namespace

const Optimizer& optimizerOf(OptimizerKind kind) {
    switch (kind) {
    case OptimizerKind::AdamW:
        break;
    case OptimizerKind::Lion:
        return kLionArithmetic;
    }
    return kAdamWArithmetic;
}

}  // namespace gsst
