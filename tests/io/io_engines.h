// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "file_helpers.h"

#include "io/async/async_io.h"
#include "io/async/io_probe.h"
#include "io/async/uring_io.h"

#include <future>
#include <memory>
#include <ostream>
#include <string>

namespace gsst::testing {

/// Every implementation of AsyncIo, for tests that hold for all of them.
inline constexpr IoEngine kIoEngines[] = {IoEngine::ThreadPool, IoEngine::Uring};

inline std::string nameOf(IoEngine engine) {
    return engine == IoEngine::ThreadPool ? "ThreadPool" : "Uring";
}

/// Null where the system has none; `why` says so.
inline std::unique_ptr<AsyncIo> makeEngine(IoEngine engine, const ThreadPoolIoOptions& options,
                                           std::string* why = nullptr) {
    if (engine == IoEngine::ThreadPool)
        return makeThreadPoolIo(options);
    auto made = makeUringIo({.depth = 4,
                             .pieceBytes = options.pieceBytes,
                             .readThreads = options.readThreads,
                             .writeThreads = options.writeThreads});
    if (!made.ok() && why)
        *why = made.error().text();
    return made.ok() ? std::move(made).value() : nullptr;
}

/// Waits for one request.
struct Waiter {
    AsyncIo::Done done() {
        // The waiting thread may be gone before set_value() returns.
        return [promise = promise](Status status) { promise->set_value(std::move(status)); };
    }
    Status wait() { return promise->get_future().get(); }
    std::shared_ptr<std::promise<Status>> promise = std::make_shared<std::promise<Status>>();
};

}  // namespace gsst::testing
