// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <cstdint>

namespace gsst {

/// File::reserve for file systems that cannot allocate space on request: writes zeros from the present end to `bytes`.
/// On an error the file has its former size again. Holes before the present end are not filled.
Status reserveByWriting(File& file, uint64_t bytes);

}  // namespace gsst
