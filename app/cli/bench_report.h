// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/run_tools.h"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace gsst {

/// A benchmark and the value that makes it differ from the others of its sweep.
struct SweepPoint {
    std::string value;
    BenchResult result;
};

// To standard output: tables for people, JSON for programs.

void printBench(const BenchResult& result);
void printSweep(const std::string& what, const std::vector<SweepPoint>& points);
nlohmann::ordered_json benchJson(const BenchResult& result);
nlohmann::ordered_json sweepJson(const std::string& what, const std::vector<SweepPoint>& points);

}  // namespace gsst
