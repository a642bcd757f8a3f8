// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/commit_record.h"

#include "store/little_endian.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace gsst {

namespace {

constexpr std::string_view kMagic = "GSSTHEAD";

// Offsets of the fields, see FORMAT.md.
constexpr size_t kSlotAt = 12;
constexpr size_t kGenerationAt = 16;
constexpr size_t kStepAt = 24;
constexpr size_t kRootAt = 32;
constexpr size_t kMetricsAt = 48;
constexpr size_t kSamplesAt = 56;
constexpr size_t kClippedMaskAt = 64;
constexpr size_t kClippedCountAt = 72;
constexpr size_t kSkippedInARowAt = 76;
constexpr size_t kSkippedAt = 80;
constexpr size_t kLossScaleAt = 88;
constexpr size_t kLossScaleAgeAt = 96;
constexpr size_t kGradientNormAt = 104;

constexpr int kHistory = 64;

}  // namespace

void CommitRecord::noteClipped(bool clipped) {
    clippedMask = clippedMask << 1 | uint64_t{clipped};
    clippedCount = std::min(clippedCount + 1, kHistory);
}

double CommitRecord::clippedShare() const {
    if (clippedCount == 0)
        return 0;
    const uint64_t counted = clippedCount >= kHistory ? clippedMask : clippedMask & ((uint64_t{1} << clippedCount) - 1);
    return double(std::popcount(counted)) / clippedCount;
}

void encode(const CommitRecord& record, std::span<std::byte, kSealedBytes> block) {
    std::ranges::fill(block, std::byte{0});
    putLittle(block, kSlotAt, uint32_t(record.slot));
    putLittle(block, kGenerationAt, record.generation);
    putLittle(block, kStepAt, uint64_t(record.step));
    std::ranges::copy(std::as_bytes(std::span(record.rootHash)), block.begin() + kRootAt);
    putLittle(block, kMetricsAt, record.metricsBytes);
    putLittle(block, kSamplesAt, record.samplesBytes);
    putLittle(block, kClippedMaskAt, record.clippedMask);
    putLittle(block, kClippedCountAt, uint32_t(record.clippedCount));
    putLittle(block, kSkippedInARowAt, uint32_t(record.skippedInARow));
    putLittle(block, kSkippedAt, record.skippedSteps);
    putLittle(block, kLossScaleAt, std::bit_cast<uint64_t>(record.lossScale));
    putLittle(block, kLossScaleAgeAt, record.lossScaleAge);
    putLittle(block, kGradientNormAt, std::bit_cast<uint64_t>(record.gradientNorm));
    seal(block, kMagic);
}

DecodedRecord decodeRecord(std::span<const std::byte, kSealedBytes> block) {
    DecodedRecord decoded;
    decoded.seal = checkSeal(block, kMagic);
    if (decoded.seal != Seal::Good)
        return decoded;
    const uint32_t slot = getLittle<uint32_t>(block, kSlotAt);
    const uint32_t clipped = getLittle<uint32_t>(block, kClippedCountAt);
    const uint32_t inARow = getLittle<uint32_t>(block, kSkippedInARowAt);
    if (slot > 1 || clipped > uint32_t(kHistory) || inARow > uint32_t(std::numeric_limits<int>::max())) {
        decoded.seal = Seal::Damaged;
        return decoded;
    }
    CommitRecord& record = decoded.record;
    record.slot = int(slot);
    record.generation = getLittle<uint64_t>(block, kGenerationAt);
    record.step = int64_t(getLittle<uint64_t>(block, kStepAt));
    std::ranges::copy(block.subspan<kRootAt, sizeof(Hash128)>(), std::as_writable_bytes(std::span(record.rootHash)).begin());
    record.metricsBytes = getLittle<uint64_t>(block, kMetricsAt);
    record.samplesBytes = getLittle<uint64_t>(block, kSamplesAt);
    record.clippedMask = getLittle<uint64_t>(block, kClippedMaskAt);
    record.clippedCount = int(clipped);
    record.skippedInARow = int(inARow);
    record.skippedSteps = getLittle<uint64_t>(block, kSkippedAt);
    record.lossScale = std::bit_cast<double>(getLittle<uint64_t>(block, kLossScaleAt));
    record.lossScaleAge = getLittle<uint64_t>(block, kLossScaleAgeAt);
    record.gradientNorm = std::bit_cast<double>(getLittle<uint64_t>(block, kGradientNormAt));
    return decoded;
}

const char* slotName(int slot) { return slot == 0 ? "slots/A" : "slots/B"; }

}  // namespace gsst
