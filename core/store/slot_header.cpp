// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/slot_header.h"

#include "store/little_endian.h"
#include "store/sum_table.h"

#include <algorithm>
#include <vector>

namespace gsst {

namespace {

constexpr std::string_view kMagic = "GSSTSLOT";

// Offsets of the fields, see FORMAT.md.
constexpr size_t kUnitsAt = 12;
constexpr size_t kModelHashAt = 16;
constexpr size_t kBlocksAt = 32;
constexpr size_t kSumsOffsetAt = 40;
constexpr size_t kSumsBytesAt = 48;
constexpr size_t kFileBytesAt = 56;
constexpr size_t kBlockElementsAt = 64;
constexpr size_t kTensorAlignmentAt = 68;
constexpr size_t kPresetAt = 72;
constexpr size_t kRanksAt = 76;
constexpr size_t kRankAt = 80;
constexpr size_t kWholeAt = 84;
constexpr size_t kOptimizerAt = 88;

constexpr uint32_t kVersionWithPresets = 2;
constexpr uint32_t kVersionWithRanks = 4;
constexpr uint32_t kVersionWithOptimizers = 5;

/// The oldest version that can say what the header says: programs that know less still read what they know, and say of
/// the rest that it is newer than they are.
uint32_t versionOf(const SlotHeader& header) {
    if (header.optimizer != uint32_t(OptimizerKind::AdamW))
        return kVersionWithOptimizers;
    if (header.ranks > 0)
        return kVersionWithRanks;
    return header.preset == uint32_t(StatePreset::Exact) ? kFirstStateFormatVersion : kVersionWithPresets;
}

template <std::unsigned_integral T>
void append(std::vector<std::byte>& bytes, T value) {
    bytes.resize(bytes.size() + sizeof(T));
    putLittle(std::span(bytes), bytes.size() - sizeof(T), value);
}

}  // namespace

Hash128 modelHash(const TensorTable& table) {
    std::vector<std::byte> bytes;
    for (const TensorInfo& tensor : table.tensors()) {
        append(bytes, uint32_t(tensor.name.size()));
        std::ranges::copy(std::as_bytes(std::span(tensor.name)), std::back_inserter(bytes));
        append(bytes, uint32_t(tensor.shape.size()));
        for (const int64_t dimension : tensor.shape)
            append(bytes, uint64_t(dimension));
        append(bytes, uint32_t(tensor.unit));
        append(bytes, uint64_t(tensor.offset));
    }
    return stateHash(bytes);
}

SlotHeader slotHeaderOf(const TensorTable& table, const SlotLayout& layout) {
    SlotHeader header;
    header.units = uint32_t(table.unitCount());
    header.modelHash = modelHash(table);
    header.blocks = table.blocks().size();
    header.sumsOffset = layout.sums().offset;
    header.sumsBytes = SumTable::serialisedBytes(table.blocks().size(), layout.format().kinds().size());
    header.fileBytes = layout.fileBytes();
    header.blockElements = uint32_t(kBlockElements);
    header.tensorAlignment = uint32_t(kTensorAlignment);
    const StateFormat& format = layout.format();
    header.preset = uint32_t(format.preset());
    header.optimizer = uint32_t(format.optimizer().kind);
    if (format.share().ranks == 1)
        return header;
    header.ranks = uint32_t(format.share().ranks);
    header.rank = uint32_t(format.share().rank);
    for (const StateKind kind : format.kinds())
        header.whole |= format.isWhole(kind) ? 1u << unsigned(kind) : 0u;
    return header;
}

void encode(const SlotHeader& header, std::span<std::byte, kSealedBytes> block) {
    std::ranges::fill(block, std::byte{0});
    putLittle(block, kUnitsAt, header.units);
    std::ranges::copy(std::as_bytes(std::span(header.modelHash)), block.begin() + kModelHashAt);
    putLittle(block, kBlocksAt, header.blocks);
    putLittle(block, kSumsOffsetAt, header.sumsOffset);
    putLittle(block, kSumsBytesAt, header.sumsBytes);
    putLittle(block, kFileBytesAt, header.fileBytes);
    putLittle(block, kBlockElementsAt, header.blockElements);
    putLittle(block, kTensorAlignmentAt, header.tensorAlignment);
    putLittle(block, kPresetAt, header.preset);
    putLittle(block, kRanksAt, header.ranks);
    putLittle(block, kRankAt, header.rank);
    putLittle(block, kWholeAt, header.whole);
    putLittle(block, kOptimizerAt, header.optimizer);
    seal(block, kMagic, versionOf(header));
}

DecodedHeader decodeHeader(std::span<const std::byte, kSealedBytes> block) {
    DecodedHeader decoded;
    decoded.seal = checkSeal(block, kMagic);
    if (decoded.seal != Seal::Good)
        return decoded;
    SlotHeader& header = decoded.header;
    header.units = getLittle<uint32_t>(block, kUnitsAt);
    std::ranges::copy(block.subspan<kModelHashAt, sizeof(Hash128)>(),
                      std::as_writable_bytes(std::span(header.modelHash)).begin());
    header.blocks = getLittle<uint64_t>(block, kBlocksAt);
    header.sumsOffset = getLittle<uint64_t>(block, kSumsOffsetAt);
    header.sumsBytes = getLittle<uint64_t>(block, kSumsBytesAt);
    header.fileBytes = getLittle<uint64_t>(block, kFileBytesAt);
    header.blockElements = getLittle<uint32_t>(block, kBlockElementsAt);
    header.tensorAlignment = getLittle<uint32_t>(block, kTensorAlignmentAt);
    header.preset = getLittle<uint32_t>(block, kPresetAt);
    header.ranks = getLittle<uint32_t>(block, kRanksAt);
    header.rank = getLittle<uint32_t>(block, kRankAt);
    header.whole = getLittle<uint32_t>(block, kWholeAt);
    header.optimizer = getLittle<uint32_t>(block, kOptimizerAt);
    return decoded;
}

}  // namespace gsst
