// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <span>

namespace gsst {

/// Large memory that begins on a multiple of this can lie in large pages from its first byte.
inline constexpr size_t kHugePageBytes = size_t{2} << 20;

/// Asks for large pages for `memory`, best before it is first touched. Direct I/O looks up every page of a request:
/// with large ones that took a fifth of the processor time where it was measured. A wish: the system may decline, and
/// nothing else changes.
void preferHugePages(std::span<std::byte> memory);

}  // namespace gsst
