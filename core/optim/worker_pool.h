// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace gsst {

/// A few threads that stay, for loops whose items do not depend on each other. Not OpenMP, so that nothing here needs
/// LibTorch or its runtime. Used by one thread at a time.
class WorkerPool {
public:
    explicit WorkerPool(int threads);  ///< with the calling one; below 1 counts as 1
    ~WorkerPool();
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    int threads() const { return int(m_threads.size()) + 1; }

    /// Calls work(0) ... work(count - 1), each once, on any of the threads, the caller's among them; returns when all
    /// are done. `work` must not throw.
    void forEach(int64_t count, const std::function<void(int64_t)>& work);

private:
    void loop();
    void takeItems(const std::function<void(int64_t)>& work, int64_t count);

    std::mutex m_mutex;
    std::condition_variable m_changed;
    const std::function<void(int64_t)>* m_work = nullptr;  ///< of the current round; null = stop
    int64_t m_count = 0;
    uint64_t m_round = 0;
    size_t m_atWork = 0;  ///< threads that have not finished the current round
    std::atomic<int64_t> m_next = 0;
    std::vector<std::thread> m_threads;
};

}  // namespace gsst
