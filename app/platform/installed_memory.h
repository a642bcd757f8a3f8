// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>

namespace gsst {

/// RAM of this computer in bytes, 0 if unknown; by platform.
int64_t installedRamBytes();

}  // namespace gsst
