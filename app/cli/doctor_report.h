// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/computer_report.h"

#include <nlohmann/json.hpp>

#include <string>

namespace gsst {

/// What was measured of a computer and what follows, for people: at most 80 columns.
std::string doctorText(const ComputerReport& report);
/// The same for programs.
nlohmann::ordered_json doctorJson(const ComputerReport& report);

}  // namespace gsst
