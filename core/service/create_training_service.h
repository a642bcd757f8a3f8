// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"

#include <filesystem>
#include <memory>

namespace gsst {

/// The real service. `presetsFolder` holds presets/*.json.
std::unique_ptr<TrainingService> createTrainingService(std::filesystem::path presetsFolder);

}  // namespace gsst
