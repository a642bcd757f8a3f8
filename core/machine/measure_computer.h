// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "backend/compute_backend.h"
#include "base/result.h"
#include "io/file.h"
#include "service/computer_report.h"
#include "service/events.h"
#include "spec/run_spec.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

namespace gsst {

struct MeasurementOptions {
    std::filesystem::path folder;  ///< whose drive; must exist
    RunSpec spec;                  ///< the recipe to measure the arithmetic with; valid
    bool quick = true;             ///< a short look at the drive; else its fast cache is used up first
    std::function<void(const Progress&)> progress;
};

/// Measures everything anew, the model's layer on the device of `backend`, and keeps in the user's cache what plans
/// need and the report itself. Arithmetic first: plans have it even if the drive cannot be measured. Cancelled within
/// about two seconds of `stop`; the other errors are those of probeCompute() and probeIo().
Result<ComputerReport> measureComputer(FileSystem& files, ComputeBackend& backend, const MeasurementOptions& options,
                                       std::stop_token stop);

/// What was measured last by any program of this user; none if nothing was, or if it cannot be read.
std::optional<ComputerReport> lastComputerReport(FileSystem& files);

}  // namespace gsst
