// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/async/async_io.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace gsst {

enum class IoEngine { ThreadPool, Uring };

/// Syncs included.
struct IoRate {
    double readBytesPerSecond = 0;
    double writeBytesPerSecond = 0;
    double processorSecondsPerByte = 0;  ///< of all threads of this process, which computes meanwhile when it trains
};

/// What a drive gives, measured the way training uses it: requests of 16 MiB, four in flight.
struct IoProbe {
    IoRate threadPool;
    std::optional<IoRate>
        uring;  ///< none where io_uring cannot be used; `whyNoUring` then says why, as whole sentences
    std::string whyNoUring;
    Caching caching =
        Caching::Direct;  ///< Buffered: the folder has no direct access, and the rates are those of the page cache
    uint64_t writtenBytes = 0;  ///< what the probe cost the drive
};

struct IoProbeOptions {
    uint64_t bytes = uint64_t{1} << 30;  ///< of the temporary file, at least 1 MiB; written twice and read once
    uint64_t sustainedBytes = 0;  ///< written before the measuring begins, so that the drive's fast cache is used up
    std::function<void(double share)> progress = {};  ///< 0 to 1, on the calling thread
};

/// Measures the drive of `folder`, which must exist, through a temporary file there; both engines take turns, so that
/// what else the computer does meets both. The file is removed in the end, also after an error or `stop` (Cancelled,
/// within a few requests); one that a crash has left is used again and removed. Errors: NoSpace before anything is
/// written; Busy while another probe works there; those of the file system.
Result<IoProbe> probeIo(FileSystem& files, const std::filesystem::path& folder, const IoProbeOptions& options,
                        std::stop_token stop);

/// The engine that moves the same bytes in and out in less time or, when they differ by no more than measuring errs,
/// for less of the processor.
IoEngine bestEngine(const IoProbe& probe);

/// `engine` with the options that measured best; the thread pool where io_uring cannot be had.
std::unique_ptr<AsyncIo> makeIo(IoEngine engine);
inline std::unique_ptr<AsyncIo> makeBestIo(const IoProbe& probe) {
    return makeIo(bestEngine(probe));
}

}  // namespace gsst
