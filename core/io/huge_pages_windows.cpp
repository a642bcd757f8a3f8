// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/huge_pages.h"

namespace gsst {

/// Large pages need a privilege there that users do not have.
void preferHugePages(std::span<std::byte>) {}

}  // namespace gsst
