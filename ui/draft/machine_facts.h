// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>

namespace gsst {

/// What the program knows about this computer before anything is measured. 0 or empty = unknown.
struct MachineFacts {
    int64_t ramBytes = 0;      ///< installed
    int64_t freeRamBytes = 0;  ///< available at start
    int processors = 0;        ///< logical
};

}  // namespace gsst
