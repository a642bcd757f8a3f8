// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/step_program.h"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace gsst {

/// Which ops of a chain of programs must be complete before which. It follows from what ops touch, so the builder
/// states no edges and the executor and the simulation cannot disagree:
/// - a buffer: its ops one after the other;
/// - a chunk of a slot, of a RAM copy or of the files of gradients and shares, a place of the boundary file: read after
/// write, write after read,
///   write after write, across programs;
/// - the write gate: a slot is written only after the record that names the other slot is durable;
/// - a commit: after all writes to its slot;
/// - the link: one op after the other, because all ranks must make the same calls in the same order.
/// The order inside the compute lane is the program's and not listed. Not thread-safe.
class DependencyTracker {
public:
    /// Appends `program`, whose ops get the global numbers `first`, `first + 1`, ...; `oldSlot` is the slot that
    /// SlotRef::Old means. For each op the numbers of earlier ops it must wait for, ascending, without duplicates.
    std::vector<std::vector<size_t>> append(const StepProgram& program, size_t first, int oldSlot);

    /// Forgets everything; valid when no op is in flight.
    void clear();

private:
    enum class Kind : uint8_t { State, Copy, Gradient, Boundary, Share, Gate, Link };
    struct Key {
        Kind kind{};
        int slot = 0;
        int place = 0;  ///< first block, or place of the boundary file
        bool operator==(const Key&) const = default;
    };
    struct KeyHash {
        size_t operator()(const Key& key) const {
            return (size_t(key.place) * 8 + size_t(key.kind)) * 2 + size_t(key.slot);
        }
    };
    struct Access {
        bool written = false;
        size_t writer = 0;
        std::vector<size_t> readers;
    };
    void read(const Key& key, size_t op, std::vector<size_t>& waits);
    void write(const Key& key, size_t op, std::vector<size_t>& waits);

    std::unordered_map<Key, Access, KeyHash> m_access;
    std::vector<size_t> m_uncommitted;  ///< writes to the slot since the last commit
};

/// The slot that is committed after `program` has run.
int slotAfter(const StepProgram& program, int oldSlot);

}  // namespace gsst
