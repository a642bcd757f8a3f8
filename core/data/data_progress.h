// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>

namespace gsst {

/// How far a long job on the data is. `what` and `unit` are string literals. total 0 = unknown.
struct DataProgress {
    const char* what = "";  ///< "Reading the text"
    uint64_t done = 0;
    uint64_t total = 0;
    const char* unit = "bytes";
};

/// Called on the thread that does the job, at most a few times a mebibyte; may be empty.
using DataProgressCallback = std::function<void(const DataProgress&)>;

}  // namespace gsst
