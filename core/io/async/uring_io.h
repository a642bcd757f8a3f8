// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/async/async_io.h"

#include <memory>

namespace gsst {

struct UringIoOptions {
    int depth = 32;  ///< pieces in flight at most, of reads and of writes each
    size_t pieceBytes = 16u << 20;
    int readThreads = 2;   ///< run the completions of reads
    int writeThreads = 2;  ///< run the completions of writes, and jobs
};

/// AsyncIo over Linux' io_uring: one thread of its own hands pieces to the kernel and collects them, so neither the
/// caller nor a slow completion ever waits for a transfer to be started. Requests to files without nativeHandle() or
/// not opened for direct access go through a thread pool inside (copying from and to the page cache would block the one
/// thread). The same contract as makeThreadPoolIo(). Should the kernel stop to take requests, what is left goes through
/// the thread pool. Errors: Permission when the system forbids io_uring, as many containers do; Io when it has none, or
/// an old one.
Result<std::unique_ptr<AsyncIo>> makeUringIo(const UringIoOptions& options);

}  // namespace gsst
