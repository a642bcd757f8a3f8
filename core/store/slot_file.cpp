// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/slot_file.h"

#include "io/aligned_buffer.h"
#include "io/io_error.h"
#include "store/slot_header.h"

#include <string>
#include <utility>

namespace gsst {

namespace {

Error newerSlot(const File& slot) {
    return {ErrorCode::NewerVersion, "This run was made by a newer version of GSST Studio", pathText(slot.path()),
            "the file has a format that this version does not know", "Update the program, then open the run again"};
}

Error otherModel(const File& slot) {
    return {ErrorCode::InvalidInput, "The saved state belongs to another model", pathText(slot.path()),
            "its tensors are not those of the model that run.json describes",
            "Put back the run.json that the run was started with, or open the folder that this state belongs to"};
}

Error otherPreset(const File& slot, uint32_t preset, StatePreset expected) {
    return {ErrorCode::InvalidInput, "The saved state has another format than the recipe", pathText(slot.path()),
            std::string("the file holds a state of preset ") + nameOf(StatePreset(preset)) +
                ", and run.json says training.state " + nameOf(expected),
            "Put back the run.json that the run was started with; the preset of a run cannot be changed"};
}

Error otherOptimizer(const File& slot, OptimizerKind found, OptimizerKind expected) {
    return {ErrorCode::InvalidInput, "The saved state belongs to another optimizer than the recipe's",
            pathText(slot.path()),
            std::string("the file holds the state of ") + nameOf(found) + ", and run.json says training.optimizer " +
                nameOf(expected),
            "Put back the run.json that the run was started with; the optimizer of a run cannot be changed"};
}

std::string shareText(uint32_t rank, uint32_t ranks) {
    return ranks == 0 ? std::string("the whole state")
                      : "the part of rank " + std::to_string(rank) + " of " + std::to_string(ranks);
}

Error otherShard(const File& slot, const SlotHeader& found, const SlotHeader& expected) {
    return {ErrorCode::InvalidInput, "The saved state is that of another rank", pathText(slot.path()),
            "the file holds " + shareText(found.rank, found.ranks) + ", and run.json says " +
                shareText(expected.rank, expected.ranks),
            "Put back the run.json of this folder; each rank goes on with the folder that it began with"};
}

}  // namespace

Result<std::unique_ptr<File>> makeSlot(FileSystem& files, const std::filesystem::path& path, const TensorTable& table,
                                       const SlotLayout& layout, Caching caching) {
    GSST_ASSIGN(auto slot, files.open(path, OpenMode::Create, caching));
    GSST_TRY(slot->reserve(layout.fileBytes()));
    GSST_TRY(writeSlotHeader(*slot, table, layout));
    return slot;
}

Status writeSlotHeader(File& slot, const TensorTable& table, const SlotLayout& layout) {
    GSST_ASSIGN(const AlignedBuffer buffer, AlignedBuffer::create(kSealedBytes));
    encode(slotHeaderOf(table, layout), buffer.span().first<kSealedBytes>());
    GSST_TRY(slot.write(layout.header().offset, buffer.span()));
    return slot.sync();
}

Result<HeaderState> checkSlotHeader(File& slot, const TensorTable& table, const SlotLayout& layout) {
    GSST_ASSIGN(const AlignedBuffer buffer, AlignedBuffer::create(kSealedBytes));
    const Status read = slot.read(layout.header().offset, buffer.span());
    if (!read.ok() && read.error().code == ErrorCode::Corrupt)
        return HeaderState::Damaged;
    GSST_TRY(read);
    const DecodedHeader decoded = decodeHeader(buffer.span().first<kSealedBytes>());
    if (decoded.seal == Seal::NewerVersion)
        return newerSlot(slot);
    if (decoded.seal == Seal::Damaged)
        return HeaderState::Damaged;
    const SlotHeader expected = slotHeaderOf(table, layout);
    if (decoded.header.preset > uint32_t(StatePreset::Lean) || decoded.header.optimizer >= kOptimizers.size())
        return newerSlot(slot);
    if (decoded.header.modelHash == expected.modelHash && decoded.header.preset != expected.preset)
        return otherPreset(slot, decoded.header.preset, layout.format().preset());
    if (decoded.header.modelHash == expected.modelHash && decoded.header.optimizer != expected.optimizer)
        return otherOptimizer(slot, OptimizerKind(decoded.header.optimizer), layout.format().optimizer().kind);
    if (decoded.header.modelHash == expected.modelHash &&
        (decoded.header.ranks != expected.ranks || decoded.header.rank != expected.rank))
        return otherShard(slot, decoded.header, expected);
    if (decoded.header != expected)
        return otherModel(slot);
    return HeaderState::Good;
}

Status writeSums(File& slot, const SlotLayout& layout, const SumTable& sums) {
    GSST_ASSIGN(const AlignedBuffer buffer, AlignedBuffer::create(layout.sums().bytes));
    sums.serialise(buffer.span());
    return slot.write(layout.sums().offset, buffer.span().first(layout.sums().bytes));
}

Status readSums(File& slot, const SlotLayout& layout, SumTable& sums) {
    GSST_ASSIGN(const AlignedBuffer buffer, AlignedBuffer::create(layout.sums().bytes));
    GSST_TRY(slot.read(layout.sums().offset, buffer.span().first(layout.sums().bytes)));
    sums.parse(buffer.span());
    return {};
}

}  // namespace gsst
