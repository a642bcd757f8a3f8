// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/aligned_buffer.h"
#include "io/async/async_io.h"
#include "io/async/io_request.h"

#include <functional>
#include <stop_token>

namespace gsst {

/// Moves stretches of a file through an engine with a fixed number of requests in flight, as a benchmark does. The
/// memory holds noise, since some drives compress. Not thread-safe.
class IoStream {
public:
    static Result<IoStream> create(size_t requestBytes, int depth);  ///< whole blocks; OutOfMemory

    /// Returns when all is moved, or with the first error, or Cancelled, once nothing is in flight. `moved` is called
    /// with the bytes of every request that is done, on the calling thread. `bytes` and `offset` are whole blocks.
    Status move(AsyncIo& io, File& file, IoDirection direction, uint64_t offset, uint64_t bytes,
                const std::function<void(uint64_t)>& moved, const std::stop_token& stop);

    std::span<std::byte> memory() const { return m_memory.span(); }

private:
    IoStream(AlignedBuffer memory, size_t requestBytes) : m_memory(std::move(memory)), m_requestBytes(requestBytes) {}

    AlignedBuffer m_memory;  ///< one after the other, a buffer for every request in flight
    size_t m_requestBytes;
};

}  // namespace gsst
