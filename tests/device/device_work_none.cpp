// SPDX-License-Identifier: GPL-3.0-or-later
#include "device_work.h"

namespace gsst {

void copyEverySecondByteOnCard(std::byte*, const std::byte*, int64_t, void*) {}

}  // namespace gsst
