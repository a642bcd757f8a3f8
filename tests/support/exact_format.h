// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/state_format.h"

namespace gsst {

/// The format of tests that are not about formats: nothing quantized, nothing divided.
inline StateFormat exactFormat(const TensorTable& table) {
    return StateFormat(table, StatePreset::Exact, kAdamW, kWholeState);
}

}  // namespace gsst
