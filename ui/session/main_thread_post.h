// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include <functional>
#include <memory>
#include <mutex>

namespace gsst {

/// Hands functions from any thread to the thread of `target`, queued, until close(). Copies share one target; a copy
/// may outlive it. The owner of the target calls close() before the target dies.
class MainThreadPost {
public:
    explicit MainThreadPost(QObject* target) : m_shared(std::make_shared<Shared>()) { m_shared->target = target; }

    void post(std::function<void()> work) const {
        const std::lock_guard lock(m_shared->mutex);
        if (m_shared->target)
            QMetaObject::invokeMethod(m_shared->target, std::move(work), Qt::QueuedConnection);
    }
    void close() const {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->target = nullptr;
    }

private:
    struct Shared {
        std::mutex mutex;
        QObject* target = nullptr;
    };
    std::shared_ptr<Shared> m_shared;
};

}  // namespace gsst
