// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "spec/tensor_table.h"
#include "store/slot_layout.h"
#include "store/sum_table.h"

#include <cstdint>
#include <functional>
#include <stop_token>

namespace gsst {

/// What belongs together when a slot is checked; all of it outlives the check.
struct SlotUnderCheck {
    File& file;
    const TensorTable& table;
    const SlotLayout& layout;
    const SumTable& sums;
};

enum class AfterDamage { GoOn, Stop };

/// Reads every block of a slot, a few MiB at a time, and compares it with its sum. `damaged` hears of each block that
/// does not match or cannot be read, and says whether to go on; `read` hears the bytes of each piece. Errors:
/// Cancelled, OutOfMemory.
Status checkSlot(const SlotUnderCheck& slot, const std::function<AfterDamage(int block, StateKind kind)>& damaged,
                 const std::function<void(uint64_t bytes)>& read, std::stop_token stop);

/// Whether every block matches.
Result<bool> slotIsWhole(const SlotUnderCheck& slot, const std::function<void(uint64_t bytes)>& read,
                         std::stop_token stop);

/// Bytes that a whole check reads.
uint64_t checkedBytes(const SlotLayout& layout);

}  // namespace gsst
