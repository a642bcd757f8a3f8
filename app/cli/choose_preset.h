// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <filesystem>
#include <vector>

namespace gsst {

/// The preset that the sample stories are for, and the first that anybody tries.
inline constexpr const char* kFirstPreset = "sample";

/// The preset that suits these files and this computer, with the vocabulary and the number of steps that suit them;
/// told on stderr with how to choose another. May take a minute for much text. InvalidInput if there is nothing to
/// read; Cancelled by Ctrl-C.
Result<RunSpec> choosePreset(TrainingService& service, const std::vector<std::filesystem::path>& text);

}  // namespace gsst
