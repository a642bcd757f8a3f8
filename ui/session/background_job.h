// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/main_thread_post.h"

#include <QThreadPool>

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace gsst {

/// Runs one piece of work at a time on a pool thread and brings its result to the UI thread. The latest request wins: a
/// newer one stops the work in progress, waits for its end and replaces whatever was waiting; results of stopped work
/// are dropped. Destroying it stops the work and never waits. UI thread only.
class BackgroundJob : public QObject {
public:
    explicit BackgroundJob(QObject* parent = nullptr) : QObject(parent), m_post(this) {}
    ~BackgroundJob() override {
        cancel();
        m_post.close();
    }

    /// `work(std::stop_token)` runs on a pool thread and must only touch what it owns; `done(result)` on the UI thread.
    template <typename Work, typename Done>
    void start(Work work, Done done) {
        using Value = std::invoke_result_t<Work, std::stop_token>;
        m_stop.request_stop();
        m_stop = std::stop_source();
        const uint64_t request = ++m_request;
        m_pending = [this, request, work = std::move(work), done = std::move(done), token = m_stop.get_token(),
                     post = m_post] {
            QThreadPool::globalInstance()->start([this, request, work, done, token, post] {
                auto value = std::make_shared<Value>(work(token));
                post.post([this, request, done, value] { finish(request, [&] { done(std::move(*value)); }); });
            });
        };
        launch();
    }

    /// Drops what goes on; its result never arrives.
    void cancel() {
        m_stop.request_stop();
        m_pending = nullptr;
        ++m_request;
    }
    /// A result is still to come.
    bool busy() const { return (m_running != 0 && m_running == m_request) || m_pending; }

    /// For `work`, to report progress: functions posted here run on the UI thread while the request is still wanted.
    std::function<void(std::function<void()>)> reporter() {
        return [this, post = m_post, wanted = m_request + 1](std::function<void()> report) {
            post.post([this, wanted, report = std::move(report)] {
                if (wanted == m_request)
                    report();
            });
        };
    }

private:
    void launch() {
        if (m_running != 0 || !m_pending)
            return;
        m_running = m_request;
        std::exchange(m_pending, nullptr)();
    }
    void finish(uint64_t request, const std::function<void()>& deliver) {
        m_running = 0;
        const bool wanted = request == m_request;
        launch();
        if (wanted)
            deliver();
    }

    MainThreadPost m_post;
    std::stop_source m_stop;
    std::function<void()> m_pending;
    uint64_t m_request = 0;
    uint64_t m_running = 0;  ///< the request whose work is on the pool; 0 = none
};

}  // namespace gsst
