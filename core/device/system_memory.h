// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace gsst {

/// Whole pages straight from the operating system, zeroed, page-aligned; nullptr if it has none. `bytes` is a multiple
/// of 4 KiB and not 0. Not through malloc: that keeps what is freed, and memory given back must leave the process at
/// once.
std::byte* takePages(size_t bytes);

/// Gives back what takePages(bytes) returned.
void returnPages(std::byte* pages, size_t bytes);

/// Memory that this process occupies now, its libraries included; 0 if the system does not tell.
int64_t processMemoryBytes();

}  // namespace gsst
