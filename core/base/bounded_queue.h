// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace gsst {

/// First in, first out between any number of threads, holding at most `capacity` items (at least one). After close()
/// nothing more goes in, what is in comes out, and nobody waits any longer. All threads must have left before it is
/// destroyed.
template <typename T>
class BoundedQueue {
public:
    explicit BoundedQueue(size_t capacity) : m_capacity(capacity > 0 ? capacity : 1) {}
    BoundedQueue(const BoundedQueue&) = delete;
    BoundedQueue& operator=(const BoundedQueue&) = delete;

    /// Waits while the queue is full. False, and `item` is dropped, when the queue is closed.
    bool push(T item) {
        std::unique_lock lock(m_mutex);
        m_notFull.wait(lock, [this] { return m_closed || m_items.size() < m_capacity; });
        return pushLocked(std::move(item));
    }

    /// As push, but returns false at once, with `item` untouched, when the queue is full or closed.
    bool tryPush(T& item) {
        const std::lock_guard lock(m_mutex);
        return m_items.size() < m_capacity && !m_closed && pushLocked(std::move(item));
    }

    /// Waits while the queue is empty and open. Nothing when it is empty and closed.
    std::optional<T> pop() {
        std::unique_lock lock(m_mutex);
        m_notEmpty.wait(lock, [this] { return m_closed || !m_items.empty(); });
        return popLocked();
    }

    /// As pop, but returns nothing at once when the queue is empty.
    std::optional<T> tryPop() {
        const std::lock_guard lock(m_mutex);
        return popLocked();
    }

    void close() {
        const std::lock_guard lock(m_mutex);
        m_closed = true;
        m_notFull.notify_all();
        m_notEmpty.notify_all();
    }

    bool closed() const {
        const std::lock_guard lock(m_mutex);
        return m_closed;
    }

    size_t size() const {
        const std::lock_guard lock(m_mutex);
        return m_items.size();
    }

private:
    /// Caller holds m_mutex.
    bool pushLocked(T&& item) {
        if (m_closed)
            return false;
        m_items.push_back(std::move(item));
        m_notEmpty.notify_one();
        return true;
    }

    /// Caller holds m_mutex.
    std::optional<T> popLocked() {
        if (m_items.empty())
            return std::nullopt;
        std::optional<T> item(std::move(m_items.front()));
        m_items.pop_front();
        m_notFull.notify_one();
        return item;
    }

    const size_t m_capacity;
    mutable std::mutex m_mutex;
    std::condition_variable m_notFull;
    std::condition_variable m_notEmpty;
    std::deque<T> m_items;  // guarded by m_mutex
    bool m_closed = false;  // guarded by m_mutex
};

}  // namespace gsst
