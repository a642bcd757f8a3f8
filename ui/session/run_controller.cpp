// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/session/run_controller.h"

#include <QThreadPool>

#include <utility>

namespace gsst {

RunController::RunController(TrainingService& service, QObject* parent)
    : QObject(parent), m_service(service), m_post(this) {
    connect(&m_bridge, &EventBridge::stateChanged, this, [this](const StateChanged& event) {
        m_state = event.state;
        // A session that has not come to open its run yet does not know its step.
        m_step = event.step > 0 ? event.step : m_facts.historySteps;
        if (m_state != RunState::Training && m_state != RunState::Pausing)
            m_waiting = false;
        emit changed();
    });
    connect(&m_bridge, &EventBridge::stepDone, this, [this](const StepDone& event) { m_step = event.step; });
    connect(&m_bridge, &EventBridge::planned, this, [this](const Planned& event) {
        m_facts.steps = event.steps;
        m_step = event.firstStep;
    });
    connect(&m_bridge, &EventBridge::drained, this, [this] {
        if (m_waiting && !active())
            m_waiting = false;
        emit changed();
    });
}

RunController::~RunController() {
    close();
    m_post.close();
}

void RunController::start(RunRequest request, OpenRunFacts facts) {
    openSession(std::move(facts), [this, request = std::move(request)](std::function<void()> wake) {
        return m_service.startRun(request, std::move(wake));
    });
}

void RunController::open(OpenRunFacts facts) {
    openSession(facts, [this, folder = facts.folder](std::function<void()> wake) {
        return m_service.resumeRun({folder}, std::move(wake));
    });
}

void RunController::look(OpenRunFacts facts, RunState state, int64_t step) {
    whenFree([this, facts = std::move(facts), state, step] {
        m_facts = facts;
        m_state = state;
        m_step = step;
        m_opened = true;
        m_waiting = false;
        emit opened();
        emit changed();
    });
}

void RunController::openSession(OpenRunFacts facts, Opener opener) {
    whenFree([this, facts = std::move(facts), opener = std::move(opener)] { openNow(facts, opener); });
}

void RunController::whenFree(std::function<void()> next) {
    if (!m_session && !m_closing)
        return next();
    m_afterClosing = std::move(next);
    close();
}

void RunController::openNow(const OpenRunFacts& facts, const Opener& opener) {
    auto session = opener(m_bridge.wake());
    if (!session.ok()) {
        emit refused(session.error());
        return;
    }
    m_session = std::move(*session);
    m_facts = facts;
    m_state = RunState::Preparing;
    m_step = facts.historySteps;
    m_opened = true;
    m_waiting = false;
    emit opened();
    m_bridge.attach(&m_session->events());
    emit changed();
}

void RunController::pauseNow() {
    m_waiting = active();
    ask(Command::PauseNow);
}

void RunController::pauseAfterStep() {
    m_waiting = active();
    ask(Command::PauseAfterStep);
}

void RunController::resume() {
    if (active())
        return ask(Command::Resume);
    if (m_opened && !m_closing) {
        OpenRunFacts facts = m_facts;
        open(std::move(facts));
    }
}

void RunController::stopAndFinish() {
    m_waiting = active();
    ask(Command::Stop);
}

void RunController::sampleNow() {
    ask(Command::SampleNow);
}

void RunController::ask(Command command) {
    if (m_session)
        m_session->send(command);
    emit changed();
}

void RunController::close() {
    if (!m_session)
        return;
    m_bridge.drain();
    m_bridge.attach(nullptr);
    m_closing = true;
    // The only owner is the job, so that joining the worker's thread never happens on this one.
    auto job = [this, session = std::shared_ptr<RunSession>(std::move(m_session)), post = m_post]() mutable {
        session.reset();
        post.post([this] { sessionClosed(); });
    };
    QThreadPool::globalInstance()->start(std::move(job));
    emit changed();
}

void RunController::sessionClosed() {
    m_closing = false;
    m_waiting = false;
    if (m_state == RunState::Training || m_state == RunState::Pausing || m_state == RunState::Preparing)
        m_state = RunState::Paused;
    emit changed();
    emit closed();
    if (auto next = std::exchange(m_afterClosing, nullptr))
        next();
}

}  // namespace gsst
