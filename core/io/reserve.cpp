// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/reserve.h"

#include "base/round_up.h"
#include "io/aligned_buffer.h"

#include <algorithm>

namespace gsst {

namespace {

constexpr uint64_t kZeroBytes = 4u << 20;

uint64_t wholeBlocks(uint64_t bytes) {
    return roundUp<uint64_t>(bytes, kIoAlignment);
}

Status writeZeros(File& file, uint64_t from, uint64_t to) {
    GSST_ASSIGN(const AlignedBuffer zeros, AlignedBuffer::create(std::min(kZeroBytes, to - from)));
    for (uint64_t at = from; at < to; at += zeros.size())
        GSST_TRY(file.write(at, zeros.span().first(std::min<uint64_t>(zeros.size(), to - at))));
    return {};
}

}  // namespace

Status reserveByWriting(File& file, uint64_t bytes) {
    GSST_ASSIGN(const uint64_t before, file.size());
    if (bytes > before) {
        // Whole blocks, because the file may be open for direct access; the last truncate cuts what is too much.
        Status grown = file.truncate(wholeBlocks(before));
        if (grown.ok() && wholeBlocks(bytes) > wholeBlocks(before))
            grown = writeZeros(file, wholeBlocks(before), wholeBlocks(bytes));
        if (!grown.ok()) {
            // The first error is the one that matters; a failing repair leaves only zeros behind.
            static_cast<void>(file.truncate(before));
            return grown;
        }
    }
    return file.truncate(bytes);
}

}  // namespace gsst
