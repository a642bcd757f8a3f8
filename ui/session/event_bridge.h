// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/event_queue.h"
#include "ui/session/main_thread_post.h"

#include <QObject>

namespace gsst {

/// Turns the events of a session into Qt signals on the UI thread: one queued drain a wake-up, whatever the number of
/// events.
class EventBridge : public QObject {
    Q_OBJECT
public:
    explicit EventBridge(QObject* parent = nullptr);
    ~EventBridge() override;

    /// A function for startRun()/resumeRun(): callable on any thread, also after this object is gone.
    std::function<void()> wake();
    /// The queue to drain from now on; nullptr = none. Not owned.
    void attach(EventQueue* queue);
    /// Drains now.
    void drain();

signals:
    void stateChanged(const gsst::StateChanged& event);
    void progress(const gsst::Progress& event);
    void planned(const gsst::Planned& event);
    void stepDone(const gsst::StepDone& event);
    void validated(const gsst::Validated& event);
    void committed(const gsst::Committed& event);
    void sampled(const gsst::Sampled& event);
    void sliceActivity(const gsst::SliceActivity& event);
    void logLine(const gsst::LogLine& event);
    void failed(const gsst::Failed& event);
    /// After all signals of one drain.
    void drained();

private:
    void send(const Event& event);

    MainThreadPost m_post;
    EventQueue* m_queue = nullptr;
};

}  // namespace gsst
