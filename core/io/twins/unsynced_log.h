// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gsst {

/// What a file holds on the medium, and the writes since its last sync, which a power loss may spoil. Not thread-safe.
class UnsyncedLog {
public:
    void write(uint64_t offset, std::span<const std::byte> bytes);  ///< copies `bytes`
    void resize(uint64_t bytes);
    void sync();  ///< everything up to now is on the medium
    const std::vector<std::byte>& durable() const { return m_durable; }

    /// The file after a power loss: its durable bytes and, in order, each 4 KiB sector of each unsynced write either
    /// kept, dropped or garbled, and each change of size kept or dropped, chosen by (seed, stream) alone. A sector kept
    /// beyond the end makes the file longer. Afterwards this is the durable content, with nothing unsynced.
    const std::vector<std::byte>& crash(uint64_t seed, uint64_t stream);

private:
    struct Change {
        bool isResize = false;
        uint64_t offset = 0;  ///< or the new size
        std::vector<std::byte> bytes;
    };

    void put(uint64_t offset, std::span<const std::byte> bytes);

    std::vector<std::byte> m_durable;
    std::vector<Change> m_changes;
};

}  // namespace gsst
