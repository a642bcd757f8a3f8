// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/recipe_fields.h"

#include <QString>

#include <utility>

namespace gsst {

// The words of the table of recipe fields in the user's language. A path that no field has is a defect.

QString fieldLabel(const char* path);  ///< "Learning rate"
/// The same with the letter that opens its field marked: the first one that is like `key`.
QString fieldLabel(const char* path, char key);
QString choiceName(const Choice& choice);
QString choiceMeaning(const Choice& choice);

/// Least and most of a field of whole numbers, as far as a spin box can hold them.
std::pair<int, int> fieldRange(const char* path);

}  // namespace gsst
