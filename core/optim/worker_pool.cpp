// SPDX-License-Identifier: GPL-3.0-or-later
#include "optim/worker_pool.h"

namespace gsst {

WorkerPool::WorkerPool(int threads) {
    for (int i = 1; i < threads; ++i)
        m_threads.emplace_back([this] { loop(); });
}

WorkerPool::~WorkerPool() {
    {
        const std::lock_guard lock(m_mutex);
        m_work = nullptr;
        ++m_round;
    }
    m_changed.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

void WorkerPool::forEach(int64_t count, const std::function<void(int64_t)>& work) {
    m_next = 0;
    if (m_threads.empty() || count <= 1)
        return takeItems(work, count);
    {
        const std::lock_guard lock(m_mutex);
        m_work = &work;
        m_count = count;
        m_atWork = m_threads.size();
        ++m_round;
    }
    m_changed.notify_all();
    takeItems(work, count);
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [this] { return m_atWork == 0; });
}

void WorkerPool::loop() {
    for (uint64_t seen = 0;;) {
        const std::function<void(int64_t)>* work = nullptr;
        int64_t count = 0;
        {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [&] { return m_round != seen; });
            seen = m_round;
            work = m_work;
            count = m_count;
        }
        if (!work)
            return;
        takeItems(*work, count);
        const std::lock_guard lock(m_mutex);
        if (--m_atWork == 0)
            m_changed.notify_all();
    }
}

void WorkerPool::takeItems(const std::function<void(int64_t)>& work, int64_t count) {
    for (int64_t item = m_next++; item < count; item = m_next++)
        work(item);
}

}  // namespace gsst
