// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "io/async/async_io.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace gsst {

enum class IoDirection { Read, Write };

/// One call of the user: its pieces are moved side by side, and the last to finish reports.
class IoRequest {
public:
    IoRequest(IoDirection direction, size_t pieces, AsyncIo::Done done)
        : m_direction(direction), m_piecesLeft(pieces), m_done(std::move(done)) {}

    IoDirection direction() const { return m_direction; }

    /// Once a piece, from any thread. True for the last: the caller then sees to it that report() is called, once.
    bool finishPiece(size_t piece, Status status) {
        if (!status.ok()) {
            const std::lock_guard lock(m_mutex);
            if (!m_error || piece < m_errorPiece) {
                m_error = std::move(status).error();
                m_errorPiece = piece;
            }
        }
        return --m_piecesLeft == 0;
    }

    /// Calls `done` with the error of the foremost piece that failed, whichever came first, and lets go of what it
    /// holds.
    void report() {
        Status status = m_error ? Status(std::move(*m_error)) : Status();
        if (m_done)
            m_done(std::move(status));
        m_done = nullptr;
    }

private:
    const IoDirection m_direction;
    std::atomic<size_t> m_piecesLeft;
    AsyncIo::Done m_done;
    std::mutex m_mutex;
    size_t m_errorPiece = 0;       // guarded by m_mutex
    std::optional<Error> m_error;  // guarded by m_mutex
};

/// Counts requests and tasks whose completion has not returned. Thread-safe.
class Unfinished {
public:
    void begin() {
        const std::lock_guard lock(m_mutex);
        ++m_count;
    }
    void finish() {
        const std::lock_guard lock(m_mutex);
        if (--m_count == 0)
            m_idle.notify_all();
    }
    void wait() {
        std::unique_lock lock(m_mutex);
        m_idle.wait(lock, [this] { return m_count == 0; });
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_idle;
    size_t m_count = 0;  // guarded by m_mutex
};

}  // namespace gsst
