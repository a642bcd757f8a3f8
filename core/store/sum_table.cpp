// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sum_table.h"

#include "store/little_endian.h"

#include <algorithm>
#include <cassert>

namespace gsst {

SumTable::SumTable(size_t blocks) : SumTable(blocks, kStateKinds) {}

SumTable::SumTable(const StateFormat& format) : SumTable(size_t(format.blockCount()), format.kinds()) {
    for (int block = 0; block < format.blockCount(); ++block)
        for (const StateKind kind : format.kinds())
            m_absent[indexOf(block, kind)] = format.holds(block, kind) ? 0 : 1;
    startNew();
}

SumTable::SumTable(size_t blocks, std::span<const StateKind> kinds)
    : m_kinds(kinds.size()), m_sums(blocks * kinds.size()), m_set(m_sums.size()), m_absent(m_sums.size()) {
    for (size_t place = 0; place < kinds.size(); ++place)
        m_place[size_t(kinds[place])] = uint8_t(place);
}

void SumTable::set(int block, StateKind kind, uint64_t sum) {
    const size_t index = indexOf(block, kind);
    m_sums[index] = sum;
    m_set[index] = 1;
}

void SumTable::startNew() {
    std::ranges::copy(m_absent, m_set.begin());
}

bool SumTable::complete() const {
    return std::ranges::all_of(m_set, [](uint8_t set) { return set != 0; });
}

void SumTable::serialise(std::span<std::byte> into) const {
    assert(into.size() >= serialisedBytes());
    for (size_t i = 0; i < m_sums.size(); ++i)
        putLittle(into, i * sizeof(uint64_t), m_sums[i]);
}

void SumTable::parse(std::span<const std::byte> from) {
    assert(from.size() >= serialisedBytes());
    for (size_t i = 0; i < m_sums.size(); ++i)
        m_sums[i] = getLittle<uint64_t>(from, i * sizeof(uint64_t));
    startNew();
}

Hash128 SumTable::hashOf(std::span<const StateKind> kinds) const {
    std::vector<uint64_t> sums;
    for (size_t block = 0; block * m_kinds < m_sums.size(); ++block)
        for (const StateKind kind : kinds)
            sums.push_back(get(int(block), kind));
    return stateHash(std::as_bytes(std::span(sums)));
}

Hash128 SumTable::root() const {
    std::vector<std::byte> bytes(serialisedBytes());
    serialise(bytes);
    return stateHash(bytes);
}

}  // namespace gsst
