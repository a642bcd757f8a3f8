// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "spec/tensor_table.h"
#include "store/sealed_block.h"
#include "store/slot_layout.h"
#include "store/state_hash.h"

#include <cstdint>
#include <span>

namespace gsst {

/// What the first block of a slot file says about the rest.
struct SlotHeader {
    uint32_t units = 0;
    Hash128 modelHash{};
    uint64_t blocks = 0;
    uint64_t sumsOffset = 0;
    uint64_t sumsBytes = 0;  ///< without the zeros at the end
    uint64_t fileBytes = 0;
    uint32_t blockElements = 0;
    uint32_t tensorAlignment = 0;
    uint32_t preset = 0;     ///< the number of a StatePreset
    uint32_t ranks = 0;      ///< that share the state; 0 if one has all of it
    uint32_t rank = 0;       ///< whose part this is
    uint32_t whole = 0;      ///< with several: the kinds that each has of all blocks, bit by number; else 0
    uint32_t optimizer = 0;  ///< the number of an OptimizerKind

    bool operator==(const SlotHeader&) const = default;
};

/// Hash of names, shapes and places of all tensors: two models with the same hash have the same slot files if
/// preset and optimizer are the same.
Hash128 modelHash(const TensorTable& table);

/// The header that a slot of this model and format has.
SlotHeader slotHeaderOf(const TensorTable& table, const SlotLayout& layout);

void encode(const SlotHeader& header, std::span<std::byte, kSealedBytes> block);

struct DecodedHeader {
    Seal seal = Seal::Damaged;
    SlotHeader header;  ///< valid if seal is Good
};
DecodedHeader decodeHeader(std::span<const std::byte, kSealedBytes> block);

}  // namespace gsst
