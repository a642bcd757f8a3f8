// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace gsst {

/// `word` as a shell takes it for one word: as it is if nothing in it means anything to a shell, else in single quotes.
std::string shellWord(const std::string& word);

}  // namespace gsst
