// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <nlohmann/json.hpp>

#include <string>

namespace gsst {

/// A plan and why it is as it is, for people: at most 80 columns.
std::string planText(const RunSpec& spec, const PlanPreview& plan, const PlanExplanation& explanation);
/// The same for programs.
nlohmann::ordered_json planJson(const PlanPreview& plan, const PlanExplanation& explanation);

}  // namespace gsst
