// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/async/async_io.h"
#include "io/async/io_request.h"
#include "io/async/io_workers.h"

#include <atomic>
#include <functional>
#include <memory>
#include <span>

namespace gsst {

/// See makeThreadPoolIo(). Another engine may move the bytes of a request by its own means and leave the rest to this
/// one, so that completions, jobs and the wait of the destructor are the same for both: expect(), then finishPiece()
/// for each piece.
class ThreadPoolIo final : public AsyncIo {
public:
    explicit ThreadPoolIo(const ThreadPoolIoOptions& options);
    /// Waits for everything, since a completion may submit. An engine on top must have called waitForAll() before it
    /// goes.
    ~ThreadPoolIo() override;

    void read(File& file, uint64_t offset, std::span<std::byte> into, Done done) override;
    void write(File& file, uint64_t offset, std::span<const std::byte> from, Done done) override;
    void run(std::function<void()> task) override;
    IoCounters counters() const override;

    size_t pieceBytes() const { return m_pieceBytes; }
    std::shared_ptr<IoRequest> expect(IoDirection direction, size_t pieces, Done done);
    /// From any thread; the completion of the last piece runs on a thread of the request's direction.
    void finishPiece(const std::shared_ptr<IoRequest>& request, size_t piece, Status status);
    /// `nanoseconds` counts also when no bytes arrived.
    void count(IoDirection direction, uint64_t bytes, uint64_t nanoseconds);
    void waitForAll() { m_unfinished.wait(); }

private:
    template <typename Byte, typename Access>
    void submit(IoDirection direction, uint64_t offset, std::span<Byte> memory, Done done, Access access);
    void report(IoRequest& request);
    IoWorkers& workers(IoDirection direction) { return direction == IoDirection::Read ? m_readers : m_writers; }

    struct Moved {
        std::atomic<uint64_t> bytes = 0;
        std::atomic<uint64_t> nanoseconds = 0;
    };

    const size_t m_pieceBytes;
    Moved m_read;
    Moved m_written;
    Unfinished m_unfinished;
    IoWorkers m_readers;  // last, so that they stop before what they use goes
    IoWorkers m_writers;
};

}  // namespace gsst
