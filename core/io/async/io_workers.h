// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gsst {

/// Threads that run tasks in the order they were added. Unbounded: a task may add tasks, and must never wait for
/// itself. The destructor runs what was added, then ends the threads. Thread-safe.
class IoWorkers {
public:
    explicit IoWorkers(int threads);  ///< at least one
    IoWorkers(const IoWorkers&) = delete;
    IoWorkers& operator=(const IoWorkers&) = delete;
    ~IoWorkers();

    void add(std::function<void()> task);
    void add(std::vector<std::function<void()>> tasks);  ///< nothing else comes between them

private:
    void work();

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_tasks;  // guarded by m_mutex
    bool m_stopping = false;                    // guarded by m_mutex
    std::vector<std::thread> m_threads;
};

}  // namespace gsst
