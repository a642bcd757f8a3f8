// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/plan_explanation.h"

#include <nlohmann/json.hpp>

#include <iosfwd>
#include <string>

namespace gsst {

/// The step program for people: totals by kind of op, then the ops in their order. At most 100 columns.
void printProgram(std::ostream& out, const std::string& name, const StepListing& listing);
/// The same for programs: slices and units are indices into the lists of their names, micro-batches count from 0.
nlohmann::ordered_json programJson(const StepListing& listing);

}  // namespace gsst
