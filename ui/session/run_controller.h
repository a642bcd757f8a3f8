// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "service/training_service.h"
#include "ui/session/event_bridge.h"

#include <QObject>
#include <QString>

#include <memory>

namespace gsst {

/// What the window knows about the open run besides its events.
struct OpenRunFacts {
    std::filesystem::path folder;
    QString name;
    QString origin;              ///< "from scratch · 12 MiB of text"
    std::vector<float> history;  ///< losses of earlier sessions, evenly spread over steps 1..historySteps
    int64_t historySteps = 0;
    int64_t steps = 0;  ///< of the whole run, 0 = not known yet
};

/// Owns the one session of the program and translates clicks into commands. Never blocks: a session is destroyed (which
/// pauses it and joins its thread) on a pool thread. The state always comes from the worker's events.
class RunController : public QObject {
    Q_OBJECT
public:
    RunController(TrainingService& service, QObject* parent = nullptr);
    ~RunController() override;

    /// All three first close the session in progress, if any; then opened() or refused() follows.
    void start(RunRequest request, OpenRunFacts facts);
    void open(OpenRunFacts facts);
    /// Shows a run without starting it; resume() then opens its session.
    void look(OpenRunFacts facts, RunState state, int64_t step);

    void pauseNow();
    void pauseAfterStep();
    void resume();
    void stopAndFinish();
    void sampleNow();
    /// Gives up the session; closed() follows when its thread has ended.
    void close();

    EventBridge& bridge() { return m_bridge; }
    bool hasRun() const { return m_opened; }
    bool closing() const { return m_closing; }
    /// A session exists whose thread still has something to do.
    bool active() const { return m_session && !m_session->finished(); }
    RunState state() const { return m_state; }
    int64_t step() const { return m_step; }
    int64_t steps() const { return m_facts.steps; }
    const OpenRunFacts& facts() const { return m_facts; }
    /// A pause was asked for and the worker has not answered yet.
    bool waitingForPause() const { return m_waiting; }

signals:
    void opened();
    void changed();  ///< state, step or waitingForPause()
    void closed();
    void refused(const gsst::Error& error);

private:
    using Opener = std::function<Result<std::unique_ptr<RunSession>>(std::function<void()> wake)>;
    void openSession(OpenRunFacts facts, Opener opener);
    void whenFree(std::function<void()> next);
    void openNow(const OpenRunFacts& facts, const Opener& opener);
    void ask(Command command);
    void sessionClosed();

    TrainingService& m_service;
    EventBridge m_bridge;
    MainThreadPost m_post;
    std::unique_ptr<RunSession> m_session;
    std::function<void()> m_afterClosing;
    OpenRunFacts m_facts;
    RunState m_state = RunState::Preparing;
    int64_t m_step = 0;
    bool m_opened = false;
    bool m_closing = false;
    bool m_waiting = false;
};

}  // namespace gsst
