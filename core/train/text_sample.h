// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "train/prepared_run.h"
#include "train/trainer.h"

#include <stop_token>
#include <string>

namespace gsst {

/// What the model writes after the recipe's prompt, from the committed state; the prompt is not repeated. The same seed
/// at every step, so that samples can be compared. Call after flush().
Result<std::string> sampleText(Trainer& trainer, const PreparedRun& run, std::stop_token stop);

}  // namespace gsst
