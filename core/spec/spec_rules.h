// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/run_spec.h"

#include <string>
#include <vector>

namespace gsst {

/// A rule that a recipe breaks.
struct BrokenRule {
    std::vector<std::string> fields;  ///< paths of all values the rule looks at, the one to blame first
    std::string text;                 ///< "model.width: 100 is not a multiple of model.heads (12)"
};

/// All rules that `spec` breaks. A rule over several values is only looked at while each of them is in its own range,
/// so one mistake is one entry, and no product here or later overflows. `spec` may hold anything.
std::vector<BrokenRule> brokenRules(const RunSpec& spec);

}  // namespace gsst
