// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <filesystem>

namespace gsst {

/// What "Try the sample" starts: the preset "sample" on the generated stories, in a new folder below `runsFolder`.
/// Reads small files: call it off the UI thread.
Result<RunRequest> sampleRequest(TrainingService& service, const std::filesystem::path& runsFolder);

}  // namespace gsst
