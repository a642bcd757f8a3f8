// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "io/file.h"
#include "spec/tensor_table.h"
#include "store/slot_layout.h"
#include "store/sum_table.h"

#include <filesystem>
#include <memory>

namespace gsst {

// What a slot file has besides blocks: its space, its header and its sums.

/// Makes a slot, or makes one whole again that is too short: reserves all of it, writes the header, syncs.
Result<std::unique_ptr<File>> makeSlot(FileSystem& files, const std::filesystem::path& path, const TensorTable& table,
                                       const SlotLayout& layout, Caching caching);

/// Writes and syncs the header.
Status writeSlotHeader(File& slot, const TensorTable& table, const SlotLayout& layout);

enum class HeaderState { Good, Damaged };
/// NewerVersion, or InvalidInput if the slot belongs to another model or is of another preset.
Result<HeaderState> checkSlotHeader(File& slot, const TensorTable& table, const SlotLayout& layout);

/// Writes the sums; does not sync.
Status writeSums(File& slot, const SlotLayout& layout, const SumTable& sums);
/// Reads what the slot holds as sums, unchecked: whether they mean anything, their root() tells. Corrupt if the file is
/// too short.
Status readSums(File& slot, const SlotLayout& layout, SumTable& sums);

}  // namespace gsst
