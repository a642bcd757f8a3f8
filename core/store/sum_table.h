// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"
#include "spec/state_format.h"
#include "store/state_hash.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gsst {

/// The sums of one slot: one for each block and kind that the preset has, 0 for what this rank does not hold. get() and
/// set() may be called from several threads for distinct blocks or kinds; everything else needs them to have ended.
class SumTable {
public:
    /// With all kinds, as in preset Exact.
    explicit SumTable(size_t blocks = 0);
    explicit SumTable(const StateFormat& format);

    static constexpr uint64_t serialisedBytes(size_t blocks, size_t kinds) {
        return uint64_t(blocks) * kinds * sizeof(uint64_t);
    }
    uint64_t serialisedBytes() const { return m_sums.size() * sizeof(uint64_t); }

    uint64_t get(int block, StateKind kind) const { return m_sums[indexOf(block, kind)]; }
    void set(int block, StateKind kind, uint64_t sum);

    /// Forgets which sums were set; their values stay.
    void startNew();
    /// Whether every sum was set since startNew() (or since it was made).
    bool complete() const;

    /// Writes serialisedBytes() bytes to the front of `into`, which must hold them.
    void serialise(std::span<std::byte> into) const;
    /// Takes over what serialise() wrote; bytes behind it are ignored. None counts as set afterwards.
    void parse(std::span<const std::byte> from);
    /// Hash of the serialised table: the fingerprint of a whole state.
    Hash128 root() const;
    /// Hash of the sums of these kinds alone.
    Hash128 hashOf(std::span<const StateKind> kinds) const;

private:
    SumTable(size_t blocks, std::span<const StateKind> kinds);

    size_t indexOf(int block, StateKind kind) const { return size_t(block) * m_kinds + m_place[size_t(kind)]; }

    size_t m_kinds;
    std::array<uint8_t, kStateKinds.size()> m_place{};  ///< of each kind among those of the preset
    std::vector<uint64_t> m_sums;
    std::vector<uint8_t> m_set;     ///< bytes, not bits: threads set neighbours
    std::vector<uint8_t> m_absent;  ///< what is not held and so needs no sum
};

}  // namespace gsst
