// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gsst {

// Figures as people read them, independent of the locale. Below 100 they have one decimal unless it is zero:
// "1.2 GiB", "4 GiB", "81.5 GiB", "340 MiB".

/// Memory and files, in binary units: "512 B", "340 MiB", "1.2 GiB".
std::string formatBytes(uint64_t bytes);

/// Speed of drives and links, in decimal units as printed on them: "850 MB/s", "3500 MB/s"; below 1 MB/s "40 kB/s".
std::string formatRate(double bytesPerSecond);

/// Counts of tokens or parameters: "950", "12.5 k", "120 M", "7 B".
std::string formatCount(uint64_t count);

/// "0.4 s", "42 s", "12 min 5 s", "7 h 25 min", "3 d 4 h"; "unknown" when not finite or negative.
std::string formatDuration(double seconds);

/// Times that are compared, with three digits or a little more: "0.520 s", "9.31 s", "91.6 s", "738 s".
std::string formatSeconds(double seconds);

/// A size as a person types it: a number, then nothing or B (bytes), KB MB GB TB (powers of 1000), or KiB MiB GiB TiB
/// (powers of 1024; K M G T alone mean the same). Blanks and case do not matter; the number may have a decimal point.
/// InvalidInput for anything else, negative sizes and sizes over 2^63 - 1.
Result<int64_t> parseBytes(std::string_view text);

}  // namespace gsst
