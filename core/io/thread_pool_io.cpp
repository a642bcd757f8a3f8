// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async_io.h"

#include "base/clock.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace gsst {

namespace {

/// One call of the user: its pieces run on several threads, the last to finish reports.
struct Request {
    AsyncIo::Done done;
    std::atomic<size_t> piecesLeft = 0;
    std::mutex mutex;
    size_t errorPiece = 0;        // guarded by mutex
    std::optional<Error> error;   // guarded by mutex; of the foremost piece that failed, whichever came first

    void note(size_t piece, Status status) {
        if (status.ok())
            return;
        const std::lock_guard lock(mutex);
        if (!error || piece < errorPiece) {
            error = std::move(status).error();
            errorPiece = piece;
        }
    }
};

/// Threads that run tasks in the order they were added. Unbounded: a task may add tasks, and must never wait for itself.
class Workers {
public:
    explicit Workers(int threads) {
        for (int i = 0; i < std::max(threads, 1); ++i)
            m_threads.emplace_back([this] { work(); });
    }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    ~Workers() {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
        }
        m_wake.notify_all();
        for (std::thread& thread : m_threads)
            thread.join();
    }

    void add(std::vector<std::function<void()>> tasks) {
        const std::lock_guard lock(m_mutex);
        for (auto& task : tasks)
            m_tasks.push_back(std::move(task));
        tasks.size() == 1 ? m_wake.notify_one() : m_wake.notify_all();
    }

private:
    void work() {
        while (true) {
            std::function<void()> task;
            {
                std::unique_lock lock(m_mutex);
                m_wake.wait(lock, [this] { return m_stopping || !m_tasks.empty(); });
                if (m_tasks.empty())
                    return;
                task = std::move(m_tasks.front());
                m_tasks.pop_front();
            }
            task();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_tasks;  // guarded by m_mutex
    bool m_stopping = false;                    // guarded by m_mutex
    std::vector<std::thread> m_threads;
};

class ThreadPoolIo final : public AsyncIo {
public:
    explicit ThreadPoolIo(const ThreadPoolIoOptions& options)
        : m_pieceBytes(std::max((options.pieceBytes + kIoAlignment - 1) / kIoAlignment, size_t{1}) * kIoAlignment),
          m_readers(options.readThreads), m_writers(options.writeThreads) {}

    /// Waits here, before the workers stop, because a completion may submit to either of them.
    ~ThreadPoolIo() override {
        std::unique_lock lock(m_mutex);
        m_idle.wait(lock, [this] { return m_unfinished == 0; });
    }

    void read(File& file, uint64_t offset, std::span<std::byte> into, Done done) override {
        submit(m_readers, offset, into, std::move(done), [this, &file](uint64_t at, std::span<std::byte> part) {
            const Stopwatch watch;
            Status status = file.read(at, part);
            m_readNanoseconds += watch.nanoseconds();
            m_readBytes += status.ok() ? part.size() : 0;
            return status;
        });
    }

    void write(File& file, uint64_t offset, std::span<const std::byte> from, Done done) override {
        submit(m_writers, offset, from, std::move(done), [this, &file](uint64_t at, std::span<const std::byte> part) {
            const Stopwatch watch;
            Status status = file.write(at, part);
            m_writeNanoseconds += watch.nanoseconds();
            m_writtenBytes += status.ok() ? part.size() : 0;
            return status;
        });
    }

    void run(std::function<void()> task) override {
        begin();
        m_writers.add({[this, task = std::move(task)]() mutable {
            task();
            task = nullptr;
            finish();
        }});
    }

    IoCounters counters() const override { return {m_readBytes, m_writtenBytes, m_readNanoseconds, m_writeNanoseconds}; }

private:
    template <typename Byte, typename Access>
    void submit(Workers& workers, uint64_t offset, std::span<Byte> memory, Done done, Access access) {
        begin();
        const auto request = std::make_shared<Request>();
        const size_t pieces = std::max((memory.size() + m_pieceBytes - 1) / m_pieceBytes, size_t{1});
        request->done = std::move(done);
        request->piecesLeft = pieces;
        std::vector<std::function<void()>> tasks;
        for (size_t piece = 0; piece < pieces; ++piece) {
            const size_t start = piece * m_pieceBytes;
            const std::span<Byte> part = memory.subspan(start, std::min(m_pieceBytes, memory.size() - start));
            tasks.push_back([this, request, access, piece, part, at = offset + start] {
                request->note(piece, access(at, part));
                if (--request->piecesLeft == 0)
                    complete(*request);
            });
        }
        workers.add(std::move(tasks));
    }

    void complete(Request& request) {
        Status status = request.error ? Status(std::move(*request.error)) : Status();
        if (request.done)
            request.done(std::move(status));
        request.done = nullptr;  // what it holds goes before the destructor is let through
        finish();
    }

    void begin() {
        const std::lock_guard lock(m_mutex);
        ++m_unfinished;
    }

    void finish() {
        const std::lock_guard lock(m_mutex);
        if (--m_unfinished == 0)
            m_idle.notify_all();
    }

    const size_t m_pieceBytes;
    std::atomic<uint64_t> m_readBytes = 0;
    std::atomic<uint64_t> m_writtenBytes = 0;
    std::atomic<uint64_t> m_readNanoseconds = 0;
    std::atomic<uint64_t> m_writeNanoseconds = 0;
    std::mutex m_mutex;
    std::condition_variable m_idle;
    size_t m_unfinished = 0;  // guarded by m_mutex: requests and tasks whose completion has not returned
    Workers m_readers;  // last, so that they stop before what they use goes
    Workers m_writers;
};

}  // namespace

std::unique_ptr<AsyncIo> makeThreadPoolIo(const ThreadPoolIoOptions& options) {
    return std::make_unique<ThreadPoolIo>(options);
}

}  // namespace gsst
