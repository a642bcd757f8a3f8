// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/text_formats.h"

#include <string>
#include <string_view>

namespace gsst {

/// Why a file that begins with `head` is no text of `format`, as a phrase: "is binary: ..."; empty if it may be.
std::string contentProblem(TextFormat format, std::string_view head);

}  // namespace gsst
