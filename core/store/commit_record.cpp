// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/commit_record.h"

#include "store/little_endian.h"

#include <algorithm>
#include <bit>
#include <cmath>
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
constexpr size_t kDataOrderAt = 112;
constexpr size_t kRecentCountAt = 120;
constexpr size_t kRecentLossesAt = 128;
constexpr size_t kRecentNormsAt = 640;

constexpr int kHistory = 64;
constexpr uint32_t kVersionWithRecentSteps = 3;

void putFloats(std::span<std::byte> block, size_t offset, std::span<const float> values) {
    for (size_t i = 0; i < values.size(); ++i)
        putLittle(block, offset + 4 * i, std::bit_cast<uint32_t>(values[i]));
}

/// Whether all of them are finite.
bool getFloats(std::span<const std::byte> block, size_t offset, std::span<float> values) {
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = std::bit_cast<float>(getLittle<uint32_t>(block, offset + 4 * i));
    return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

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
    putLittle(block, kDataOrderAt, record.dataOrder);
    putLittle(block, kRecentCountAt, uint32_t(record.recent.count));
    putFloats(block, kRecentLossesAt, std::span(record.recent.losses).first(size_t(record.recent.count)));
    putFloats(block, kRecentNormsAt, std::span(record.recent.norms).first(size_t(record.recent.count)));
    const bool first = record.dataOrder == 0 && record.recent.count == 0;
    seal(block, kMagic, first ? kFirstStateFormatVersion : kVersionWithRecentSteps);
}

DecodedRecord decodeRecord(std::span<const std::byte, kSealedBytes> block) {
    DecodedRecord decoded;
    decoded.seal = checkSeal(block, kMagic);
    if (decoded.seal != Seal::Good)
        return decoded;
    const uint32_t slot = getLittle<uint32_t>(block, kSlotAt);
    const uint32_t clipped = getLittle<uint32_t>(block, kClippedCountAt);
    const uint32_t inARow = getLittle<uint32_t>(block, kSkippedInARowAt);
    const uint32_t recent = getLittle<uint32_t>(block, kRecentCountAt);
    if (slot > 1 || clipped > uint32_t(kHistory) || inARow > uint32_t(std::numeric_limits<int>::max()) ||
        recent > uint32_t(RecentSteps::kMost)) {
        decoded.seal = Seal::Damaged;
        return decoded;
    }
    CommitRecord& record = decoded.record;
    record.slot = int(slot);
    record.generation = getLittle<uint64_t>(block, kGenerationAt);
    record.step = int64_t(getLittle<uint64_t>(block, kStepAt));
    std::ranges::copy(block.subspan<kRootAt, sizeof(Hash128)>(),
                      std::as_writable_bytes(std::span(record.rootHash)).begin());
    record.metricsBytes = getLittle<uint64_t>(block, kMetricsAt);
    record.samplesBytes = getLittle<uint64_t>(block, kSamplesAt);
    record.clippedMask = getLittle<uint64_t>(block, kClippedMaskAt);
    record.clippedCount = int(clipped);
    record.skippedInARow = int(inARow);
    record.skippedSteps = getLittle<uint64_t>(block, kSkippedAt);
    record.lossScale = std::bit_cast<double>(getLittle<uint64_t>(block, kLossScaleAt));
    record.lossScaleAge = getLittle<uint64_t>(block, kLossScaleAgeAt);
    if (!std::isfinite(record.lossScale) || record.lossScale <= 0)
        decoded.seal = Seal::Damaged;
    record.gradientNorm = std::bit_cast<double>(getLittle<uint64_t>(block, kGradientNormAt));
    record.dataOrder = getLittle<uint64_t>(block, kDataOrderAt);
    record.recent.count = int(recent);
    if (!getFloats(block, kRecentLossesAt, std::span(record.recent.losses).first(recent)) ||
        !getFloats(block, kRecentNormsAt, std::span(record.recent.norms).first(recent)))
        decoded.seal = Seal::Damaged;
    return decoded;
}

const char* slotName(int slot) {
    return slot == 0 ? "slots/A" : "slots/B";
}

}  // namespace gsst
