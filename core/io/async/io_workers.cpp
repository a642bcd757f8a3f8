// SPDX-License-Identifier: GPL-3.0-or-later
#include "io/async/io_workers.h"

#include <algorithm>
#include <utility>

namespace gsst {

IoWorkers::IoWorkers(int threads) {
    for (int i = 0; i < std::max(threads, 1); ++i)
        m_threads.emplace_back([this] { work(); });
}

IoWorkers::~IoWorkers() {
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    for (std::thread& thread : m_threads)
        thread.join();
}

void IoWorkers::add(std::function<void()> task) {
    const std::lock_guard lock(m_mutex);
    m_tasks.push_back(std::move(task));
    m_wake.notify_one();
}

void IoWorkers::add(std::vector<std::function<void()>> tasks) {
    const std::lock_guard lock(m_mutex);
    for (auto& task : tasks)
        m_tasks.push_back(std::move(task));
    tasks.size() == 1 ? m_wake.notify_one() : m_wake.notify_all();
}

void IoWorkers::work() {
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

}  // namespace gsst
