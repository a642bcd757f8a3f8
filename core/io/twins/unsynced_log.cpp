// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/twins/unsynced_log.h"

#include "base/philox.h"
#include "io/file.h"

#include <algorithm>

namespace gsst {

namespace {

/// Draws of one crash of one file, in order.
class Dice {
public:
    Dice(uint64_t seed, uint64_t stream) : m_seed(seed), m_stream(stream) {}
    uint64_t next() { return randomBits(m_seed, m_stream, m_index++); }

private:
    uint64_t m_seed, m_stream, m_index = 0;
};

/// Random bytes in place of a random stretch of `sector`, as a write that was under way leaves it.
void garble(std::span<std::byte> sector, Dice& dice) {
    const size_t start = dice.next() % sector.size();
    const size_t length = 1 + dice.next() % (sector.size() - start);
    for (std::byte& byte : sector.subspan(start, length))
        byte = static_cast<std::byte>(dice.next());
}

}  // namespace

void UnsyncedLog::write(uint64_t offset, std::span<const std::byte> bytes) {
    m_changes.push_back({false, offset, std::vector<std::byte>(bytes.begin(), bytes.end())});
}

void UnsyncedLog::resize(uint64_t bytes) {
    m_changes.push_back({true, bytes, {}});
}

void UnsyncedLog::sync() {
    for (const Change& change : m_changes)
        change.isResize ? m_durable.resize(change.offset) : put(change.offset, change.bytes);
    m_changes.clear();
}

const std::vector<std::byte>& UnsyncedLog::crash(uint64_t seed, uint64_t stream) {
    Dice dice(seed, stream);
    for (Change& change : m_changes) {
        if (change.isResize) {
            if (dice.next() % 2 == 0)
                m_durable.resize(change.offset);
            continue;
        }
        for (size_t at = 0; at < change.bytes.size();) {
            const uint64_t inSector = (change.offset + at) % kIoAlignment;
            const size_t length = std::min<size_t>(kIoAlignment - inSector, change.bytes.size() - at);
            const std::span<std::byte> sector = std::span(change.bytes).subspan(at, length);
            const uint64_t fate = dice.next() % 3;
            if (fate == 2)
                garble(sector, dice);
            if (fate != 0)
                put(change.offset + at, sector);
            at += length;
        }
    }
    m_changes.clear();
    return m_durable;
}

void UnsyncedLog::put(uint64_t offset, std::span<const std::byte> bytes) {
    if (offset + bytes.size() > m_durable.size())
        m_durable.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), m_durable.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace gsst
