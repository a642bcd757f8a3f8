// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <string>

namespace gsst {

/// The error of something that ended early because a stop was requested. `activity` begins the sentence: "Training the
/// tokenizer", "The step". `todo` may be empty.
inline Error cancelled(const std::string& activity, std::string todo = {}) {
    return {ErrorCode::Cancelled, activity + " was cancelled", "", "a stop was requested", std::move(todo)};
}

}  // namespace gsst
