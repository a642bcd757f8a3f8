// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/thread_pool_io.h"

#include "base/clock.h"
#include "io/async/io_pieces.h"

#include <utility>
#include <vector>

namespace gsst {

ThreadPoolIo::ThreadPoolIo(const ThreadPoolIoOptions& options)
    : m_pieceBytes(alignedPieceBytes(options.pieceBytes)), m_readers(options.readThreads),
      m_writers(options.writeThreads) {}

/// Waits here, before the workers stop, because a completion may submit to either of them.
ThreadPoolIo::~ThreadPoolIo() {
    waitForAll();
}

template <typename Byte, typename Access>
void ThreadPoolIo::submit(IoDirection direction, uint64_t offset, std::span<Byte> memory, Done done, Access access) {
    const size_t pieces = pieceCount(memory.size(), m_pieceBytes);
    const auto request = expect(direction, pieces, std::move(done));
    std::vector<std::function<void()>> tasks;
    for (size_t piece = 0; piece < pieces; ++piece) {
        const std::span<Byte> part = pieceOf(memory, piece, m_pieceBytes);
        tasks.push_back([this, request, access, piece, part, at = offset + piece * m_pieceBytes] {
            const Stopwatch watch;
            Status status = access(at, part);
            count(request->direction(), status.ok() ? part.size() : 0, watch.nanoseconds());
            if (request->finishPiece(piece, std::move(status)))
                report(*request);
        });
    }
    workers(direction).add(std::move(tasks));
}

void ThreadPoolIo::read(File& file, uint64_t offset, std::span<std::byte> into, Done done) {
    submit(IoDirection::Read, offset, into, std::move(done),
           [&file](uint64_t at, std::span<std::byte> part) { return file.read(at, part); });
}

void ThreadPoolIo::write(File& file, uint64_t offset, std::span<const std::byte> from, Done done) {
    submit(IoDirection::Write, offset, from, std::move(done),
           [&file](uint64_t at, std::span<const std::byte> part) { return file.write(at, part); });
}

void ThreadPoolIo::run(std::function<void()> task) {
    m_unfinished.begin();
    m_writers.add([this, task = std::move(task)]() mutable {
        task();
        task = nullptr;  // what it holds goes before the destructor is let through
        m_unfinished.finish();
    });
}

IoCounters ThreadPoolIo::counters() const {
    return {m_read.bytes, m_written.bytes, m_read.nanoseconds, m_written.nanoseconds};
}

std::shared_ptr<IoRequest> ThreadPoolIo::expect(IoDirection direction, size_t pieces, Done done) {
    m_unfinished.begin();
    return std::make_shared<IoRequest>(direction, pieces, std::move(done));
}

void ThreadPoolIo::finishPiece(const std::shared_ptr<IoRequest>& request, size_t piece, Status status) {
    if (request->finishPiece(piece, std::move(status)))
        workers(request->direction()).add([this, request] { report(*request); });
}

void ThreadPoolIo::count(IoDirection direction, uint64_t bytes, uint64_t nanoseconds) {
    Moved& moved = direction == IoDirection::Read ? m_read : m_written;
    moved.bytes += bytes;
    moved.nanoseconds += nanoseconds;
}

void ThreadPoolIo::report(IoRequest& request) {
    request.report();
    m_unfinished.finish();
}

std::unique_ptr<AsyncIo> makeThreadPoolIo(const ThreadPoolIoOptions& options) {
    return std::make_unique<ThreadPoolIo>(options);
}

}  // namespace gsst
