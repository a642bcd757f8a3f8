// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/file.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace gsst {

/// What an AsyncIo has done since it was made; monotone, readable from any thread.
struct IoCounters {
    uint64_t readBytes = 0;
    uint64_t writtenBytes = 0;
    uint64_t readNanoseconds = 0;  ///< summed over the pieces of requests: from when the system was asked to its answer
    uint64_t writeNanoseconds = 0;
};

/// Positional reads and writes that happen on other threads. `File` and memory must outlive the completion.
/// Reads and writes have queues (and threads) of their own, each first in, first out, so neither starves the other.
/// The destructor waits for everything submitted.
class AsyncIo {
public:
    /// Called once, on an I/O thread, when the request is done; must not block for long (checking a sum is fine) and
    /// may submit.
    using Done = std::function<void(Status)>;

    virtual ~AsyncIo() = default;
    virtual void read(File& file, uint64_t offset, std::span<std::byte> into, Done done) = 0;
    virtual void write(File& file, uint64_t offset, std::span<const std::byte> from, Done done) = 0;
    /// Runs `task` on a write thread, after nothing in particular: for syncs and commits, which block.
    virtual void run(std::function<void()> task) = 0;
    virtual IoCounters counters() const = 0;
    /// Tells that many requests will lie inside `memory`, which from then on must stay allocated for as long as this
    /// object lives. Saves the system some work and changes nothing else: after an error everything works as before.
    /// From any thread.
    virtual Status registerBuffers(std::span<std::byte> memory) {
        static_cast<void>(memory);
        return {};
    }
};

/// Thread pool over File::read and File::write; requests longer than `pieceBytes` are parted so that several threads
/// share one.
struct ThreadPoolIoOptions {
    int readThreads = 2;
    int writeThreads = 2;
    size_t pieceBytes = 16u << 20;
};
std::unique_ptr<AsyncIo> makeThreadPoolIo(const ThreadPoolIoOptions& options);

}  // namespace gsst
